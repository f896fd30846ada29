"""The generators of every published figure and table, in the order in which they must run (see `published.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from baxis.core.environment import browser as chromium

# Files of the library that steps write; they follow from the rest and so are left out of a step's digest.
LIBRARY_MADE = {
    f"src/baxis/library/{n}"
    for n in ("references/rest.csv", "scoreboard/calibration_mechanism.csv", "scoreboard/looks.csv")
} | {"src/baxis/faces/web/scoreboard.json"}
BUILT = "build/published"


@dataclass(frozen=True)
class Step:
    """One generator. command: words, the first `baxis` or `python`; makes: what must be there afterwards (patterns).

    copies: file made -> place in docs/; splices: table made -> page that holds it between marks; reads: inputs outside
    the package and scripts/; minutes: a guess on two cores until it has been timed; looks: compares with validation
    trials; whole: its files are generated whole, so that their digests can be listed.
    """

    name: str
    command: tuple[str, ...]
    makes: tuple[str, ...]
    minutes: float = 0.5
    copies: Mapping[str, str] = field(default_factory=dict)
    splices: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    looks: bool = False
    whole: bool = True
    browser: bool = False

    def lacking(self) -> str:
        """Why the step cannot run on this machine; empty where it can."""
        if self.browser and not chromium():
            return "needs a Chromium on the path"
        return ""


def script(name: str, *words: str) -> tuple[str, ...]:
    """A file of scripts/."""
    return ("python", f"scripts/{name}.py", *words)


def module(name: str, *words: str) -> tuple[str, ...]:
    """A module that is a command."""
    return ("python", "-m", f"baxis.{name}", *words)


def axis_page(name: str, minutes: float) -> Step:
    """A page of docs/axis that its own module writes."""
    page = f"docs/axis/{name}.md"
    return Step(name, module(f"axis.study.{name}", page), (page,), minutes)


def insight(name: str, words: str, figure: str, place: str, minutes: float) -> Step:
    """A figure of docs/ that `baxis NAME --out DIR` draws."""
    folder = f"{BUILT}/{name}"
    return Step(
        name, ("baxis", *words.split("|"), "--out", folder), (place,), minutes, copies={f"{folder}/{figure}": place}
    )


BOARD = f"{BUILT}/scoreboard"
LEFT_OUT = f"{BUILT}/left-out"
LOOKS = "src/baxis/library/scoreboard/looks.csv"

STEPS: tuple[Step, ...] = (
    Step("references", module("axis.assembly.references"), ("src/baxis/library/references/rest.csv",), 1),
    Step("axis", module("axis.study.pages", "docs/axis"), ("docs/axis/reference-*.md", "docs/axis/numbers.md", "docs/axis/exposure.md",
         "docs/axis/diseases.md", "docs/axis/img/*.png"), 0.5),
    Step("checks", ("baxis", "check", "all", "--page", "docs/axis/checks.md"), ("docs/axis/checks.md",), 1),
    axis_page("loops", 1),
    axis_page("ranking", 4),
    axis_page("rivals", 4),
    Step("evidence", script("evidence_docs"), ("docs/evidence/tables.md",), 0.2, reads=("docs/evidence/tables.md",)),
    Step("discrepancy", script("calibrate_discrepancy", "--write"),
         ("src/baxis/library/scoreboard/calibration_mechanism.csv",), 6),
    Step("left-out", ("baxis", "scoreboard", "--role", "calibration", "--leave-one-out", "--quiet", "--out", LEFT_OUT),
         ("docs/clinic/leave_one_out.md",), 8, copies={f"{LEFT_OUT}/scoreboard.md": "docs/clinic/leave_one_out.md"}),
    Step("scoreboard", ("baxis", "scoreboard", "--role", "all", "--quiet", "--out", BOARD, "--log", LOOKS),
         ("docs/clinic/scoreboard.md", "docs/clinic/scoreboard_*.png"), 10, looks=True,
         copies={f"{BOARD}/{n}": f"docs/clinic/{n}"
                 for n in ("scoreboard.md", "scoreboard_calibration.png", "scoreboard_coverage.png")}
         | {f"{BOARD}/scoreboard.json": "src/baxis/faces/web/scoreboard.json"}),
    Step("scores", script("readme_scores", BOARD, LEFT_OUT), ("README.md",), 0.1, looks=True, whole=False,
         reads=(f"{BOARD}/scoreboard.json", f"{LEFT_OUT}/scoreboard.json")),
    Step("readme", script("readme_result"), ("docs/img/fenebrutinib-sle-ph2.png",), 0.5),
    Step("harms", script("safety_table", "docs/clinic/safety.md"), ("docs/clinic/safety.md",), 6, whole=False),
    Step("calendar", ("baxis", "calendar", "fenebrutinib-sle-ph2", "--out", "docs/img/calendar.png"),
         ("docs/img/calendar.png",), 0.2),
    insight("survival", "trial|inebilizumab-igg4rd-mitigate|--quiet", "survival.png", "docs/img/survival.png", 1),
    insight("explain", "explain|fenebrutinib|--disease|SLE", "explain.png", "docs/img/explain-fenebrutinib-sle.png", 1),
    insight("sensitivity", "sensitivity|fenebrutinib|--disease|SLE", "sensitivity.png",
            "docs/img/sensitivity-fenebrutinib-sle.png", 3),
    insight("biomarkers", "biomarkers|anifrolumab|--disease|SLE", "biomarkers.png",
            "docs/img/biomarkers-anifrolumab-sle.png", 2),
    insight("combine", "combine|elsubrutinib|upadacitinib|--disease|SLE", "combination.png",
            "docs/insight/img/combination.png", 2),
    insight("limits", "limits|rituximab|--disease|AAV|--dose|1000 mg iv days 1,15", "limits.png",
            "docs/insight/img/limits_rituximab_aav.png", 2),
    insight("strategies-aav", "strategies|--disease|AAV", "strategies.png", "docs/insight/img/strategies_aav.png", 5),
    insight("strategies-ra", "strategies|--disease|RA|--drug|upadacitinib|--then|rituximab", "strategies.png",
            "docs/insight/img/strategies_ra.png", 5),
    insight("timing", "combine|rituximab|belimumab|--disease|SLE|--timing", "timing.png", "docs/insight/img/timing.png", 3),
    insight("pareto", "combine-search|--disease|SLE", "pareto.png", "docs/insight/img/pareto.png", 4),
    insight("patient", "patient|docs/insight/data/example_patient.csv|--disease|SLE|--candidates|rituximab,belimumab", "patient.png",
            "docs/insight/img/patient_example.png", 1),
    Step("models", script("published_models"), ("docs/engine/published.md", "docs/img/published_models.png"), 1),
    Step("agreement", ("baxis", "biomarkers", "--against-evidence", "--out", f"{BUILT}/agreement"),
         ("docs/insight/agreement.md",), 3, splices={f"{BUILT}/agreement/agreement.md": "docs/insight/agreement.md"},
         whole=False),
    Step("combination-trials", ("baxis", "combine", "--against-evidence", "--out", f"{BUILT}/combination-trials"),
         ("docs/insight/combinations.md",), 1, splices={f"{BUILT}/combination-trials/agreement.md": "docs/insight/combinations.md"},
         whole=False),
    Step("diseases", script("disease_pages", "docs/diseases"), ("docs/diseases/*.md", "docs/diseases/img/*.png"), 15),
    Step("notebooks", script("notebooks"), ("docs/notebooks/*.md", "docs/notebooks/img/*.png", "docs/notebooks/*.ipynb"), 2),
    Step("review", ("baxis", "review", "--out", "build/review", "--pdf"),
         ("build/review/review.html", "build/review/review.pdf"), 8, browser=True),
    Step("web-pictures", script("web_pictures", f"{BUILT}/web-pictures", "--docs"), ("docs/img/web-*.png",), 3, browser=True),
    Step("refusals", script("refusals_page"), ("docs/refusals.md",), 3),
    Step("promises", script("promises_page"), ("docs/promises.md",), 0.1),
    Step("site", ("python", "-m", "mkdocs", "build", "--strict", "--quiet"), ("build/site/index.html",), 0.5,
         reads=("mkdocs.yml",)),
)  # fmt: skip
