"""Reference pages of the docs, one a module: equations, states with units, and every number with kind and source.

`python -m baxis.axis.study.pages docs/axis` writes `reference-<module>.md`, `numbers.md`, `exposure.md` and `diseases.md`, and a
picture of each module.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from baxis.axis.assembly import compose
from baxis.axis.study import pictures
from baxis.axis.tables import comparison, disease_table, drug_table, ledger
from baxis.core import library, sources
from baxis.core.ledger import Parameter

TITLES = {"pk": "Pharmacokinetics", "targets": "Targets", "signalling": "BCR signalling", "bcells": "B cells",
          "immune": "T help, antibody, innate", "tissue": "Tissue", "axis": "Composition"}  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(c.replace("|", "/") for c in row) + " |" for row in rows]


def _number(p: Parameter) -> list[str]:
    cited = "; ".join(filter(None, (p.source, p.place, " ".join(p.claims))))
    return [f"`{p.name}`", f"{p.value:g}", p.unit, p.kind, cited, p.rationale]


def module_page(name: str) -> str:
    """One module: picture, rationale, source text, states, parameters, rejected alternatives, citations."""
    note = (compose.MODELS / f"{name}.md").read_text(encoding="utf-8")
    rationale, rejected = note.split("## Rejected alternatives", 1)
    lines = [f"# {TITLES[name]}", "", "Written by `python -m baxis.axis.study.pages`.", ""]
    if name in pictures.MODULES:
        lines += ["## Picture", "", pictures.caption(name), "", f"![{TITLES[name]}](img/{name}.png)", ""]
    lines += [rationale.strip(), "", "## Equations", "", "```", compose.source(name).rstrip(), "```"]
    states = [r for r in library.read_table("states") if r["module"] == name]
    if states:
        lines += ["", "## States", ""]
        lines += _table(["state", "unit", "meaning"], [[f"`{r['name']}`", r["unit"], r["description"]] for r in states])
    numbers = core_numbers(name)
    if numbers:
        lines += ["", "## Numbers", ""]
        lines += _table(["name", "value", "unit", "kind", "source", "rationale"], [_number(p) for p in numbers])
    lines += ["", "## Rejected alternatives", ""]
    lines += [
        "*Tried*: run in this model or its prototype and dropped; *considered*: not built, for the reason given.",
        "",
    ]
    lines += [rejected.strip(), *_sources(numbers, rejected)]
    return "\n".join(lines) + "\n"


def _sources(numbers: list[Parameter], text: str) -> list[str]:
    """Citations of the module's numbers, and the claims that numbers and text name."""
    known = sources.load()
    keys = {k.strip() for p in numbers for k in p.source.split(";")} & set(known)
    claims = {c for p in numbers for c in p.claims} | set(re.findall(r"\bC\d{3}\b", text))
    stated = [r for r in library.read_table("evidence/claims") if r["claim_id"] in claims]
    lines = ["", "## Sources", ""] if keys or stated else []
    lines += [f"- `{k}`: {known[k].text}" for k in sorted(keys)]
    return lines + [f"- {r['claim_id']}: {r['statement']}" for r in stated]


def core_numbers(name: str) -> list[Parameter]:
    """Ledger rows of one module."""
    from baxis.core import ledger as core_ledger

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
    every = [drug_table.load(n) for n in drug_table.names()]
    tables.append(("drug kinetics", [p for d in every for p in d.numbers.values()]))
    drawn = [p for d in every for c in d.circumstances for p in (c.number, c.share) if p]
    tables.append(("circumstances of exposure", drawn))
    for title, rows in tables:
        count = [sum(p.kind == k for p in rows) for k in ("measured", "estimated", "fixed", "calibrated", "assumed")]
        lines.append(f"| {title} | " + " | ".join(map(str, count)) + " |")
    weak = [[n, drug_table.load(n).grade, ", ".join(drug_table.load(n).doubtful)] for n in drug_table.names()]
    lines += ["", "## Drugs: grade, and numbers that are assumed or recalled", ""]
    lines += _table(["drug", "grade", "doubtful numbers"], weak)
    lines += ["", "## Listed but not simulated", ""]
    lines += _table(["drug", "why"], [[k, v] for k, v in drug_table.unavailable().items()])
    return "\n".join(lines) + "\n"


