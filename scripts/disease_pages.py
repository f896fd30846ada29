"""One page of the docs for each disease, from runs of the model beside published results.

    python scripts/disease_pages.py docs/diseases [RA SLE ...] [--patients 100] [--cache DIR]

Sections: the story in short, which drug classes work, where the effect is lost, for whom, which combination is predicted
best and at what cost, agreement with published subgroups and with trials of combinations, and where the model is wrong on
calibration trials. Runs are in settings of calibration trials; validation trials are not run. Runs of classes, and pages
that are done, are kept in the cache, so that a second call goes on; a change of model, library or script begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from disease_story import role, scale, scored, story

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.core import library
from baxis.core.errors import BaxisError, InvalidValue
from baxis.core.storing import store
from baxis.insight.bench.compared import Compared
from baxis.insight.biomarkers import Biomarkers, biomarkers
from baxis.insight.biomarkers.agreement import against_evidence
from baxis.insight.biomarkers.decision import ALL, ONE, useful
from baxis.insight.combine.agreement import against_evidence as combinations
from baxis.insight.combine.combination import Search
from baxis.insight.combine.search import combine_search
from baxis.insight.explain import Explanation, explain
from baxis.insight.omics.classes import Cell, matrix

PAGES = {"RA": ("RA",), "SLE": ("SLE", "LN"), "SjD": ("SjD",), "IgG4-RD": ("IgG4-RD",), "AAV": ("AAV",)}
NAMES = {"RA": "Rheumatoid arthritis", "SLE": "Systemic lupus, with lupus nephritis", "SjD": "Sjögren's disease",
         "IgG4-RD": "IgG4-related disease", "AAV": "ANCA-associated vasculitis"}  # fmt: skip
LOOKED_AT = ("fenebrutinib", "rituximab")  # beside the best class of the disease
COMMAND = "python scripts/disease_pages.py docs/diseases"
SCOREBOARD = "../clinic/scoreboard.md"


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]) + "\n"


def classes(cells: list[Cell]) -> str:
    """Observed and predicted effect of each class."""
    rows = []
    for c in sorted(cells, key=lambda c: (c.disease, c.drug_class)):
        o, p = c.observed, c.predicted
        factor, unit = scale(c)
        seen = f"{factor * o.estimate:.1f} ({factor * o.ci_low:.1f} to {factor * o.ci_high:.1f}){unit}"
        held = sum(role(t) == "validation" for t in o.trials)
        if held == o.k:
            seen = f"all kept out of fitting: see the [scoreboard]({SCOREBOARD})"
        model = p.why or f"{p.endpoint}: {p.difference:+.1f} {p.unit} ({p.ci_low:.1f} to {p.ci_high:.1f})"
        taken = "" if p.why else f"{p.taken_pct:.0f} %"
        name = f"{o.endpoint}{'' if o.benefit_sign > 0 else ' (less is better)'}"
        rows.append((c.disease, c.drug_class, f"{name}: {seen}", f"{o.k} ({held} kept out)", p.drug, model, taken))
    head = (
        "disease",
        "class",
        "published, pooled (95 % interval)",
        "trials",
        "drug run",
        "model (90 % interval)",
        "inflammation taken off",
    )
    return table(head, rows)


def lost(found: dict[str, Explanation]) -> str:
    """Where each drug's effect goes."""
    rows = []
    for name, e in found.items():
        ladder = e.ladder.set_index("step").takes_pct
        routes = e.routes[~e.routes.route.isin(["interaction", "all closed"])].nlargest(3, "shapley_pct")
        escapes = "; ".join(
            f"{r.route} {r.shapley_pct:.0f} % ({r.ci_low:.0f} to {r.ci_high:.0f})" for r in routes.itertuples()
        )
        effect = (
            f"{e.effect['difference']:+.1f} {e.effect['unit']} ({e.effect['ci_low']:.1f} to {e.effect['ci_high']:.1f})"
        )
        rows.append((name, e.scenario.regimen, f"{e.scenario.endpoint.name} week {e.scenario.endpoint.week:g}: {effect}",
                     f"{ladder.iloc[0]:.0f} %", e.held_by, escapes))  # fmt: skip
    head = (
        "drug",
        "regimen",
        "effect",
        "inflammation taken off",
        "most of the rest",
        "largest escapes, share of inflammation (90 %)",
    )
    return table(head, rows)


