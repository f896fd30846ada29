"""Forward sensitivities of an ensemble: outputs and their derivatives to parameters and first values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.events import SET, Events, concat, setting
from baxis.engine.model.inputs import numbers
from baxis.engine.model.sensitive_system import SensitiveSystem, seed_name, slope_name
from baxis.engine.run.ensemble import Ensemble
from baxis.engine.run.options import Options
from baxis.engine.run.simulation import simulate

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Sensitivities:
    """Outputs and their derivatives: values (n, T, K), slopes (n, T, K, Q) to the names `to`, in units of the model.

    `at` (n, Q) holds the values that the names had; `ensemble` the run itself, with statuses, failures and steps.
    """

    values: np.ndarray
    slopes: np.ndarray
    times: np.ndarray
    outputs: tuple[str, ...]
    to: tuple[str, ...]
    at: np.ndarray
    ensemble: Ensemble

    def __getitem__(self, pair: tuple[str, str]) -> np.ndarray:
        """(n, T) derivative of one output to one name."""
        of, to = pair
        for kind, name, known in (("output", of, self.outputs), ("name", to, self.to)):
            if name not in known:
                raise UnknownName(kind, name, known)
        return self.slopes[:, :, self.outputs.index(of), self.to.index(to)]

    @property
    def elasticities(self) -> np.ndarray:
        """(n, T, K, Q) relative change of an output by relative change of a name; NaN where the output is 0."""
        with np.errstate(all="ignore"):
            out = self.slopes * self.at[:, None, None, :] / self.values[..., None]
        return np.where(np.isfinite(out), out, np.nan)

    def to_xarray(self) -> xarray.Dataset:
        """Labelled copy: variables values and slopes by patient, time, output and name."""
        import xarray as xr

        axes = ("patient", "time", "output")
        coordinates = {"patient": np.arange(len(self.at)), "time": self.times, "output": list(self.outputs)}
        data = {"values": (axes, self.values), "slopes": ((*axes, "to"), self.slopes)}
        return xr.Dataset(data, coords={**coordinates, "to": list(self.to)})


def sensitivities(
    kernel: Kernel,
    parameters: Any = None,
    initial: Any = None,
    *,
    times: Any,
    events: Events | None = None,
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
) -> Sensitivities:
    """Simulate a kernel of `with_sensitivities`; inputs as for `simulate`, of the model itself.

    Doses add amounts that do not depend on `to`; a parameter or a state that an event sets no longer depends on it.
    The tolerances hold for the derivatives too: atol of ds/dq is that of the state over the size of q.
    Raises InvalidValue for a kernel without sensitivities, and what `simulate` raises.
    """
    system = kernel.system
    if not isinstance(system, SensitiveSystem):
        raise InvalidValue("kernel", "a model without sensitivities", "engine.compile(engine.with_sensitivities(...))")
    names = _outputs(system, outputs)
    columns = [slope_name(o, q) for q in system.to for o in names]
    there = [c for c in columns if c in system.states or c in system.assignments]
    p, y = _named(system.base.parameters, parameters), _named(system.base.states, initial)
    settings = options or Options()
    if settings.atol is not None:
        settings = replace(settings, atol=_tolerances(system, settings))
    done = simulate(
        kernel, p, _first_slopes(system, y), times=times, events=_with_slopes(system, events),
        outputs=[*names, *there], options=settings,
    )  # fmt: skip
    at = np.stack([np.broadcast_to(_value(system, q, p, y), len(done.status)) for q in system.to], axis=1)
    slopes = _table(done, columns, there, (len(system.to), len(names)))
    return Sensitivities(
        values=done.values[:, :, : len(names)],
        slopes=slopes,
        times=done.times,
        outputs=names,
        to=system.to,
        at=at,
        ensemble=done,
    )


def _outputs(system: SensitiveSystem, outputs: Sequence[str] | None) -> tuple[str, ...]:
    known = (*system.base.states, *system.base.assignments)
    names = system.base.states if outputs is None else tuple(outputs)
    for name in names:
        if name not in known:
            raise UnknownName("output", name, known)
    return names


def _table(done: Ensemble, columns: list[str], there: list[str], shape: tuple[int, int]) -> np.ndarray:
    """(n, T, K, Q) slopes; 0 where a name moves nothing, NaN from a failure on."""
    n, times = done.values.shape[:2]
    slopes = np.zeros((n, times, len(columns)))
    for k, name in enumerate(columns):
        slopes[:, :, k] = done[name] if name in there else np.where(np.isnan(done.values[:, :, 0]), np.nan, 0.0)
    return slopes.reshape(n, times, *shape).swapaxes(2, 3)


def _named(names: tuple[str, ...], given: Any) -> dict[str, Any]:
    """A table by name, from a mapping or an array in order."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    array = numbers("values", given)
    if array.ndim not in (1, 2) or array.shape[-1] != len(names):
        raise InvalidValue("values", f"shape {array.shape}", f"(patients, {len(names)})")
    return dict(zip(names, np.moveaxis(array, -1, 0), strict=True))


def _value(system: SensitiveSystem, q: str, p: Mapping[str, Any], y: Mapping[str, Any]) -> Any:
    if q in p or q in y:
        return p.get(q, y.get(q))
    return system.defaults.get(q, system.initial.get(q))


def _first_slopes(system: SensitiveSystem, given: Mapping[str, Any]) -> dict[str, Any]:
    """Given first values do not depend on anything but themselves."""
    out = dict(given)
    for name in given:
        for q in system.to:
            if slope_name(name, q) in system.states:
                out[slope_name(name, q)] = float(name == q)
    return out


def _with_slopes(system: SensitiveSystem, events: Events | None) -> Events | None:
    """What is set no longer depends on what it was."""
    if events is None or not (events.kinds == SET).any():
        return events
    parts = [events]
    for k in np.flatnonzero(events.kinds == SET):
        target = events.targets[k]
        zeroed = [seed_name(target)] if seed_name(target) in system.parameters else []
        zeroed += [s for q in system.to if (s := slope_name(target, q)) in system.states]
        parts += [setting(name, events.times[..., k : k + 1], 0.0) for name in zeroed]
    return concat(*parts)


def _tolerances(system: SensitiveSystem, options: Options) -> np.ndarray:
    base = dict(zip(system.base.states, options.absolute(system.base), strict=True))
    out = dict.fromkeys(system.states, 0.0) | base
    for q in system.to:
        size = abs(float(system.defaults.get(q, system.initial.get(q, 1.0))))
        size = size if np.isfinite(size) and size > 0 else 1.0
        out |= {s: base[n] / size for n in base if (s := slope_name(n, q)) in out}
    return np.array([out[n] for n in system.states])
