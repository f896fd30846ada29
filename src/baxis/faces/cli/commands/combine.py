"""`baxis combine`: drugs together, against named nulls; their timing; trials of combinations beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.plain import to_json
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Seed, Threads
from baxis.faces.cli.words.output import say
from baxis.faces.cli.words.typed import real

if TYPE_CHECKING:
    from baxis.clinic.conduct.settings import Settings
    from baxis.insight.combine import Combination, Timing
    from baxis.insight.combine.agreement import Comparisons

STRUCTURES = ("additive", "product")


def combine(
    drugs: Annotated[
        list[str] | None, typer.Argument(metavar="DRUG DRUG [DRUG...]", help="Names, or 'DRUG 100 mg po qd'.")
    ] = None,
    disease: Annotated[str | None, typer.Option(help="Disease code.")] = None,
    endpoint: Annotated[str, typer.Option(help="inflammation, or a responder endpoint.")] = "inflammation",
    weeks: Annotated[float | None, typer.Option(help="Week at which it is judged (24; timing: 52).")] = None,
    gap_weeks: Annotated[float, typer.Option(help="Each drug begins this many weeks after the one before.")] = 0.0,
    timing: Annotated[bool, typer.Option("--timing", help="Scan which of two drugs to begin first, and when.")] = False,
    gaps: Annotated[str | None, typer.Option(help="Weeks between starts to scan, e.g. '-12,-4,4,12'.")] = None,
    against_evidence: Annotated[
        bool, typer.Option("--against-evidence", help="Trials of combinations beside the model.")
    ] = False,
    include_validation: Annotated[
        bool, typer.Option("--include-validation", help="Read and run validation trials too: each such look counts.")
    ] = False,
    patients: Annotated[int | None, options.patients("Virtual patients (200; timing 100; evidence 300).")] = None,
    seed: Seed = 1,
    threads: Threads = None,
    json: AsJson = False,
    out: Annotated[Path | None, options.out("New folder for the result and a figure.", "DIR")] = None,
) -> None:
    """Dose surfaces of benefit and harm of a combination, its synergy by HSA, Bliss, Loewe and ZIP, and its timing."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.errors import InvalidValue
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.bench.compared import KIND as AGREEMENT

    if gap_weeks and (timing or against_evidence):
        raise InvalidValue(
            "--gap-weeks", gap_weeks, "not with --timing, which scans --gaps, nor with --against-evidence"
        )
    asked = _checked(drugs, disease, (timing, against_evidence, include_validation), gaps)
    if out:
        check_folder(out, AGREEMENT if against_evidence else "baxis combine --timing" if timing else "baxis combine")
    usual = 300 if against_evidence else 100 if timing else 200
    result: Combination | Timing | Comparisons
    with bar("comparison" if against_evidence else "arm") as progress:
        settings = Settings(
            patients=usual if patients is None else patients, seed=seed, threads=threads, progress=progress
        )
        if against_evidence:
            from baxis.faces.cli.commands.biomarkers import agreed
            from baxis.insight.combine.agreement import against_evidence as compare

            result = compare(disease, validation=include_validation, settings=settings)
            shown = agreed(result)
        elif timing:
            result = _timed(asked, str(disease), weeks, gaps, settings)
            shown = scanned(result)
        else:
            from baxis.insight.combine import combine as run

            result = run(asked, str(disease), endpoint, 24.0 if weeks is None else weeks, gap_weeks, settings)
            shown = lines(result)
    if out:
        result.save(out)
    say(to_json(result.to_dict(), 1) if json else "\n".join(shown))


def _checked(
    drugs: list[str] | None, disease: str | None, modes: tuple[bool, bool, bool], gaps: str | None
) -> list[str]:
    """The drugs asked for; InvalidValue for options that do not go together."""
    from baxis.core.errors import InvalidValue

    timing, against, validation = modes
    if against and (drugs or timing):
        given = " ".join(drugs) if drugs else "--timing"
        raise InvalidValue("drugs or --timing", given, "none with --against-evidence: each trial has its own")
    if validation and not against:
        raise InvalidValue("--include-validation", "given", "only with --against-evidence")
    if gaps is not None and not timing:
        raise InvalidValue("--gaps", gaps, "only with --timing")
    if not against and not (drugs and disease):
        lacking = "--disease" if drugs else "drugs"
        got = " ".join(drugs) if drugs else f"--disease {disease}" if disease else "nothing"
        raise InvalidValue(lacking, got, "two drugs and --disease CODE, or --against-evidence", f"{lacking} is missing")
    return drugs or []


