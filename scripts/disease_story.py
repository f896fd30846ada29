"""The short story at the head of a disease's page, from the page's own numbers, and what it rests on."""

from __future__ import annotations

from typing import Any

from baxis import evidence
from baxis.core import library
from baxis.insight.bench.compared import Compared
from baxis.insight.biomarkers import Biomarkers
from baxis.insight.combine.combination import Search
from baxis.insight.explain import Explanation
from baxis.insight.omics.classes import Cell

LARGE = 0.10  # difference of proportions by which a calibration trial counts as missed


def story(
    code: str,
    cells: list[Cell],
    told: dict[str, Explanation],
    combos: Search,
    ranked: list[Biomarkers],
    compared: dict[str, list[Compared]],
) -> str:
    """The page in a few sentences of its own numbers."""
    lines = [*_told_classes(code, cells), *_told_loss(told), *_told_markers(ranked), *_told_pairs(combos)]
    missed = sorted({d for d in _missed((code,)) if any(d in row for row in _front(combos)["drugs"].iloc[:1])})
    if missed:
        lines.append(
            f"Distrust that pair: the model misses calibration trials of {', '.join(missed)} by more than "
            f"{100 * LARGE:.0f} points (last section)."
        )
    for name, results in compared.items():
        counts: dict[str, int] = {}
        for r in results:
            for verdict, k in r.counts.items():
                counts[verdict] = counts.get(verdict, 0) + k
        if counts:
            lines.append(
                f"{name}, findings by verdict: " + "; ".join(f"{v} {k}" for v, k in sorted(counts.items())) + "."
            )
    return "\n".join(f"- {x}" for x in lines) + "\n"


def _told_classes(code: str, cells: list[Cell]) -> list[str]:
    """What trials and the model say of classes, and where the two can be compared."""
    yes, no = clear(cells)
    kept_out = sorted({_named(c, cells) for c in cells} - {*yes, *no})
    rest = f"; it does not of {', '.join(no)}" if no else ""
    held = f"; all trials are kept out of fitting, so not shown here, of {', '.join(kept_out)}" if kept_out else ""
    lines = [f"In published trials the pooled 95 % interval shows a benefit of {_listed(yes)}{rest}{held}."]
    ran = sorted((c for c in cells if not c.predicted.why and c.disease == code), key=lambda c: -c.predicted.taken_pct)
    best = ", ".join(f"{c.drug_class} ({c.predicted.drug}, {c.predicted.taken_pct:.0f} %)" for c in ran[:3])
    lines.append(f"In the model the classes that take most inflammation off are {best}.")
    inside, outside = against_published(cells)
    if inside or outside:
        lines.append(
            "Where both give the same endpoint and no trial was kept out, the model lies inside the published interval for "
            f"{_listed(inside)}; outside it for {_listed(outside)}. A wide interval is easily met."
        )
    return lines


def _told_loss(told: dict[str, Explanation]) -> list[str]:
    """Where the first drug's effect is lost."""
    name, e = next(iter(told.items()))
    left = 100 - e.ladder["takes_pct"].iloc[0]
    holds = e.ladder.set_index("step")["takes_pct"][e.lost_at]
    return [
        f"{name} leaves {left:.0f} % of the inflammation. The largest part, {holds:.0f} %, is *{e.held_by}*; the largest "
        f"escape is *{e.main_route}*."
    ]


def _told_markers(ranked: list[Biomarkers]) -> list[str]:
    """For whom each drug works."""
    words = []
    for b in ranked:
        labels = b.table.set_index("marker")["label"]
        words.append(f"{b.scenario.drug}: {', '.join(str(labels[m]) for m in b.found[:3]) or 'none'}")
    return [f"Baseline markers that go with benefit: {'; '.join(words)}."] if words else []


def _front(combos: Search) -> Any:
    return combos.table[combos.table["on the front"] & combos.table["drugs"].str.contains(" + ", regex=False)]


