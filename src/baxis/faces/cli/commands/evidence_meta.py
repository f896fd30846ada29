"""`baxis evidence meta|funnel|network|rival` and `baxis map`: thin over `evidence.meta`, `.rival` and `.graph`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.errors import InvalidValue
from baxis.core.plain import to_json
from baxis.core.showing.sheets import csv_of
from baxis.core.storing import files, folders
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, OwnEvidence
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.evidence.meta.network.run import NetworkResult
    from baxis.evidence.meta.run import MetaResult
    from baxis.evidence.meta.select import Query

Disease = Annotated[
    list[str] | None, typer.Option("--disease", help="RA, SLE, LN, SjD, IgG4-RD, AAV; repeat for several.")
]
Endpoint = Annotated[str, typer.Option("--endpoint", help="Endpoint, as in the outcomes table (SRI-4, ACR20, ...).")]
Week = Annotated[
    float | None, typer.Option("--week", max=520, help="Week nearest to this one; else each trial's primary week.")
]
Subgroup = Annotated[str, typer.Option("--subgroup", help="Subgroup of patients, as in the outcomes table.")]
Role = Annotated[list[str] | None, typer.Option("--role", help="calibration, validation, context or external.")]
Control = Annotated[
    str, options.choice("control", ("placebo", "any"), "--control", help="placebo, or any (the trial's own control).")
]
Out = Annotated[Path | None, options.out("Folder for table (CSV), JSON and figures (PNG, SVG).", "DIR")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Scale = Annotated[str, typer.Option("--scale", help="auto, RD, RR, OR, HR, RATE, MD or SMD.")]
Model = Annotated[str, typer.Option("--model", help="REML, DL, PM, ML or FE.")]
Knha = Annotated[bool, typer.Option("--knha", help="Hartung-Knapp standard errors.")]
Level = Annotated[float, typer.Option("--level", help="Level of all intervals, between 0 and 1.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application of `baxis evidence`."""
    app.command("meta")(meta_command)
    app.command("funnel")(funnel_command)
    app.command("network")(network_command)
    app.command("rival")(rival_command)


def _code(disease: str) -> str:
    """Code of a disease by any of its names; as it is where own tables may hold another."""
    from baxis.core.errors import UnknownName
    from baxis.core.reading import disease_names

    try:
        return disease_names.code(disease)
    except UnknownName:
        return disease


def _query(
    endpoint: str, disease: list[str] | None, week: float | None, subgroup: str, role: list[str] | None, control: str
) -> Query:
    from baxis.evidence.meta.select import Query

    return Query(
        endpoint=endpoint,
        diseases=tuple(dict.fromkeys(_code(d) for d in disease or ())),
        week=week,
        subgroup=subgroup,
        roles=tuple(role) if role else None,
        arms="class",
        control=control,
    )


def _scale(scale: str) -> str:
    return "auto" if scale.casefold() == "auto" else scale


def _one_format(csv: bool, json: bool) -> None:
    if csv and json:
        raise InvalidValue("--csv --json", "both", "one of the two")


def _load(overlay: list[Path] | None) -> Any:
    from baxis import evidence

    return evidence.load(*(overlay or ()))


def meta_command(
    endpoint: Endpoint, disease: Disease = None,
    by: Annotated[str, typer.Option("--by", help="none, class, drug, disease, role, phase, background, week.")] = "none",
    scale: Scale = "auto", model: Model = "REML", knha: Knha = False, level: Level = 0.95,
    week: Week = None, subgroup: Subgroup = "", role: Role = None, control: Control = "placebo",
    each_arm: Annotated[bool, typer.Option("--each-arm", help="Every arm apart, not joined by class.")] = False,
    moderator: Annotated[list[str] | None, typer.Option("--moderator", help="Meta-regression on year, week, n, ...")] = None,
    csv: AsCsv = False, json: AsJson = False, out: Out = None, evidence: OwnEvidence = None,
) -> None:  # fmt: skip
    """Pairwise meta-analysis of one endpoint: table, heterogeneity, prediction interval, forest plot."""
    _one_format(csv, json)
    from dataclasses import replace

    from baxis.evidence.meta.pool import Pooling
    from baxis.evidence.meta.run import run

    query = _query(endpoint, disease, week, subgroup, role, control)
    _check_out(out, _stem("meta", query))
    query = replace(query, arms="each") if each_arm else query
    options = Pooling(model, knha, level)
    result = run(_load(evidence), query, _scale(scale), by=by, options=options, moderators=tuple(moderator or ()))
    if out is not None:
        from baxis.evidence.figures import forest, style

        figure = forest.forest(result)
        _write(out, _stem("meta", query), result.table(), result.to_dict(), [figure], style.save)
    _print(result.table(), result.to_dict(), csv, json, lambda: _meta_text(result))


