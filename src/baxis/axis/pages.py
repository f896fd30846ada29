"""Reference pages of the docs, one a module: equations, states with units, and every number with kind and source.

`python -m baxis.axis.pages docs/axis` writes `reference-<module>.md`, `numbers.md` and `diseases.md`, and a picture of each module.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ..core import library
from ..core.ledger import Parameter
from . import comparison, compose, disease_table, drug_table, ledger, pictures

TITLES = {"pk": "Pharmacokinetics", "targets": "Targets", "signalling": "BCR signalling", "bcells": "B cells",
          "immune": "T help, antibody, innate", "tissue": "Tissue", "axis": "Composition"}  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(c.replace("|", "/") for c in row) + " |" for row in rows]


def _number(p: Parameter) -> list[str]:
    cited = "; ".join(filter(None, (p.source, p.place, " ".join(p.claims))))
    return [f"`{p.name}`", f"{p.value:g}", p.unit, p.kind, cited, p.rationale]


def module_page(name: str) -> str:
    """One module: its source text, states and parameters."""
    lines = [f"# {TITLES[name]}", "", "Written by `python -m baxis.axis.pages`.", "", "## Equations", "", "```"]
    lines += [compose.source(name).rstrip(), "```"]
    if name in pictures.MODULES:
        lines += ["", "## Picture", "", pictures.CAPTION.format(disease=pictures.DISEASES[name]), ""]
        lines += [f"![What moves the states of {TITLES[name]}](img/{name}.png)"]
    states = [r for r in library.read_table("states") if r["module"] == name]
    if states:
        lines += ["", "## States", ""]
        lines += _table(["state", "unit", "meaning"], [[f"`{r['name']}`", r["unit"], r["description"]] for r in states])
    rows = [_number(p) for p in core_numbers(name)]
    if rows:
        lines += ["", "## Numbers", ""]
        lines += _table(["name", "value", "unit", "kind", "source", "rationale"], rows)
    return "\n".join(lines) + "\n"


def core_numbers(name: str) -> list[Parameter]:
    """Ledger rows of one module."""
    from ..core import ledger as core_ledger

    return list(core_ledger.read(f"parameters/{name}").values()) if name in ledger.FILES else []


def numbers_page() -> str:
    """How many numbers of each kind stand behind the model, its diseases and its drugs."""
    lines = [
        "# Where the numbers come from",
        "",
        "| table | measured | estimated | fixed | calibrated | assumed |",
        "|---|---|---|---|---|---|",
    ]
    tables: list[tuple[str, list[Parameter]]] = [(TITLES[f], core_numbers(f)) for f in ledger.FILES]
    tables += [(f"disease {c}", list(disease_table.load(c).regulators.values())) for c in disease_table.codes()]
    tables.append(("drug kinetics", [p for n in drug_table.names() for p in drug_table.load(n).numbers.values()]))
    for title, rows in tables:
        count = [sum(p.kind == k for p in rows) for k in ("measured", "estimated", "fixed", "calibrated", "assumed")]
        lines.append(f"| {title} | " + " | ".join(map(str, count)) + " |")
    weak = [[n, drug_table.load(n).grade, ", ".join(drug_table.load(n).doubtful)] for n in drug_table.names()]
    lines += ["", "## Drugs: grade, and numbers that are assumed or recalled", ""]
    lines += _table(["drug", "grade", "doubtful numbers"], weak)
    lines += ["", "## Listed but not simulated", ""]
    lines += _table(["drug", "why"], [[k, v] for k, v in drug_table.unavailable().items()])
    return "\n".join(lines) + "\n"


def diseases_page() -> str:
    """The regulators of every disease side by side."""
    rows = comparison.compare()
    lines = [
        "# Diseases side by side",
        "",
        "What `baxis compare-diseases` prints. Health is 1 unless a unit is given.",
        "",
    ]
    return "\n".join(lines + _table(list(rows[0]), [list(r.values()) for r in rows])) + "\n"


def write(folder: str | Path) -> list[Path]:
    """Write every page into a folder."""
    out = Path(folder)
    pages = {f"reference-{m}.md": module_page(m) for m in TITLES}
    pages |= {"numbers.md": numbers_page(), "diseases.md": diseases_page()}
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in pages] + pictures.write(out / "img")


if __name__ == "__main__":
    print("\n".join(str(p) for p in write(sys.argv[1])))
