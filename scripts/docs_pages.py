"""Hook of the documentation site: pages made at build time from the library, the public names and the commands.

mkdocs calls `on_config` and `on_files`; nothing is written into docs/.
"""

from __future__ import annotations

import importlib
import inspect
import re
import runpy
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from mkdocs.structure.files import File

from baxis import axis
from baxis.faces.cli.app import COMMANDS, build
from baxis.faces.cli.commands.show import sections_of

MODULES = ("baxis", "baxis.engine", "baxis.evidence", "baxis.evidence.meta", "baxis.evidence.graph", "baxis.evidence.rival",
           "baxis.axis", "baxis.clinic.design.from_evidence", "baxis.clinic.instruments", "baxis.clinic.scoreboard",
           "baxis.insight.combine", "baxis.insight.explain", "baxis.insight.limits", "baxis.insight.patient",
           "baxis.insight.strategies",
           "baxis.insight.sensitivity", "baxis.faces.review")  # fmt: skip
ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {"../CONTRIBUTING.md": "contributing.md"}  # pages of the repository that lie outside docs/
PAGES: dict[str, str] = {}


def on_config(config: Any) -> Any:
    """Make the pages, and list them in the navigation."""
    PAGES.clear()
    PAGES.update(pages())
    for title, folder in (("Drugs", "drugs"), ("Diseases", "diseases"), ("Trial by trial", "trials"), ("API", "api")):
        mine = [p for p in PAGES if p.startswith(f"{folder}/")]
        config.nav.append({title: sorted(mine, key=lambda p: (not p.endswith("index.md"), Path(p).stem.casefold()))})
    config.nav.append({"Commands": "commands.md"})
    more = unlisted(config.nav)
    if more:
        config.nav.append({"More": more})
    config.nav.append({"Contributing": "contributing.md"})
    return config


def unlisted(nav: Any) -> list[str]:
    """Written pages that mkdocs.yml does not name, so that none is out of reach."""
    named = set(re.findall(r"[\w./-]+\.md", str(nav)))
    written = (p.relative_to(ROOT / "docs").as_posix() for p in sorted((ROOT / "docs").rglob("*.md")))
    return [p for p in written if p not in named]


def on_files(files: Any, config: Any) -> Any:
    """Add the pages to the site."""
    for name, text in PAGES.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Point links that leave docs/ at their page of the site, links to a folder at its index."""
    for old, new in OUTSIDE.items():
        markdown = markdown.replace(f"]({old})", f"]({new})")
    return re.sub(r"\]\(((?:\.\./)*[a-z]+)/\)", r"](\1/index.md)", markdown)


def pages() -> dict[str, str]:
    """Path -> Markdown of every generated page."""
    made = {f"drugs/{slug(n)}.md": entry(n, drug_head(n)) for n in axis.drugs()}
    codes = [c for c in axis.diseases() if c != "healthy"]
    made |= {
        f"diseases/{c}.md": entry(c, f"{axis.disease(c).name}. `baxis report {c} --out FILE.html` makes its report.")
        for c in codes
    }
    made |= {f"api/{m}.md": module_page(m) for m in MODULES}
    made["drugs/index.md"] = index("Drugs", {n: axis.drug(n).class_ for n in axis.drugs()})
    made["diseases/index.md"] = index("Diseases", {c: axis.disease(c).name for c in codes})
    made["api/index.md"] = index("API", {m: first_line(importlib.import_module(m)) for m in MODULES})
    made["evidence/index.md"] = folder_index("The evidence", "evidence")
    made["insight/index.md"] = folder_index("Questions asked of the model", "insight")
    made |= runpy.run_path(str(ROOT / "scripts/docs_trials.py"))["pages"](escaped)
    made["commands.md"] = commands_page()
    made["contributing.md"] = contributing()
    return made


def slug(name: str) -> str:
    """Name of a page; module names keep their dots."""
    return name.replace(" ", "-").casefold() if name in axis.drugs() else name


def contributing() -> str:
    """CONTRIBUTING.md with its links to docs/ turned."""
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("](docs/", "](")


def index(title: str, names: dict[str, str]) -> str:
    """A table of pages."""
    rows = [f"| [{n}]({slug(n)}.md) | {escaped(what)} |" for n, what in names.items()]
    return "\n".join([f"# {title}", "", "| page | what |", "|---|---|", *rows, ""])


def folder_index(title: str, folder: str) -> str:
    """A table of the written pages of a folder, by their titles."""
    found = {
        p.name: p.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
        for p in sorted((ROOT / "docs" / folder).glob("*.md"))
    }
    return "\n".join([f"# {title}", "", *(f"- [{t}]({n})" for n, t in found.items()), ""])


def drug_head(name: str) -> str:
    """What a drug is, in two lines."""
    d = axis.drug(name)
    doubt = (
        f"Assumed or recalled: {', '.join(d.doubtful)}." if d.doubtful else "No number of it is assumed or recalled."
    )
    return f"{d.class_}, {d.modality}; kinetics graded as {d.grade}. {doubt} `baxis report {name} --out FILE.html` makes its report."


def entry(name: str, head: str) -> str:
    """Everything that `baxis show` knows of a name, as tables."""
    lines = [f"# {name}", "", head, "", f"Made from the library by `baxis show {name}`.", ""]
    for title, rows in sections_of(name):
        columns = list(dict.fromkeys(k for r in rows for k in r))
        columns = [c for c in columns if any(r.get(c) not in (None, "") for r in rows)]
        if columns:
            lines += [f"## {escaped(title)}", ""]
        if len(columns) == 1:
            lines += [", ".join(escaped(r.get(columns[0])) for r in rows), ""]
        elif columns and len(rows) == 1:
            lines += [
                "| what | value |",
                "|---|---|",
                *(f"| {escaped(c)} | {escaped(rows[0].get(c))} |" for c in columns),
                "",
            ]
        elif columns:
            lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
            lines += ["| " + " | ".join(escaped(r.get(c)) for c in columns) + " |" for r in rows] + [""]
    return "\n".join(lines)


def escaped(value: Any) -> str:
    """A cell that Markdown takes as it stands."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(text.split()))


