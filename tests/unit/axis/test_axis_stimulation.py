"""`stimulate`: names, units, genes, inhibitors, dose-response."""

import json

import pytest

from baxis import axis
from baxis.axis.pathway import stimulation
from baxis.core.errors import InvalidValue, UnknownName


def test_anti_igm_signals_and_a_knock_out_does_not() -> None:
    wild = axis.stimulate(["anti-IgM 10 ug/mL"])
    lost = axis.stimulate(["anti-IgM 10 ug/mL"], genes={"PLCG2": 0})
    assert wild.values["Ca2+"].max() > 3 * wild.values["Ca2+"][0]
    assert lost.values["Ca2+"].max() < 1.1 * lost.values["Ca2+"][0]
    json.dumps(wild.as_dict())


def test_units_convert() -> None:
    a = axis.stimulate(["anti-IgM 10 ug/mL"]).values["pSYK"]
    b = axis.stimulate(["anti-IgM 10000 ng/mL"]).values["pSYK"]
    assert a == pytest.approx(b)


def test_inhibitor_dose_response_has_the_right_potency() -> None:
    found = stimulation.dose_response(
        "fenebrutinib",
        [0.3, 1, 3, 10, 30, 100, 300, 1000],
        "nM",
        readout="CD69",
        at_min=1440,
        stimuli=["anti-IgM 10 ug/mL"],
    )
    assert found.emax < 0
    assert 4 < found.ec50 < 200  # whole-blood CD69 IC50 8 nM at a sub-maximal stimulus


def test_antigen_dose_response_rises() -> None:
    found = stimulation.dose_response("anti-IgM", [0.01, 0.1, 1, 10], "ug/mL", readout="pSYK", at_min=3)
    assert found.emax > 0
    assert (found.response[1:] >= found.response[:-1] - 1e-9).all()


def test_what_is_not_stimulated_stays_at_rest() -> None:
    quiet = axis.stimulate(["CD40L 60 nM"])
    assert quiet.values["NF-kB"].max() > 1.5 * quiet.values["NF-kB"][0]
    assert quiet.values["pSYK"] == pytest.approx(quiet.values["pSYK"][0], rel=1e-4)


def test_affinity_is_the_dose_that_ligates_half() -> None:
    usual, same = axis.stimulate(["antigen 10 nM"]), axis.stimulate(["antigen 10 nM KD 1 nM"])
    weak = axis.stimulate(["antigen 10 nM KD 0.3 uM"])
    assert same.values["pSYK"] == pytest.approx(usual.values["pSYK"])
    assert weak.values["pSYK"].max() < 0.2 * usual.values["pSYK"].max()


def test_memory_and_age_associated_cells_differ_as_published() -> None:
    naive, memory, old = (axis.stimulate(["anti-IgM 10 ug/mL"], cell).values for cell in stimulation.CELLS[:3])
    for name in ("pSYK", "pBTK", "pAKT", "pERK"):  # EXP28, unswitched memory
        assert memory[name].max() > naive[name].max()
    assert old["Ca2+"].max() < naive["Ca2+"].max()  # more CD22
    ligand = [axis.stimulate(["TLR7-ligand 1 uM"], c).values["TLR"].max() for c in ("naive", "age-associated")]
    assert ligand[1] > 1.3 * ligand[0]  # C040
    helped = axis.stimulate(["CD40L 60 nM"], "age-associated").values["NF-kB"]
    assert helped.max() < 1.05 * helped[0]  # C044


def test_over_expression_raises_the_signal() -> None:
    more = axis.stimulate(["anti-IgM 10 ug/mL"], genes={"SYK": 2}).values["pSYK"]
    assert more.max() > axis.stimulate(["anti-IgM 10 ug/mL"]).values["pSYK"].max()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: axis.stimulate(["antigen 10 nM KD 3"]), InvalidValue, "KD 30 nM"),
        (lambda: axis.stimulate(["CD40L 60 nM KD 3 nM"]), InvalidValue, "KD of antigen"),
        (lambda: axis.stimulate([], "mem"), UnknownName, "did you mean 'memory'"),
        (lambda: stimulation.dose_response("anti-IgM", [1, 2, 3], "ug/mL", at_min=-1), InvalidValue, "minutes"),
        (lambda: axis.stimulate(["anti-IgM 10"]), InvalidValue, "needs its unit"),
        (lambda: axis.stimulate(["anti-IgN 10 ug/mL"]), UnknownName, "did you mean 'anti-IgM'"),
        (
            lambda: axis.stimulate(["anti-IgM 10 mg"]),
            InvalidValue,
            "got 'mg'; allowed: a concentration in ug/mL or the like; anti-IgM takes",
        ),
        (lambda: axis.stimulate([], genes={"LYM": 0}), UnknownName, "did you mean 'LYN'"),
        (lambda: axis.stimulate([], genes={"LYN": -1}), InvalidValue, "knock-out"),
        (lambda: axis.stimulate([], "plasma"), UnknownName, "cell"),
        (lambda: axis.stimulate([], inhibitors=["adalimumab 10 mg/L"]), InvalidValue, "a drug on btk"),
        (lambda: axis.stimulate([], disease="XX"), UnknownName, "disease"),
        (lambda: stimulation.dose_response("anti-IgM", [1, 1, 2], "ug/mL"), InvalidValue, "rising"),
    ],
)
def test_bad_input_is_named(call: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()  # type: ignore[operator]


def test_antigens_of_two_affinities_add_up_and_the_same_twice_is_refused() -> None:
    both = axis.stimulate(["antigen 10 nM KD 30 nM", "antigen 10 nM KD 15 nM"])
    one = axis.stimulate(["antigen 20 nM KD 20 nM"])  # 10/30 + 10/15 = 20/20
    assert both.condition == one.condition
    with pytest.raises(InvalidValue, match="2 times"):
        axis.stimulate(["antigen 10 nM KD 30 nM", "antigen 5 nM KD 30 nM"])