def _told_pairs(combos: Search) -> list[str]:
    """The best pair and the cheapest on the front."""
    front = _front(combos)
    top, cheap = front.iloc[0], front.loc[front["serious harms"].idxmin()]
    first = f"The pair predicted to take most off is {top['drugs']}: {_terms(top)}"
    if round(100 * top["serious harms"], 1) <= round(100 * cheap["serious harms"], 1):
        return [f"{first}. No pair on the front has fewer harms."]
    return [f"{first}. With the fewest harms on the front, {cheap['drugs']}: {_terms(cheap)}."]


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "no class"


def _terms(r: Any) -> str:
    """Gain and cost of a pair in words."""
    effect, harms, loss = (100 * r[k] for k in ("effect", "serious harms", "IgG loss"))
    none = (
        "no class harms are held for it, so that this is a lower bound"
        if r["class harms"] == ""
        else "class harms counted"
    )
    return f"{effect:.0f} % at a cost of {harms:.1f} serious harms in 100 patients by week 24 ({none}) and {max(loss, 0):.0f} % of IgG"


def scale(c: Cell) -> tuple[int, str]:
    """Factor and unit of the published effect."""
    return (100, " pp") if c.observed.scale in ("RD", "risk_difference") else (1, f" {c.observed.scale}")


def clear(cells: list[Cell]) -> tuple[list[str], list[str]]:
    """Classes whose published interval lies on the side of benefit, and those whose does not; none that is all kept out."""
    yes, no = [], []
    for c in cells:
        o = c.observed
        if all(role(t) == "validation" for t in o.trials):
            continue
        none = 1.0 if o.scale in ("HR", "OR", "RR") else 0.0
        better = o.ci_low > none if o.benefit_sign > 0 else o.ci_high < none
        (yes if better else no).append(_named(c, cells))
    return sorted(set(yes)), sorted(set(no) - set(yes))


def _named(c: Cell, cells: list[Cell]) -> str:
    """The class, with the disease where the page holds several."""
    return c.drug_class if len({x.disease for x in cells}) == 1 else f"{c.drug_class} in {c.disease}"


def against_published(cells: list[Cell]) -> tuple[list[str], list[str]]:
    """Classes with no trial kept out and the same endpoint run: model inside the published interval, and outside it."""
    inside, outside = [], []
    for c in cells:
        o, p = c.observed, c.predicted
        factor, unit = scale(c)
        same = o.endpoint == p.endpoint and unit.strip() in (p.unit, "MD")
        if p.why or not same or any(role(t) == "validation" for t in o.trials):
            continue
        low, high = factor * o.ci_low, factor * o.ci_high
        k = 0 if p.unit == "pp" else 1
        words = f"{_named(c, cells)} ({p.difference:+.{k}f} for {low:.{k}f} to {high:.{k}f} {p.unit})"
        (inside if low <= p.difference <= high else outside).append(words)
    return inside, outside


def role(trial: str) -> str:
    """Role of a trial in the evidence: calibration, validation or context."""
    trials = evidence.load().trials.set_index("trial_id").role
    return str(trials.get(trial, ""))


def scored(codes: tuple[str, ...]) -> list[tuple[float, Any, float]]:
    """Calibration contrasts with the stored mechanism's value: absolute error, contrast, value; largest first."""
    seen = evidence.contrasts(evidence.load())
    seen = seen[
        (seen.role == "calibration") & seen.disease.isin(codes) & seen.primary & (seen.scale == "risk_difference")
    ]
    model = {
        (r["trial_id"], r["arm_id"], r["endpoint"]): r["mechanism"]
        for r in library.read_table("scoreboard/calibration_mechanism")
    }
    scored = []
    for r in seen.itertuples():
        value = model.get((r.trial_id, r.arm_id, r.endpoint), "")
        if value:
            scored.append((abs(float(value) - r.value), r, float(value)))
    return sorted(scored, key=lambda x: -x[0])


def _missed(codes: tuple[str, ...]) -> set[str]:
    """Drugs of the calibration arms that the mechanism misses by more than LARGE."""
    drugs = evidence.load().arms.set_index(["trial_id", "arm_id"])["drug"].to_dict()
    large = [r for error, r, _ in scored(codes) if error > LARGE]
    return {str(drugs.get((r.trial_id, r.arm_id), "")).casefold() for r in large} - {""}