def whom(found: list[Biomarkers]) -> str:
    """Markers that go with benefit, at baseline and on treatment, and whether deciding by them pays."""
    rows = []
    for b in found:
        names = {r["marker"]: r for r in b.table.to_dict("records")}
        top = "; ".join(f"{names[m]['label']} {names[m]['with_benefit']:+.2f}" for m in b.found[:4]) or "none"
        on_drug = {r["marker"]: r for r in b.early.to_dict("records")}
        later = (
            "; ".join(f"{on_drug[m]['label']} {on_drug[m]['with_benefit']:+.2f}" for m in b.found_early[:3]) or "none"
        )
        factor, unit = (100, "pp") if b.recipe["unit"] == "share" else (1, "points")
        worth = [(rule, useful(b.decision, rule)) for rule in (ALL, ONE)]
        pays = "; ".join(f"{rule}: {_span(factor * w[0], factor * w[1])} {unit}" for rule, w in worth if w) or "nowhere"
        rows.append((b.scenario.drug, top, f"{b.composite:.2f} ({b.composite_null:.2f})", later, pays))
    head = (
        "drug",
        "at baseline (rank correlation, false-discovery rate 5 %)",
        "all together, cross-validated (by chance)",
        "change on treatment",
        "deciding by markers beats treating all and none, at thresholds",
    )
    return table(head, rows)


def _span(low: float, high: float) -> str:
    return f"{low:.0f}" if f"{low:.0f}" == f"{high:.0f}" else f"{low:.0f} to {high:.0f}"


def pairs(found: Search) -> str:
    """Pairs on the front of benefit against harms and IgG lost, best first, and the best single drug."""
    shown = found.table.sort_values("effect", ascending=False)
    together = shown["drugs"].str.contains(" + ", regex=False)
    rows = [pair(r) for r in shown[together & shown["on the front"]].head(8).to_dict("records")]
    for r in shown[~together].head(1).to_dict("records"):
        rows.append(pair({**r, "drugs": f"{r['drugs']} alone, the best single drug"}))
    head = (
        "pair",
        "inflammation taken off (90 %)",
        "serious harms in 100 (90 %)",
        "IgG lost (90 %; minus: gained)",
        "class harms in 100",
        "on the front in (draws)",
    )
    return table(head, rows)


def pair(r: dict[Any, Any]) -> tuple[str, ...]:
    """One row of the table of pairs."""
    values = {
        k: f"{100 * r[k]:.0f} ({100 * r[f'{k} 90 %'][0]:.0f} to {100 * r[f'{k} 90 %'][1]:.0f})"
        for k in ("effect", "serious harms", "IgG loss")
    }
    front = f"{100 * r['front']:.0f} %"
    return (
        r["drugs"],
        f"{values['effect']} %",
        values["serious harms"],
        f"{values['IgG loss']} %",
        r["class harms"] or "none held",
        front,
    )


def misses(codes: tuple[str, ...]) -> str:
    """Calibration contrasts that the mechanism misses most, from the stored run of the calibration set."""
    lines = [
        (r.trial_id, r.arm_id, r.endpoint, f"{100 * r.value:+.0f} pp", f"{100 * v:+.0f} pp")
        for _, r, v in scored(codes)[:6]
    ]
    return (
        table(("calibration trial", "arm", "endpoint", "published", "model"), lines)
        if lines
        else "No calibration trial here reports a difference in proportions that the model simulates.\n"
    )


