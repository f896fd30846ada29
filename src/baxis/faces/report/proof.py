"""Evidence of credibility, each item computed when it is asked for: what was found, its gradation, and where to look.

Gradation: c is the most, a the least (`library/credibility/factors.csv` says what each takes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from baxis import axis, engine, evidence
from baxis.axis.assembly import dimensions
from baxis.axis.checks import Check, check
from baxis.axis.dosing import treatment
from baxis.core import library
from baxis.core.errors import InvalidValue

TIGHT = engine.Options(rtol=1e-8, atol=1e-11, threads=1)
CLOSE = 1e-3
COURSE = "rituximab 1000 mg iv days 1,15"


@dataclass(frozen=True)
class Proof:
    """found: in words; grade: a, b or c; where: a page, a command or a folder of tests."""

    found: str
    grade: str
    where: str


@dataclass(frozen=True)
class Case:
    """A disease (code) with drugs and endpoint, and a test report (JUnit XML) where one was given."""

    disease: str
    drugs: tuple[str, ...] = ()
    endpoint: str = ""
    tests: Path | None = None
    rows: list[Check] = field(default_factory=list, compare=False)

    @cached_property
    def checks(self) -> list[Check]:
        """Checks of the disease's model, run now."""
        return self.rows or check("all", self.disease)

    @cached_property
    def cases(self) -> list[tuple[str, str]]:
        """(file of tests, passed | failed | skipped) of the report. Raises InvalidValue for a file that is none."""
        if self.tests is None:
            return []
        try:
            found = ElementTree.parse(self.tests).iter("testcase")
            return [(f"{c.get('classname', '')}.{c.get('name', '')}", _ended(c)) for c in found]
        except (OSError, ElementTree.ParseError) as e:
            if isinstance(e, ElementTree.ParseError):
                why = "no XML from line {}, column {} on".format(*e.position)
            else:
                why = "no such file" if isinstance(e, FileNotFoundError) else "a file that cannot be read"
            allowed = "a JUnit XML file, as `pytest --junitxml FILE` writes"
            raise InvalidValue("--tests", str(self.tests), allowed, f"it is {why}") from None

    @cached_property
    def calibration(self) -> list[dict[str, str]]:
        """Stored predictions of the calibration contrasts of this disease."""
        trials = evidence.load().trials.set_index("trial_id")["disease"]
        rows = library.read_table("scoreboard/calibration_mechanism")
        return [r for r in rows if trials.get(r["trial_id"]) == self.disease]


