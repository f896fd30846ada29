"""Antimony text to a System, by way of SBML. The system is cached by the text's hash, so libantimony runs once.

Files that a text imports lie in its folder (or below); their contents are part of the hash.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading.tables import Bare
from baxis.engine import cache
from baxis.engine.model.system import System
from baxis.engine.reading.encoding import decoded
from baxis.engine.reading.sbml import load_sbml, read_equations
from baxis.engine.reading.sbml_text import strip_comment

_LOCK = threading.Lock()  # libantimony keeps global state
_SILENT = re.compile(r'"[^"\n]*"|/\*.*?\*/|//[^\n]*|#[^\n]*', re.DOTALL)  # quoted words, and comments
_IMPORT = re.compile(r'^([ \t]*import[ \t]+)"([^"\n]*)"', re.MULTILINE)
_MODULE = re.compile(r"(?:^|[;\n])[ \t]*(?:model|module)[ \t]+\*?[ \t]*(\w+)[ \t]*\*?[ \t]*(?:\([^)]*\))?")
_LINE = re.compile(r"^Error in (?:model string|file '?(?P<file>[^',]+)'?)[^,]*, line (?P<line>\d+): *")
ALLOWED = "well-formed Antimony: statements such as `S' = -k*S` or `S -> P; k*S`, each on a line of its own"
DEEPEST = 500  # brackets within brackets
LONGEST = 20_000  # operators of one formula


def load_antimony(text: str, main: str | None = None, folder: str | Path | None = None) -> System:
    """System from Antimony text; `main` names the module to flatten (default: the last, or the one marked `*`).

    folder: where the files lie that the text imports (default: the present one). Raises InvalidValue with the line for
    malformed text and for imports from elsewhere, UnknownName for an unknown module, and Unsupported as `load_sbml` does.
    """
    imported = _imported(_readable(text), Path(folder or "."))
    key = cache.key("antimony", main or "", text, *(f"{name}\0{content}" for name, content in imported.items()))
    record = cache.load_record(key)
    if record is not None:
        return System.from_record(record, read_equations)
    system = load_sbml(antimony_to_sbml(text, main, folder))
    cache.store_record(key, system.as_record())
    return system


def antimony_to_sbml(text: str, main: str | None = None, folder: str | Path | None = None) -> str:
    """Flattened SBML Level 3 text of an Antimony model; arguments and errors as for `load_antimony`."""
    import antimony

    home = Path(folder or ".").resolve()
    plain = _readable(text)
    imported = _imported(plain, home)
    if imported:
        plain = _IMPORT.sub(lambda m: f'{m[1]}"{home / m[2]}"', plain)
    with _LOCK:
        antimony.clearPreviousLoads()
        antimony.clearDirectories()
        for name in imported:
            antimony.addDirectory(str((home / name).parent))
        if antimony.loadAntimonyString(plain) < 0:
            raise _malformed(_last_error(antimony), text)
        modules = [m for m in antimony.getModuleNames() if m != "__main"]
        if main is not None and main not in modules:
            raise UnknownName("Antimony module", main, modules)
        name = main if main is not None else antimony.getMainModuleName()
        sbml = antimony.getSBMLString(name)
        if not sbml:
            allowed = "a model that can be written as SBML"
            raise InvalidValue("Antimony", f"module {name!r}", allowed, f"libantimony says: {_last_error(antimony)}")
    return strip_comment(sbml)


def _malformed(words: str, text: str) -> InvalidValue:
    """What is wrong with a text in our words, with its line, and libantimony's reason as the detail."""
    found = _LINE.search(words)
    if found is None:
        return InvalidValue("Antimony", Bare("a text that makes no model"), ALLOWED, f"libantimony says: {words}")
    where, reason = f"Antimony, line {found['line']}", words[found.end() :]
    if found["file"]:
        return InvalidValue(
            f"{where} of {found['file']}", Bare("what is no statement"), ALLOWED, f"libantimony says: {reason}"
        )
    line = text.splitlines()[int(found["line"]) - 1 :][:1]
    got = line[0].strip()[:80] if line and line[0].strip() else Bare("the end of the text")
    return InvalidValue(where, got, ALLOWED, f"libantimony says: {reason}")


def _last_error(antimony: object) -> str:
    """libantimony's own sentence, shortened: it repeats formulas whole."""
    words = " ".join(antimony.getLastError().split())  # type: ignore[attr-defined]
    return words if len(words) <= 400 else f"{words[:400]} ..."


def _readable(text: str) -> str:
    """The text without a byte order mark. InvalidValue names the first character, depth or length that libantimony dies of."""
    text = text.removeprefix("\ufeff")
    code = _without(text)
    for k, line in enumerate(code.split("\n")):
        bad = next((c for c in line if ord(c) > 127 or c == "\0"), None)
        if bad is not None:
            got = f"{bad!r} (character {line.index(bad) + 1})"
            allowed = "letters a to z, digits and _ in names; other letters in comments and quoted names"
            raise InvalidValue(f"Antimony, line {k + 1}", got, allowed, "write the name out, as in alpha")
    _refuse_within_itself(code)
    depth = 0
    for k, statement in enumerate(re.split(r"[;\n]", code)):
        if len(re.findall(r"[-+*/^]", statement)) > LONGEST:
            raise InvalidValue(f"Antimony, statement {k + 1}", "a formula of too many operators", f"at most {LONGEST}")
        for c in statement if "(" in statement else "":
            depth += (c == "(") - (c == ")")
            if depth > DEEPEST:
                raise InvalidValue(
                    f"Antimony, statement {k + 1}", "brackets too deep", f"at most {DEEPEST} within one another"
                )
    return text


def _refuse_within_itself(code: str) -> None:
    """A module that holds itself has no end, and libantimony dies of it."""
    for head in _MODULE.finditer(code):
        body = code[head.end() :]
        end = re.search(r"\bend\b", body)
        inner = re.search(rf"(?<![\w.]){head[1]}\s*\(", body[: end.start()] if end else body)
        if inner:
            line = code.count("\n", 0, head.end() + inner.start()) + 1
            raise InvalidValue(
                f"Antimony, line {line}", f"{head[1]} within {head[1]}", "a module that holds others only"
            )


def _without(text: str) -> str:
    """The text with comments and quoted words blanked, lines and characters in place."""
    return _SILENT.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    return "".join("\n" if c == "\n" else " " for c in found[0])


def _imported(text: str, folder: Path) -> dict[str, str]:
    """Contents by name of the files that a text imports, theirs included. InvalidValue for one outside the folder."""
    home = folder.resolve()
    out: dict[str, str] = {}
    waiting = [(name, home) for name in _names(text)]
    while waiting:
        name, beside = waiting.pop(0)
        where = f'Antimony, import "{name}"'
        file = (beside / name).resolve()
        if "://" in name or not file.is_relative_to(home):
            raise InvalidValue(where, "a file elsewhere", f"a file in the model's folder ({home})", "copy it there")
        if not file.is_file():
            raise InvalidValue(where, "no such file", f"a file in the model's folder ({home})")
        place = str(file.relative_to(home))
        if place not in out:
            out[place] = decoded(file.read_bytes(), place)
            if "<sbml" not in out[place]:
                waiting += [(n, file.parent) for n in _names(_readable(out[place]))]
    return out


def _names(text: str) -> list[str]:
    kept = _SILENT.sub(lambda m: m[0] if m[0].startswith('"') else _blank(m), text)
    return [m[2] for m in _IMPORT.finditer(kept)]
