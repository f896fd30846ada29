"""Why did it fail there? A trial's treatments in another trial's population, background, steroid rule and endpoint.

Each element is swapped by itself and then all together, with the same virtual patients by number, so that a step shows
what that element changes. The trial's arms and doses stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.design.design import Background, Design, Endpoint
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import instrument
from baxis.clinic.people.bounds import PREDNISONE_EQUIVALENT
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.plain import finite

if TYPE_CHECKING:
    import pandas as pd

    from baxis.clinic.face import TrialResult

ORIGINAL, TOGETHER = "as designed", "all together"
COLUMNS = (
    "step",
    "arm_id",
    "versus",
    "endpoint",
    "week",
    "scale",
    "control",
    "active",
    "predicted",
    "pi50",
    "pi90",
    "shift",
)


@dataclass(frozen=True)
class Swap:
    """What to take from elsewhere: trial ids (or design files) for population, background and steroid rule, and an
    endpoint by name, perhaps at another week. None leaves the trial's own."""

    population_of: str | None = None
    background_of: str | None = None
    steroid_rule_of: str | None = None
    endpoint: str | None = None
    week: float | None = None

    def asked(self) -> bool:
        """Anything is to be swapped."""
        return any(v is not None for v in vars(self).values())

    def words(self) -> list[str]:
        """A phrase for each element that is swapped in."""
        named = {"population_of": "population of {}", "background_of": "background therapy of {}",
                 "steroid_rule_of": "steroid rule of {}", "endpoint": "endpoint {}", "week": "week {} of the endpoint"}  # fmt: skip
        return [text.format(v) for k, text in named.items() if (v := getattr(self, k)) is not None]


@dataclass(frozen=True, eq=False)
class Transport:
    """designs: by step. table: a row for each step and active arm; control, active: the arms' predicted values; predicted:
    their difference; shift: difference minus that of the trial as designed (NaN where the endpoints differ)."""

    designs: dict[str, Design]
    table: pd.DataFrame
    notes: tuple[str, ...]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; numbers that are not finite become null."""

        cleaned: dict[str, Any] = finite(
            {
                "steps": self.table.to_dict("records"),
                "designs": {k: d.model_dump() for k, d in self.designs.items()},
                "notes": list(self.notes),
                "recipe": self.recipe,
            }
        )
        return cleaned


def transport(
    trial: str | Path | Design, swap: Swap, settings: Settings | None = None, **changes: Unpack[Changes]
) -> Transport:
    """Run a trial as designed, with each asked element swapped alone, and with all of them.

    changes: fields of Settings. Raises InvalidValue when nothing is swapped or the diseases do not fit, UnknownName for an
    unknown trial or endpoint; nothing is simulated then.
    """
    import pandas as pd

    from baxis.clinic.trial import run_trial

    chosen = settle(settings, changes)
    own = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    designs, notes = steps(own, swap, chosen.evidence)
    rows: list[dict[str, Any]] = []
    recipe: dict[str, Any] = {}
    for step, design in designs.items():
        result = run_trial(design, chosen)
        recipe = recipe or result.recipe
        rows += _rows(step, result)
    first = {(r["arm_id"], r["endpoint"], r["week"]): r["predicted"] for r in rows if r["step"] == ORIGINAL}
    for r in rows:
        r["shift"] = r["predicted"] - first.get((r["arm_id"], r["endpoint"], r["week"]), float("nan"))
    recipe = recipe | {"asked": [*recipe.get("asked", []), *swap.words()]}
    return Transport(designs, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes), recipe)


def steps(own: Design, swap: Swap, folders: tuple[Path, ...] = ()) -> tuple[dict[str, Design], list[str]]:
    """Designs by step, the trial as designed first, and what a reader must know of them."""
    if not swap.asked():
        raise InvalidValue("transport", "nothing to swap", "a population, background, steroid rule or endpoint")
    notes: list[str] = []
    changes = _changes(own, swap, folders, notes)
    own = own.replace(endpoints=[own.primary.model_dump()])
    out = {ORIGINAL: own}
    merged: dict[str, Any] = {}
    for name, change in changes.items():
        out[name] = own.replace(**change)
        merged |= change
    if len(changes) > 1:
        if swap.background_of and swap.steroid_rule_of:  # the rule lies over the background that is taken too
            under, rule = (_other(own, n, folders) for n in (swap.background_of, swap.steroid_rule_of))
            assert under is not None
            assert rule is not None
            merged["background_therapy"] = _dump(tapered(under.background_therapy, rule))
        out[TOGETHER] = own.replace(**merged)
    return out, notes


def _changes(own: Design, swap: Swap, folders: tuple[Path, ...], notes: list[str]) -> dict[str, dict[str, Any]]:
    """The fields that each element alters."""
    out: dict[str, dict[str, Any]] = {}
    other = {f: _other(own, getattr(swap, f), folders) for f in ("population_of", "background_of", "steroid_rule_of")}
    if (d := other["population_of"]) is not None:
        out[f"population of {d.trial_id}"] = {
            "entry": _dump(d.entry), "population": d.population, "prior_treatment": d.prior_treatment,
        }  # fmt: skip
        if d.entry == own.entry and d.prior_treatment == own.prior_treatment:
            notes.append(f"{d.trial_id} has the same readable entry criteria and prior treatment as {own.trial_id}")
    if (d := other["background_of"]) is not None:
        out[f"background of {d.trial_id}"] = {
            "background_therapy": _dump(d.background_therapy),
            "background": d.background,
        }
    if (d := other["steroid_rule_of"]) is not None:
        out[f"steroid rule of {d.trial_id}"] = {"background_therapy": _dump(tapered(own.background_therapy, d))}
        if not any(b.drug in PREDNISONE_EQUIVALENT for b in own.background_therapy):
            notes.append(f"{own.trial_id} has no background glucocorticoid that a steroid rule could taper")
    if swap.endpoint is not None or swap.week is not None:
        e = _endpoint(own, swap)
        out[f"endpoint {e.name} week {e.week:g}"] = {"endpoints": [e.model_dump()], "weeks": max(own.weeks, e.week)}
    return out


def _other(own: Design, name: str | None, folders: tuple[Path, ...]) -> Design | None:
    """The other trial's design, of the same disease."""
    if name is None:
        return None
    found = read_design(name, folders)
    if found.disease != own.disease:
        raise InvalidValue(
            f"{name} for {own.trial_id}",
            f"a trial in {found.disease}",
            f"a trial in {own.disease}: entry criteria, background and endpoints are those of a disease",
        )
    return found


