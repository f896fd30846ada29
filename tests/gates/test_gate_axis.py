"""Gate of the drug library: every drug loads, doses, differs from a zero dose in its own direction, and cites."""

import re

import numpy as np
import pytest

from baxis import axis
from baxis.axis.assembly import resting
from baxis.axis.dosing import treatment
from baxis.axis.tables import drug_table, ledger
from baxis.core import library

# what a drug of a target must lower in the typical patient within eight weeks
LOWERS = {
    "btk": "btk_free", "syk": "syk_free", "pi3k": "pi3k_free", "jak1": "jak_il6", "jak2": "jak_il6", "jak3": "jak_il21",
    "tyk2": "jak_ifn", "cd22": "bcount", "cd19fc": "bcount", "baff": "baff_in", "april": "april_in", "baffr": "bcount",
    "cd40": "cd40_free", "cd40l": "cd40_free", "b7": "b7_free", "ifnar": "ifnar_free", "tnf": "tnf_free",
    "il6r": "il6r_free", "c5ar": "c5ar_free", "fcrn": "igg", "cd20": "bcount", "cd19": "bcount", "cd38": "spB",
    "psm": "spB", "car": "bcount",
}  # fmt: skip
DISEASE = {"avacopan": "AAV", "inebilizumab": "IgG4-RD", "obexelimab": "IgG4-RD"}
AMOUNT = {"cd19 car-t": "1000000 cells/kg", "blinatumomab": "0.1 mg", "bortezomib": "2 mg"}
NAMES = axis.drugs()


def _text(name: str, amount: str | None = None) -> str:
    drug = axis.drug(name)
    if drug.background:
        dose = {"gc_dose": "20 mg/day", "mtx": "20 mg/week", "mmf": "2 g/day"}.get(drug.exposure, "200 mg/day")
        return f"{name} {amount or dose}"
    known = AMOUNT.get(name, "100 mg" if drug.oral else "300 mg")
    schedule = "bid" if drug.oral else "once" if drug.cell_therapy else "qw x4"
    return f"{name} {amount or known} {'po' if drug.oral else 'iv'} {schedule}"


@pytest.mark.parametrize("name", NAMES)
def test_loads_with_units_and_sources(name: str) -> None:
    drug = axis.drug(name)
    raw = library.read_toml("drugs", drug_table._aliases()[drug_table._slug(name)])
    for row in (*raw.get("kinetics", {}).values(), *raw.get("action", ())):
        kind = row.get("kind") if "potency_kind" not in row else row["potency_kind"]
        if kind == "assumed":
            said = row.get("rationale") or row.get("note") or ""  # a source alone says not why it was assumed
            assert said.strip(), row
        else:
            assert row.get("source"), row
    assert (drug.background, bool(drug.actions)) != (False, False)
    for text in (str(raw),):
        assert not re.search(r"https?://(?!doi\.org)", text)


@pytest.mark.parametrize("name", NAMES)
def test_dose_acts_and_zero_dose_does_not(name: str) -> None:
    drug = axis.drug(name)
    disease = DISEASE.get(name, "SLE")
    reads = sorted({LOWERS[t] for t in drug.actions} | {"infl", "bcount", "P1_central"})
    start = resting.levels(disease)
    dosed = treatment.course(disease, [_text(name)], 8.0, reads, 0.25)
    if drug.background:
        assert abs(dosed.of("infl")[-1] - start["infl"]) > 1e-3
        return
    for target in drug.actions:
        read = LOWERS[target]
        assert dosed.of(read)[1:].min() < 0.97 * start[read], (target, read)
    unit = AMOUNT.get(name, "0 mg").split()[1]
    nothing = treatment.course(disease, [_text(name, f"0 {unit}")], 8.0, reads, 0.25)
    plain = treatment.course(disease, [], 8.0, reads, 0.25)
    assert np.array_equal(nothing.values, plain.values)
    column = reads.index("bcount")
    assert nothing.values[:, column] == pytest.approx(plain.values[:, column], rel=1e-6)


def test_unavailable_drugs_are_not_in_the_library_and_give_a_reason() -> None:
    for name, why in drug_table.unavailable().items():
        assert name not in NAMES
        assert why


def test_nothing_names_a_url_or_a_path() -> None:
    for kind in ("parameters", "diseases", "drugs", "checks", "references"):
        texts = {f.name: f.read_text(encoding="utf-8") for f in (library.SHIPPED / kind).iterdir()}
        assert texts, kind
        assert [name for name, text in texts.items() if re.search(r"https?://|/tmp/|/home/", text)] == []


def _citable() -> set[str]:
    """Everything a source field may name: BibTeX keys, rows of the evidence tables, claims."""
    from baxis.core import sources

    known = set(sources.load()) | {r["claim_id"] for r in library.read_table("evidence/claims")}
    for table in ("pk", "pd", "pd_observed", "kinetics", "targets_turnover"):
        known |= {r["row_id"] for r in library.read_table(f"evidence/{table}")}
    return known | {"definition", *(f"checks/{r}" for r in ("pathway", "genetics", "pharmacology", "arms"))}


def test_every_source_of_a_parameter_regulator_or_drug_resolves() -> None:
    known, loose = _citable(), []
    for p in [*ledger.load().values(), *(p for c in axis.diseases() for p in axis.disease(c).regulators.values())]:
        loose += [(p.name, s) for s in filter(None, p.source.split("; ")) if s not in known]
    for name in NAMES:
        drug = axis.drug(name)
        cited = [(n, p.source) for n, p in drug.numbers.items()] + [(t, a.source) for t, a in drug.actions.items()]
        cited += [(c.name, p.source) for c in drug.circumstances for p in (c.number, c.share) if p]
        loose += [(f"{name} {n}", s) for n, text in cited for s in filter(None, text.split("; ")) if s not in known]
    assert [x for x in loose if not re.match(r"(doi:|PMC|PMID)", x[1])] == []


def test_a_circumstance_moves_exposure_the_way_its_name_says() -> None:
    raises = {"cyp3a_inhibitor": True, "cyp3a_inducer": False, "ada": False}
    told = [(name, c) for name in NAMES for c in axis.drug(name).circumstances if c.ratio is not None]
    told = [(name, c) for name, c in told if c.name in raises]
    assert {c.name for _, c in told} == set(raises)
    up = [(name, c, c.ratio < 1 if c.parameter == "CL" else c.ratio > 1) for name, c in told]
    assert [(name, c.name) for name, c, seen in up if seen != raises[c.name]] == []
