"""The mechanism's prediction of a contrast: its trial simulated once, by its design file or its default design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...core import library, streams
from ...core.errors import BaxisError, Unsupported
from ...evidence import Evidence
from ..default_design import Derived, derive
from ..default_design.rules import rules
from ..default_design.what import simulated_endpoint
from ..design import Design, Endpoint, read_design
from ..instruments import Instrument, instrument
from ..intervals import Sample, replicate
from ..posterior import between_draws, draw_of
from ..result import judge
from ..settings import Settings
from ..trial import Laboratory
from .prediction import Prediction

Array = NDArray[np.float64]
SCALES = {"risk_difference": False, "mean_difference": True}  # scale -> the endpoint is continuous


@dataclass(frozen=True)
class Judged:
    """One endpoint of one arm: value of each patient who reached the visit (m,), and which patient it is (m,)."""

    values: Array
    patients: NDArray[np.int64]


@dataclass(frozen=True)
class Simulated:
    """Endpoints by (arm, endpoint, week), published sizes of arms, candidates screened, solver failures."""

    judged: dict[tuple[str, str, float], Judged]
    sizes: dict[str, int]
    screened: int
    failures: int


@dataclass
class Mechanism:
    """The model alone. `prepare` groups the rows by trial, so that each distinct design is run once."""

    evidence: Evidence
    settings: Settings
    name: str = "mechanism"
    wanted: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    designs: dict[tuple[str, str], Derived] = field(default_factory=dict)
    ran: dict[tuple[str, str], Simulated | str] = field(default_factory=dict)

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
        if key not in self.ran:
            self.ran[key] = self._run(key, found.design, tool)
        ran = self.ran[key]
        if isinstance(ran, str):
            raise Unsupported(ran)
        return self._contrast(row, ran, endpoint, found)

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

    def _run(self, key: tuple[str, str], design: Design, tool: Instrument) -> Simulated | str:
        """Simulate the arms and endpoints that the contrasts of one trial need; or why it cannot be done."""
        try:
            small = self._needed(key, design, tool)
            lab = Laboratory(small, self.settings)
            people, screened = lab.screen()
            runs = [lab.run_arm(arm, people) for arm in small.arms]
        except BaxisError as e:
            return str(e)
        judged = {}
        for run in runs:
            visits, who = lab.measure(people, run), people.ids[run.status == 0]
            for asked in small.endpoints:
                values = judge(small, lab.tool, asked, run, visits, people)
                judged[run.arm.arm_id, asked.name, asked.week] = Judged(values, who)
        sizes = {a.arm_id: a.n for a in small.arms}
        return Simulated(judged, sizes, screened, sum(len(r.failures) for r in runs))

    def _needed(self, key: tuple[str, str], design: Design, tool: Instrument) -> Design:
        rows = self.wanted.get(key, [])
        arms, endpoints = {key[1]}, {}
        for row in rows:
            arms |= {row["arm_id"], *self.designs[key].pools.get(row["arm_id"], ())}
            try:
                name = simulated_endpoint(tool, design.disease, row["endpoint"])
            except Unsupported:
                continue
            endpoints[name, row["week"]] = Endpoint(name=name, week=row["week"])
        return design.replace(
            arms=[a.model_dump() for a in design.arms if a.arm_id in arms],
            endpoints=[e.model_dump() for e in endpoints.values()],
        )

    def _contrast(self, row: dict[str, Any], ran: Simulated, endpoint: str, found: Derived) -> Prediction:
        members = found.pools.get(row["arm_id"], (row["arm_id"],))
        arms = [ran.judged[m, endpoint, row["week"]] for m in members]
        control = ran.judged[row["versus"], endpoint, row["week"]]
        active = np.concatenate([a.values for a in arms])
        if not active.size or not control.values.size:
            raise Unsupported("no simulated patient reached the visit")
        n1 = _size(row["n1"], sum(ran.sizes[m] for m in members))
        n0 = _size(row["n0"], ran.sizes[row["versus"]])
        binary, seed = not SCALES[row["scale"]], self.settings.seed
        stream = f"scoreboard {row['trial_id']} {endpoint} {row['week']:g}"
        draws = replicate(Sample(active, binary), n1, (seed, f"{stream} {row['arm_id']}"), "none")
        draws = draws - replicate(
            Sample(control.values, binary), n0, (seed, f"{stream} {row['versus']}"), "none"
        )
        assert found.design is not None
        spread = between(arms, control, found.design.disease)
        truth = ndtri(streams.uniform(seed, f"{stream} truth", np.arange(draws.size))[:, 0])
        return Prediction(float(active.mean() - control.values.mean()), draws + spread * truth)


def between(arms: list[Judged], control: Judged, disease: str) -> float:
    """Standard deviation of the expected contrast between posterior draws: paired differences of the same patients."""
    differences, draws = [], []
    for arm in arms:
        common, i, j = np.intersect1d(arm.patients, control.patients, return_indices=True)
        differences.append(arm.values[i] - control.values[j])
        draws.append(draw_of(common, disease))
    return between_draws(np.concatenate(differences), np.concatenate(draws))


def check(row: dict[str, Any], found: Derived, tool: Instrument) -> str:
    """Instrument's endpoint of the contrast. Unsupported: scale, subgroup, endpoint or arm that cannot be simulated."""
    assert found.design is not None
    disease = found.design.disease
    if row["scale"] not in SCALES:
        raise Unsupported(f"scale {row['scale']}: the instrument of {disease} gives no time to event")
    if row["subgroup"] and row["subgroup"] not in {r["subgroup"] for r in rules("subgroup", disease)}:
        raise Unsupported(f"subgroup {row['subgroup']!r} cannot be selected among virtual patients")
    endpoint = simulated_endpoint(tool, disease, row["endpoint"])
    if (endpoint in tool.continuous) != SCALES[row["scale"]]:
        raise Unsupported(f"endpoint {row['endpoint']} of the instrument is not on the scale {row['scale']}")
    have = {a.arm_id for a in found.design.arms} | set(found.pools)
    for arm in (row["arm_id"], row["versus"]):
        if arm not in have:
            raise Unsupported(f"arm {arm}: {found.left_out.get(arm, 'not among the arms of the design')}")
    return endpoint


def _size(published: float, design: int) -> int:
    return int(published) if published == published and published >= 1 else design
