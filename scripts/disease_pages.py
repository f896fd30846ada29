"""One page of the docs for each disease, from runs of the model beside published results.

    python scripts/disease_pages.py docs/diseases [RA SLE ...] [--patients 100] [--cache DIR]

Sections: which drug classes work, for whom, where the effect is lost, which combination is predicted best and at what
cost, agreement with published subgroups, and where the model is wrong on calibration trials. Runs are in settings of
calibration trials; validation trials are not run. Runs of classes are kept in the cache, so that a second call goes on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from baxis import evidence
from baxis.clinic.settings import Settings
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.insight.agreement import against_evidence
from baxis.insight.biomarkers import Biomarkers, biomarkers
from baxis.insight.classes import Cell, matrix
from baxis.insight.combine.search import Search, search
from baxis.insight.explain import Explanation, explain

PAGES = {"RA": ("RA",), "SLE": ("SLE", "LN"), "SjD": ("SjD",), "IgG4-RD": ("IgG4-RD",), "AAV": ("AAV",)}
NAMES = {"RA": "Rheumatoid arthritis", "SLE": "Systemic lupus, with lupus nephritis", "SjD": "Sjögren's disease",
         "IgG4-RD": "IgG4-related disease", "AAV": "ANCA-associated vasculitis"}  # fmt: skip
LOOKED_AT = ("fenebrutinib", "rituximab")  # beside the best class of the disease
COMMAND = "python scripts/disease_pages.py docs/diseases"


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]) + "\n"


def classes(cells: list[Cell]) -> str:
    """Observed and predicted effect of each class."""
    rows = []
    for c in sorted(cells, key=lambda c: (c.disease, c.drug_class)):
        o, p = c.observed, c.predicted
        factor, unit = (100, " pp") if o.scale in ("RD", "risk_difference") else (1, f" {o.scale}")
        seen = f"{factor * o.estimate:.1f} ({factor * o.ci_low:.1f} to {factor * o.ci_high:.1f}){unit}"
        held = sum(_role(t) == "validation" for t in o.trials)
        if held == o.k:
            seen = "all kept out of fitting: see the scoreboard"
        model = p.why or f"{p.difference:+.1f} {p.unit} ({p.ci_low:.1f} to {p.ci_high:.1f})"
        taken = "" if p.why else f"{p.taken_pct:.0f} %"
        rows.append(
            (c.disease, c.drug_class, f"{o.endpoint}: {seen}", f"{o.k} ({held} kept out)", p.drug, model, taken)
        )
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


def _role(trial: str) -> str:
    trials = evidence.load().trials.set_index("trial_id").role
    return str(trials.get(trial, ""))


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
                     f"{ladder.iloc[0]:.0f} %", e.lost_at, escapes))  # fmt: skip
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
    """Markers that go with benefit."""
    rows = []
    for b in found:
        names = {r["marker"]: r for r in b.table.to_dict("records")}
        top = "; ".join(f"{names[m]['label']} {names[m]['with_benefit']:+.2f}" for m in b.found[:4]) or "none"
        rows.append((b.scenario.drug, top, f"{b.composite:.2f} ({b.composite_null:.2f})"))
    return table(
        (
            "drug",
            "markers with benefit (rank correlation, false-discovery rate 5 %)",
            "all together, cross-validated (by chance)",
        ),
        rows,
    )


def pairs(found: Search) -> str:
    """Pairs on the front of benefit against IgG lost, best first."""
    shown = found.table.sort_values("effect", ascending=False)
    rows = []
    for r in shown[shown["drugs"].str.contains(" + ", regex=False)].head(6).to_dict("records"):
        effect, loss = (
            f"{100 * r[k]:.0f} % ({100 * r[f'{k} 90 %'][0]:.0f} to {100 * r[f'{k} 90 %'][1]:.0f})"
            for k in ("effect", "IgG loss")
        )
        rows.append((r["drugs"], effect, loss, f"{100 * r['front']:.0f} %"))
    singles = shown[~shown["drugs"].str.contains(" + ", regex=False)].head(1).to_dict("records")
    for r in singles:
        rows.append(
            (
                f"{r['drugs']} alone, the best single drug",
                f"{100 * r['effect']:.0f} %",
                f"{100 * r['IgG loss']:.0f} %",
                f"{100 * r['front']:.0f} %",
            )
        )
    return table(("pair", "inflammation taken off (90 %)", "IgG lost (90 %)", "on the front in"), rows)


def misses(codes: tuple[str, ...]) -> str:
    """Calibration contrasts that the mechanism misses most, from the stored run of the calibration set."""
    seen = evidence.contrasts(evidence.load())
    seen = seen[
        (seen.role == "calibration") & seen.disease.isin(codes) & seen.primary & (seen.scale == "risk_difference")
    ]
    model = {
        (r["trial_id"], r["arm_id"], r["endpoint"]): r["mechanism"]
        for r in library.read_table("scoreboard/calibration_mechanism")
    }
    scored = []
    for r in seen.itertuples():
        value = model.get((r.trial_id, r.arm_id, r.endpoint), "")
        if value:
            scored.append((abs(float(value) - r.value), r, float(value)))
    scored.sort(key=lambda x: -x[0])
    lines = [
        (r.trial_id, r.arm_id, r.endpoint, f"{100 * r.value:+.0f} pp", f"{100 * v:+.0f} pp") for _, r, v in scored[:6]
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
    picture = folder / "img" / f"{code}.png"
    picture.parent.mkdir(exist_ok=True)
    next(iter(told.values())).plot().savefig(picture, dpi=90)
    combos = search(code, settings=Settings(patients=40, seed=1))
    parts = [
        f"# {NAMES[code]}\n",
        f"Generated by `{COMMAND}`; do not edit. {patients} virtual patients a run, seed 1, library {library.digest()}. Research use only.\n",
        "## Which drug classes work\n",
        "Published effects are pooled over placebo-controlled trials of the evidence tables, those kept out of fitting among them (counted). "
        "The model runs one drug of the class in the setting of a calibration trial: the two columns differ in population and often in week.\n",
        classes(mine),
        "\n## Where the effect is lost\n", lost(told), f"\n![Where the effect of {next(iter(told))} goes](img/{code}.png)\n",
        "\n## For whom\n", "Correlation with benefit in the same virtual patient, not with outcome.\n", whom(ranked),
        "\n## Which combination\n",
        f"In the setting of {combos.recipe['setting']}: representatives of classes in pairs at usual doses; infections follow IgG and steroid only in part, so that IgG lost "
        "stands for the cost ([harms](../clinic/safety.md)).\n", pairs(combos),
        "\n## Published subgroups\n", agreement(codes),
        "\n## What the model gets wrong here\n",
        "The calibration trials that the mechanism alone misses most, differences in proportions:\n", misses(codes),
    ]  # fmt: skip
    return "\n".join(parts)


def agreement(codes: tuple[str, ...]) -> str:
    """Published subgroup findings of these diseases beside the model's."""
    out = ""
    for code in codes:
        try:
            out += against_evidence(disease=code, settings=Settings(patients=400)).markdown() + "\n"
        except BaxisError:
            continue
    return out or "No subgroup finding is held for this disease.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("diseases", nargs="*", default=list(PAGES))
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--cache", type=Path, default=library.cache_dir() / "classes")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    cells = list(matrix(patients=chosen.patients, cache=chosen.cache))
    print(f"{len(cells)} classes by disease, {time.perf_counter() - start:.0f} s", flush=True)
    for code in chosen.diseases:
        text = page(code, cells, chosen.patients, chosen.folder)
        (chosen.folder / f"{code}.md").write_text(text, encoding="utf-8")
        print(f"{code}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
