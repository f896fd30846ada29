"""The strategies that are compared when the user names none: for drugs in courses, and for drugs given throughout."""

from __future__ import annotations

from baxis import axis
from baxis.clinic.design.design import Treatment
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule
from baxis.insight.combine import setting
from baxis.insight.strategies.plan import Again, Line, Steroid, Strategy, Target

TARGETS, FURTHER = "strategies/targets", "strategies/further_courses"
NO_DRUG, RETURN_RULE = "no drug", "B-cell return"
RETURN = 20.0  # cells/uL: CD19 count at which B cells count as back (assumed)
RISE = 1.5  # autoantibody over its lowest value since the last course (assumed)
LONGEST_COURSE = 84.0  # days: a schedule that ends by then is a course
TAPER = ((0.0, 60.0), (4.0, 20.0), (8.0, 10.0), (16.0, 5.0), (36.0, 2.5), (52.0, 0.0))  # mg/day (assumed)


def is_course(given: tuple[Treatment, ...]) -> bool:
    """Whether a regimen ends by itself within 12 weeks, so that it can be given again."""
    days = [t.start_day + d.day for t in given for d in schedule.parse(t.schedule).doses(10 * LONGEST_COURSE)]
    return not any(axis.drug(t.drug).background for t in given) and max(days, default=0.0) < LONGEST_COURSE


def one_course(drug: str, disease: str) -> str:
    """The drug with the first course of its regimen, where its doses pause for 12 weeks or end; else as it was given."""
    given = setting.regimen(drug, disease)
    doses = schedule.parse(given[0].schedule).doses(10 * LONGEST_COURSE)
    first = [d.day for d in doses if d.day < LONGEST_COURSE]
    paused = all(d.day >= first[-1] + LONGEST_COURSE for d in doses[len(first) :])
    alike = all(d.amount is None for d in doses[: len(first)])
    if len(given) > 1 or is_course(given) or not (paused and alike) or axis.drug(given[0].drug).background:
        return drug
    t = given[0]
    return f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} days {','.join(f'{d + 1:g}' for d in first)}"


def further_course(drug: str, disease: str) -> str:
    """What a further course is in a patient without active disease, where that is not the first again: the published
    maintenance of `library/strategies/further_courses.csv`, else what the trial's own schedule gives after its pause.
    Empty: the first again. A regimen of the user's own is given again as it is."""
    given = setting.regimen(drug, disease)
    if one_course(drug, disease) == drug and not setting.is_drug(drug):
        return ""
    t = given[0]
    for row in library.read_table(FURTHER):
        if (row["disease"], row["drug"]) == (disease, t.drug):
            return f"{t.drug} {row['regimen']}"
    doses = schedule.parse(t.schedule).doses(10 * LONGEST_COURSE)
    first = [d.day for d in doses if d.day < LONGEST_COURSE]
    later = [d for d in doses[len(first) :] if d.day < doses[len(first)].day + LONGEST_COURSE]
    if not later or len(later) == len(first) or any(d.amount is not None for d in later):
        return ""
    return (
        f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} days {','.join(f'{d.day - later[0].day + 1:g}' for d in later)}"
    )


def target(disease: str, **rule: int) -> Target:
    """The disease's target from `library/strategies/targets.csv`, with a rule of `missed` and `kept`."""
    row = next(r for r in library.read_table(TARGETS) if r["disease"] == disease)
    return Target(measure=row["measure"], at_most=float(row["at_most"]), **rule)


def taper(**rule: float) -> Steroid:
    """The glucocorticoid taper of the shipped strategies."""
    return Steroid(taper=TAPER, **rule)  # type: ignore[arg-type]


def default_strategies(disease: str, drug: str, then: str | None) -> tuple[Strategy, ...]:
    """Strategies for a drug: in courses where its doses pause for 12 weeks or end, else throughout. then: a second line."""
    further = further_course(drug, disease)
    drug, then = one_course(drug, disease), one_course(then, disease) if then else None
    if then == drug:
        raise InvalidValue("then", then, "another drug, or another dose, than the first line")
    course = is_course(setting.regimen(drug, disease))
    own = _courses(drug, further) if course else _throughout(drug, disease)
    if not course and then is None:
        return (Strategy(name=NO_DRUG), *own)  # a target that can change nothing but steroid is among them already
    reach = Again(off_target=True) if course else None
    lines = [Line(drug=drug, again=reach), *([Line(drug=then, again=_again(then, disease))] if then else [])]
    to_target = Strategy(
        name="treat to target", lines=tuple(lines), target=target(disease, **({"missed": 2} if then else {})),
        steroid=taper(flare=10.0),
    )  # fmt: skip
    return (Strategy(name=NO_DRUG), *own, to_target)


def _again(drug: str, disease: str) -> Again | None:
    return Again(off_target=True) if is_course(setting.regimen(drug, disease)) else None


def _courses(drug: str, further: str) -> tuple[Strategy, ...]:
    def one(name: str, **again: float | str) -> Strategy:
        rule = Again(**again) if again else None  # type: ignore[arg-type]
        return Strategy(name=name, lines=(Line(drug=drug, again=rule, further=further if rule else ""),))

    return (
        one("one course"),
        one("every 24 weeks", every_weeks=24),
        one(RETURN_RULE, b_cells=RETURN),
        one("autoantibody rise", autoantibody=RISE),
        one("at random", as_often_as=RETURN_RULE),
    )


def _throughout(drug: str, disease: str) -> tuple[Strategy, ...]:
    line = Line(drug=drug)
    return (
        Strategy(name="throughout", lines=(line,)),
        Strategy(name="one year", lines=(Line(drug=drug, weeks=52),)),
        Strategy(name="withdraw on target", lines=(line,), target=target(disease, kept=2)),
        Strategy(name="steroid taper", lines=(line,), target=target(disease), steroid=taper(flare=10.0)),
    )
