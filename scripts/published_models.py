"""Page of published models run by the engine beside what their papers report.

python scripts/published_models.py [--out docs/engine/published.md] [--figure docs/img/published_models.png]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baxis import engine

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "benchmarks" / "models"
sys.path.insert(0, str(MODELS.parent))
OPTIONS = engine.Options(rtol=1e-8, atol=1e-12)
HEAD = """# Published models

Made by `python scripts/published_models.py`. Models are written down from their equations and numbers (files in `benchmarks/models`,
`benchmarks/fceri.py`), simulated by the compiled path at a relative tolerance of 1e-8, and set beside what the papers report.
*Where read* says what was read for the reported value.

![Four published models](../img/published_models.png)

| model | states | quantity | reported | where read | baxis | agrees |
|---|---|---|---|---|---|---|
"""
TAIL = """
- The models with BioModels numbers follow the curated encodings, which are in the public domain (CC0); FceRI follows the rules of
  BioNetGen's model file, with the statistical factor 2 for the two equal sites of the ligand.
- The NF-kB paper's own text was not at hand: what is checked is the damped oscillation with a period of one to two hours that later work
  ascribes to this system, and that the encoding's balance of NF-kB holds.
- Speed on these models: [benchmarks](benchmarks.md).
"""


@dataclass(frozen=True)
class Check:
    """One quantity: what was reported, where that was read, and whether the simulated value agrees."""

    quantity: str
    reported: str
    source: str
    found: str
    agrees: bool


Course = tuple[str, np.ndarray, list[tuple[str, np.ndarray]], str, str]  # title, x, curves, x label, y label


def loaded(name: str) -> engine.Kernel:
    return engine.compile(engine.load_antimony((MODELS / f"{name}.ant").read_text(encoding="utf-8")))


def peaks(values: np.ndarray) -> np.ndarray:
    """Places of the local maxima."""
    inner = values[1:-1]
    return 1 + np.flatnonzero((inner > values[:-2]) & (inner >= values[2:]))


def kholodenko() -> tuple[str, int, list[Check], Course]:
    kernel, times = loaded("kholodenko2000"), np.arange(0.0, 12001.0, 5.0)
    share = engine.simulate(kernel, times=times, outputs=["MAPK_PP"], options=OPTIONS).values[0, :, 0] / 300.0
    top = peaks(share)
    period = float(np.diff(times[top])[2:].mean() / 60.0)
    settled = share[top[2] :]
    source = "abstract"
    checks = [
        Check("oscillations of MAPK-PP", "sustained", source, f"peaks {share[top[2]]:.3f} to {share[top[-1]]:.3f} of the total",
              bool(np.ptp(share[top[2:]]) < 0.01 and np.ptp(settled) > 0.5)),
        Check("period", "minutes to hours", source, f"{period:.1f} min", 1.0 < period < 240.0),
        Check("largest share phosphorylated", "almost 100 %", source, f"{100 * settled.max():.0f} %", bool(settled.max() > 0.95)),
    ]  # fmt: skip
    course = ("Kholodenko 2000: MAPK oscillates", times / 60.0, [("MAPK-PP", share)], "minutes", "share of MAPK")
    return "Kholodenko 2000, MAPK with negative feedback (BIOMD0000000010)", 8, checks, course


def hill(dose: np.ndarray, response: np.ndarray) -> float:
    """Effective Hill coefficient log 81 / log(EC90/EC10)."""
    low, high = np.exp(np.interp([0.1, 0.9], response / response.max(), np.log(dose)))
    return float(np.log(81.0) / np.log(high / low))


def huang_ferrell() -> tuple[str, int, list[Check], Course]:
    kernel, dose = loaded("huang_ferrell1996"), np.logspace(-7, -1, 601)
    names = {"KKK_P_norm": "MAPKKK", "KK_PP_norm": "MAPKK", "K_PP_norm": "MAPK"}
    options = engine.Options(rtol=1e-8, atol=1e-14)
    found = engine.simulate(kernel, initial={"E1": dose}, times=[10000.0], outputs=list(names), options=options)
    steep = {names[n]: hill(dose, found.values[:, 0, k]) for k, n in enumerate(found.outputs)}
    most = float(found["K_PP_norm"].max())
    checks = [
        Check("effective Hill coefficient of MAPK", "4 to 5", "abstract", f"{steep['MAPK']:.2f}", 4.0 <= steep["MAPK"] <= 5.0),
        Check("steepness along the cascade", "grows level by level", "notes of the encoding",
              " < ".join(f"{v:.2f}" for v in steep.values()), list(steep.values()) == sorted(steep.values())),
        Check("largest share of active MAPK", "0.900", "parameter of the encoding", f"{most:.3f}", abs(most - 0.900049) < 0.002),
    ]  # fmt: skip
    curves = [(names[n], found.values[:, 0, k] / found.values[:, 0, k].max()) for k, n in enumerate(found.outputs)]
    course = (
        "Huang and Ferrell 1996: dose response",
        np.log10(dose),
        curves,
        "log10 E1, micromolar",
        "share of maximum",
    )
    return "Huang and Ferrell 1996, MAPK cascade (BIOMD0000000009)", 22, checks, course


def lipniacki() -> tuple[str, int, list[Check], Course]:
    kernel, times = loaded("lipniacki2004"), np.arange(0.0, 36001.0, 60.0)
    rest = engine.simulate(kernel, times=[363600.0], options=OPTIONS).final[0]
    found = engine.simulate(
        kernel, {"TNF_R": [1.0]}, rest, times=times, outputs=["NFkBn", "total"], options=OPTIONS
    ).values[0]
    nuclear, top = found[:, 0], peaks(found[:, 0])
    period = float(np.diff(times[top])[:3].mean() / 60.0)
    later = "Mengel et al., arXiv:0911.0529, abstract"
    drift = float(np.abs(found[:, 1] / 0.06 - 1.0).max())
    checks = [
        Check("nuclear NF-kB under persistent TNF", "damped oscillation", later,
              "peaks " + ", ".join(f"{v:.3f}" for v in nuclear[top][:4]) + " micromolar", bool((np.diff(nuclear[top]) < 0).all())),
        Check("period", "around 1 to 2 hours", later, f"{period / 60:.2f} h (first peak at {times[top[0]] / 60:.0f} min)", 60 <= period <= 120),
        Check("NF-kB in all forms", "0.06 micromolar, kept", "first value of the encoding", f"off by {drift:.0e} at most", drift < 1e-6),
    ]  # fmt: skip
    course = ("Lipniacki 2004: TNF from time 0", times / 3600.0, [("nuclear NF-kB", nuclear)], "hours", "micromolar")
    return "Lipniacki 2004, NF-kB with IkBa and A20 (BIOMD0000000786)", 15, checks, course


def fceri() -> tuple[str, int, list[Check], Course]:
    from fceri import reactions, sbml_of_fceri

    system = engine.load_sbml(sbml_of_fceri())
    times = np.linspace(0.0, 600.0, 121)
    options = engine.Options(rtol=1e-7, atol=1e-9)
    outputs = ["active_syk", "dimers", *system.states]
    found = engine.simulate(engine.compile(system), times=times, outputs=outputs, options=options).values[0]
    values = dict(zip(outputs, found.T, strict=True))
    receptors = sum((2.0 if n[0] == "D" else 1.0) * values[n] for n in system.states if n[:2] in ("R_", "M_", "D_"))
    drift = float(np.abs(receptors / 400.0 - 1.0).max())
    count = len(list(reactions()))
    public = "documentation of public rule-based tools"
    checks = [
        Check("species and reactions", "354 and 3680", public, f"{len(system.states)} and {count}", (len(system.states), count) == (354, 3680)),
        Check("receptors in all forms", "400, kept", "rule file", f"off by {drift:.0e} at most", drift < 1e-6),
    ]  # fmt: skip
    curves = [("dimers", values["dimers"]), ("receptors with active Syk", values["active_syk"])]
    course = ("Faeder 2003: FceRI and Syk", times / 60.0, curves, "minutes", "molecules a cell")
    return "Faeder 2003, FceRI with Lyn and Syk (fceri_ji)", 354, checks, course


STUDIES: tuple[Callable[[], tuple[str, int, list[Check], Course]], ...] = (kholodenko, huang_ferrell, lipniacki, fceri)


def draw(courses: list[Course], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.4), layout="constrained")
    for k, (title, x, curves, x_label, y_label) in enumerate(courses):
        axes = figure.add_subplot(2, 2, k + 1)
        for (label, y), colour in zip(curves, ("#0072B2", "#D55E00", "#009E73"), strict=False):
            axes.plot(x, y, color=colour, label=label)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "engine" / "published.md")
    parser.add_argument("--figure", type=Path, default=ROOT / "docs" / "img" / "published_models.png")
    given = parser.parse_args()
    rows, courses = [], []
    for study in STUDIES:
        name, states, checks, course = study()
        courses.append(course)
        for c in checks:
            rows.append((name, states, c.quantity, c.reported, c.source, c.found, "yes" if c.agrees else "**no**"))
    given.out.write_text(HEAD + "".join(f"| {' | '.join(map(str, r))} |\n" for r in rows) + TAIL, encoding="utf-8")
    draw(courses, given.figure)
    for r in rows:
        print("; ".join(map(str, r[2:])))


if __name__ == "__main__":
    main()
