"""The rival: what it may learn from, what it predicts, how it is scored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from baxis import evidence
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.evidence import rival
from baxis.evidence.rival import data, fit, plain, score
from baxis.evidence.rival.predict import TwoArms, _binomial


@pytest.fixture(scope="module")
def ev():  # type: ignore[no-untyped-def]
    return evidence.load()


@pytest.fixture(scope="module")
def shipped():  # type: ignore[no-untyped-def]
    return rival.load()


def test_fit_refuses_trials_that_are_not_calibration(ev) -> None:  # type: ignore[no-untyped-def]
    rows = evidence.contrasts(ev).to_dict("records")
    with pytest.raises(InvalidValue, match=r"fit of the rival: got 'abatacept-sjd-asap3 \(validation\)"):
        data.build(ev, rows)
    calibration = [r for r in rows if r["role"] == "calibration"]
    smuggled = next(r for r in rows if r["role"] == "validation")
    with pytest.raises(InvalidValue, match="calibration trials only"):
        data.build(ev, [*calibration[:3], smuggled])


def test_validation_results_do_not_reach_the_fit(ev) -> None:  # type: ignore[no-untyped-def]
    frames = {k: v.copy() for k, v in ev.frames.items()}
    roles = dict(zip(frames["trials"]["trial_id"], frames["trials"]["role"], strict=True))
    o = frames["outcomes"]
    other = o["trial_id"].map(roles) != "calibration"
    assert other.sum() > 300
    o.loc[other, "value"] = 0.987
    o.loc[other, "n"] = 7.0
    changed = replace(ev, frames=frames, digest="changed")
    assert data.training(changed).own_digest == data.training(ev).own_digest
    assert plain.learn(changed) == plain.learn(ev)


def test_shipped_draws_are_of_these_tables(ev, shipped) -> None:  # type: ignore[no-untyped-def]
    """Fails when calibration rows changed after the last fit: run the command of the record."""
    record = shipped.record
    assert record["training"] == data.training(ev).own_digest, f"stale draws; run: {record['command']}"
    roles = dict(zip(ev.frames["trials"]["trial_id"], ev.frames["trials"]["role"], strict=True))
    assert {roles[t] for t in record["trials"]} == {"calibration"}
    assert record["rhat_max"] < 1.1
    assert record["ess_min"] > 60
    assert record["divergences"] < 5
    assert record["weights"]["effective_share"] > 0.3
    assert shipped.draws == 1000


def test_prediction_has_its_parts(shipped) -> None:  # type: ignore[no-untyped-def]
    got = rival.predict("SLE", "SRI-4", 52, "anti-BAFF", 280, 280, background="SOC")
    assert got["scale"] == "risk_difference"
    assert got["pi90"][0] < got["pi50"][0] < got["mean"] < got["pi50"][1] < got["pi90"][1]
    assert got["draws"].shape == (1000,)
    assert np.all((got["control"] > 0) & (got["control"] < 1))
    again = rival.predict("SLE", "SRI-4", 52, "anti-BAFF", 280, 280, background="SOC")
    assert np.array_equal(got["draws"], again["draws"])
    assert np.quantile(got["draws"], [0.05, 0.95]) == pytest.approx(got["pi90"])


def test_prediction_follows_the_design(shipped) -> None:  # type: ignore[no-untyped-def]
    def width(**kw: object) -> float:
        design = TwoArms("RA", "ACR20", 24, "JAK inhibitor", **({"n_active": 200, "n_control": 200} | kw))  # type: ignore[arg-type]
        low, high = shipped.predict(design)["pi90"]
        return high - low

    assert width(n_active=20, n_control=20) > width() > width(n_active=2000, n_control=2000)
    naive = shipped.predict(TwoArms("RA", "ACR20", 24, "JAK inhibitor", 200, 200, population="MTX-IR"))
    failed = shipped.predict(TwoArms("RA", "ACR20", 24, "JAK inhibitor", 200, 200, population="TNF-IR"))
    assert failed["control"].mean() < naive["control"].mean()
    late = shipped.predict(TwoArms("RA", "ACR20", 52, "JAK inhibitor", 200, 200))
    early = shipped.predict(TwoArms("RA", "ACR20", 4, "JAK inhibitor", 200, 200))
    assert early["control"].mean() < late["control"].mean()
    hard = shipped.predict(TwoArms("RA", "ACR70", 24, "JAK inhibitor", 200, 200))
    assert hard["control"].mean() < naive["control"].mean()


def test_placebo_against_placebo_has_no_effect(shipped) -> None:  # type: ignore[no-untyped-def]
    got = shipped.predict(TwoArms("SLE", "SRI-4", 52, "placebo", 400, 400))
    assert np.all(got["expected"] == 0)
    assert abs(np.mean(got["draws"])) < 0.01
    p = got["control"]
    assert np.std(got["draws"]) == pytest.approx(np.sqrt(np.mean(2 * p * (1 - p) / 400)), rel=0.1)


def test_scales_of_other_endpoints(shipped) -> None:  # type: ignore[no-untyped-def]
    essdai = shipped.predict(TwoArms("SjD", "ESSDAI_change", 24, "anti-BAFFR", 50, 50))
    assert essdai["scale"] == "mean_difference"
    assert essdai["mean"] < 0
    flare = shipped.predict(TwoArms("IgG4-RD", "flare_HR", 52, "anti-CD19", 60, 60))
    assert flare["scale"] == "log_hazard_ratio"
    assert flare["mean"] < 0
    relapse = shipped.predict(TwoArms("AAV", "relapse_rate", 52, "anti-CD20", 60, 60))
    assert relapse["mean"] < 0


def test_unseen_class_is_wider_than_a_seen_one(shipped) -> None:  # type: ignore[no-untyped-def]
    seen = shipped.predict(TwoArms("RA", "ACR20", 24, "anti-CD20", 5000, 5000))
    new = shipped.predict(TwoArms("RA", "ACR20", 24, "a class nobody tried", 5000, 5000))
    assert np.std(new["expected"]) > 0.95 * np.std(seen["expected"])
    assert new["mean"] > 0  # a new drug is expected to do what drugs did


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"disease": "SLEE"}, UnknownName, "did you mean 'SLE'"),
        ({"endpoint": "SRI4"}, UnknownName, "did you mean 'SRI-4'"),
        ({"n_active": 0}, InvalidValue, "n_active"),
        ({"week": -1}, InvalidValue, "week"),
        ({"endpoint": "serious_infection"}, Unsupported, "safety"),
    ],
)
def test_bad_designs_are_named(shipped, change: dict, error: type, text: str) -> None:  # type: ignore[no-untyped-def]
    base = {"disease": "SLE", "endpoint": "SRI-4", "week": 52, "drug_class": "anti-BAFF", "n_active": 9, "n_control": 9}
    with pytest.raises(error, match=text):
        shipped.predict(TwoArms(**{**base, **change}))


def test_what_both_arms_get_is_not_under_test() -> None:
    assert data.apart(("anti-BAFF", "anti-CD20"), ("anti-CD20",)) == (("anti-BAFF",), ())
    assert data.apart(("conventional DMARD",), ("conventional DMARD",)) == (("conventional DMARD",),) * 2
    assert data.classes_of("BTK inhibitor covalent+JAK inhibitor") == ("BTK inhibitor", "JAK inhibitor")
    assert data.classes_of("placebo") == ()


@pytest.mark.parametrize(
    ("population", "background", "feature", "value"),
    [
        ("TNF-IR (1 or more)", "MTX", "biologic_failure", 1.0),
        ("MTX-IR, TNFi-naive", "MTX", "biologic_failure", 0.0),
        ("biologic-naive, MTX-IR", "MTX", "biologic_failure", 0.0),
        ("MTX-IR (part TNF-IR)", "MTX", "biologic_failure", 0.5),
        ("MTX-naive active RA", "MTX started", "mtx_naive", 1.0),
        ("active SLE", "SOC + steroid taper", "steroid_taper", 1.0),
        ("Japanese, MTX-IR", "MTX", "east_asian", 1.0),
        ("active SLE; immunosuppressants withdrawn", "HCQ", "drugs_stopped", 1.0),
    ],
)
def test_features_of_free_text(population: str, background: str, feature: str, value: float) -> None:
    assert data.features(population, background, 2014)[feature] == value


def test_binomial_draws_by_inversion() -> None:
    u = (np.arange(20000) + 0.5) / 20000
    got = _binomial(u, 37, np.full(20000, 0.23))
    assert np.array_equal(got, stats.binom.ppf(u, 37, 0.23))
    assert np.all(_binomial(u, 5, np.full(20000, 1.0)) == 5)


def test_scores() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(0.4, 1.3, 4000)
    assert score.crps(draws, 1.0) == pytest.approx(score.crps_normal(0.4, 1.3, 1.0), abs=0.02)
    assert score.crps(np.array([1.0, 1.0]), 3.0) == pytest.approx(2.0)
    rows = [{
        "scale": "risk_difference", "trial_id": "t", "value": 0.1,
        **{k: v for n in ("rival", *plain.PREDICTORS) for k, v in (
            (n, 0.3), (f"{n}_pi90", (0.0, 0.5)), (f"{n}_pi50", (0.2, 0.4)), (f"{n}_crps", 0.05))},
    }]  # fmt: skip
    got = score.summarise(rows)[0]
    assert (got["mae"], got["bias"], got["cover50"], got["cover90"]) == (pytest.approx(0.2), pytest.approx(0.2), 0, 1)


def test_plain_predictors_shrink(ev) -> None:  # type: ignore[no-untyped-def]
    learned = plain.learn(ev)
    row = {"scale": "risk_difference", "benefit_sign": 1, "endpoint": "ACR20", "class": "anti-CD20", "disease": "RA",
           "n1": 100.0, "n0": 100.0}  # fmt: skip
    none, grand, shrunk = (learned.predict(p, row) for p in plain.PREDICTORS)
    cell = learned.cells["risk_difference", "anti-CD20", "RA"][0]
    assert none.mean == 0
    assert none.sd == pytest.approx(np.sqrt(0.25 * 0.02))
    low, high = sorted((grand.mean, cell))
    assert low <= shrunk.mean <= high
    unseen = learned.predict("shrunken_mean", {**row, "class": "nothing like it"})
    assert unseen.mean == grand.mean


def test_file_keeps_draws_and_record(shipped, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "r.parquet"
    fit.write(shipped.fitted, file)
    back = fit.read(file)
    assert back.names == shipped.fitted.names
    assert np.array_equal(back.values, shipped.fitted.values)
    assert back.record == shipped.fitted.record
    fit.write(shipped.fitted, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == file.read_bytes()


def test_a_small_fit_runs_and_repeats(ev) -> None:  # type: ignore[no-untyped-def]
    """A few trials, short chains: the whole path, twice, to the same draws."""
    rows = [r for r in evidence.contrasts(ev).to_dict("records") if r["trial_id"] in ("aim", "attain", "ra-beam")]
    training = data.build(ev, rows)
    kept = [a for a in training.arms if a.trial_id in ("aim", "attain", "ra-beam")]
    training = replace(training, arms=tuple(kept))
    plan = fit.Sampling(seed=1, chains=2, warmup=30, draws=20, keep=50, workers=1)
    one, two = fit.fit_training(training, plan), fit.fit_training(training, plan)
    assert np.array_equal(one.values, two.values)
    at = one.names.index("b0")
    assert one.values[:, at].mean() > 0  # three trials that worked


@pytest.mark.nightly
def test_refit_gives_the_shipped_draws(ev, shipped) -> None:  # type: ignore[no-untyped-def]
    again = fit.fit(ev)
    assert np.corrcoef(again.values.mean(axis=0), shipped.fitted.values.mean(axis=0))[0, 1] > 0.999
