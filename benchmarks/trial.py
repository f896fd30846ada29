"""Time of `baxis trial` as a user meets it: a fresh process, cold and from cache, and of `import baxis`.

python benchmarks/trial.py [--patients 1000] [--repeat 3]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

TRIALS = ("fenebrutinib-sle-ph2", "rituximab-reflex")


def timed(code: str, *words: str, cache: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *words],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "BAXIS_CACHE": cache},
    )
    return time.perf_counter() - start


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
            warm = min(timed(command, *words, cache=cache) for _ in range(chosen.repeat))
            label = "cold (compiles the model)" if k == 0 else "first run"
            print(f"{trial:24s} {label:26s} {cold:6.2f} s")
            print(f"{trial:24s} {'from cache':26s} {warm:6.2f} s   (budget 5 s)   {chosen.patients} patients an arm")


def imports() -> float:
    code = "import time; t = time.perf_counter(); import baxis; print(time.perf_counter() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    )


if __name__ == "__main__":
    main()
