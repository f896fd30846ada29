"""Runs cases of the SBML semantic test suite: a folder a case, with settings, a model and expected results."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from baxis.core.errors import BaxisError, InvalidValue
from baxis.engine.model.network import Network
from baxis.engine.model.system import System
from baxis.engine.reading.network_file import load_network
from baxis.engine.single.single import IntegrationFailed, trajectory

MOST_PROCESSES = 61  # that a pool of every system takes
MOST_STEPS = 200_000  # some cases hold a hundred thousand events
SPARE = 1e-4  # integrate this much more exactly than the case asks


@dataclass(frozen=True)
class Outcome:
    """One case. `status` is right, wrong or refused; `why` says what differs or what was refused."""

    case: str
    status: str
    why: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CaseRequest:
    """What a case asks: output times, names, which of them as amounts or concentrations, and tolerances."""

    times: np.ndarray
    variables: tuple[str, ...]
    amount: frozenset[str]
    concentration: frozenset[str]
    absolute: float
    relative: float


def find_cases(folder: str | Path) -> list[Path]:
    """Case folders under `folder` (or itself), by name. Raises InvalidValue if there is none."""
    root = Path(folder)
    found = sorted({p.parent for p in root.rglob("*settings.txt")}) if root.is_dir() else []
    if not found:
        raise InvalidValue("conformance", str(root), "a folder of cases, each with settings.txt, model and results.csv")
    return found


def read_tags(folder: str | Path) -> dict[str, tuple[str, ...]]:
    """Tags of each case from a `cases.csv` in or under the folder; empty without one."""
    found = sorted(Path(folder).rglob("cases.csv"))
    if not found:
        return {}
    with found[0].open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    out = {}
    for row in rows:
        texts = [v or "" for k, v in row.items() if k and "tag" in k.lower()]
        out[next(iter(row.values()))] = tuple(
            t for text in texts for t in text.replace(",", " ").replace(";", " ").split()
        )
    return out


def read_settings(path: Path) -> CaseRequest:
    """Settings of a case. Raises InvalidValue naming the missing entry."""
    pairs = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
    entry = {k.strip(): v.strip() for k, v in pairs.items()}
    lacking = [k for k in ("variables", "absolute", "relative") if k not in entry]
    if lacking:
        raise InvalidValue(str(path), f"no {lacking[0]!r}", "settings of a semantic test case")

    def names(key: str) -> tuple[str, ...]:
        return tuple(n.strip() for n in entry.get(key, "").split(",") if n.strip())

    start, length, steps = (float(entry.get(k) or 0) for k in ("start", "duration", "steps"))
    times = start + length * np.arange(int(steps) + 1) / max(steps, 1)
    tolerances = float(entry["absolute"]), float(entry["relative"])
    return CaseRequest(
        times, names("variables"), frozenset(names("amount")), frozenset(names("concentration")), *tolerances
    )


def run_case(folder: Path, compiled: bool = False) -> Outcome:
    """Simulate one case and compare every value with the expected one within the case's tolerances.

    `compiled` asks for the compiled ensemble path instead of the single-trajectory one.
    """
    try:
        model, results = _one(folder, "*model.xml", "*-sbml-*.xml"), _one(folder, "*results.csv")
        settings = read_settings(_one(folder, "*settings.txt"))
        network = load_network(model)
        atol = min(1e-12, settings.absolute * SPARE)
        if compiled:
            found = _compiled(model, network, settings, atol)
        else:
            found = trajectory(network, settings.times, rtol=1e-9, atol=atol)
    except (
        BaxisError,
        IntegrationFailed,
        ArithmeticError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as problem:
        return Outcome(folder.name, "refused", f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:300])
    expected = _table(results)
    worst = ""
    for name in settings.variables:
        if name not in found or name not in expected:
            return Outcome(folder.name, "refused", f"{name!r} is not among the model's variables or the results")
        values = reported(network, found, name, settings)
        worst = worst or difference(name, values, expected[name], settings)
    return Outcome(folder.name, "wrong" if worst else "right", worst)


def _compiled(model: Path, network: Network, settings: CaseRequest, atol: float) -> dict[str, np.ndarray]:
    """Values of every state, rule and constant from the compiled ensemble path, as a batch of one."""
    from baxis.engine.model.event_system import event_system
    from baxis.engine.reading.sbml import load_sbml

    try:
        return _ensemble(load_sbml(model), settings, atol)
    except BaxisError:
        return _ensemble(event_system(network), settings, atol)


def _ensemble(system: System, settings: CaseRequest, atol: float) -> dict[str, np.ndarray]:
    from baxis.engine.kernel.kernel import compile
    from baxis.engine.run.options import Options
    from baxis.engine.run.simulation import simulate

    names = [*system.states, *system.assignments]
    done = simulate(
        compile(system),
        times=settings.times,
        outputs=names,
        options=Options(rtol=1e-8, atol=max(atol, 1e-14), max_steps=MOST_STEPS, threads=1),
    )
    if done.status[0]:
        raise IntegrationFailed(str(done.failures[0]))
    found = {n: np.full(len(settings.times), v) for n, v in system.defaults.items()}
    return found | {n: done.values[0, :, k] for k, n in enumerate(names)}


def _one(folder: Path, *patterns: str) -> Path:
    found = [p for pattern in patterns for p in sorted(folder.glob(pattern))]
    if not found:
        raise InvalidValue(str(folder), f"no {patterns[0]}", "a case with settings, model and results")
    return found[-1]


def reported(network: Network, found: dict[str, np.ndarray], name: str, settings: CaseRequest) -> np.ndarray:
    """Values of a symbol as the settings want them: a species as amount or concentration."""
    values, home = found[name], network.compartment.get(name)
    if home is None:
        return values
    if name in settings.amount and network.per_size[name]:
        return values * found[home]
    if name in settings.concentration and not network.per_size[name]:
        return values / found[home]
    return values


def difference(name: str, values: np.ndarray, expected: np.ndarray, settings: CaseRequest) -> str:
    """Empty if all agree, else the first value that does not."""
    if len(values) != len(expected):
        return f"{name}: {len(values)} values, expected {len(expected)}"
    with np.errstate(all="ignore"):
        near = np.abs(values - expected) <= settings.absolute + settings.relative * np.abs(expected)
    near |= (values == expected) | (np.isnan(values) & np.isnan(expected))
    if near.all():
        return ""
    k = int(np.argmin(near))
    return f"{name} at time {settings.times[k]:g}: {values[k]:.8g}, expected {expected[k]:.8g}"


def _table(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.reader(stream) if row]
    columns = list(zip(*rows[1:], strict=True))
    return {n.strip(): np.array([_number(v) for v in c]) for n, c in zip(rows[0], columns, strict=True)}


def _number(text: str) -> float:
    return float(text.strip() or math.nan)


def run_folder(
    folder: str | Path,
    *,
    processes: int = 2,
    compiled: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Outcomes of all cases of a folder, in order of name."""
    if not 1 <= processes <= MOST_PROCESSES:
        raise InvalidValue("processes", processes, f"a whole number of at least 1 and at most {MOST_PROCESSES}")
    cases, tags = find_cases(folder), read_tags(folder)
    out = []
    for k, outcome in enumerate(_outcomes(cases, processes, compiled)):
        out.append(Outcome(outcome.case, outcome.status, outcome.why, tags.get(outcome.case, ())))
        if progress:
            progress(k + 1, len(cases))
    return out


