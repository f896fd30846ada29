"""Time of `baxis trial` as a user meets it: a fresh process, cold and from cache, and of `import baxis`.

The budget is for a trial of three arms, 52 weeks, a tablet twice a day, 1000 patients an arm on the whole axis, each with a
posterior draw: LONG is such a trial, made from fenebrutinib-sle-ph2. Process time (all cores together) stands beside the
wall clock, which other load distorts.

python benchmarks/trial.py [--patients 1000] [--repeat 3]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

TRIALS = ("fenebrutinib-sle-ph2", "rituximab-reflex")


LONG = """import sys, baxis
design = baxis.read_design("fenebrutinib-sle-ph2")
longer = design.replace(trial_id="three-arms-52-weeks", weeks=52, endpoints=[{"name": "SRI-4", "week": 52, "primary": True}])
result = baxis.run_trial(longer, patients=int(sys.argv[1]), threads=2)
assert len(result.design.arms) == 3 and result.failures == []
"""


def timed(code: str, *words: str, cache: str) -> tuple[float, float]:
    """Wall-clock and process time of a command in a process of its own, s."""
    start, used = time.perf_counter(), _children()
    subprocess.run(
        [sys.executable, "-c", code, *words],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "BAXIS_CACHE": cache},
    )
    return time.perf_counter() - start, _children() - used


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    command = "from baxis.faces.cli import main; main()"
    with tempfile.TemporaryDirectory() as cache:
        print(f"import baxis                        {imports():8.2f} s   (budget 0.5 s)")
        for k, trial in enumerate(TRIALS):
            words = ("trial", trial, "--patients", str(chosen.patients), "--quiet")
            cold = timed(command, *words, cache=cache)
            label = "cold (compiles the model)" if k == 0 else "first run"
            show(trial, label, cold, "")
            show(trial, "from cache", best(chosen.repeat, command, *words, cache=cache), f"{chosen.patients} an arm")
        found = best(chosen.repeat, LONG, str(chosen.patients), cache=cache)
        show("three arms, 52 weeks, bid", "2 threads", found, f"{chosen.patients} an arm   (budget 5 s)")


def best(repeat: int, code: str, *words: str, cache: str) -> tuple[float, float]:
    """The quickest of several."""
    return min(timed(code, *words, cache=cache) for _ in range(repeat))


def show(what: str, how: str, found: tuple[float, float], note: str) -> None:
    print(f"{what:26s} {how:26s} {found[0]:6.2f} s   process {found[1]:6.2f} s   {note}", flush=True)


def imports() -> float:
    code = "import time; t = time.perf_counter(); import baxis; print(time.perf_counter() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    )


if __name__ == "__main__":
    main()
