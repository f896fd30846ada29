"""`baxis strategies`: sequences, targets, retreatment, withdrawal and steroid tapers compared over two years."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Seed, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.insight.strategies import Strategies


def strategies(
    disease: Annotated[str | None, typer.Option(help="Disease code (default: the file's).")] = None,
    drug: Annotated[str | None, typer.Option(help="Drug, or 'DRUG 500 mg iv once' (rituximab).")] = None,
    then: Annotated[str | None, typer.Option(help="Second line of treat to target.", metavar="DRUG")] = None,
    file: Annotated[
        str | None, typer.Option(help="Own strategies, or a shipped name such as mainritsan2.", metavar="FILE.toml")
    ] = None,
    patients: Annotated[int, options.patients("Virtual patients, the same under every strategy.")] = 120,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for strategies.json, tables, figure.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """Strategies over two years: time in remission, prednisone, serious infections, courses, B cells, IgG."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.errors import InvalidValue
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.strategies import strategies as run

    for name, value in (("--drug", drug), ("--then", then)):
        if file is not None and value is not None:
            raise InvalidValue(name, value, "not with --file: its strategies name their drugs")
    if out:
        check_folder(out, "baxis strategies")
    with bar("strategies") as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(disease, drug or "rituximab", then=then, file=file, settings=settings)
    if out:
        result.save(out)
    if json:
        say_json(result.to_dict(), 1)
        return
    say("\n".join(lines(result)))
    if out:
        say(f"Written to {out}")


def lines(result: Strategies) -> list[str]:
    """Every measure, strategies in rows; then what was published."""
    from baxis.clinic.result.asked import others
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    r = result.recipe
    text = [f"{result.disease}, {r['weeks']:g} weeks, setting of {r['setting']}, {r['patients']} virtual patients"]
    for name, given in r["given"].items():
        text += wrapped(f"{name}: {', then '.join(given) or 'background only'}", width())
    text += told(r)
    names = list(dict.fromkeys(result.table["strategy"]))
    cells = {(x["strategy"], x["measure"]): _cell(x) for x in result.table.to_dict("records")}
    units = dict(zip(result.table["measure"], result.table["unit"], strict=True))
    head = {m: f"{m}, {u.replace('1/(100 year)', 'per 100 years')}".removesuffix(", 1") for m, u in units.items()}
    for k in range(0, len(head), 3):
        part = list(head)[k : k + 3]
        text += ["", *table(["strategy", *(head[m] for m in part)], [[n, *(cells[n, m] for m in part)] for n in names])]
    if len(result.published):
        rows = [
            [x["strategy"], x["measure"], f"{x['week']:g}", f"{x['published']:g}", _cell(x), x["unit"], x["source"]]
            for x in result.published.to_dict("records")
        ]
        text += [
            "",
            *table(["strategy", "measure", "week", "published" + others(r), "simulated", "unit", "source"], rows),
        ]
    text += ["", *wrapped(f"Interval: {r['interval']}. Failures: {r['failures']}. {r['notes']}", width())]
    for line in r["caveats"]:
        text += wrapped(line, width())
    return [*text, r["notice"]]


def _cell(row: Mapping[Any, Any]) -> str:
    value, low, high = (float(row[k]) for k in ("value", "low", "high"))
    if value != value:
        return "-"
    digits = 0 if max(abs(value), abs(high)) >= 20 else 2 if abs(high) < 3 else 1
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
