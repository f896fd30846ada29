"""Spoils right inputs of every kind and looks what baxis does with them: right, told, or a bug.

python scripts/fuzz.py --inputs 20000 --seed 0 --processes 2
python scripts/fuzz.py --kind design --first 812 --inputs 1      # one input again
python scripts/fuzz.py --inputs 20000 --page                     # and writes docs/reliability.md
python scripts/fuzz.py --inputs 20000 --log done.jsonl           # goes on from the inputs that the file holds

right: it was read (and run, where that is quick). told: refused in a sentence, and nothing left behind. bug: any other
exception, a library's own sentence, files left behind, more than 20 s, more than 2 GB, a process that died.
An input depends on the seed, its kind and its number alone. Each bug's input is written to a folder of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))  # beside this file, also when a test runs it
from fuzz_kinds import ROOT, Found, Input, Kind, Told
from fuzz_stored import KINDS

LONGEST, LARGEST = 20.0, 2 << 30  # seconds and bytes of one input
STARTING = 90.0  # seconds until a process has loaded what it needs, on a busy machine
LIVES = 400  # inputs of a process, so that what libraries keep does not add up
VERDICTS = ("right", "told", "bug")
PAGE = ROOT / "docs" / "reliability.md"
FOREIGN = re.compile(
    r"Traceback|np\.float64|<class '|object at 0x|Expecting value|could not convert|invalid literal|index out of range|"
    r"codec can't|unhashable|NoneType|pydantic|Input should be|Value error,|has no attribute|unexpected keyword|"
    r"ParserError|Error tokenizing|unsupported operand|required positional|\[type=|KeyError|ValueError|TypeError"
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Outcome:
    """What became of one input; why: a bug's, so that the same bug has the same words."""

    kind: str
    number: int
    verdict: str
    why: str = ""
    seconds: float = 0.0


def made(seed: int, kind: str, number: int, kinds: Mapping[str, Kind] = KINDS) -> Input:
    """An input by its number."""
    return kinds[kind].make(Random(f"{seed}/{kind}/{number}"))


def judged(kind: str, given: Input, kinds: Mapping[str, Kind] = KINDS) -> tuple[str, str]:
    """(verdict, why) of an input, read in an empty folder that becomes the working one."""
    from baxis.core.errors import BaxisError
    from baxis.core.storing.written import visible

    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lay(given, Path(folder))
        os.chdir(folder)
        before = _contents()
        try:
            kinds[kind].read(given)
            return "right", ""
        except (BaxisError, Told, OSError) as e:
            why = _wrongly_told(str(e) if isinstance(e, Told) else visible(str(e)), isinstance(e, OSError))
            changed = {} if isinstance(e, Found) else _contents()
            left = sorted(str(p) for p, d in changed.items() if before.get(p) != d)
            why = why or (f"left behind: {', '.join(left)}" if left else "")
            return ("bug", why) if why else ("told", "")
        except Exception as e:
            return "bug", _signature(e)
        finally:
            os.chdir(here)


def lay(given: Input, folder: Path) -> None:
    """The input's files."""
    for name, data in given.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _contents() -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}


def _wrongly_told(said: str, system: bool) -> str:
    """Why a refusal is none that a user can read; empty when it is one."""
    if system and "Errno" not in said:
        return f"another's sentence: {said[:200]}"
    foreign = FOREIGN.search(said)
    if foreign:
        return f"another's words {foreign[0]!r} in: {' '.join(said.split())[:240]}"
    if CONTROL.search(said):
        return f"control characters in: {said[:200]!r}"
    return "" if said.strip() else "an empty sentence"


def _signature(error: Exception) -> str:
    """Type, words and the last two places of baxis, so that one bug is told from another."""
    places = [f for f in traceback.extract_tb(error.__traceback__) if "baxis" in f.filename]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(places[-2:]))
    return f"{type(error).__name__} at {where}: {' '.join(str(error).split())[:200]}"


def _work(pipe: Connection, source: str) -> None:
    """A process: judges what it is sent until it is sent None. source: the module whose KINDS it knows."""
    import baxis.faces.cli

    kinds = import_module(source).KINDS
    pipe.send(baxis.faces.cli.INSIDE)
    while (asked := pipe.recv()) is not None:
        seed, kind, number = asked
        start = time.monotonic()
        try:
            verdict, why = judged(kind, made(seed, kind, number, kinds), kinds)
        except BaseException as e:
            verdict, why = "bug", f"past every catch: {type(e).__name__}: {str(e)[:200]}"
        pipe.send(Outcome(kind, number, verdict, why, time.monotonic() - start))