def _timed(drugs: list[str], disease: str, weeks: float | None, gaps: str | None, settings: Settings) -> Timing:
    """The scan of start times."""
    from baxis.insight.combine.timing import GAPS, WEEKS
    from baxis.insight.combine.timing import timing as run

    form = "weeks with commas between them, e.g. '-12,-4,4,12'"
    scan = GAPS if gaps is None else tuple(real("--gaps", g, form) for g in gaps.split(","))
    return run(drugs, disease, WEEKS if weeks is None else weeks, scan, settings)


def _percent(row: Mapping[Any, Any], name: str, sign: str = "") -> str:
    """A share with its interval, in %."""
    value, (low, high) = row[name], row[f"{name} 90 %"]
    return (
        "not held" if value != value else f"{100 * value:{sign}.1f} ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})"
    )


def lines(result: Combination) -> list[str]:
    """What the terminal shows of a dose surface."""
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    k, r = len(result.drugs), result.recipe
    out = [f"{' + '.join(result.drugs)} in {result.disease}, {result.endpoint} at week {r['weeks']:g}"]
    out += wrapped(f"Setting of {r['setting']}; {'; '.join(r['regimens'])}; {r['patients']} patients", width())
    out += told(r)
    full = result.surface[result.surface["doses"].map(lambda d: set(d) <= {0.0, 1.0})]
    rows, harms = [], []
    for row in full.to_dict("records"):
        given = " + ".join(n for n, d in zip(result.drugs, row["doses"], strict=True) if d) or "none"
        names = ("effect", "IgG loss", "B-cell depletion")
        rows.append([given, row["structure"], *(_percent(row, n) for n in names)])
        if row["structure"] == "additive":
            harms.append([given, *(_percent(row, n) for n in ("serious infection", "other serious harms"))])
    out += ["", "Usual doses, % (90 % interval)"]
    out += table(["given", "arms", "effect", "IgG loss", "B-cell depletion"], rows)
    out += ["", f"Harms in 100 patients by week {r['weeks']:g} (90 % interval); others: class harms above control"]
    out += table(["given", "serious infection", "other serious harms"], harms)
    out += wrapped(f"All of them: {r['class_harms']}", width()) if r["class_harms"] else []
    out += ["", "Excess over the null, points of effect (90 % interval)"]
    rows = []
    for row in result.synergy[result.synergy["doses"].map(lambda d: d == (1.0,) * k)].to_dict("records"):
        rows.append([row["null"], *(_percent(row, s, "+") for s in STRUCTURES), row["verdict"]])
    out += table(["null", "arms add", "arms multiply", "under both"], rows)
    for flag in result.flags:
        out += wrapped(flag, width())
    return [*out, r["notice"]]


def scanned(result: Timing) -> list[str]:
    """What the terminal shows of a scan of start times."""
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    r, (first, second) = result.recipe, result.drugs
    out = [f"{first} and {second} in {result.disease}, {r['weeks']:g} weeks from the first start"]
    out += wrapped(f"Setting of {r['setting']}; {'; '.join(r['regimens'])}; {r['patients']} patients", width())
    out += told(r)
    out += ["", f"Gap: weeks from the start of {first} to that of {second}; % (90 % interval), arms add"]
    rows = []
    for row in result.table[result.table["structure"] == "additive"].to_dict("records"):
        names = ("mean effect", "effect at the end", "lowest IgG loss", "serious infection")
        rows.append(
            [f"{row['gap_weeks']:g}", *(_percent(row, n) for n in names), _percent(row, "gain", "+"), row["verdict"]]
        )
    head = [
        "gap",
        "mean effect",
        "effect at end",
        "IgG loss",
        "serious infection",
        "mean effect over together",
        "under both",
    ]
    out += table(head, rows)
    out += ["", f"Largest mean effect at a gap of {result.best:g} weeks. A drug begun later is given for less time."]
    for flag in result.flags:
        out += wrapped(flag, width())
    return [*out, r["notice"]]
