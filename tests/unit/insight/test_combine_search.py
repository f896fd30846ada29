"""The Pareto front, and the search over pairs."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import axis
from baxis.clinic.settings import Settings
from baxis.core.errors import UnknownName
from baxis.insight.combine import search as module


def test_front_keeps_what_nothing_beats() -> None:
    effect, cost = np.array([0.5, 0.4, 0.6, 0.4]), np.array([0.1, 0.1, 0.3, 0.0])
    assert module.front(effect, cost).tolist() == [True, False, True, True]


@pytest.mark.parametrize("disease", ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_one_candidate_of_each_class(disease: str) -> None:
    names = module.candidates(disease, False)
    classes = [axis.drug(n).class_ for n in names]
    assert len(classes) == len(set(classes)) > 15
    assert set(names) < set(module.candidates(disease, True))


def test_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "candidates", lambda *_: ["rituximab", "belimumab", "anifrolumab", "nipocalimab"])
    found = module.search("SLE", settings=Settings(patients=12, threads=1))
    assert "belimumab + rituximab" in {" + ".join(sorted(d.split(" + "))) for d in found.table["drugs"]}
    assert found.table["on the front"].any()
    assert not found.table["on the front"].all()
    best = found.table.iloc[0]
    assert best["on the front"]  # nothing has more effect
    assert set(found.left_out) <= {"nipocalimab"}
    with pytest.raises(UnknownName, match="disease"):
        module.search("MS")
