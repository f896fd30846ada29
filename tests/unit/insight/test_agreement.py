"""Published subgroup findings: sizes come from the evidence, validation trials are not read, misses are kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

from baxis import evidence
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.insight.biomarkers import agreement
from baxis.insight.biomarkers.agreement import against_evidence, permuted, published, role, verdict

ROWS = {r["finding"]: r for r in library.read_table("biomarkers/subgroups")}


@pytest.mark.parametrize("name", [n for n, r in ROWS.items() if role(r["trial_id"]) != "validation"])
def test_every_finding_has_one_published_direction_and_a_source(name: str) -> None:
    seen = published(ROWS[name])
    assert seen.call in {"more", "less", "none", "unclear"}
    kind, _, what = seen.source.partition(" ")
    if kind == "claim":
        assert what in set(evidence.load().claims["claim_id"])
    elif kind == "outcome":
        trial, endpoint = what.split()
        outcomes = evidence.load().outcomes
        assert len(outcomes[(outcomes["trial_id"] == trial) & (outcomes["endpoint"] == endpoint)])
    else:
        assert seen.source.startswith(("doi:10.", "outcomes of "))


def test_published_difference_of_differences_with_its_error() -> None:
    seen = published(ROWS["rituximab-serostatus-image"])
    cells = [(0.67, 224), (0.41, 227), (0.54, 24), (0.55, 22)]
    assert seen.value == pytest.approx((0.67 - 0.41) - (0.54 - 0.55))
    assert seen.se == pytest.approx(np.sqrt(sum(p * (1 - p) / n for p, n in cells)))
    assert seen.share == pytest.approx(451 / 497)


def test_nothing_of_a_validation_trial_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(row: dict[str, str]) -> None:
        raise AssertionError(row["finding"])

    monkeypatch.setattr(agreement, "published", forbidden)
    result = against_evidence("atacicept", "SLE", patients=100)
    assert result.counts == {"held out": 1}
    assert np.isnan(result.table["published"]).all()


def test_what_the_model_cannot_say_is_kept_as_a_miss() -> None:
    result = against_evidence("rituximab", "AAV", patients=100, threads=2)
    assert result.table.set_index("finding").loc["rituximab-anca-type", "verdict"].startswith("not modelled")
    json.dumps(result.to_dict(), allow_nan=False)


def test_interferon_and_anifrolumab_has_the_published_direction() -> None:
    row = against_evidence("anifrolumab", "SLE", patients=400, threads=2).table.iloc[0]
    assert row["model"] > 0
    assert row["published"] > 0
    assert "no published interval" in row["verdict"]


def test_permutation_p_of_nothing_and_of_something() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=200)
    split = noise[:100].mean() - noise[100:].mean()
    assert permuted(noise, 100, float(split), 1) > 0.05
    assert permuted(np.r_[np.ones(100), np.zeros(100)], 100, 1.0, 1) < 0.001


def test_verdicts() -> None:
    assert verdict("more", "more") == verdict("none", "none") == "agree"
    assert verdict("more", "less") == "disagree"
    assert verdict("more", "none") == "model shows none"
    assert verdict("none", "more") == "model shows one"
    assert verdict("unclear", "more") == "undecided by the trial"


def test_unknown_and_too_few_are_refused() -> None:
    with pytest.raises(InvalidValue, match="rituximab in RA"):
        against_evidence("rituximab", "gout")
    with pytest.raises(InvalidValue, match="at least 100"):
        against_evidence(patients=50)
