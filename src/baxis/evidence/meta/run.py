"""A whole meta-analysis from the evidence tables: select, compute, pool, by group; plain data out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis.core import library, names
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.bias import Egger, egger
from baxis.evidence.meta.compute import effects_of
from baxis.evidence.meta.effects import SCALE_NAMES, Effects
from baxis.evidence.meta.pool import Pooled, Pooling, PredictedEffect, Subgroups, critical, pool, subgroups
from baxis.evidence.meta.select import Comparison, Query, Selection, select
from baxis.evidence.meta.tables import TablePool, mantel_haenszel, peto

if TYPE_CHECKING:
    from baxis.evidence import Evidence

MODERATORS = ("year", "week", "n", "control", "class", "disease", "role", "phase", "background")
BY = ("none", "class", "drug", "disease", "role", "phase", "background", "week")


@dataclass(frozen=True)
class MetaResult:
    """Result of `run`; `table()` gives rows, `to_dict()` everything as plain data."""

    query: Query
    scale: str
    by: str
    effects: Effects
    comparisons: tuple[Comparison, ...]
    groups: tuple[str, ...]
    overall: Pooled
    prediction: PredictedEffect
    by_group: Subgroups | None
    tables: tuple[TablePool, ...]
    asymmetry: Egger | None
    digest: str
    benefit: int = 0
    regression: Pooled | None = None

    @property
    def scale_name(self) -> str:
        return SCALE_NAMES[self.scale]

    @property
    def level(self) -> float:
        """Level of every interval of the result."""
        return self.overall.options.level

    def half_widths(self) -> NDArray[np.floating[Any]]:
        """Half the width of each comparison's interval (k,), at the level asked for."""
        return critical(np.inf, self.level) * self.effects.se

    def shown(self, value: float) -> float:
        """A value as it is printed: ratios are turned back from the logarithm."""
        return float(np.exp(value)) if self.effects.is_log else float(value)

    def table(self) -> list[dict[str, Any]]:
        """One row a comparison: trial, groups, sizes, estimate with interval, weight, role and flags."""
        half = self.half_widths()
        rows = []
        for i, c in enumerate(self.comparisons):
            y, counts = self.effects.y[i], self.effects.counts
            active, control = _mean(c.active), c.control.value
            if counts is not None:  # the shares that the estimate is made of: whole persons by arm
                active, control = float(counts.e1[i] / counts.n1[i]), float(counts.e0[i] / counts.n0[i])
            rows.append({
                "trial": c.trial.trial_id, "label": c.label, "disease": c.trial.disease, "role": c.trial.role,
                "year": c.trial.year, "group": self.groups[i], "class": c.drug_class, "drug": c.drug,
                "week": c.trial.week, "n_active": c.n1, "n_control": c.control.n,
                "active": active, "control": control, "estimate": self.shown(y),
                "ci_low": self.shown(y - half[i]), "ci_high": self.shown(y + half[i]), "level": self.level,
                "weight": float(self.overall.weights[i]),
            })  # fmt: skip
        return rows

    def summary(self) -> list[dict[str, Any]]:
        """One row a group and one for all: k, estimate with interval, prediction interval, tau2, I2, Q."""
        fits = dict(self.by_group.groups) if self.by_group else {}
        rows = [self._line(name, fit) for name, fit in fits.items()]
        return [*rows, self._line("all", self.overall)]

    def _line(self, name: str, fit: Pooled) -> dict[str, Any]:
        p = fit.predict()
        return {
            "group": name, "k": fit.k, "estimate": self.shown(p.mean), "ci_low": self.shown(p.ci_low),
            "ci_high": self.shown(p.ci_high), "pi_low": self.shown(p.pi_low), "pi_high": self.shown(p.pi_high),
            "level": self.level,
            "p_value": float(fit.p_value[0]), "tau2": fit.tau2, "tau2_low": fit.tau2_ci[0],
            "tau2_high": fit.tau2_ci[1], "i2": fit.i2, "q": fit.q, "q_df": fit.q_df, "q_p": fit.q_p,
        }  # fmt: skip

    def _plain(self, t: TablePool) -> dict[str, Any]:
        """A pool without correction as it is printed: ratios turned back from the logarithm, its standard error not."""
        ends = {n: self.shown(getattr(t, n)) for n in ("estimate", "ci_low", "ci_high")}
        return {**asdict(t), **ends}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON."""
        between = self.by_group
        return {
            "query": asdict(self.query), "scale": self.scale, "model": asdict(self.overall.options),
            "level": self.level, "by": self.by, "evidence": self.digest, "studies": self.table(), "summary": self.summary(),
            "between_groups": None if between is None else
            {"q": between.q_between, "df": between.df, "p_value": between.p_value},
            "regression": None if self.regression is None else regression_rows(self.regression),
            "without_correction": [self._plain(t) for t in self.tables],
            "asymmetry": None if self.asymmetry is None else asdict(self.asymmetry),
            "left_out": [asdict(x) for x in self.effects.left_out], "notes": list(self.effects.notes),
        }  # fmt: skip


def _mean(arms: tuple[Any, ...]) -> float:
    n = np.array([a.n for a in arms])
    if np.isnan(n).all():
        n = np.ones(len(arms))
    return float(np.sum(n * [a.value for a in arms]) / n.sum())


def run(
    evidence: Evidence,
    query: Query,
    scale: str = "auto",
    *,
    by: str = "none",
    options: Pooling | None = None,
    moderators: tuple[str, ...] = (),
) -> MetaResult:
    """Meta-analysis of one endpoint. `scale` "auto": risk difference for proportions, mean difference for
    changes, hazard ratio where only ratios are reported. `moderators` adds a meta-regression on year, week, n
    (patients), control (response of the control), class, disease, role, phase or background. Raises `InvalidValue` naming every trial left out when
    no comparison remains."""
    if by not in BY:
        raise UnknownName("grouping", by, BY)
    if twice := [m for m in moderators if moderators.count(m) > 1]:
        raise InvalidValue("moderators", twice[0], "each one once")
    options = options or Pooling()
    selection = select(evidence, query)
    scale = scale_for(selection) if scale == "auto" else scale
    effects, used = effects_of(selection, scale)
    if not used:
        why = "; ".join([f"{x.label}: {x.reason}" for x in effects.left_out] + _alike(evidence, query.endpoint))
        raise InvalidValue(f"meta-analysis of {query.endpoint}", "no usable comparison", "at least one", why)
    order = sorted(range(len(used)), key=lambda i: (_group(used[i], by), used[i].trial.year, used[i].label))
    effects, used = effects.take(np.array(order)), tuple(used[i] for i in order)
    groups = tuple(_group(c, by) for c in used)
    overall = pool(effects, options)
    parts = None if by == "none" else subgroups(effects, groups, options)
    columns = {m: _moderator(used, m) for m in moderators}
    exact, notes = _exact(effects, options.level)
    effects = replace(effects, notes=(*effects.notes, *notes))
    regression = pool(effects, options, moderators=columns) if moderators else None
    return MetaResult(
        query=query, scale=effects.scale, by=by, effects=effects, comparisons=used, groups=groups, overall=overall, prediction=overall.predict(), by_group=parts,
        tables=exact, asymmetry=_asymmetry(effects, options), digest=evidence.digest, benefit=benefit_of(query.endpoint), regression=regression,
    )  # fmt: skip


def _alike(evidence: Evidence, endpoint: str) -> list[str]:
    """The endpoint of a longer name that most trials report, as a question."""
    outcomes = evidence.frames["outcomes"]
    said = names.bare(endpoint)
    longer = [n for n in set(outcomes["endpoint"]) if names.bare(n).startswith(said) and names.bare(n) != said]
    trials = {n: outcomes.loc[outcomes["endpoint"] == n, "trial_id"].nunique() for n in longer}
    best = max(sorted(trials), key=lambda n: trials[n], default="")
    return [f"did you mean {best!r}, which {trials[best]} trials report?"] if best else []


def _moderator(used: tuple[Comparison, ...], name: str) -> list[Any]:
    """Values of a moderator; a missing number is an error of `pool`, which names it."""
    if name not in MODERATORS:
        raise UnknownName("moderator", name, MODERATORS)
    if name in ("class", "disease", "role", "phase", "background"):
        return [_group(c, name) for c in used]
    if name == "n":
        return [c.n1 + c.control.n for c in used]
    if name == "control":
        return [c.control.value for c in used]
    return [float(getattr(c.trial, name)) for c in used]


def benefit_of(endpoint: str) -> int:
    """+1 where a larger value helps, -1 where a smaller one does, 0 where the tables do not say."""
    rows = library.read_table("evidence/contrast_map")
    signs = {r["benefit_sign"] for r in rows if r.get("endpoint") == endpoint and r.get("benefit_sign")}
    return int(float(signs.pop())) if len(signs) == 1 else 0


def regression_rows(fit: Pooled) -> list[dict[str, Any]]:
    """One row a coefficient, on the scale of the analysis (ratios: of the logarithm)."""
    columns = zip(fit.names, fit.beta, fit.se, fit.ci_low, fit.ci_high, fit.p_value, strict=True)
    names = ("coefficient", "estimate", "se", "ci_low", "ci_high", "p_value")
    return [dict(zip(names, (n, *map(float, v)), strict=True)) for n, *v in columns]


def scale_for(selection: Selection) -> str:
    """Scale that most comparisons can be put on."""
    fits: dict[str, int] = {"RD": 0, "MD": 0, "HR": 0, "RATE": 0}
    for c in selection.comparisons:
        values = [a.value for a in (*c.active, c.control)]
        statistics = {p.statistic for p in c.published}
        whole = all(v == v for v in values)
        has_spread = all(a.se == a.se for a in (*c.active, c.control))
        units = {p.unit for p in c.published if p.statistic == "difference"}
        fits["RD"] += (whole and not has_spread and all(0 <= v <= 1 for v in values)) or "fraction" in units
        fits["MD"] += (whole and has_spread) or bool(units - {"fraction", ""})
        fits["HR"] += "hazard_ratio" in statistics
        fits["RATE"] += "rate_ratio" in statistics
    return max(fits, key=lambda s: (fits[s], -list(fits).index(s)))


def _group(c: Comparison, by: str) -> str:
    if by == "none":
        return "all"
    if by == "week":
        return f"week {c.trial.week:g}"
    value = c.drug_class if by == "class" else c.drug if by == "drug" else getattr(c.trial, by)
    return str(value) or "not stated"


def _exact(effects: Effects, level: float) -> tuple[tuple[TablePool, ...], tuple[str, ...]]:
    """Mantel-Haenszel and Peto, which need no correction, where every study has its table; a note for what fails."""
    if effects.counts is None or not len(effects):
        return (), ()
    made, notes = [], []
    try:
        made.append(mantel_haenszel(effects.counts, effects.scale, level))
        if effects.scale == "OR":
            made.append(peto(effects.counts, level))
    except InvalidValue as e:
        notes.append(f"no {e.where} line: {e.got}, needs {e.allowed}")
    return tuple(made), tuple(notes)


def _asymmetry(effects: Effects, options: Pooling) -> Egger | None:
    """Egger's test from ten studies on (fewer have no power: Sterne 2011)."""
    if len(effects) < 10 or np.ptp(effects.se) == 0:
        return None
    return egger(effects, options=options)


def left_out_by_reason(result: MetaResult) -> Mapping[str, list[str]]:
    """Reason -> trials left out for it."""
    by: dict[str, list[str]] = {}
    for x in result.effects.left_out:
        by.setdefault(x.reason, []).append(x.label)
    return by
