"""The Pareto front, and the search over pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.combine import search as module


def test_front_keeps_what_nothing_beats() -> None:
    effect = np.array([0.5, 0.4, 0.6, 0.4, 0.3])
    costs = np.array([[0.1, 0], [0.1, 0], [0.3, 0], [0.0, 1], [0.1, -1]])
    assert module.front(effect, costs).tolist() == [True, False, True, True, True]


def test_a_gain_of_igg_is_not_set_against_a_loss() -> None:
    teams = [("a",), ("b",), ("a", "b")]
    counted = module._counted(teams, np.array([[-0.3, 0.2, -0.05]]))
    assert counted.tolist() == [[0.0, 0.2, 0.2]]


@pytest.mark.parametrize("disease", ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_one_candidate_of_each_class(disease: str) -> None:
    names = module.candidates(disease, False)
    classes = [axis.drug(n).class_ for n in names]
    assert len(classes) == len(set(classes)) > 15
    assert set(names) < set(module.candidates(disease, True))


@pytest.mark.parametrize("disease", ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"])
def test_search(monkeypatch: pytest.MonkeyPatch, disease: str, tmp_path: Path) -> None:
    drugs = ["rituximab", "belimumab", "leniolisib", "bortezomib"]
    monkeypatch.setattr(module, "candidates", lambda *_: drugs)
    found = module.combine_search(disease, settings=Settings(patients=12, threads=1))
    assert "belimumab + rituximab" in {" + ".join(sorted(d.split(" + "))) for d in found.table["drugs"]}
    assert found.table["on the front"].any()
    best = found.table.iloc[0]
    assert best["on the front"]  # nothing has more effect
    table = found.table.set_index("drugs")
    both = next(d for d in table.index if "rituximab" in d and "belimumab" in d)
    assert table.loc[both, "serious harms"] > table.loc["belimumab", "serious harms"]
    assert table.loc["leniolisib", "other serious harms"] > 0.15
    assert set(found.left_out) == {"bortezomib"}
    assert found.recipe["budget"] == "exhaustive: 7 arms"
    assert found.recipe["seed"] == 1
    assert "belimumab" in found.recipe["no_class_harms_held"]
    assert any("PI3K delta" in c for c in found.recipe["caveats"])
    assert (found.save(tmp_path / "out") / "pareto.png").is_file()


def test_an_unknown_disease_is_refused() -> None:
    with pytest.raises(UnknownName, match="disease"):
        module.combine_search("MS")


def test_too_few_patients_are_refused_before_any_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "measure", lambda *_: pytest.fail("ran"))
    with pytest.raises(InvalidValue, match="at least 10"):
        module.combine_search("SLE", settings=Settings(patients=3))