class Worker:
    """A process with a limit of time and memory; one that breaks it is killed, and another takes its place."""

    def __init__(self, source: str) -> None:
        self.lived, self.asked, self.since = 0, None, time.monotonic()
        self.pipe, theirs = multiprocessing.get_context("spawn").Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=_work, args=(theirs, source), daemon=True)
        self.process.start()
        theirs.close()
        self.ready = False

    asked: tuple[int, str, int] | None

    def ask(self, seed: int, kind: str, number: int) -> None:
        """Give it an input."""
        self.asked, self.since, self.lived = (seed, kind, number), time.monotonic(), self.lived + 1
        self.pipe.send(self.asked)

    def broken(self) -> str:
        """Which limit it has broken; empty where none."""
        taken = time.monotonic() - self.since
        if taken > (LONGEST if self.lived > 1 else STARTING):
            return f"hangs: more than {taken:.0f} s"
        if _memory(self.process.pid) > LARGEST:
            return "more than 2 GB of memory"
        return ""

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _memory(pid: int | None) -> int:
    """Resident bytes of a process; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def sweep(
    asked: list[tuple[str, int]],
    seed: int,
    processes: int = 2,
    source: str = "fuzz_stored",
    each: Callable[[Outcome], object] = lambda _: None,
) -> list[Outcome]:
    """Outcomes of inputs (kind, number), in no order. source: the module whose KINDS they are of; each: hears every one."""
    waiting, done = list(reversed(asked)), []
    workers = [Worker(source) for _ in range(min(processes, max(len(asked), 1)))]
    try:
        while len(done) < len(asked):
            ready = set(wait([w.pipe for w in workers], timeout=0.2))
            for k, worker in enumerate(workers):
                outcome = _heard(worker, worker.pipe in ready)
                if outcome is not None:
                    done.append(outcome)
                    each(outcome)
                if not worker.process.is_alive() or (worker.lived >= LIVES and worker.asked is None):
                    worker.end()
                    workers[k] = Worker(source)
                elif worker.ready and worker.asked is None and waiting:
                    worker.ask(seed, *waiting.pop())
    finally:
        for worker in workers:
            worker.end()
    return done


def _heard(worker: Worker, ready: bool) -> Outcome | None:
    """What a process has to say: an outcome, or that it died or broke a limit (then it is killed)."""
    if ready:
        try:
            found = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(5)
            return _lost(worker, f"died: exit code {worker.process.exitcode}")
        worker.ready, worker.asked = True, None
        return found if isinstance(found, Outcome) else None
    why = worker.broken() if worker.asked else ""
    return _lost(worker, why) if why else None


def _lost(worker: Worker, why: str) -> Outcome | None:
    asked, worker.asked = worker.asked, None
    worker.process.kill()
    worker.process.join()
    if asked is None:
        raise RuntimeError(f"a process of the sweep {why} before it was asked anything")
    return Outcome(asked[1], asked[2], "bug", why, time.monotonic() - worker.since)


def planned(inputs: int, kinds: list[str], first: int = 0) -> list[tuple[str, int]]:
    """Which inputs: each kind's share of the whole, mixed so that no process gets all the slow ones."""
    total = sum(KINDS[k].share for k in kinds)
    ends = [round(inputs * sum(KINDS[k].share for k in kinds[: i + 1]) / total) for i in range(len(kinds))]
    counts = [b - a for a, b in zip([0, *ends], ends, strict=False)]
    out = [(k, first + n) for k, count in zip(kinds, counts, strict=True) for n in range(count)]
    Random(0).shuffle(out)
    return out


