"""`stimulate`: names, units, genes, inhibitors, dose-response."""

import json

import pytest

from baxis import axis
from baxis.axis import stimulation
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


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: axis.stimulate(["anti-IgM 10"]), InvalidValue, "needs its unit"),
        (lambda: axis.stimulate(["anti-IgN 10 ug/mL"]), UnknownName, "did you mean 'anti-IgM'"),
        (lambda: axis.stimulate(["anti-IgM 10 mg"]), InvalidValue, "dimension"),
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
