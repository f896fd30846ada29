"""`baxis omics`: activities of the axis' signatures in expression data."""

from __future__ import annotations

import json as encoder
from pathlib import Path
from typing import Annotated

import typer


def omics(
    file: Annotated[Path, typer.Argument(help="Expression: .csv or .tsv (genes x samples) or .h5ad.")],
    reference: Annotated[Path | None, typer.Option(help="Healthy or untreated samples, measured alike.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the permutations.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Activities of interferon, plasmablast, BCR, NF-kB, CD40 and TLR signatures, with permutation nulls."""
    from ...insight.omics import omics as run
    from .layout import table, width, wrapped

    result = run(file, reference, seed)
    if json:
        typer.echo(encoder.dumps(result.to_dict(), indent=1, allow_nan=False))
        return
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
    head = ["signature", "genes found", "difference, sd", "p", "q", "samples *"]
    recipe = result.recipe
    text = [
        f"{recipe['cases']} samples, {recipe['reference']} of reference, {recipe['genes']} genes ({recipe['scale']})"
    ]
    text += ["", *table(head, rows), ""]
    note = (
        "Difference from the reference by permuted labels; '-' without a reference or with too few genes. Single samples "
        "against random gene sets of like expression, * p at most 0.05: a screen. "
    )
    typer.echo("\n".join([*text, *wrapped(note + recipe["notice"], width())]))


def _number(x: float) -> str:
    return "-" if x != x else f"{x:.2g}"