def funnel_command(
    endpoint: Endpoint, disease: Disease = None, scale: Scale = "auto", model: Model = "REML",
    level: Level = 0.95, week: Week = None, role: Role = None, control: Control = "placebo", csv: AsCsv = False,
    json: AsJson = False, out: Out = None, evidence: OwnEvidence = None,
) -> None:  # fmt: skip
    """Funnel plot and Egger's test of small-study effects."""
    _one_format(csv, json)
    from dataclasses import asdict

    from baxis.evidence.meta.bias import egger
    from baxis.evidence.meta.pool import Pooling
    from baxis.evidence.meta.run import run
    from baxis.evidence.meta.wording import level_text, p_text

    query = _query(endpoint, disease, week, "", role, control)
    _check_out(out, _stem("funnel", query))
    options = Pooling(model, level=level)
    result = run(_load(evidence), query, _scale(scale), options=options)
    test = egger(result.effects, options=options)
    if out is not None:
        from baxis.evidence.figures import funnel, style

        _write(out, _stem("funnel", query), result.table(), asdict(test), [funnel.funnel(result)], style.save)

    def text() -> None:
        few = " (fewer than 10 studies: low power)" if test.k < 10 else ""
        say(f"Egger's test, k = {test.k}{few}: slope {test.slope:.3f} (SE {test.se:.3f}), t = {test.statistic:.2f}, "
             f"p {p_text(test.p_value)}")  # fmt: skip
        low, high = (result.shown(x) for x in test.limit_ci)
        say(f"{result.scale_name} at standard error 0: {result.shown(test.limit):.3f} "
             f"[{low:.3f}, {high:.3f}] ({level_text(level)} interval)")  # fmt: skip

    _print(result.table(), asdict(test), csv, json, text)


def network_command(
    endpoint: Endpoint, disease: Disease = None,
    by: Annotated[str, options.choice("treatment nodes", ("class", "drug"), "--by", help="What the nodes are.")] = "class",
    scale: Annotated[str, typer.Option("--scale", help="OR, RR, RD or MD.")] = "OR",
    model: Annotated[str, typer.Option("--model", help="DL, REML or FE.")] = "DL",
    reference: Annotated[str, typer.Option("--reference", help="Treatment to compare with.")] = "", level: Level = 0.95,
    week: Week = None, role: Role = None, csv: AsCsv = False, json: AsJson = False, out: Out = None,
    evidence: OwnEvidence = None,
) -> None:  # fmt: skip
    """Network meta-analysis within an endpoint: ranking, league table, inconsistency."""
    _one_format(csv, json)
    from baxis.evidence.meta.network.pooled import known_model as network_model
    from baxis.evidence.meta.network.run import run_network
    from baxis.evidence.meta.pool import Pooling

    query = _query(endpoint, disease, week, "", role, "any")
    _check_out(out, _stem("network", query))
    options = Pooling(network_model(model), level=level)
    result = run_network(_load(evidence), query, scale, by=by, reference=reference, options=options)
    if out is not None:
        from baxis.evidence.figures import network, style

        _write(
            out, _stem("network", query), result.league(), result.to_dict(), [network.network_plot(result)], style.save
        )
    _print(result.league(), result.to_dict(), csv, json, lambda: _network_text(result))


