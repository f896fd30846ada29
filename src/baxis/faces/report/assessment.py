"""A credibility file of one claim: ASME V&V 40's factors, FDA's 2023 categories, ICH M15's assessment table and analysis plan.

Question, context, influence and consequence are data (`library/credibility`); every piece of evidence is computed (`proof`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from baxis import axis
from baxis._version import __version__
from baxis.clinic.result.recipe import NOTICE
from baxis.clinic.scoreboard.looks import last_errors
from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.faces.report.html import page, section, table
from baxis.faces.report.proof import PROOFS, Case, Proof, tests

LEVELS = ("low", "medium", "high")
FACTORS = ("factor", "group", "gradation", "found", "proof")


@dataclass(frozen=True)
class Assessment:
    """One claim in one disease: its data, the 13 factors of V&V 40 with gradation and proof, evidence by FDA category."""

    claim: str
    said: dict[str, str]
    case: Case
    factors: list[dict[str, str]]
    categories: list[dict[str, str]]

    @property
    def risk(self) -> str:
        """The higher of influence and consequence where they differ by one step, the one between where by two."""
        a, b = (LEVELS.index(self.said[k]) for k in ("influence", "consequence"))
        return LEVELS[(a + b + 1) // 2]

    def m15(self) -> list[tuple[str, str]]:
        """Rows of an assessment table as ICH M15 shapes it."""
        worst = min(self.factors, key=lambda r: r["gradation"])["gradation"]
        weak = ", ".join(r["factor"].lower() for r in self.factors if r["gradation"] == worst)
        s = self.said
        return [
            ("Question of interest", s["question"]), ("Context of use", s["context"]),
            ("Model influence", f"{s['influence']}: {s['influence_why']}"),
            ("Consequence of a wrong decision", f"{s['consequence']}: {s['consequence_why']}"),
            ("Model risk", self.risk), ("Model impact", s["impact"]),
            ("Appropriateness: technical criteria", "; ".join(f"{r['factor']}: {r['found']}" for r in self.factors if r["factor"] in ("Numerical solver error", "Output comparison"))),
            ("Evaluation", f"13 factors graded below; weakest ({worst}): {weak}"), ("Limits", s["limits"]),
        ]  # fmt: skip

    def plan(self) -> list[tuple[str, str]]:
        """The analysis plan: what is done, with what, by which rule it is judged."""
        return [
            ("Objective", self.said["question"]), ("Method", self.said["plan"]),
            ("Data", f"evidence tables {library.digest()} (library digest); roles of trials fixed before any fit"),
            ("Criteria", "each of the 13 factors by its rule, given with the factors"),
            ("Reporting", "what was calibrated and what not, every failed check, every miss of the scoreboard"),
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the same content as the page."""
        return {
            "claim": self.claim, "title": self.said["title"], "disease": self.case.disease, "drugs": list(self.case.drugs),
            "risk": self.risk, "assessment_table": dict(self.m15()), "analysis_plan": dict(self.plan()),
            "evidence_by_category": self.categories, "factors": self.factors,
            "recipe": {"baxis": __version__, "library": library.digest(), "model": axis.system().digest, "notice": NOTICE},
        }  # fmt: skip


def claims() -> dict[str, dict[str, str]]:
    """The kinds of claim that the library holds."""
    return dict(library.parse_toml(library.path("credibility/claims.toml")))


def assess(
    claim: str, disease: str, drugs: Sequence[str] = (), endpoint: str = "", report: Path | None = None
) -> Assessment:
    """Assess a claim. report: JUnit XML of the test suite (`pytest --junitxml FILE`). Raises UnknownName, InvalidValue."""
    known = claims()
    if claim not in known:
        raise UnknownName("claim", claim, known)
    case = Case(axis.disease(disease).code, tuple(axis.drug(d).name for d in drugs), endpoint, report)
    rows = library.read_table("credibility/factors")
    proofs = {r["factor"]: PROOFS[r["evidence"]](case) for r in rows}
    factors = [
        {"factor": r["factor"], "group": r["group"], "gradation": proofs[r["factor"]].grade,
         "found": proofs[r["factor"]].found, "proof": proofs[r["factor"]].where, "rule": r["rule"]} for r in rows
    ]  # fmt: skip
    return Assessment(claim, known[claim], case, factors, _categories(case, proofs))


