"""Numbers inside the prose, each from a table or a run."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from baxis import axis
from baxis.clinic.scoreboard.looks import last_errors
from baxis.clinic.scoreboard.shown.board_figures import LABELS
from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.faces.review.context import Context, anchor
from baxis.insight.omics.classes import Observed, Predicted

WORDS = {"RD": ("percentage points in", 100.0), "MD": ("points of", 1.0), "HR": ("hazard ratio of", 1.0),
         "RATE": ("rate ratio of", 1.0)}  # fmt: skip


def count(context: Context, what: str) -> str:
    """How many claims, trials, claims of a grade, recalled claims, assumed regulators."""
    numbers = {
        "claims": len(context.claims),
        "trials": len(context.trials),
        "recalled": sum(r["provenance"] == "recalled" for r in context.claims.values()),
        "assumed": _assumed(),
        **{g: sum(v == g for v in context.grade.values()) for g in ("high", "moderate", "low", "very low")},
    }
    if what not in numbers:
        raise UnknownName("count in the review", what, numbers)
    return str(numbers[what])


def _assumed() -> str:
    rows = [p for c in axis.diseases() if c != "healthy" for p in axis.disease(c).regulators.values()]
    return f"{sum(p.kind == 'assumed' for p in rows)} of {len(rows)}"


def size(o: Observed, value: float) -> str:
    """An observed value on its scale, without unit."""
    unit = WORDS[o.scale][1]
    return f"{value:.2f}" if o.scale in ("HR", "RATE") else signed(unit * value, 0 if unit > 1 else 1)


def signed(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def observed(o: Observed) -> str:
    """Pooled effect as words."""
    among = f", {o.patients} patients" if o.patients else ""
    many = "comparison" if o.k == 1 else "comparisons"
    interval = f"{size(o, o.ci_low)} to {size(o, o.ci_high)}"
    return f"{size(o, o.estimate)} {WORDS[o.scale][0]} {o.endpoint.replace('_', ' ')} ({interval}; {o.k} {many}{among})"


def short(o: Observed) -> str:
    """Pooled effect for a cell of the matrix: pp is percentage points, k comparisons, n patients."""
    unit = {"RD": "pp", "MD": "points", "HR": "HR", "RATE": "rate ratio"}[o.scale]
    among = f", n {o.patients}" if o.patients else ""
    interval = f"{size(o, o.ci_low)} to {size(o, o.ci_high)}"
    return f"{size(o, o.estimate)} ({interval}) {unit} {o.endpoint.replace('_', ' ')}; k {o.k}{among}"


def predicted(p: Predicted, o: Observed) -> str:
    """The model's effect as words, with its endpoint where it is another than the observed one; or why there is none."""
    if p.why:
        return p.why
    digits = 0 if p.unit == "pp" else 1
    unit = p.unit
    low, high = signed(p.ci_low, digits), signed(p.ci_high, digits)
    return f"{signed(p.difference, digits)} ({low} to {high}) {unit}" + (
        "" if p.endpoint == o.endpoint else f" on {p.endpoint.replace('_', ' ')} instead"
    )


def effect(context: Context, key: str) -> str:
    """Pooled effect of a class in a disease, leading to its row of the matrix."""
    return f"<a href='#M-{anchor(key)}'>{escape(observed(context.cell(key).observed))}</a>"


def reason(context: Context, key: str) -> str:
    """The largest escape of a class in a disease, with its Shapley share."""
    p = context.cell(key).predicted
    return escape(p.why or f"{p.route} ({p.route_pct:.0f} % of inflammation)")


def taken(context: Context, key: str) -> str:
    """Share of tissue inflammation that the drug takes."""
    p = context.cell(key).predicted
    return escape(p.why or f"{p.taken_pct:.0f} %")


def scoreboard(context: Context, _: str) -> str:
    """The stored look at validation trials: nothing is run."""
    look = last_errors()
    if look is None:
        return "no look at validation trials is stored"
    others = ", ".join(f"{100 * v:.1f} for {LABELS[k]}" for k, v in look.errors.items() if k != "mechanism")
    stale = "" if look.library == library.digest() else "; the library has changed since"
    return (
        f"over {look.contrasts} differences in proportions the mechanism errs by {100 * look.errors['mechanism']:.1f} percentage "
        f"points on average, beside {others} (look of {look.date}, library {look.library}{stale})"
    )


VALUES: dict[str, Callable[[Context, str], str]] = {
    "count": count, "effect": effect, "reason": reason, "taken": taken, "scoreboard": scoreboard,
}  # fmt: skip
