"""A network meta-analysis of one endpoint from the evidence tables; plain data out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.arms import ArmResult
from baxis.evidence.meta.classes import base_class
from baxis.evidence.meta.compute import count_fault, joined_mean, mean_fault, size_fault
from baxis.evidence.meta.effects import LeftOut, check_scale
from baxis.evidence.meta.network.data import ArmCount, ArmMean, NetworkData, from_counts, from_means
from baxis.evidence.meta.network.inconsistency import Decomposition, Split, decompose, league, split
from baxis.evidence.meta.network.pooled import RelativeEffects, network, p_scores
from baxis.evidence.meta.pool import Pooling
from baxis.evidence.meta.run import benefit_of
from baxis.evidence.meta.select import EndpointResults, Query, check_names, results

if TYPE_CHECKING:
    from collections.abc import Mapping

    from baxis.evidence import Evidence


@dataclass(frozen=True)
class NetworkResult:
    """Fitted network with its ranking, inconsistency and league table."""

    query: Query
    by: str
    net: RelativeEffects
    scores: Mapping[str, float]
    decomposition: Decomposition
    splits: tuple[Split, ...]
    patients: Mapping[str, float]
    digest: str
    benefit: int

    @property
    def is_log(self) -> bool:
        return self.net.scale in ("OR", "RR")

    def shown(self, value: float) -> float:
        """A value as printed: ratios are turned back from the logarithm."""
        return float(np.exp(value)) if self.is_log else float(value)

    def table(self) -> list[dict[str, Any]]:
        """One row a treatment against the reference, best P-score first."""
        rows = []
        for name, score in self.scores.items():
            mean, low, high = self.net.row(name)
            rows.append({
                "treatment": name, "versus": self.net.reference, "estimate": self.shown(mean),
                "ci_low": self.shown(low), "ci_high": self.shown(high), "level": self.net.level, "p_score": score,
                "studies": sum(name in s.treatments for s in self.net.data.studies),
                "patients": self.patients.get(name, float("nan")),
            })  # fmt: skip
        return rows

    def league(self) -> list[dict[str, Any]]:
        """League table as rows: treatment against versus, all pairs, in the order of the P-scores."""
        cells, at = league(self.net), {t: i for i, t in enumerate(self.net.treatments)}
        rows = []
        for a in self.scores:
            for b in self.scores:
                cell = cells[at[a]][at[b]]
                if cell is not None:
                    mean, low, high = (self.shown(x) for x in cell)
                    row = {"treatment": a, "versus": b, "estimate": mean, "ci_low": low, "ci_high": high}
                    rows.append({**row, "level": self.net.level})
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON."""
        n = self.net
        return {
            "query": asdict(self.query), "scale": n.scale, "model": n.model, "level": n.level, "by": self.by,
            "evidence": self.digest, "reference": n.reference, "tau2": n.tau2, "i2": n.i2, "q": n.q,
            "q_df": n.q_df, "q_p": n.q_p, "treatments": self.table(), "league": self.league(),
            "inconsistency": asdict(self.decomposition), "direct_indirect": [asdict(s) for s in self.splits],
            "studies": [{"trial": s.label, "treatments": list(s.treatments)} for s in n.data.studies],
            "left_out": [asdict(x) for x in n.left_out], "notes": list(n.data.notes),
        }  # fmt: skip


def run_network(
    evidence: Evidence, query: Query, scale: str = "OR", *, by: str = "class", reference: str = "",
    options: Pooling | None = None,
) -> NetworkResult:  # fmt: skip
    """Network of treatments (classes or drugs) within one endpoint. Every arm enters with its counts (OR, RR,
    RD) or mean and standard error (MD). `options`: model DL (default), REML or FE, and level. Trials that cannot
    enter are named in `left_out`."""
    if by not in ("class", "drug"):
        raise UnknownName("treatment nodes", by, ("class", "drug"))
    options = options or Pooling("DL")
    scale = check_scale(scale, ("OR", "RR", "RD", "MD"))
    check_names(evidence, query)
    arms, left_out = _arms(evidence, query, scale, by)
    data = from_means(arms) if scale == "MD" else from_counts(arms, scale)  # type: ignore[arg-type]
    data = NetworkData(data.studies, data.scale, (*left_out, *data.left_out), data.notes)
    net = network(data, options.model, reference=reference or _placebo(data), level=options.level)
    benefit = benefit_of(query.endpoint)
    scores = p_scores(net, small_is_good=benefit < 0)
    patients = _patients(arms, {s.label for s in net.data.studies})
    return NetworkResult(
        query=query,
        by=by,
        net=net,
        scores=scores,
        decomposition=decompose(net),
        splits=split(net),
        patients=patients,
        digest=evidence.digest,
        benefit=benefit,
    )


def _arms(evidence: Evidence, query: Query, scale: str, by: str) -> tuple[list[ArmCount | ArmMean], list[LeftOut]]:
    """Arms of all trials that can enter, and the trials that cannot."""
    left_out: list[LeftOut] = []
    arms: list[ArmCount | ArmMean] = []
    for result in results(evidence, query, left_out):
        found = _trial_arms(result, scale, by)
        if isinstance(found, str):
            left_out.append(LeftOut(result.trial_id, found))
        else:
            arms += found
    if not arms:
        why = "; ".join(f"{x.label}: {x.reason}" for x in left_out)
        raise InvalidValue(f"network of {query.endpoint}", "no usable trial", "at least one", why)
    return arms, left_out


def _patients(arms: list[ArmCount | ArmMean], used: set[str]) -> dict[str, float]:
    """People by treatment in the studies used; {} where arms come without sizes."""
    patients: dict[str, float] = {}
    for a in arms:
        if isinstance(a, ArmCount) and a.study in used:
            patients[a.treatment] = patients.get(a.treatment, 0.0) + a.n
    return patients


def _placebo(data: NetworkData) -> str | None:
    return "placebo" if any("placebo" in s.treatments for s in data.studies) else None


def _trial_arms(result: EndpointResults, scale: str, by: str) -> list[ArmCount | ArmMean] | str:
    """Arms of one trial with one node each, or the reason why the trial cannot enter."""
    arms = [a for a in result.arms if a.value == a.value]
    if len(arms) < 2:
        return "fewer than two arms report it"
    nodes: dict[str, list[ArmResult]] = {}
    for a in arms:
        nodes.setdefault(node(a, by), []).append(a)
    if len(nodes) < 2:
        return f"all arms are {next(iter(nodes))}"
    made: list[ArmCount | ArmMean] = []
    for name, group in nodes.items():
        if why := count_fault(group) if scale != "MD" else mean_fault(group):
            return why
        if scale == "MD" and len(group) > 1 and (why := size_fault(group)):
            return f"{why}, so that arms cannot be joined"
        made.append(_joined(result.trial_id, name, group, scale))
    return made


def node(arm: ArmResult, by: str) -> str:
    """Node of an arm: placebo, its drug, or its class without subtype."""
    if arm.role == "placebo" and arm.drug_class in ("placebo", "conventional DMARD", "glucocorticoid"):
        return "placebo"
    return arm.drug if by == "drug" else base_class(arm.drug_class)


def _joined(trial: str, name: str, group: list[ArmResult], scale: str) -> ArmCount | ArmMean:
    if scale != "MD":
        return ArmCount(trial, name, sum(a.events for a in group), sum(a.n for a in group))
    return ArmMean(trial, name, *joined_mean(tuple(group)))
