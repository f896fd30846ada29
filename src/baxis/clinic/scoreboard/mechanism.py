"""The mechanism's prediction of a contrast: its trial simulated once, by its design file or its default design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.from_evidence import Derived, derive
from baxis.clinic.design.from_evidence.rules import rules
from baxis.clinic.design.from_evidence.what import simulated_endpoint
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import Instrument, instrument
from baxis.clinic.people.posterior import draw_of, draws, explained
from baxis.clinic.scoreboard.prediction import Prediction
from baxis.clinic.scoreboard.simulate import ArmEndpoints, Reached, Timed, arm_endpoints
from baxis.clinic.statistics.intervals import Sample, replicate
from baxis.clinic.statistics.survival import pool, rate_influence, replicate_log_hazard_ratio
from baxis.core import library, streams
from baxis.core.errors import BaxisError, Unsupported
from baxis.evidence import Evidence

T = TypeVar("T")
Array = NDArray[np.float64]
SCALES = {"risk_difference": False, "mean_difference": True}  # scale -> the endpoint is continuous
HAZARD = "log_hazard_ratio"


@dataclass
class Mechanism:
    """The model alone. `prepare` groups the rows by trial, so that each distinct design is run once."""

    evidence: Evidence
    settings: Settings
    name: str = "mechanism"
    wanted: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    designs: dict[tuple[str, str], Derived] = field(default_factory=dict)
    ran: dict[tuple[str, str], ArmEndpoints | str] = field(default_factory=dict)

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        """Tell which contrasts will be asked for; only their arms and endpoints are simulated."""
        for row in rows:
            self.wanted.setdefault((row["trial_id"], row["versus"]), []).append(row)

    def predict(self, row: dict[str, Any]) -> Prediction:
        """Difference of the arms' means, and draws of what a trial of the published size would report."""
        key = (row["trial_id"], row["versus"])
        if key not in self.designs:
            self.designs[key] = self._derive(row)
        found = self.designs[key]
        if found.design is None:
            raise Unsupported(found.why)
        tool = instrument(found.design.disease)
        endpoint = check(row, found, tool)
        ran = self._run(key, found, tool)
        if row["scale"] == HAZARD:
            return self._hazard(row, ran, endpoint, found)
        return self._difference(row, ran, endpoint, found)

    def control(self, row: dict[str, Any]) -> Prediction:
        """What the control arm of a contrast would report: the share of responders, with draws of its size.

        Unsupported like `predict`, and for a scale other than differences in proportions.
        """
        if row["scale"] != "risk_difference":
            raise Unsupported(f"scale {row['scale']}: control arms are scored where they are proportions")
        self.predict(row)
        key = (row["trial_id"], row["versus"])
        found, ran = self.designs[key], self.ran[key]
        assert found.design is not None
        assert isinstance(ran, ArmEndpoints)
        endpoint = check(row, found, instrument(found.design.disease))
        _, seen = _sides(row, ran.judged, endpoint, found)
        stream = f"scoreboard {row['trial_id']} {endpoint} {row['week']:g} {row['versus']}"
        draws = replicate(Sample(seen.values, True), _sizes(row, ran, found)[1], (self.settings.seed, stream), "none")
        return Prediction(float(seen.values.mean()), draws)

    def _derive(self, row: dict[str, Any]) -> Derived:
        """A shipped design file that holds the contrast, else the default design."""
        trial = row["trial_id"]
        if trial in library.names("designs") and row["role"] != "external":
            design = read_design(trial)
            named = {a.arm_id for a in design.arms}
            asked = {(e.name, e.week) for e in design.endpoints}
            if {row["arm_id"], row["versus"]} <= named and (row["endpoint"], row["week"]) in asked:
                return Derived(trial, design)
        return derive(trial, self.evidence, row["versus"])

    def _run(self, key: tuple[str, str], found: Derived, tool: Instrument) -> ArmEndpoints:
        """The trial's simulation, run when it is first asked for. Unsupported when it cannot be run."""
        assert found.design is not None
        if key not in self.ran:
            arms, endpoints = {key[1]}, set()
            for row in self.wanted.get(key, []):
                arms |= {row["arm_id"], *found.pools.get(row["arm_id"], ())}
                try:
                    name = simulated_endpoint(tool, found.design.disease, row["endpoint"])
                except Unsupported:
                    continue
                endpoints.add((name, float(row["week"])))
            try:
                self.ran[key] = arm_endpoints(found.design, arms, sorted(endpoints), self.settings)
            except BaxisError as e:
                self.ran[key] = str(e)
        ran = self.ran[key]
        if isinstance(ran, str):
            raise Unsupported(ran)
        return ran

    def _difference(self, row: dict[str, Any], ran: ArmEndpoints, endpoint: str, found: Derived) -> Prediction:
        arms, control = _sides(row, ran.judged, endpoint, found)
        active = np.concatenate([a.values for a in arms])
        if not active.size or not control.values.size:
            raise Unsupported("no simulated patient reached the visit")
        n1, n0 = _sizes(row, ran, found)
        binary, seed = not SCALES[row["scale"]], self.settings.seed
        stream = f"scoreboard {row['trial_id']} {endpoint} {row['week']:g}"
        draws = replicate(Sample(active, binary), n1, (seed, f"{stream} {row['arm_id']}"), "none")
        base = replicate(Sample(control.values, binary), n0, (seed, f"{stream} {row['versus']}"), "none")
        assert found.design is not None
        spread = between(arms, control, found.design.disease)
        truth = ndtri(streams.uniform(seed, f"{stream} truth", np.arange(draws.size))[:, 0])
        return Prediction(float(active.mean() - control.values.mean()), draws - base + spread * truth)

    def _hazard(self, row: dict[str, Any], ran: ArmEndpoints, endpoint: str, found: Derived) -> Prediction:
        """Log hazard ratio of the simulated arms."""
        arms, control = _sides(row, ran.times, endpoint, found)
        active = pool([a.times for a in arms])
        stream = (self.settings.seed, f"scoreboard {row['trial_id']} {endpoint} {row['arm_id']}")
        sizes = _sizes(row, ran, found)
        assert found.design is not None
        spread = between([influence(a) for a in arms], influence(control), found.design.disease)
        draws = replicate_log_hazard_ratio(active, control.times, sizes, stream, spread=spread)
        if not np.isfinite(draws).all():
            raise Unsupported("no simulated patient had the event")
        return Prediction(float(np.median(draws)), draws)