def _categories(case: Case, proofs: dict[str, Proof]) -> list[dict[str, str]]:
    """FDA's eight categories of evidence (2023)."""
    rung = {k: [r for r in case.checks if r.rung == k] for k in ("rest", "pathway", "genetics", "pharmacology", "arms")}

    def counted(*names: str) -> str:
        rows = [r for n in names for r in rung[n]]
        bad = [r.what for r in rows if r.passed is False]
        good = sum(r.passed is True for r in rows)
        return f"{good} passed, {len(bad)} failed, {len(rows) - good - len(bad)} out of scope" + (
            f" (failed: {'; '.join(bad)})" if bad else ""
        )

    look = last_errors()
    trials = (
        f"{look.contrasts} contrasts of trials kept out of fitting, stored look of {look.date}"
        if look
        else "no stored look"
    )
    return [
        {"category": n, "evidence": e} for n, e in (
            ("1 code verification", proofs["Numerical code verification"].found),
            ("2 model calibration", f"{proofs['Test samples'].found}; tissue weights and shared constants calibrated (docs/clinic/calibration.md)"),
            ("3 bench tests", f"pathway experiments: {counted('pathway')}"),
            ("4 in vivo", f"human pharmacology and biomarkers under drugs: {counted('pharmacology', 'arms')}"),
            ("5 population-based", f"{trials}: {proofs['Output comparison'].found}"),
            ("6 emergent behaviour", f"genetics, none fitted: {counted('genetics')}"),
            ("7 plausibility", f"{proofs['Model form'].found}; at rest: {counted('rest')}; {proofs['Model inputs'].found}"),
            ("8 calculation verification and uncertainty", f"{proofs['Numerical solver error'].found}; intervals: {tests(case, 'unit/clinic').found}"),
        )
    ]  # fmt: skip


def blocks(found: Assessment) -> list[str]:
    """HTML of the assessment: table after ICH M15, plan, categories, factors."""
    rows = [tuple(r[k] for k in FACTORS) for r in found.factors]
    gradation = "<p class='small'>Gradation: c is the most, a the least.</p>"
    rules = [(r["factor"], *_rule(r["rule"])) for r in found.factors]
    return [
        table(("item", "assessment"), found.m15(), caption="Assessment table (after ICH M15)"),
        table(
            ("category", "evidence"),
            [(r["category"], r["evidence"]) for r in found.categories],
            caption="Evidence by category (FDA 2023)",
        ),
        table(FACTORS, rows, caption="Credibility factors (ASME V&V 40)")
        + gradation
        + table(("factor", "c", "b", "a"), rules, caption="Rules of gradation"),
        table(("item", "plan"), found.plan(), caption="Analysis plan"),
    ]


def _rule(text: str) -> tuple[str, str, str]:
    """What earns c, b and a, from a rule written `c: ...; b: ...; a: ...`."""
    c, b, a = (part.partition(":")[2].strip() for part in text.split("; "))
    return c, b, a


def html(found: Assessment) -> str:
    """A self-contained page."""
    title = f"{found.said['title']}: credibility in {found.case.disease}"
    drugs = f" Drugs: {', '.join(found.case.drugs)}." if found.case.drugs else ""
    head = f"<h1>{escape(title)}</h1><p class='notice'><b>{NOTICE}</b> Every piece of evidence was computed for this page.{escape(drugs)}</p>"
    names = ("Assessment", "Evidence", "Factors", "Analysis plan")
    parts = [p for name, body in zip(names, blocks(found), strict=True) for p in section(name, body)]
    recipe = [(k, str(v)) for k, v in found.to_dict()["recipe"].items()]
    return page(title, [head, *parts, *section("Recipe", table(("item", "value"), recipe))])