EXPOSURE = """# What changes a drug's exposure or effect in a patient

Written by `python -m baxis.axis.study.pages`. Kinetics differ between patients by body size, sex and renal function, by the published
spread of each parameter, and by what a patient takes, carries or develops. Each effect below is one published number in the
drug's file (`[[circumstance]]`); the code that applies it knows no drug.

| circumstance | what it moves | which patients, unless a design says otherwise |
|---|---|---|
| `ada` | clearance, from the week on at which antibodies are found | the incidence published for the drug |
| `fcgr3a` | concentration of half effect of depletion; VF is the reference | 20 % VV, 45 % VF, 35 % FF (doi:10.1182/blood.V99.3.754) |
| `adherence` | share of oral doses taken: each dose taken or missed at random, or the averaged held share times it | mean 0.9, standard deviation 0.1 |
| `crcl_ml_min` | clearance of drugs with a renal share | Cockcroft and Gault, from age, weight, sex, creatinine |
| `methotrexate` | clearance | those whose background holds it |
| `fed`, `fasted`, `ppi` | absorbed share F | nobody |
| `cyp3a_inhibitor`, `cyp3a_inducer` | clearance (ibrutinib: F, its half-life does not change) | nobody |

Shares and spreads stand in `library/instruments/exposure.csv` (`baxis show adherence.mean`), effects in `baxis show DRUG`.
What each patient had is in the table of patients of a result.

```
baxis trial fenebrutinib-sle-ph2 --exposure ppi=1 --exposure adherence=0.7
```

A design holds the same as a table; a circumstance for which no drug of the design has a published effect is refused.

```toml
[exposure]
cyp3a_inhibitor = 1      # share of patients
adherence = 0.7          # everybody takes 70 % of the oral doses
```

```python
import baxis

low = baxis.read_design("rituximab-reflex").replace(exposure={"fcgr3a": "FF"})
```

Limits: the published spread of a clearance may already hold part of these differences, so spread is rather too wide than too
narrow. A clearance estimated in patients from prescribed doses already holds the doses that they missed, one from volunteers does not;
adherence is applied to both. It is not applied to background drugs, whose doses are those that were taken. The creatinine clearance of
nephritis and vasculitis is not drawn: set `crcl_ml_min`. A patient keeps one circumstance throughout.
"""


def exposure_page() -> str:
    """Every circumstance of every drug with its number, and the drugs for which none was found."""
    drugs = [drug_table.load(n) for n in drug_table.names()]
    rows = []
    for d in drugs:
        for c in d.circumstances:
            p = c.number or c.share
            assert p is not None
            effect = "no effect" if c.ratio is None else f"{c.key} x {c.ratio:.3g}"
            share = f"{100 * c.share.value:g} %" if c.share else ""
            cited = "; ".join(filter(None, (p.source, p.place)))
            rows.append([d.name, f"`{c.name}`", effect, share, p.kind, p.provenance, cited, c.note])
    head = ["drug", "circumstance", "effect", "patients", "kind", "seen", "source", "note"]
    lines = [EXPOSURE, "## Numbers", "", *_table(head, rows), "", "## Not found", ""]
    oral = [d.name for d in drugs if d.oral and not d.background and not d.circumstances]
    mabs = [d.name for d in drugs if d.fc and not any(c.name == "ada" and c.ratio is not None for c in d.circumstances)]
    lines += [f"Oral drugs without a number for food, acid reducers or CYP3A: {', '.join(oral)}.", ""]
    lines += [
        f"Antibodies and Fc fusions without a number for the effect of antibodies against them: {', '.join(mabs)}.",
        "",
    ]
    lines += ["FCGR3A: a ratio is known for rituximab only; other antibodies that kill through it have none here."]
    return "\n".join(lines) + "\n"


def diseases_page() -> str:
    """The regulators of every disease side by side."""
    rows = comparison.compare_diseases()
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
    pages |= {"numbers.md": numbers_page(), "exposure.md": exposure_page(), "diseases.md": diseases_page()}
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in pages] + pictures.write(out / "img")


if __name__ == "__main__":
    print("\n".join(str(p) for p in write(sys.argv[1])))