def first_line(thing: Any) -> str:
    """First line of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]


def module_page(name: str) -> str:
    """Every name of a module's `__all__`: signature and docstring."""
    module = importlib.import_module(name)
    lines = [f"# {name}", "", *prose(module), ""]
    for public in sorted(module.__all__, key=str.casefold):
        lines += described(public, getattr(module, public))
    return "\n".join(lines) + "\n"


def described(name: str, thing: Any) -> list[str]:
    """One public name."""
    lines = [f"## {escaped(name)}", ""]
    if callable(thing):
        lines += ["```text", signature(name, thing), "```", "", *prose(thing), ""]
        for method, made in sorted(vars(thing).items()) if inspect.isclass(thing) else ():
            if not method.startswith("_") and (inspect.isfunction(made) or isinstance(made, property)):
                lines.append(f"- `{method}`: {escaped(first_line(made))}")
        return [*lines, ""]
    value = repr(thing) if isinstance(thing, str | int | float | tuple) else type(thing).__name__
    return [*lines, f"`{value[:200]}`", ""]


def signature(name: str, thing: Any) -> str:
    """Signature, one argument a line where it is long; annotations as they are written."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return name
    parts, star = [], False
    for p in found.parameters.values():
        if p.kind is p.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        mark = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        typed = "" if p.annotation is p.empty else f": {annotation(p.annotation)}"
        default = "" if p.default is p.empty else f" = {p.default!r}" if typed else f"={p.default!r}"
        parts.append(f"{mark}{p.name}{typed}{default}")
    back = "" if found.return_annotation is found.empty else f" -> {annotation(found.return_annotation)}"
    line = f"{name}({', '.join(parts)}){back}"
    return line if len(line) < 90 else f"{name}(\n" + "".join(f"    {p},\n" for p in parts) + f"){back}"


def annotation(held: Any) -> str:
    """A type as it is read: no module names, no validation of its own."""
    while get_origin(held) is Annotated:
        held = get_args(held)[0]
    text = held if isinstance(held, str) else inspect.formatannotation(held)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])|\btyping\.", "", text)


def prose(thing: Any) -> list[str]:
    """A docstring as text, code in it as code."""
    out, code = [], False
    for line in (inspect.getdoc(thing) or "").splitlines():
        is_code = line.startswith(("    ", ">>>")) or (code and line.startswith("..."))
        if is_code != code:
            out += ["", "```text"] if is_code else ["```", ""]
        out.append(line if is_code else written(line))
        code = is_code
    return [*out, "```"] if code else out


def written(line: str) -> str:
    """A line of a docstring: what stands between backticks stays code, the rest is taken as it stands."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return escaped(line)
    return "".join(f"`{t}`" if i % 2 else keep(t) for i, t in enumerate(parts))


def keep(text: str) -> str:
    """Escaped text with the spaces at its ends."""
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return lead + escaped(text) + tail if text.strip() else text


def commands_page() -> str:
    """Every command with its arguments and options, from the application itself."""
    import typer

    root = typer.main.get_command(build([]))
    lines = ["# Commands", "", f"{len(COMMANDS)} commands; `baxis COMMAND --help` prints the same.", ""]
    for name in COMMANDS:
        lines += command(f"baxis {name}", root.commands[name], 2)  # type: ignore[attr-defined]
    return "\n".join(lines) + "\n"


def command(path: str, found: Any, depth: int) -> list[str]:
    """One command; a group gives those below it."""
    lines = [f"{'#' * depth} {path}", "", escaped(found.help or ""), ""]
    if hasattr(found, "commands"):
        return lines + [line for n, c in found.commands.items() for line in command(f"{path} {n}", c, depth + 1)]
    lines += ["| option | what |", "|---|---|"]
    for p in found.params:
        name = ", ".join(p.opts) if p.param_type_name == "option" else (p.metavar or p.name)
        default = "" if p.default in (None, False, (), "") or p.required else f" Default: {escaped(p.default)}."
        text = (getattr(p, "help", "") or "").rstrip(".")
        lines.append(f"| `{name.replace('|', '/')}` | {escaped(text)}.{default}{' Required.' if p.required else ''} |")
    return [*lines, ""]
