"""Meta-analysis from the evidence tables: selection, traps of the data, figures, commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from baxis import evidence
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.classes import base_class, drug_class
from baxis.evidence.meta.network.run import run_network
from baxis.evidence.meta.run import run
from baxis.evidence.meta.select import Query, exclusions, select
from baxis.faces.cli.commands import evidence_meta

runner = CliRunner()


@pytest.fixture(scope="module")
def ev():  # type: ignore[no-untyped-def]
    return evidence.load()


def app() -> typer.Typer:
    made = typer.Typer()
    evidence_meta.register(made)
    made.command("map")(evidence_meta.map_command)
    return made


def test_classes_of_combinations() -> None:
    assert drug_class("belimumab") == "anti-BAFF"
    assert drug_class("prednisone+mycophenolate mofetil") == "conventional DMARD"
    assert drug_class("elsubrutinib+upadacitinib") == "BTK inhibitor covalent + JAK inhibitor"
    assert base_class("BTK inhibitor covalent + JAK inhibitor") == "BTK inhibitor + JAK inhibitor"
    assert drug_class("no such drug") == "no such drug"


def test_patients_are_not_counted_twice(ev) -> None:  # type: ignore[no-untyped-def]
    found = select(ev, Query("SRI-4", ("SLE",)))
    used = {c.trial.trial_id for c in found.comparisons}
    assert "tulip-pooled" not in used
    assert {"tulip-1", "tulip-2"} <= used
    assert any(x.label == "tulip-pooled" and "repeats patients" in x.reason for x in found.left_out)
    rose = next(c for c in found.comparisons if c.trial.trial_id == "rose-rontalizumab-sle")
    assert [a.arm_id for a in rose.active] == ["ron"]


def test_exclusions_name_real_trials_and_arms(ev) -> None:  # type: ignore[no-untyped-def]
    trials = set(ev.frames["trials"]["trial_id"])
    arms = set(zip(ev.frames["arms"]["trial_id"], ev.frames["arms"]["arm_id"], strict=True))
    found = exclusions()
    assert {trial for trial, _ in found} - trials == set()
    assert {key for key in found if key[1]} - arms == set()  # no arm: the whole trial
    assert {(trial, o) for (trial, _), (_, others) in found.items() for o in others} - arms == set()
    assert [key for key, (reason, _) in found.items() if not reason] == []


def test_every_trial_with_the_endpoint_is_used_or_named(ev) -> None:  # type: ignore[no-untyped-def]
    result = run(ev, Query("ACR20", ("RA",)), "OR")
    o, t = ev.frames["outcomes"], ev.frames["trials"]
    have = set(o[(o["endpoint"] == "ACR20") & (o["subgroup"] == "")]["trial_id"])
    have &= set(t[t["disease"] == "RA"]["trial_id"])
    used = {c.trial.trial_id for c in result.comparisons}
    named = {x.label.split()[0] for x in result.effects.left_out}
    assert have == used | named


def test_shared_control_is_divided(ev) -> None:  # type: ignore[no-untyped-def]
    result = run(ev, Query("ACR20", ("RA",)), "RD")
    i = [k for k, c in enumerate(result.comparisons) if c.trial.trial_id == "ra-beam"]
    assert len(i) == 2
    assert result.effects.counts is not None
    total = sum(result.effects.counts.n0[k] for k in i)
    assert total == pytest.approx(result.comparisons[i[0]].control.n)


def test_class_under_test_leaves_out_what_both_arms_get(ev) -> None:  # type: ignore[no-untyped-def]
    result = run(ev, Query("ACR20", ("RA",)), "OR")
    tame = next(c for c in result.comparisons if c.trial.trial_id == "tame-rituximab-tnfi")
    assert tame.drug_class == "anti-CD20"


@pytest.mark.parametrize(
    ("query", "scale"), [(Query("relapse_HR", ("AAV",)), "HR"), (Query("ESSDAI_change", ("SjD",)), "MD")]
)
def test_scale_is_chosen_by_what_is_reported(ev, query: Query, scale: str) -> None:  # type: ignore[no-untyped-def]
    result = run(ev, query)
    assert result.scale == scale
    assert len(result.table()) == result.overall.k


def test_one_row_by_hand(ev) -> None:  # type: ignore[no-untyped-def]
    """BLISS-52, both doses joined: 51.4 % of 288 and 57.6 % of 290 against 43.6 % of 287."""
    row = next(r for r in run(ev, Query("SRI-4", ("SLE",))).table() if r["trial"] == "bliss-52")
    events = round(0.514 * 288) + round(0.576 * 290)
    p1, p0 = events / 578, round(0.436 * 287) / 287
    se = np.sqrt(p1 * (1 - p1) / 578 + p0 * (1 - p0) / 287)
    assert row["estimate"] == pytest.approx(p1 - p0)
    assert row["ci_low"] == pytest.approx(p1 - p0 - 1.959964 * se, abs=1e-6)


def test_network_from_tables(ev) -> None:  # type: ignore[no-untyped-def]
    result = run_network(ev, Query("ACR20", ("RA",), control="any"))
    assert result.net.reference == "placebo"
    assert list(result.scores)[-1] == "placebo"
    assert {"JAK inhibitor", "anti-TNF", "anti-CD20"} <= set(result.net.treatments)
    assert len(result.league()) == len(result.net.treatments) * (len(result.net.treatments) - 1)


def test_nothing_usable_is_an_error_that_says_why(ev) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidValue, match="no usable comparison"):
        run(ev, Query("ANCA_negative", ("AAV",)), "HR")
    with pytest.raises(UnknownName, match="did you mean 'SRI-4'"):
        run(ev, Query("SRI4"))
    with pytest.raises(UnknownName, match="disease"):
        run(ev, Query("SRI-4", ("lupus",)))


def test_meta_command_writes_what_it_shows(tmp_path: Path) -> None:
    args = ["meta", "--disease", "SLE", "--endpoint", "SRI-4", "--by", "class"]
    shown = runner.invoke(app(), [*args, "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "heterogeneity: Q =" in shown.output
    assert "tulip-pooled" in shown.output
    assert {p.suffix for p in tmp_path.iterdir()} == {".csv", ".json", ".png", ".svg"}
    data = json.loads((tmp_path / "meta_SLE_SRI-4.json").read_text(encoding="utf-8"))
    assert data["model"]["model"] == "REML"
    assert len(data["studies"]) == (tmp_path / "meta_SLE_SRI-4.csv").read_text(encoding="utf-8").count("\n") - 1
    svg = (tmp_path / "meta_SLE_SRI-4.svg").read_text(encoding="utf-8")
    assert "bliss-52" in svg
    assert "SRI-4 in SLE" in svg
    again = tmp_path / "again"
    runner.invoke(app(), [*args, "--out", str(again)])
    assert (again / "meta_SLE_SRI-4.svg").read_bytes() == (tmp_path / "meta_SLE_SRI-4.svg").read_bytes()


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["funnel", "--disease", "RA", "--endpoint", "ACR20"], "Egger's test"),
        (["network", "--disease", "RA", "--endpoint", "ACR20", "--model", "REML"], "Q between designs"),
        (["meta", "--disease", "LN", "--endpoint", "CRR", "--knha", "--csv"], "trial,label,disease"),
        (["meta", "--disease", "RA", "--endpoint", "ACR20", "--moderator", "year", "--moderator", "control"], "QM ="),
        (["meta", "--endpoint", "SRI-4", "--role", "calibration", "--json"], '"summary"'),
    ],
)
def test_other_commands(args: list[str], text: str) -> None:
    shown = runner.invoke(app(), args)
    assert shown.exit_code == 0, shown.output
    assert text in shown.output


def test_rival_command() -> None:
    args = ["rival", "--disease", "SLE", "--endpoint", "SRI-4", "--class", "anti-BAFF", "--week", "52"]
    shown = runner.invoke(app(), args)
    assert shown.exit_code == 0, shown.output
    assert "a trial of this size would report, 90 %" in shown.output
    assert len(shown.output.splitlines()) == 7
    data = json.loads(runner.invoke(app(), [*args, "--json"]).output)
    assert data["scale"] == "risk_difference"
    assert set(data["control"]) == {"mean", "low", "high"}


@pytest.mark.parametrize("command", ["funnel", "network"])
def test_figures_are_written(command: str, tmp_path: Path) -> None:
    shown = runner.invoke(app(), [command, "--disease", "RA", "--endpoint", "ACR20", "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert (tmp_path / f"{command}_RA_ACR20.png").stat().st_size > 20_000
