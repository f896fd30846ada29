"""What must come out of the equations, not of a table: rest, positivity, sharing, depth of depletion, JAK carries."""

import numpy as np
import pytest

from baxis import axis, engine
from baxis.axis.assembly import model, references, resting
from baxis.axis.dosing import treatment

RTX = "rituximab 1000 mg iv days 1,15,169,183"
OBI = "obinutuzumab 1000 mg iv days 1,15,169,183"
FEN = "fenebrutinib 200 mg po bid"


def _fall(disease: str, treatments: list[str], weeks: float, name: str = "infl") -> float:
    course = treatment.course(disease, treatments, weeks, [name], 7.0)
    return 1 - float(course.of(name)[-4:].mean()) / resting.levels(disease)[name]


def test_healthy_rests_at_one() -> None:
    levels = resting.levels("healthy")
    for name in axis.outputs():
        if name not in ("car", "dam"):
            assert levels[name] == pytest.approx(1, abs=1e-6), name


@pytest.mark.parametrize("weight", ["w_C", "w_T", "w_B"])
def test_rest_of_inflammation_is_one_whatever_the_weights(weight: str) -> None:
    others = dict.fromkeys(axis.weight_names(), 0.0) | {weight: 1.0}
    assert resting.levels("SLE", others)["infl"] == pytest.approx(1, abs=1e-5)


def test_rest_is_unique_from_other_starts() -> None:
    system, p = model.system(), axis.parameters("SLE")
    base = axis.rest("SLE")
    for factor in (0.3, 3.0):
        start = base * np.where([n.startswith(("A_", "R_", "N_")) for n in system.states], 1.0, factor)
        later = engine.simulate(
            model.kernel(), p[None], start[None], times=[365.0 * 150], options=engine.Options(threads=1)
        )
        keep = [system.states.index(n) for n in ("infl", "gcA", "igg", "aas", "ifn", "tfh")]
        assert later.final[0, keep] == pytest.approx(base[keep], rel=2e-2)


def test_no_state_goes_negative_under_depletion() -> None:
    states = list(model.system().states)
    course = treatment.course("LN", [OBI, "mycophenolate 2 g/day"], 52, states, 7.0)
    assert course.values.min() > -1e-9


def test_car_t_is_nothing_without_a_dose() -> None:
    course = treatment.course("SLE", ["rituximab 1000 mg iv once"], 104, ["car", "carm"], 28.0)
    assert np.all(course.values == 0)


def test_drug_amount_balances() -> None:
    names = ["P1_depot", "P1_central", "P1_per1", "P1_per2"]
    p = axis.parameters("healthy", {**axis.slot_parameters("fenebrutinib", 1), "P1_CL": 0.0})
    run = engine.simulate(
        model.kernel(), p[None], axis.rest("healthy")[None], times=[1.0, 5.0], outputs=names,
        events=engine.bolus("P1_depot", [0.0], [200.0]), options=engine.Options(rtol=1e-8, atol=1e-10, threads=1),
    )  # fmt: skip
    assert run.values[0].sum(axis=1) == pytest.approx([200.0, 200.0], rel=1e-7)


def test_btk_block_moves_ra_more_than_lupus() -> None:
    assert _fall("RA", [FEN], 24) > _fall("SLE", [FEN], 48) + 0.03


def test_type_two_depletion_goes_deeper_in_lupus() -> None:
    assert _fall("LN", [OBI], 52) > _fall("LN", [RTX], 52) + 0.1


def test_cd19_depletion_beats_cd20_in_igg4_disease() -> None:
    assert _fall("IgG4-RD", ["inebilizumab 300 mg iv days 1,15,183"], 52) > _fall("IgG4-RD", [RTX], 52) + 0.1


def test_baff_april_block_beats_baff_block_in_lupus() -> None:
    belimumab = "belimumab 700 mg iv weeks 0,2,4 then q4w"
    assert _fall("SLE", ["telitacicept 160 mg sc qw"], 48) > 1.5 * _fall("SLE", [belimumab], 48)


def test_jak_carries_the_combination_in_lupus() -> None:
    upa, els = "upadacitinib 30 mg po qd", "elsubrutinib 60 mg po qd"
    alone, both = _fall("SLE", [upa], 24), _fall("SLE", [upa, els], 24)
    assert both > alone
    assert both - alone < 0.5 * alone


def test_short_lived_autoantibody_falls_further_than_long_lived() -> None:
    assert _fall("SLE", [RTX], 24, "aas") > _fall("SLE", [RTX], 24, "aal") + 0.25


def test_fc_less_fragment_is_spared_by_fcrn_block() -> None:
    fcrn = "nipocalimab 1050 mg iv q2w"

    def exposure(name: str, extra: list[str]) -> float:
        course = treatment.course("SLE", [f"{name} 700 mg iv once", *extra], 8, ["P1_conc"], 1.0)
        return float(course.of("P1_conc").sum())

    for name, spared in (("dapirolizumab pegol", True), ("belimumab", False)):
        kept = exposure(name, [fcrn]) / exposure(name, [])
        assert (kept > 0.999) if spared else (kept < 0.7)


def test_references_shipped_match_a_fresh_computation() -> None:
    fresh = references._compute_scales(axis.disease("RA"))
    assert references.scales("RA") == pytest.approx(fresh, rel=1e-6)
    assert (
        "RA",
        references._digest(references.disease_table.base(), axis.disease("RA").values()),
    ) in references._shipped()


@pytest.mark.parametrize(
    ("disease", "drug"), [("LN", "obinutuzumab"), ("SLE", "cd19 car-t"), ("IgG4-RD", "inebilizumab")]
)
def test_no_patient_fails_or_goes_negative_under_deep_depletion(disease: str, drug: str) -> None:
    rng = np.random.default_rng(3)
    p = np.repeat(axis.parameters(disease)[None], 64, axis=0)
    for name, (sd, _) in axis.spreads(disease).items():
        p[:, axis.index(name)] *= np.exp(sd * rng.standard_normal(64))[:, None]
    own = engine.simulate(model.kernel(), p, axis.rest(disease), times=[3650.0])
    for name, value in axis.slot_parameters(drug, 1).items():
        p[:, axis.index(name)] = value
    amount = 0.02 if drug == "cd19 car-t" else 1000.0
    events = engine.bolus(axis.dose_state(drug, 1), [0.0], [amount])
    run = engine.simulate(
        model.kernel(), p, own.final, times=np.arange(0, 365, 28.0), events=events,
        options=engine.Options(rtol=1e-6, atol=1e-10),
    )  # fmt: skip
    assert not own.failures
    assert not run.failures
    assert run.values.min() > -1e-9 * max(1.0, amount)


def test_deep_reset_outlasts_the_return_of_b_cells() -> None:
    course = treatment.course("SLE", ["cd19 car-t 1000000 cells/kg iv once"], 104, ["naive", "mtA", "aas", "car"], 7.0)
    year, start = course.days.tolist().index(364.0), resting.levels("SLE")
    assert course.of("naive")[year] > 0.8 * start["naive"]
    assert course.of("aas")[year] < 0.55 * start["aas"]
    assert course.of("mtA")[year] < 0.35 * start["mtA"]
    assert course.of("car")[year:].max() < 1e-3  # no second expansion