def _outcomes(cases: list[Path], processes: int, compiled: bool) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if processes <= 1 or len(cases) < 20:
        yield from (run_case(c, compiled) for c in cases)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_case, cases, [compiled] * len(cases), chunksize=8)


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Plain data: {"summary": {right, wrong, refused}, "cases": [{case, status, why}]}."""
    counts = Counter(o.status for o in outcomes)
    cases = [{k: v for k, v in asdict(o).items() if k != "tags"} for o in outcomes]
    return {"summary": {s: counts[s] for s in ("right", "wrong", "refused")}, "cases": cases}


def by_tag(outcomes: list[Outcome]) -> list[tuple[str, int, int, int]]:
    """(tag, right, wrong, refused) of every tag, most cases first."""
    counts = Counter((tag, o.status) for o in outcomes for tag in o.tags)
    tags = Counter(tag for o in outcomes for tag in o.tags)
    rows = [(tag, counts[tag, "right"], counts[tag, "wrong"], counts[tag, "refused"]) for tag, _ in tags.most_common()]
    return rows


def page(outcomes: list[Outcome], compiled: list[Outcome] | None = None) -> str:
    """Markdown page of the counts: in all, by tag, what was refused and why."""
    lines = [
        "# Conformance with the SBML semantic test suite",
        "",
        "Generated by `baxis conformance DIR --page FILE`.",
        "",
    ]
    lines += ["| path | right | wrong | refused |", "|---|---|---|---|"]
    for name, found in (("single trajectory (`trajectory`)", outcomes), ("compiled ensemble (`simulate`)", compiled)):
        if found:
            c = summary(found)["summary"]
            lines.append(f"| {name} | {c['right']} | {c['wrong']} | {c['refused']} |")
    lines += ["", "A refused case is refused by name before anything is computed. By tag, single trajectory:", ""]
    lines += ["| tag | right | wrong | refused |", "|---|---|---|---|"]
    lines += [f"| {tag} | {r} | {w} | {n} |" for tag, r, w, n in by_tag(outcomes)]
    lines += ["", "## What was refused", "", "| cases | reason |", "|---|---|"]
    reasons = Counter(_kind(o.why) for o in outcomes if o.status == "refused")
    lines += [f"| {n} | {why} |" for why, n in reasons.most_common()]
    for o in outcomes:
        if o.status == "wrong":
            lines.append(f"| wrong: {o.case} | {o.why} |")
    return "\n".join(lines) + "\n"


def _kind(why: str) -> str:
    """Reason without the names of one model."""
    for mark in ("algebraic rule", "fast reactions", "constraint", "package 'comp'", "package 'fbc'"):
        if mark in why:
            return mark
    if "'delay(" in why:
        return "values of the past (the delay symbol)"
    return why.split(":", 1)[0] + ": " + why.split(":", 1)[-1].strip()[:80].replace("|", "/")