def rival_command(
    disease: Annotated[str, typer.Option("--disease")], endpoint: Endpoint,
    drug_class: Annotated[str, typer.Option("--class", help="Drug class of the active arm.")],
    week: Annotated[float, typer.Option("--week", help="Week of the endpoint, at most the latest of a trial.")] = 24.0,
    n_active: Annotated[int, typer.Option("--n-active", max=1_000_000)] = 100,
    n_control: Annotated[int, typer.Option("--n-control", max=1_000_000)] = 100,
    background: Annotated[str, typer.Option("--background", help="Free text, as in the trials table.")] = "",
    population: Annotated[str, typer.Option("--population", help="Free text, as in the trials table.")] = "",
    versus: Annotated[str, typer.Option("--versus", help="Class of the control arm.")] = "placebo",
    drug: Annotated[str, typer.Option("--drug", help="Drug, where trials of it are known.")] = "",
    json: AsJson = False,
) -> None:  # fmt: skip
    """What the plain statistical rival predicts for a trial that was not seen."""
    from baxis.evidence import rival

    more = {"background": background, "population": population, "versus": versus, "drug": drug}
    got = rival.predict(_code(disease), endpoint, week, drug_class, n_active, n_control, **more)
    found = rival.recognised(population, background)
    plain = rival.plain_data(got) | {"recognised": found}
    if json:
        say_json(plain, 2)
        return
    say(f"{endpoint} in {_code(disease)} at week {week:g}: {drug_class} ({n_active}) against {versus} ({n_control})")
    for line in rival.lines(plain):
        say(line)
    if population or background:
        say(f"Recognised in the words given: {', '.join(found) or 'nothing, so that they change nothing'}.")


def map_command(
    disease: Annotated[str, typer.Option("--disease", help="RA, SLE, LN, SjD, IgG4-RD or AAV.")],
    out: Annotated[Path | None, options.out("FILE.svg, .png, .pdf, .graphml, .sif, .cx2 or .json.")] = None,
    json: AsJson = False,
    evidence: OwnEvidence = None,
) -> None:
    """Map of the mechanism in one disease: signed claims as a layered network."""
    from baxis.evidence import graph

    if out is not None:
        files.check_file(out, graph.export.FORMATS)
    built = graph.mechanism_map(_load(evidence), _code(disease))
    if out is not None:
        say(f"wrote {graph.write(built, out)}", err=True)
    if json:
        say_json(graph.to_dict(built), 2)
        return
    for line in graph.describe(built):
        say(line)


def _stem(kind: str, query: Query) -> str:
    return "_".join([kind, *(query.diseases or ("all",)), query.endpoint]).replace("/", "-").replace(" ", "-")


def _check_out(out: Path | None, stem: str) -> None:
    if out is not None:
        folders.add_check(out, [stem + ending for ending in (".csv", ".json", ".png", ".svg")])


def _write(out: Path, stem: str, rows: list[dict[str, Any]], data: Any, figures: list[Any], save: Any) -> None:
    """Table, JSON and figures into a folder; what was written goes to stderr."""
    made = {
        f"{stem}.csv": lambda path: path.write_text(_csv(rows), encoding="utf-8"),
        f"{stem}.json": lambda path: path.write_text(to_json(data, 2) + "\n", encoding="utf-8"),
    }
    for figure in figures:
        for suffix in (".png", ".svg"):
            made[f"{stem}{suffix}"] = partial(save, figure)
    folders.add(out, made)
    say(f"wrote {out / stem}.csv, .json, .png, .svg", err=True)


def _print(rows: list[dict[str, Any]], data: Any, csv: bool, json: bool, text: Any) -> None:
    if json:
        say_json(data, 2)
    elif csv:
        say(_csv(rows).removesuffix("\n"))
    else:
        text()


def _csv(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]) if rows else []
    cells = [["" if isinstance(r[n], float) and r[n] != r[n] else r[n] for n in names] for r in rows]
    return csv_of(names, cells)


def _meta_text(result: MetaResult) -> None:
    from baxis.evidence.meta.report import meta_lines

    say(*_fitting(meta_lines(result, _table)))


def _network_text(result: NetworkResult) -> None:
    from baxis.evidence.meta.report import network_lines

    say(*_fitting(network_lines(result, _table)))


def _table(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """A table in the columns that there are."""
    from baxis.faces.cli.words.layout import table

    return table(rows[0], rows[1:])


def _fitting(lines: Iterable[str]) -> list[str]:
    """Lines of a text; what is too long for the terminal goes on below."""
    from baxis.faces.cli.words.layout import width, wrapped

    return [part for line in lines for part in (wrapped(line, width()) if len(line) > width() else [line])]