def _sides(
    row: dict[str, Any], table: dict[tuple[str, str, float], T], endpoint: str, found: Derived
) -> tuple[list[T], T]:
    """What the arms of a contrast gave (one, or those of a pooled group), and what the control gave."""
    members = found.pools.get(row["arm_id"], (row["arm_id"],))
    week = float(row["week"])
    return [table[m, endpoint, week] for m in members], table[row["versus"], endpoint, week]


def _sizes(row: dict[str, Any], ran: ArmEndpoints, found: Derived) -> tuple[int, int]:
    """Sizes of active arm and control: as published with the contrast, else as in the design."""
    members = found.pools.get(row["arm_id"], (row["arm_id"],))
    own = (sum(ran.sizes[m] for m in members), ran.sizes[row["versus"]])
    n1, n0 = (int(p) if p == p and p >= 1 else d for p, d in zip((row["n1"], row["n0"]), own, strict=True))
    return n1, n0


def influence(arm: Timed) -> Reached:
    """Influence of each patient on the log event rate of an arm."""
    return Reached(rate_influence(arm.times), arm.patients)


def between(arms: list[Reached], control: Reached, disease: str) -> float:
    """Standard deviation of the expected contrast between posterior draws; 0 for a disease without draws.

    Paired differences of the same patients, regressed on the draw that each carries; the regression's
    own noise is taken off. With ten patients a draw this is several times sharper than variances between draws.
    """
    found = draws(disease)
    if found is None:
        return 0.0
    differences, carried = [], []
    for arm in arms:
        common, i, j = np.intersect1d(arm.patients, control.patients, return_indices=True)
        differences.append(arm.values[i] - control.values[j])
        carried.append(draw_of(common, disease))
    return explained(np.concatenate(differences), found.values, np.concatenate(carried))


def check(row: dict[str, Any], found: Derived, tool: Instrument) -> str:
    """Instrument's endpoint of the contrast. Unsupported: scale, subgroup, endpoint or arm that cannot be simulated."""
    assert found.design is not None
    disease = found.design.disease
    if row["scale"] not in (*SCALES, HAZARD):
        raise Unsupported(f"scale {row['scale']} is none that a simulated trial gives")
    if row["subgroup"] and row["subgroup"] not in {r["subgroup"] for r in rules("subgroup", disease)}:
        raise Unsupported(f"subgroup {row['subgroup']!r} cannot be selected among virtual patients")
    endpoint = simulated_endpoint(tool, disease, row["endpoint"])
    fits = endpoint in tool.hazard if row["scale"] == HAZARD else endpoint in tool.endpoints()
    if not fits or (row["scale"] != HAZARD and (endpoint in tool.continuous) != SCALES[row["scale"]]):
        raise Unsupported(f"endpoint {row['endpoint']} of the instrument is not on the scale {row['scale']}")
    have = {a.arm_id for a in found.design.arms} | set(found.pools)
    for arm in (row["arm_id"], row["versus"]):
        if arm not in have:
            raise Unsupported(f"arm {arm}: {found.left_out.get(arm, 'not among the arms of the design')}")
    return endpoint
