"""Scale-out: the same blocks computed here, on one and on two single-thread Dask workers.

    python benchmarks/cluster.py [--patients 10000] [--trial fenebrutinib-sle-ph2]

Prints seconds and two ratios: two workers against one (aim 1.8), and one worker against this process (aim 1.05).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any

from baxis.clinic.large import run_large


def timed(trial: str, patients: int, client: Any = None) -> float:
    """Seconds of a run into a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run_large(trial, folder, patients=patients, block=1024, threads=1, client=client)
        return time.perf_counter() - start


def warm(trial: str) -> None:
    """Load the kernel and the draws in a worker, once."""
    timed(trial, 64)


def main() -> None:
    import distributed

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=10000)
    parser.add_argument("--trial", default="fenebrutinib-sle-ph2")
    chosen = parser.parse_args()
    timed(chosen.trial, 64)  # compile
    here = timed(chosen.trial, chosen.patients)
    seconds = {}
    for workers in (1, 2):
        with (
            distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.run(warm, chosen.trial)
            seconds[workers] = timed(chosen.trial, chosen.patients, client)
    print(f"{chosen.trial}, {chosen.patients} patients an arm, one thread each")
    print(f"this process {here:8.1f} s")
    print(f"one worker   {seconds[1]:8.1f} s   {seconds[1] / here:.3f} of this process")
    print(f"two workers  {seconds[2]:8.1f} s   {seconds[1] / seconds[2]:.2f} times one worker")


if __name__ == "__main__":
    main()
