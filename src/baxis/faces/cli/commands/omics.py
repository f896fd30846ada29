"""`baxis omics`: activities of the axis' signatures in expression data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.plain import records as rows_of
from baxis.core.storing import files
from baxis.faces.cli.words.options import AsJson
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    import pandas as pd

    from baxis.insight.omics.activities import Activities
    from baxis.insight.omics.parameters import Parameters


def omics(
    file: Annotated[Path, typer.Argument(help="Expression: .csv or .tsv (genes x samples) or .h5ad.")],
    reference: Annotated[Path | None, typer.Option(help="Healthy or untreated samples, measured alike.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the permutations.")] = 1,
    scorer: Annotated[
        str, typer.Option(help="mean, decoupler-ulm, decoupler-mlm or decoupler-zscore (extra omics).")
    ] = "mean",
    compare: Annotated[bool, typer.Option("--compare", help="Rank agreement of every scorer with the mean.")] = False,
    disease: Annotated[str | None, typer.Option(help="Map the activities to this disease's parameters.")] = None,
    population: Annotated[
        Path | None,
        typer.Option(help="With --disease: write patients for `baxis trial --population`.", metavar="FILE.csv"),
    ] = None,
    draws: Annotated[int, typer.Option(help="With --population: patients drawn for each sample.")] = 20,
    repertoire: Annotated[
        list[str] | None, typer.Option(help="AIRR-C table of a sample, as covariates.", metavar="SAMPLE=FILE.tsv")
    ] = None,
    json: AsJson = False,
) -> None:
    """Activities of interferon, plasmablast, BCR, NF-kB, CD40 and TLR signatures, with permutation nulls."""
    from baxis.core.errors import InvalidValue
    from baxis.insight.omics.activities import compared
    from baxis.insight.omics.activities import omics as run
    from baxis.insight.omics.parameters import parameters, with_repertoire

    if population and not disease:
        raise InvalidValue("--population", str(population), "--disease beside it: parameters are those of a disease")
    if population:
        files.check_file(population, (".csv",), "--population")
    tables = dict(_pair(x) for x in repertoire or [])
    result = run(file, reference, seed, scorer)
    found = parameters(result, disease, draws, seed) if disease else None
    covariates = with_repertoire(result, tables) if tables else None
    agreed = compared(file, reference, seed) if compare else None
    if found and population:
        found.save(population)
    if json:
        more = {"parameters": records(found.told) if found else [], "covariates": records(covariates)}
        more |= {"scorers": records(agreed)} if compare else {}
        say_json(result.to_dict() | more, 1)
        return
    text = [*lines(result), *_scorers(agreed), *_mapped(found, population), *_covariates(covariates)]
    say("\n".join([*text, result.recipe["notice"]]))


def lines(result: Activities) -> list[str]:
    """The table of signatures as text."""
    from baxis.faces.cli.words.layout import table, width, wrapped

    high = result.samples[(result.samples["p"] <= 0.05)].groupby("signature").size()
    rows = [
        [
            r["label"],
            f"{r['genes']}/{r['of']}",
            *(_number(r[k]) for k in ("difference", "p", "q")),
            f"{high.get(r['signature'], 0)}",
        ]
        for r in result.table.to_dict("records")
    ]
    recipe = result.recipe
    own = recipe["scorer"] == "mean"
    head = ["signature", "genes found", "difference, sd" if own else "difference", "p", "q", "samples *"]
    text = [
        f"{recipe['cases']} samples, {recipe['reference']} of reference, {recipe['genes']} genes ({recipe['scale']}), "
        f"scored by {recipe['scorer']}"
    ]
    alone = "against random gene sets of like expression" if own else "by decoupler's own p, not adjusted"
    note = (
        "Difference from the reference by permuted labels; '-' without a reference or with too few genes. Single samples "
        f"{alone}, * p at most 0.05: a screen. "
    )
    text += [line for note in recipe["read"] for line in wrapped(note, width())]
    return [*text, "", *table(head, rows), "", *wrapped(note, width())]


def _scorers(agreed: pd.DataFrame | None) -> list[str]:
    """Rank correlation over samples of each scorer with the mean."""
    from baxis.faces.cli.words.layout import table

    if agreed is None:
        return []
    head = ["rank correlation with the mean", *agreed.columns[1:]]
    return ["", *table(head, [[r["signature"], *(_number(r[c]) for c in head[1:])] for r in records(agreed)])]


def _mapped(found: Parameters | None, file: Path | None) -> list[str]:
    """Which signatures move a parameter, and why the others do not."""
    from baxis.faces.cli.words.layout import table

    if found is None:
        return []
    told = [
        [t["signature"], t["parameter"] or "not mapped", _number(t["correlation"]), t["why"]]
        for t in records(found.told)
    ]
    text = ["", f"Parameters in {found.disease}", *table(["signature", "parameter", "r (assumed)", "why"], told)]
    return [*text, f"{len(found.table)} patients written to {file}"] if file else text


def _covariates(covariates: pd.DataFrame | None) -> list[str]:
    """The repertoires of the samples that have one."""
    from baxis.faces.cli.words.layout import table

    if covariates is None:
        return []
    shown = records(covariates.dropna(subset=["clonality"]))
    names = ("clonality", "clones", "mutation_percent")
    return [
        "",
        *table(
            ["sample", "clonality", "clones", "V mutation, %"],
            [[r["sample"], *(_number(r[c]) for c in names)] for r in shown],
        ),
    ]


def _pair(text: str) -> tuple[str, Path]:
    from baxis.core.errors import InvalidValue

    sample, sign, file = text.partition("=")
    if not sign or not sample or not file:
        raise InvalidValue("--repertoire", text, "SAMPLE=FILE.tsv")
    return sample, Path(file)


def records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Rows as plain data, what is missing as null."""
    return [] if frame is None else rows_of(frame)


def _number(x: float | None) -> str:
    return "-" if x is None or x != x else f"{x:.2g}"
