"""Scale-out: the same blocks computed here, on one and on two single-thread Dask workers.

    python benchmarks/cluster.py [--patients 10000] [--trial fenebrutinib-sle-ph2] [--rows 100000]

Prints seconds and two ratios: two workers against one (aim 1.8), and one worker against this process (aim 1.05); then the
processor time by process, which says the same on a machine that other jobs load. First the trial, then a user's own model
(the NF-kB model of Lipniacki 2004, ten hours, a table of --rows).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from baxis import engine
from baxis.clinic.questions.large import run_large
from baxis.engine.reading.antimony import antimony_to_sbml


def timed(trial: str, patients: int, client: Any = None) -> float:
    """Seconds of a run into a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run_large(trial, folder, patients=patients, block=1024, threads=1, client=client)
        return time.perf_counter() - start


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process on one core, so that a table of rows takes one thread here as it does in a worker."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def timed_rows(rows: int, client: Any = None) -> float:
    """Seconds of a table of a user's own model into a new folder."""
    text = (Path(__file__).parent / "models" / "lipniacki2004.ant").read_text(encoding="utf-8")
    study = engine.Study(antimony_to_sbml(text), tuple(np.linspace(0.0, 36000.0, 61)), outputs=("NFkBn",))
    values = {"k1": 0.0025 * np.exp(0.2 * np.random.default_rng(1).standard_normal(rows)), "TNF_R": 1.0}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with one_core() if client is None else contextlib.nullcontext():
            engine.simulate_to_folder(study, values, folder, block=4096, client=client)
        return time.perf_counter() - start


def compared(what: str, run: Callable[[int, Any], float], size: int) -> None:
    """Seconds here, on one worker and on two; processor time here, in the worker, and in the client with the scheduler."""
    import distributed

    run(64, None)  # compile
    own = time.process_time()
    here = run(size, None)
    own = time.process_time() - own
    seconds, parts = {}, {}
    for workers in (1, 2):
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.run(run, 64, None)  # load the kernel and the draws in each worker, once
            before = np.array([sum(client.run(time.process_time).values()), time.process_time()])
            seconds[workers] = run(size, client)
            parts[workers] = np.array([sum(client.run(time.process_time).values()), time.process_time()]) - before
    print(f"{what}, one thread each")
    print(f"this process {here:8.1f} s   processor {own:6.1f} s")
    for workers, name in ((1, "one worker"), (2, "two workers")):
        ratio = (
            f"{seconds[1] / here:.3f} of this process"
            if workers == 1
            else f"{seconds[1] / seconds[2]:.2f} times one worker"
        )
        done, rest = parts[workers]
        print(
            f"{name:12} {seconds[workers]:8.1f} s   processor {done:6.1f} s ({done / own:.3f} of this process), client and "
            f"scheduler {rest:.1f} s; {ratio}", flush=True
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=10000)
    parser.add_argument("--trial", default="fenebrutinib-sle-ph2")
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args()
    run = partial(timed, chosen.trial)
    compared(f"{chosen.trial}, {chosen.patients} patients an arm", run, chosen.patients)
    compared(f"own model, {chosen.rows} rows", timed_rows, chosen.rows)


if __name__ == "__main__":
    main()