def resumed(asked: list[tuple[str, int]], seed: int, processes: int, log: Path) -> list[Outcome]:
    """Outcomes of inputs, those of an earlier run from its log; bugs are tried again."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
    old = {(o["kind"], o["number"]): Outcome(**o) for seen, o in lines if seen == seed and o["verdict"] != "bug"}
    kept = [old[key] for key in asked if key in old]
    with log.open("a", encoding="utf-8", buffering=1) as out:
        new = [key for key in asked if key not in old]
        return kept + sweep(new, seed, processes, each=lambda o: out.write(json.dumps([seed, asdict(o)]) + "\n"))


def table(outcomes: list[Outcome]) -> list[str]:
    """Kind by verdict, as Markdown."""
    counts = Counter((o.kind, o.verdict) for o in outcomes)
    lines = ["| kind | inputs | " + " | ".join(VERDICTS) + " |", "|---|---" + "|---" * len(VERDICTS) + "|"]
    for kind in [*KINDS, ""]:
        row = [sum(n for (k, v), n in counts.items() if v == verdict and kind in ("", k)) for verdict in VERDICTS]
        if sum(row):
            lines.append(f"| {kind or 'all'} | {sum(row)} | " + " | ".join(map(str, row)) + " |")
    return lines


def written(outcomes: list[Outcome], seed: int, folder: Path) -> list[str]:
    """Each bug once, with how often it was met and the folder that holds its input."""
    bugs: dict[str, list[Outcome]] = {}
    for o in sorted((o for o in outcomes if o.verdict == "bug"), key=lambda o: o.number):
        bugs.setdefault(f"{o.kind}: {re.sub(r':[^:]*$', '', o.why) if ' at ' in o.why else o.why}", []).append(o)
    lines = []
    for same in bugs.values():
        o = same[0]
        place = folder / f"{o.kind.replace(' ', '-')}-{seed}-{o.number}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        given = made(seed, o.kind, o.number)
        lay(given, place)
        (place / "said.json").write_text(json.dumps(given.said), encoding="utf-8")
        lines.append(f"{o.kind} {o.number} ({len(same)} times): {o.why}\n  {place}")
    return lines


HEAD = """# Inputs spoilt on purpose

Right inputs of every kind that people give (models, problems, designs, tables, records, archives, arrays, forms, messages,
sessions, saved folders, stored blocks, cache entries, words) are spoilt at random: numbers that no one means, names that clash, elements doubled, moved or deleted, cells too many, thousands of
brackets, other encodings, flipped bits. Each is then read, and run where that is quick, within {longest:g} s and {largest} GB:

- **right**: it was read (a change may leave it right, or give it another meaning);
- **told**: it was refused in a sentence, with exit code 1 or 2, and nothing was left behind;
- **bug**: any other exception, a library's own sentence, control characters printed, files left behind, more time or memory than
  that, or a process that died.

```sh
python scripts/fuzz.py --inputs 20000 --seed 0 --processes 2   # every bug is named, and its input written to a folder
python scripts/fuzz.py --kind design --first 812 --inputs 1    # one input again
```

What is right is not held against another program here; [two sweeps of random models](engine/own_model.md) and the other tests do that.
Pages of the laboratory read their form to the end and stop where virtual patients would be simulated. 200 inputs run with every
test, 20,000 with the nightly ones. A cache entry that is not taken counts as told. This
table was made by

"""


ATTACKS = "## Attacks"  # from here on the page is written by hand


def page(outcomes: list[Outcome], inputs: int, seed: int) -> str:
    """docs/reliability.md."""
    head = HEAD.format(longest=LONGEST, largest=LARGEST >> 30)
    command = f"```sh\npython scripts/fuzz.py --inputs {inputs} --seed {seed} --page\n```\n"
    before = PAGE.read_text(encoding="utf-8").partition(ATTACKS)
    return "\n".join([head + command, *table(outcomes), "", before[1] + before[2]])


def main() -> int:
    """The command line; 1 when a bug was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "baxis-fuzz",
        help="where inputs of bugs are written",
    )
    parser.add_argument("--log", type=Path, help="a file of outcomes: what it holds is not tried again, bugs excepted")
    parser.add_argument("--page", action="store_true", help="write docs/reliability.md")
    asked = parser.parse_args()
    start = time.monotonic()
    inputs = planned(asked.inputs, asked.kind or list(KINDS), asked.first)
    if asked.log:
        outcomes = resumed(inputs, asked.seed, asked.processes, asked.log)
    else:
        outcomes = sweep(inputs, asked.seed, asked.processes)
    print("\n".join([*written(outcomes, asked.seed, asked.folder), "", *table(outcomes)]))
    slow = {k: sum(o.seconds for o in outcomes if o.kind == k) for k in KINDS}
    by_kind = ", ".join(f"{k} {s:.0f} s" for k, s in slow.items() if s >= 0.5)
    print(f"\n{time.monotonic() - start:.0f} s; {by_kind}")
    if asked.page:
        PAGE.write_text(page(outcomes, asked.inputs, asked.seed), encoding="utf-8")
    return 1 if any(o.verdict == "bug" for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