def tapered(background: tuple[Background, ...], rule: Design) -> tuple[Background, ...]:
    """Background with the glucocorticoid taper of another design; no taper there takes the taper away."""
    steroid = next((b for b in rule.background_therapy if b.drug in PREDNISONE_EQUIVALENT), None)
    taper = (
        {"taper": steroid.taper, "taper_share": steroid.taper_share} if steroid else {"taper": (), "taper_share": 1.0}
    )
    return tuple(b.model_copy(update=taper) if b.drug in PREDNISONE_EQUIVALENT else b for b in background)


def _endpoint(own: Design, swap: Swap) -> Endpoint:
    known = instrument(own.disease).endpoints()
    name = swap.endpoint or own.primary.name
    if name not in known:
        raise UnknownName(f"endpoint in {own.disease}", name, known)
    week = own.primary.week if swap.week is None else swap.week
    if not 0 < week <= 520:
        raise InvalidValue("week", week, "above 0 and at most 520")
    return Endpoint(name=name, week=week, primary=True)


def _dump(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [i.model_dump() for i in items]


def _rows(step: str, result: TrialResult) -> list[dict[str, Any]]:
    value = {(r["arm_id"], r["endpoint"], r["week"]): r["value"] for r in result.arms.to_dict("records")}
    nan, control = float("nan"), result.design.control.arm_id
    return [
        {
            "step": step, "arm_id": r["arm_id"], "versus": control, "endpoint": r["endpoint"], "week": r["week"],
            "scale": r["scale"], "control": value.get((control, r["endpoint"], r["week"]), nan),
            "active": value.get((r["arm_id"], r["endpoint"], r["week"]), nan),
            "predicted": r["predicted"], "pi50": r["pi50"], "pi90": r["pi90"], "shift": nan,
        }
        for r in result.contrasts.to_dict("records")
    ]  # fmt: skip
