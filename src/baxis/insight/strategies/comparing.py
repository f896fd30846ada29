"""`strategies`: rules of treatment compared in the same virtual patients over two years, from measured values alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from baxis import axis
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.design import prescribed
from baxis.clinic.design.design import Arm, Design
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import instrument
from baxis.clinic.result import safety
from baxis.clinic.result.recipe import basis
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.insight.bench.sample import LEAST, LOW
from baxis.insight.combine import setting
from baxis.insight.strategies import judge
from baxis.insight.strategies.defaults import NO_DRUG, RETURN, RISE, default_strategies
from baxis.insight.strategies.drugs import check, courses
from baxis.insight.strategies.follow import VISIT_WEEKS, Followed, Setting, follow
from baxis.insight.strategies.plan import Strategy, StrategyFile, read_plan
from baxis.insight.strategies.published import beside
from baxis.insight.strategies.strategy_result import Strategies

YEARS = 2.0
NOTICE = "For research use only: not for decisions about a patient."
COLUMNS = ["measure", "strategy", "value", "low", "high", "unit", "patients"]


def strategies(
    disease: str | None = None,
    drug: str = "rituximab",
    *,
    then: str | None = None,
    file: str | Path | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Strategies:
    """Compare strategies in virtual patients of a disease (120 by default). Research use only.

    drug: a name, or `DRUG AMOUNT UNIT ROUTE SCHEDULE`; then: a second line of *treat to target*. file: own strategies
    (TOML, see `read_plan`, or a shipped name) in place of the default ones. Raises UnknownName, InvalidValue, Faults or
    Unsupported before anything is simulated.
    """
    chosen = settle(settings or Settings(patients=120), changes)
    unread(chosen, "strategies", {"evidence": setting.SHIPPED})
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}")
    code = setting.known_disease(disease) if disease else None
    asked = _plan(code, drug, then, file)
    design = read_design(asked.setting) if asked.setting else setting.home(asked.disease)
    weeks = float(asked.weeks or YEARS * 52)
    _checked(asked, weeks)
    place = _place(_design(asked, design, weeks), chosen)
    rows: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    runs: list[Followed] = []
    for i, strategy in enumerate(asked.strategies):
        run = follow(place, strategy, _chance(strategy, runs))
        runs.append(run)
        rows += judge.table(place, run, runs[0], chosen.seed)
        seen += judge.course(run)
        if chosen.progress:
            chosen.progress(i + 1, len(asked.strategies))
    table = pd.DataFrame(rows).rename(columns={"arm": "strategy"})[COLUMNS]
    published = pd.DataFrame(beside(asked.trial, place, runs, chosen.seed)) if asked.trial else pd.DataFrame()
    return Strategies(
        asked.disease, table, pd.DataFrame(seen), published, tuple(runs), _recipe(asked, place, runs, chosen)
    )


def _plan(code: str | None, drug: str, then: str | None, file: str | Path | None) -> StrategyFile:
    """The strategies asked for; one without a drug always comes first."""
    if file is None:
        if code is None:
            raise InvalidValue("disease", None, "a disease code, or a file of strategies that names one")
        return StrategyFile(code, default_strategies(code, drug, then))
    asked = read_plan(file, code)
    known = replace(asked, disease=setting.known_disease(asked.disease))
    none = next((s for s in known.strategies if not s.lines), Strategy(name=NO_DRUG))
    return replace(known, strategies=(none, *(s for s in known.strategies if s is not none)))


def _design(asked: StrategyFile, design: Design, weeks: float) -> Design:
    """The setting with every drug of the strategies in an arm, so that patients carry what changes their exposure."""
    row = next(r for r in library.read_table("limits/remission") if r["disease"] == asked.disease)
    end = {"name": row["remission"], "week": weeks, "primary": True}
    every = [t for s in asked.strategies for x in s.lines for given in courses(x, asked.disease) for t in given]
    arm = Arm(arm_id="every drug", n=100, role="active", treatments=tuple(every))
    return design.replace(weeks=weeks, visit_weeks=VISIT_WEEKS, endpoints=[end], arms=[arm.model_dump()], rescue=None)


def _checked(asked: StrategyFile, weeks: float) -> None:
    """Times that fit the visits, regimens that can be read, and a control that names a strategy before it."""
    if not 12 <= weeks <= 520 or weeks % VISIT_WEEKS:
        raise InvalidValue("weeks", weeks, f"12 to 520, a multiple of {VISIT_WEEKS:g}")
    before: list[str] = []
    for s in asked.strategies:
        if s.check_weeks % VISIT_WEEKS:
            raise InvalidValue(f"{s.name}, check_weeks", s.check_weeks, f"a multiple of {VISIT_WEEKS:g}")
        for line in s.lines:
            for t in (t for given in courses(line, asked.disease) for t in given):
                check(t)
            other = line.again.as_often_as if line.again else ""
            if other and other not in before:
                raise InvalidValue(f"{s.name}, as_often_as", other, "the name of a strategy before it")
        before.append(s.name)


def _place(design: Design, chosen: Settings) -> Setting:
    lab = Laboratory(design, replace(chosen, progress=None))
    people, _ = lab.screen()
    return Setting(design, people, instrument(design.disease), lab.typical, chosen.options(), design.weeks)


def _chance(strategy: Strategy, runs: list[Followed]) -> float:
    """Chance of a course at a check, so that as many are dealt out as the named strategy gave after the first."""
    other = next((x.again.as_often_as for x in strategy.lines if x.again and x.again.as_often_as), "")
    if not other:
        return 0.0
    run = next(r for r in runs if r.strategy.name == other)
    checks = np.arange(1, run.begun.shape[1])
    checks = checks[(checks * VISIT_WEEKS) % strategy.check_weeks == 0]
    return float((run.begun[run.ok].sum(axis=1) - 1.0).mean() / max(checks.size, 1))


def _repeats(asked: StrategyFile) -> list[str]:
    """Courses of several doses that are given again whole, where a clinic would often give less: said, as it is a choice."""
    out: dict[str, list[str]] = {}
    for s in asked.strategies:
        for line in (x for x in s.lines if x.again and not x.further):
            given = setting.regimen(line.drug, asked.disease)
            if sum(prescribed.counted(t, 12.0)[0] for t in given) > 1:
                out.setdefault(setting.words(given), []).append(s.name)
    return [
        f"{', '.join(names)}: each further course is the first one again ({words}), no lower maintenance dose; strategies of "
        "your own (--file) can give another (further)"
        for words, names in out.items()
    ]


def _recipe(asked: StrategyFile, place: Setting, runs: list[Followed], chosen: Settings) -> dict[str, Any]:
    given = {r.strategy.name: [x.words for x in r.lines] for r in runs}
    said = [*prescribed.of_regimens([a.treatments for a in place.design.arms], place.weeks), *_repeats(asked)]
    return basis(place.design, chosen, said) | {
        "setting": place.design.trial_id,
        "weeks": place.weeks,
        "visits": f"every {VISIT_WEEKS:g} weeks",
        "given": given,
        "strategies": [r.strategy.model_dump(exclude_none=True) for r in runs],
        "patients": len(place.people.ids),
        "failures": int(sum((~r.ok).sum() for r in runs)),
        "assumed": {"CD19 return, cells/uL": RETURN, "autoantibody rise": RISE, "low inflammation": LOW},
        "interval": "90 %: resampled patients and posterior draws; infections: also the published rate's own",
        "notes": asked.notes,
        "caveats": safety.caveats({axis.drug(t.drug).class_ for a in place.design.arms for t in a.every_treatment}),
        "notice": NOTICE,
    }
