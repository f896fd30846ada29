"""Timings of the evidence: `python benchmarks/evidence.py [--fit]`. Each line: what, seconds, budget, ratio.

Budgets are those of the plan: a query under 0.3 s after first use, a meta-analysis of 100 trials under 1 s, the
rival fitted under 120 s (`--fit`, minutes). The peer of the pooling is statsmodels' `combine_effects`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np


def best(call: Callable[[], object], times: int = 5) -> float:
    """Shortest of some runs, in seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return min(spent)


def line(what: str, seconds: float, budget: float) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what:58s} {seconds:9.4f} s   budget {budget:7.2f} s   {seconds / budget:6.3f} of it\n")


def queries() -> None:
    """Selection, meta-analysis and network from the tables, after first use."""
    from baxis import evidence
    from baxis.evidence import graph
    from baxis.evidence.meta.network.run import run_network
    from baxis.evidence.meta.run import run
    from baxis.evidence.meta.select import Query, select

    ev = evidence.load()
    acr20 = Query("ACR20", ("RA",))
    run(ev, acr20, "OR", by="class")
    line("select ACR20 in RA", best(lambda: select(ev, acr20)), 0.3)
    line("meta-analysis of ACR20 in RA by class", best(lambda: run(ev, acr20, "OR", by="class")), 0.3)
    any_control = Query("ACR20", ("RA",), control="any")
    line("network of ACR20 in RA", best(lambda: run_network(ev, any_control)), 0.3)
    line("mechanism map of SLE (graph)", best(lambda: graph.mechanism_map(ev, "SLE")), 0.3)


def hundred_trials() -> None:
    """Effects, REML, subgroups, exact methods and Egger's test on 100 trials; the peer does one DL pooling."""
    from statsmodels.stats.meta_analysis import combine_effects

    from baxis.evidence import meta

    rng = np.random.default_rng(0)
    n = rng.integers(30, 400, (2, 100))
    events = rng.binomial(n, rng.uniform(0.2, 0.6, (2, 100)))
    table = meta.Counts.of([str(i) for i in range(100)], events[0], n[0], events[1], n[1])

    def everything() -> None:
        effects = meta.binary(table, "OR")
        meta.pool(effects, meta.Pooling("REML", knha=True)).predict()
        meta.subgroups(effects, [str(i % 8) for i in range(100)])
        meta.mantel_haenszel(table, "OR")
        meta.peto(table)
        meta.egger(effects)

    effects = meta.binary(table, "OR")
    line("100 trials: REML, 8 subgroups, MH, Peto, Egger", best(everything), 1.0)
    ours = best(lambda: meta.pool(effects, meta.Pooling("DL")), 20)
    peer = best(lambda: combine_effects(effects.y, effects.v, method_re="dl"), 20)
    sys.stdout.write(
        f"DL pooling alone: {1e3 * ours:.2f} ms; statsmodels {1e3 * peer:.2f} ms ({ours / peer:.1f} times)\n"
    )


def rival(refit: bool) -> None:
    """A prediction from the shipped draws; the fit with `--fit`."""
    from baxis import evidence
    from baxis.evidence import rival as predictor
    from baxis.evidence.rival.fit import fit

    call = lambda: predictor.predict("SLE", "SRI-4", 52, "anti-BAFF", 280, 280)  # noqa: E731
    call()
    line("rival: one prediction (1000 draws)", best(call), 0.3)
    if refit:
        line("rival: fit to the calibration trials", best(lambda: fit(evidence.load()), 1), 120.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    queries()
    hundred_trials()
    rival(asked.fit)