def _ended(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    return "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"


def tests(case: Case, *folders: str) -> Proof:
    """Counts of the test report, for folders of tests/ (all where none is named)."""
    where = ", ".join(f"tests/{f}" for f in folders) or "tests/"
    names = tuple("tests." + f.replace("/", ".") for f in folders)
    mine = [end for name, end in case.cases if not names or name.startswith(names)]
    if not mine:
        return Proof("no test report was given (baxis credibility --tests FILE takes one)", "a", where)
    n = {k: mine.count(k) for k in ("passed", "failed", "skipped")}
    return Proof(", ".join(f"{v} {k}" for k, v in n.items()), "b" if n["failed"] else "c", where)


def code(case: Case) -> Proof:
    """Tests of the engine, and the dimension check of every equation."""
    faults = dimensions.check()
    ran = tests(case, "unit/engine", "science")
    said = f"{len(faults)} equations break dimensions; tests of the engine: {ran.found}"
    return Proof(said, "b" if faults and ran.grade == "c" else ran.grade, ran.where)


def solver(case: Case) -> Proof:
    """Typical patient under rituximab for 24 weeks, default against tight tolerances, computed now."""
    names = [o.output for o in axis.outputs().values()]
    own, tight = (treatment.course(case.disease, [COURSE], 24, names, options=o).values for o in (None, TIGHT))
    error = float(np.max(np.abs(own - tight) / np.maximum(np.abs(tight).max(axis=0), 1e-9)))
    said = f"{COURSE}, 24 weeks: default against tight tolerance differ by {error:.1e} of a read-out's largest at most"
    return Proof(said, "c" if error < CLOSE else "b", "computed for this page")


def form(case: Case) -> Proof:
    """Checks of pathway and genetics."""
    rows = [r for r in case.checks if r.rung in ("pathway", "genetics")]
    good, bad = (sum(r.passed is v for r in rows) for v in (True, False))
    out = len(rows) - good - bad
    said = f"pathway and genetics: {good} checks passed, {bad} failed, {out} out of scope"
    return Proof(said, "a" if not rows else "c" if not bad and good > out else "b", "baxis check all")


def inputs(case: Case) -> Proof:
    """Numbers behind the disease and the drugs, by kind."""
    count = axis.count_numbers(case.disease, case.drugs)
    share = count.get("assumed", 0) / count["total"]
    said = ", ".join(f"{v} {k}" for k, v in count.items())
    return Proof(
        f"{said}; {100 * share:.0f} % assumed", "c" if share < 0.25 else "b", "docs/axis/numbers.md, baxis show NAME"
    )


def samples(case: Case) -> Proof:
    """Trials and patients of the disease in the evidence, by role."""
    rows = [r for r in evidence.load().rows("trials") if r["disease"] == case.disease]
    roles = {k: sum(r["role"] == k for r in rows) for k in ("calibration", "validation", "context")}
    people = int(np.nansum([float(r["n_randomised"] or "nan") for r in rows])) if rows else 0
    said = f"{len(rows)} trials, {people} patients randomised: " + ", ".join(f"{v} {k}" for k, v in roles.items())
    return Proof(
        said, "c" if len(rows) >= 10 else "b" if rows else "a", f"baxis evidence trials --disease {case.disease}"
    )


def conditions(case: Case) -> Proof:
    """Share of calibration contrasts that can be simulated."""
    ran = sum(bool(r["mechanism"]) for r in case.calibration)
    said = f"{ran} of {len(case.calibration)} calibration contrasts of the disease can be simulated"
    grade = "a" if not case.calibration else "c" if ran >= 0.8 * len(case.calibration) else "b"
    return Proof(said, grade, "docs/clinic/scoreboard.md")


def settings(case: Case) -> Proof:
    """Calibration trials with a design file of their own, against designs read off their rows."""
    trials = {r["trial_id"] for r in case.calibration}
    own = trials & set(library.names("designs"))
    said = (
        f"{len(own)} of {len(trials)} calibration trials have a design file; the others are read off their rows by rule"
    )
    return Proof(said, "a" if not trials else "c" if own == trials else "b", "docs/clinic/default_design.md")


def output(case: Case) -> Proof:
    """Errors on calibration contrasts of the disease, and the stored look at trials kept out of fitting."""
    from baxis.clinic.scoreboard.looks import last_errors
    from baxis.clinic.scoreboard.shown.board_figures import LABELS

    seen = {
        (r["trial_id"], r["arm_id"], r["endpoint"]): r for r in evidence.contrasts(evidence.load()).to_dict("records")
    }
    pairs = [
        (float(r["mechanism"]), seen.get((r["trial_id"], r["arm_id"], r["endpoint"])))
        for r in case.calibration
        if r["mechanism"]
    ]
    gaps = [
        abs(p - s["value"]) for p, s in pairs if s and s["role"] == "calibration" and s["scale"] == "risk_difference"
    ]
    fitted = (
        f"{100 * np.mean(gaps):.1f} points of mean absolute error over {len(gaps)} differences in proportions of calibration trials (fitted)"
        if gaps
        else "no fitted difference in proportions"
    )
    look = last_errors()
    if look is None:
        return Proof(fitted, "a", "docs/clinic/scoreboard.md")
    others = ", ".join(f"{LABELS[k]} {100 * v:.1f}" for k, v in look.errors.items() if k != "mechanism")
    said = f"{fitted}; all diseases, {look.contrasts} contrasts kept out of fitting: mechanism {100 * look.errors['mechanism']:.1f} points; {others} (look of {look.date})"
    best = min(look.errors, key=lambda k: look.errors[k]) == "mechanism"
    return Proof(said, "c" if best else "b", "docs/clinic/scoreboard.md")


def quantities(case: Case) -> Proof:
    """Endpoints compared with trials in the disease."""
    names = sorted({r["endpoint"] for r in case.calibration if r["mechanism"]})
    said = f"compared in calibration trials: {', '.join(names) or 'none'}" + (
        f"; asked: {case.endpoint}" if case.endpoint else ""
    )
    return Proof(said, "a" if not names else "c" if case.endpoint in names else "b", "docs/clinic/instruments.md")


def relevance(case: Case) -> Proof:
    """Drug classes tried in the disease."""
    found = evidence.contrasts(evidence.load())
    classes = sorted({c for c, d in zip(found["class"], found["disease"], strict=True) if d == case.disease and c})
    return Proof(f"{len(classes)} drug classes tried: {', '.join(classes) or 'none'}",
                 "c" if len(classes) >= 5 else "b" if classes else "a", "baxis evidence meta")  # fmt: skip


PROOFS: dict[str, Callable[[Case], Proof]] = {
    "tests_all": tests, "tests_engine": code, "tests_dosing": lambda c: tests(c, "unit/clinic/test_clinic_kinetics", "unit/clinic/test_clinic_regimen"),
    "tests_faces": lambda c: tests(c, "faces"), "solver": solver, "form": form, "inputs": inputs, "samples": samples,
    "conditions": conditions, "settings": settings, "output": output, "quantities": quantities, "relevance": relevance,
}  # fmt: skip
