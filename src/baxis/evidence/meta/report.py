"""Results of meta-analyses as lines of text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from baxis.core.storing.written import fixed
from baxis.evidence.meta.network.run import NetworkResult
from baxis.evidence.meta.pool import Pooled, variance_explained
from baxis.evidence.meta.run import MetaResult, left_out_by_reason, regression_rows
from baxis.evidence.meta.wording import level_text, p_cell, p_text, variance_text


def columns(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Iterator[str]:
    """Rows of text as aligned columns; `right` says which are set flush right."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(right))]
    for row in rows:
        cells = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        yield "  ".join(cells).rstrip()


Table = Callable[[Sequence[Sequence[str]], Sequence[bool]], Iterable[str]]


def number(value: float, places: int = 3) -> str:
    """A number with fixed places; a dash for an unknown one."""
    return fixed(value, places)


def between_text(fit: Pooled) -> str:
    """The variance between trials with its interval, in words where a model has none."""
    if fit.options.model == "FE":
        return "tau2 not estimated (fixed effect)"
    low, high = (variance_text(t) for t in fit.tau2_ci)
    return f"tau2 {variance_text(fit.tau2)} [{low}, {high}]"


def meta_lines(result: MetaResult, table: Table = columns) -> Iterator[str]:
    """Studies, pooled lines, heterogeneity, what was left out. table: sets rows, header first, as lines."""
    where = ", ".join(result.query.diseases) or "all diseases"
    o = result.overall.options
    model = f"{o.model}{' with Hartung-Knapp' if o.knha else ''}"
    yield f"{result.query.endpoint} in {where}: {result.scale_name}, {model}, intervals of {level_text(result.level)}"
    yield ""
    head = ["trial", "role", result.by if result.by != "none" else "class", "week", "active", "control",
            "estimate", f"{level_text(result.level)} interval", "weight %"]  # fmt: skip
    rows = [head]
    for r in result.table():
        group = r["group"] if result.by != "none" else r["class"]
        rows.append([
            r["label"], r["role"], group, number(r["week"], 0), number(r["active"]), number(r["control"]),
            number(r["estimate"]), f"[{number(r['ci_low'])}, {number(r['ci_high'])}]", number(r["weight"], 1),
        ])  # fmt: skip
    yield from table(rows, [False, False, False, True, True, True, True, True, True])
    yield ""
    yield from _summary(result, table)
    yield from _regression(result, table)
    yield from _notes(result)


def _summary(result: MetaResult, table: Table) -> Iterator[str]:
    rows = [["pooled", "k", "estimate", f"{level_text(result.level)} interval", "new trial", "p", "tau2", "I2 %"]]
    for r in result.summary():
        rows.append([
            r["group"], str(r["k"]), number(r["estimate"]), f"[{number(r['ci_low'])}, {number(r['ci_high'])}]",
            f"[{number(r['pi_low'])}, {number(r['pi_high'])}]", p_cell(r["p_value"]), variance_text(r["tau2"]),
            number(r["i2"], 0),
        ])  # fmt: skip
    yield from table(rows, [False, True, True, True, True, True, True, True])
    f = result.overall
    yield ""
    yield f"heterogeneity: Q = {f.q:.2f} on {f.q_df} df (p {p_text(f.q_p)}), {between_text(f)}"
    if result.by_group is not None and result.by_group.df > 0:
        g = result.by_group
        yield f"between groups: Q = {g.q_between:.2f} on {g.df} df (p {p_text(g.p_value)})"
    for t in result.tables:
        low, mean, high = (result.shown(x) for x in (t.ci_low, t.estimate, t.ci_high))
        yield f"{t.method} (no correction): {mean:.3f} [{low:.3f}, {high:.3f}]"
    if result.asymmetry is not None:
        yield f"Egger's test: slope {result.asymmetry.slope:.3f}, p {p_text(result.asymmetry.p_value)}"


def _regression(result: MetaResult, table: Table) -> Iterator[str]:
    fit = result.regression
    if fit is None:
        return
    yield ""
    rows = [["meta-regression", "estimate", "SE", f"{level_text(result.level)} interval", "p"]]
    for r in regression_rows(fit):
        interval = f"[{number(r['ci_low'], 4)}, {number(r['ci_high'], 4)}]"
        rows.append([
            r["coefficient"], number(r["estimate"], 4), number(r["se"], 4), interval, p_cell(r["p_value"])
        ])  # fmt: skip
    yield from table(rows, [False, True, True, True, True])
    log = " (of the logarithm)" if result.effects.is_log else ""
    r2 = number(variance_explained(result.overall, fit), 0)
    yield f"moderators: QM = {fit.qm:.2f} on {fit.qm_df} df (p {p_text(fit.qm_p)}), R2 {r2} %{log}"


def _notes(result: MetaResult) -> Iterator[str]:
    for reason, labels in left_out_by_reason(result).items():
        yield f"left out: {', '.join(labels)}: {reason}"
    for note in result.effects.notes:
        yield f"note: {note}"


def network_lines(result: NetworkResult, table: Table = columns) -> Iterator[str]:
    """Ranking, inconsistency, direct against indirect evidence, what was left out."""
    n = result.net
    where = ", ".join(result.query.diseases) or "all diseases"
    yield (f"{result.query.endpoint} in {where}: {n.scale} against {n.reference}, {len(n.data.studies)} trials, "
           f"{len(n.treatments)} treatments, model {n.model}")  # fmt: skip
    yield ""
    rows = [["treatment", "trials", "estimate", f"{level_text(n.level)} interval", "P-score"]]
    for r in result.table():
        interval = f"[{number(r['ci_low'])}, {number(r['ci_high'])}]"
        if r["treatment"] == n.reference:
            interval = "reference"
        rows.append([
            r["treatment"], str(r["studies"]), number(r["estimate"]), interval, number(r["p_score"], 2)
        ])  # fmt: skip
    yield from table(rows, [False, True, True, True, True])
    yield ""
    d = result.decomposition
    yield f"tau2 = {variance_text(n.tau2)}, I2 = {n.i2:.0f} %"
    for part in (d.total, d.within, d.between):
        yield f"Q {part.name}: {part.q:.2f} on {part.df} df (p {p_text(part.p_value)})"
    for s in result.splits:
        if s.indirect == s.indirect:
            yield (f"{s.treatment} against {s.versus}: direct {number(result.shown(s.direct))}, indirect "
                   f"{number(result.shown(s.indirect))} (difference p {p_text(s.p_value)})")  # fmt: skip
    if result.benefit == 0:
        yield "note: the tables do not say whether more or less is better here; P-scores rank by size"
    for x in n.left_out:
        yield f"left out: {x.label}: {x.reason}"
    for note in n.data.notes:
        yield f"note: {note}"