def page(code: str, cells: list[Cell], patients: int, folder: Path) -> str:
    """The whole page of a disease."""
    codes = PAGES[code]
    mine = [c for c in cells if c.disease in codes]
    ran = [c for c in mine if not c.predicted.why and c.disease == code]
    best = max(ran, key=lambda c: c.predicted.taken_pct, default=None)
    drugs = list(dict.fromkeys([*LOOKED_AT, *([best.predicted.drug] if best else [])]))
    told, ranked = {}, []
    for d in drugs:
        try:
            told[d] = explain(d, code, patients=patients, seed=1)
            ranked.append(biomarkers(d, code, settings=Settings(patients=400, seed=1)))
        except BaxisError as e:
            print(f"  {code} {d}: {str(e)[:120]}")
    combos = combine_search(code, settings=Settings(patients=40, seed=1))
    marked = ranked[-1]
    pictures = folder / "img"
    pictures.mkdir(exist_ok=True)
    next(iter(told.values())).plot().savefig(pictures / f"{code}.png", dpi=90)
    marked.plot().savefig(pictures / f"{code}-markers.png", dpi=70)
    combos.plot().savefig(pictures / f"{code}-pairs.png", dpi=80)
    unknown, every = len(combos.recipe["no_class_harms_held"]), len(combos.recipe["regimens"])
    compared = {"Published subgroups": subgroups(codes), "Trials of combinations": combination_trials(codes)}
    parts = [
        f"# {NAMES[code]}\n",
        f"Generated by `{COMMAND}`; do not edit. {patients} virtual patients a run, seed 1, library {library.digest()}. Research use only.\n",
        "## In short\n", story(code, mine, told, combos, ranked, compared),
        "\n## Which drug classes work\n",
        "Published effects are pooled over placebo-controlled trials of the evidence tables, those kept out of fitting among them (counted). "
        "The model runs one drug of the class in the setting of a calibration trial: the two columns differ in population, often in week, and "
        "in endpoint where the model cannot judge the published one in single patients.\n",
        classes(mine),
        "\n## Where the effect is lost\n", lost(told), f"\n![Where the effect of {next(iter(told))} goes](img/{code}.png)\n",
        "\n## For whom\n",
        "Correlation with benefit in the same virtual patient, not with outcome ([how](../insight/biomarkers.md)).\n", whom(ranked),
        f"\n![Markers of {marked.scenario.drug}](img/{code}-markers.png)\n",
        "\n## Which combination\n",
        f"In the setting of {combos.recipe['setting']}: representatives of classes in pairs at usual doses, week {combos.recipe['weeks']:g}. Serious harms are infections "
        f"and class harms above control ([harms](../clinic/safety.md)). For {unknown} of the {every} drugs no class harm is held: their cost is a lower bound, "
        "and the front favours them. [How, and what to distrust](../insight/combinations.md).\n",
        pairs(combos), f"\n![Pairs by effect, harms and IgG](img/{code}-pairs.png)\n",
        "\n## Published subgroups\n", shown(compared["Published subgroups"], "subgroup finding"),
        "\n## Trials of combinations\n", shown(compared["Trials of combinations"], "trial of a combination"),
        "\n## What the model gets wrong here\n",
        "The calibration trials that the mechanism alone misses most, differences in proportions:\n", misses(codes),
    ]  # fmt: skip
    return "\n".join(parts)


def combination_trials(codes: tuple[str, ...]) -> list[Compared]:
    """Published trials of combinations in these diseases beside the model; validation trials named only."""
    return _each(codes, lambda code: combinations(code, settings=Settings(patients=200)))


def subgroups(codes: tuple[str, ...]) -> list[Compared]:
    """Published subgroup findings of these diseases beside the model's."""
    return _each(codes, lambda code: against_evidence(disease=code, settings=Settings(patients=400)))


def _each(codes: tuple[str, ...], run: Callable[[str], Compared]) -> list[Compared]:
    """Results of the diseases for which something is held."""
    found = []
    for code in codes:
        try:
            found.append(run(code))
        except InvalidValue:
            continue
    return found


def shown(results: list[Compared], what: str) -> str:
    """Tables of agreement."""
    return "\n".join(r.markdown() for r in results) or f"No {what} is held for this disease.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("diseases", nargs="*", default=list(PAGES))
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--cache", type=Path, default=store.directory() / "classes")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    for code in chosen.diseases:
        done = chosen.cache / f"page-{code}-{_state(chosen.patients)}"
        file = chosen.folder / f"{code}.md"
        if done.is_file() and file.is_file() and done.read_text() == _digest(file):
            print(f"{code}: done before", flush=True)
            continue
        cells = list(matrix(patients=chosen.patients, cache=chosen.cache, diseases=PAGES[code]))
        file.write_text(page(code, cells, chosen.patients, chosen.folder), encoding="utf-8")
        chosen.cache.mkdir(parents=True, exist_ok=True)
        done.write_text(_digest(file))
        print(f"{code}: {time.perf_counter() - start:.0f} s, {time.process_time():.0f} s of processor", flush=True)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _state(patients: int) -> str:
    """What a page depends on: model, library, this script and the number of patients."""
    scripts = (Path(__file__), Path(__file__).with_name("disease_story.py"))
    parts = (axis.system().digest, library.digest(), *map(_digest, scripts), str(patients))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
