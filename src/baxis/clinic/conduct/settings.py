"""How a trial is simulated: numbers of patients, seed, threads, tolerances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypedDict

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName

Progress = Callable[[int, int], None]
MOST_PATIENTS = 1_000_000  # held in memory, about 10 kB each
MOST_THREADS = 4096
DOSING = ("auto", "averaged", "resolved")


@dataclass(frozen=True)
class Settings:
    """patients: simulated in each arm; threads: None takes all cores; dosing: how daily oral drugs are followed, one of
    auto, averaged, resolved (see `regimen`).

    evidence: folders of own tables laid over the shipped ones. progress: called with (patients simulated, in all). population: file of own
    means, SDs and correlations, or of patients (`own_population`). match: choose patients to fit the trial's published
    baseline (`matching`), as a design's own `match` does.
    """

    patients: int = 1000
    seed: int = 1
    threads: int | None = None
    rtol: float = 1e-4
    atol: float = 1e-6
    dosing: str = "auto"
    evidence: tuple[Path, ...] = ()
    progress: Progress | None = None
    population: Path | str | None = None
    match: bool = False

    def options(self) -> engine.Options:
        """The engine's options."""
        return engine.Options(rtol=self.rtol, atol=self.atol, threads=self.threads)


class Changes(TypedDict, total=False):
    """Fields of Settings as keywords (PEP 692), so that an editor completes them and a type checker knows them."""

    patients: int
    seed: int
    threads: int | None
    rtol: float
    atol: float
    dosing: str
    evidence: tuple[Path, ...]
    progress: Progress | None
    population: Path | str | None
    match: bool


def unread(settings: Settings, question: str, why: dict[str, str]) -> None:
    """InvalidValue for a field of the settings that is set and that a question would not read. why: by field."""
    for name, reason in why.items():
        if value := getattr(settings, name):
            shown = [str(v) for v in value] if isinstance(value, tuple) else value
            raise InvalidValue(
                name, shown if isinstance(shown, list | bool) else str(shown), f"none in {question}: {reason}"
            )


def settle(settings: Settings | None, changes: Mapping[str, object], most: int = MOST_PATIENTS) -> Settings:
    """Settings with changes by name, checked. most: patients that the question can hold."""
    known = [f.name for f in fields(Settings)]
    for name in changes:
        if name not in known:
            raise UnknownName("setting of run_trial", name, known)
    out = replace(settings or Settings(), **changes)  # type: ignore[arg-type]
    if not isinstance(out.patients, int) or isinstance(out.patients, bool) or out.patients < 1:
        raise InvalidValue("patients", out.patients, "a whole number of at least 1")
    if out.patients > most:
        raise InvalidValue("patients", out.patients, f"at most {most}, which are held in memory")
    if not isinstance(out.seed, int) or out.seed < 0:
        raise InvalidValue("seed", out.seed, "a whole number of at least 0")
    if not isinstance(out.match, bool):
        raise InvalidValue("match", out.match, "True or False")
    if out.dosing not in DOSING:
        raise UnknownName("dosing", out.dosing, DOSING)
    if out.threads is not None and not 1 <= out.threads <= MOST_THREADS:
        allowed = f"a whole number of at least 1 and at most {MOST_THREADS}, or None for all cores"
        raise InvalidValue("threads", out.threads, allowed)
    return out
