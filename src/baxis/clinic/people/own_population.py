"""A user's own population: means, SDs and correlations (TOML), or a table of patients (CSV, Parquet), with units.

What it may set: age, sex, weight, height, and the model's regulators that differ between patients of the disease.
Whatever it does not name is drawn from the disease as before. A draw is keyed by (seed, patient, variable).

A log-normal or normal variable keeps the Pearson correlation that the file gives (moment matching of the underlying
normal). Values outside the stated bounds are refused in a table;
of a distribution at most 1 % may lie there, and that part is drawn at the bound.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.axis.tables import ledger
from baxis.clinic.people.bounds import BOUNDS, SEX
from baxis.core import library, streams, units
from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName
from baxis.core.reading import possible
from baxis.core.storing.text_files import file_bytes

Array = NDArray[np.float64]
MOST_OUTSIDE = 0.01  # share of a distribution that may lie outside the bounds
SHAPES = ("normal", "lognormal")


@dataclass(frozen=True, eq=False)
class OwnPopulation:
    """Values of candidates by variable name, in the model's units.

    rows: values (m,) of a table, taken in turn; else each of `means`, `sds`, `shapes` (k,) with the lower Cholesky
    factor (k, k) of the underlying normals, and `female`, the share of women (None: the disease's). notes: how a table
    was read, where that is not a matter of course.
    """

    name: str
    digest: str
    variables: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    rows: Array | None = None
    centre: Array | None = None
    spread: Array | None = None
    shapes: tuple[str, ...] = ()
    factor: Array | None = None
    female: float | None = None
    notes: tuple[str, ...] = ()

    def values(self, seed: int, ids: NDArray[np.int64]) -> dict[str, Array]:
        """Each variable of the candidates with these numbers, (n,)."""
        if self.rows is not None:
            return {v: self.rows[ids % len(self.rows), i] for i, v in enumerate(self.variables)}
        found: dict[str, Array] = {}
        if self.variables:
            assert self.centre is not None
            assert self.spread is not None
            assert self.factor is not None
            z = np.column_stack([streams.normal(seed, f"own {v}", ids)[:, 0] for v in self.variables])
            x = self.centre + self.spread * (z @ self.factor.T)
            for i, (name, (low, high)) in enumerate(zip(self.variables, self.bounds, strict=True)):
                found[name] = np.clip(np.exp(x[:, i]) if self.shapes[i] == "lognormal" else x[:, i], low, high)
        if self.female is not None:
            found[SEX] = (streams.uniform(seed, "sex", ids)[:, 0] < self.female).astype(float)
        return found


def settable(disease: str) -> dict[str, tuple[str, float, float]]:
    """What a population file may set in a disease: name -> (unit, lowest, highest)."""
    known = {**ledger.load(), **axis.disease(disease).regulators}
    weights = set(axis.weight_names())  # these are drawn jointly with the posterior
    regulators = {n: (known[n].unit, 0.0, np.inf) for n in axis.spreads(disease) if n not in weights and n in known}
    return {**BOUNDS, SEX: ("1", 0.0, 1.0), **regulators}


def read_population(file: str | Path, disease: str) -> OwnPopulation:
    """A population file, checked as a whole. Raises InvalidValue or Faults that list every fault."""
    path = Path(file)
    kind = path.suffix.lower()
    if kind not in (".toml", ".csv", ".tsv", ".txt", ".parquet") or not path.is_file():
        hint = "save the sheet as CSV (UTF-8)" if kind in (".xlsx", ".xls", ".ods") else ""
        raise InvalidValue("population", str(file), "an existing .toml, .csv, .tsv or .parquet file", hint)
    digest = hashlib.sha256(file_bytes(path, "population")).hexdigest()[:16]
    if kind == ".toml":
        return _from_toml(path, disease, digest)
    from baxis.clinic.people.own_table import read_table

    allowed = settable(disease)
    columns, notes = read_table(path, allowed)
    bounds = tuple(allowed[v][1:] for v in columns)
    rows = np.column_stack(list(columns.values()))
    return OwnPopulation(path.name, digest, tuple(columns), bounds, rows=rows, notes=notes)


def _from_toml(path: Path, disease: str, digest: str) -> OwnPopulation:
    raw, allowed, faults = library.parse_toml(path), settable(disease), []
    extra = [str(UnknownName("field", k, ("variables", "correlations", "name"))) for k in raw if k not in _FIELDS]
    table = raw.get("variables", {})
    if not isinstance(table, dict) or not table:
        raise Faults(str(path), [*extra, "give [variables.NAME] with mean, sd and unit for at least one variable"])
    moments: dict[str, tuple[float, float, str]] = {}
    female = None
    for name, row in table.items():
        try:
            if name == SEX:
                female = _share(row)
            else:
                moments[name] = _moments(name, row, allowed)
        except BaxisError as e:
            faults.append(str(e))
    if extra or faults:
        raise Faults(str(path), extra + faults)
    corr = _correlations(raw.get("correlations", []), list(moments), str(path))
    centre, spread, factor = _underlying(moments, corr, str(path))
    bounds = tuple(allowed[v][1:] for v in moments)
    shapes = tuple(m[2] for m in moments.values())
    return OwnPopulation(
        str(raw.get("name", path.name)), digest, tuple(moments), bounds,
        centre=centre, spread=spread, shapes=shapes, factor=factor, female=female,
    )  # fmt: skip


_FIELDS = ("variables", "correlations", "name")


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise InvalidValue(where, value, "a finite number")
    return float(value)


def _share(row: Any) -> float:
    if not isinstance(row, dict) or set(row) != {"share"}:
        raise InvalidValue(SEX, row, "share = a number from 0 to 1")
    share = _number("female.share", row["share"])
    if not 0 <= share <= 1:
        raise InvalidValue("female.share", share, "a number from 0 to 1")
    return share


def _moments(name: str, row: Any, allowed: dict[str, tuple[str, float, float]]) -> tuple[float, float, str]:
    """(mean, sd, shape) in the model's unit. A regulator is log-normal unless the file says else."""
    if name not in allowed:
        raise UnknownName(
            "variable", name, allowed, "a measure of the instrument is an outcome: use an entry criterion"
        )
    keys = ("mean", "sd", "unit", "distribution")
    if not isinstance(row, dict) or not {"mean", "sd", "unit"} <= set(row) <= set(keys):
        raise InvalidValue(name, row, "mean, sd, unit and, if wished, distribution")
    unit, low, high = allowed[name]
    shape = row.get("distribution", "normal" if name in BOUNDS else "lognormal")
    if shape not in SHAPES:
        raise UnknownName(f"distribution of {name}", shape, SHAPES)
    scale = units.factor_at(f"{name}.unit", str(row["unit"]), unit)
    mean, sd = (_number(f"{name}.{k}", row[k]) * scale for k in ("mean", "sd"))
    if not low < mean < high or sd < 0:
        hint = (
            possible.meant(row["mean"], str(row["unit"]), possible.Range(name, unit, low, high))
            if high < np.inf
            else ""
        )
        got = f"mean {mean:g}, sd {sd:g} {unit}"
        raise InvalidValue(name, got, f"a mean within {low:g} and {high:g}, an sd >= 0", hint)
    outside = _outside(mean, sd, shape, (low, high))
    if outside > MOST_OUTSIDE:
        got = f"{100 * outside:.1f} % of the distribution outside {low:g} to {high:g} {unit}"
        raise InvalidValue(
            name, got, f"at most {100 * MOST_OUTSIDE:g} %", "a smaller sd, or distribution = 'lognormal'"
        )
    return mean, sd, shape


def _log_sd(mean: float, sd: float) -> float:
    return float(np.sqrt(np.log1p((sd / mean) ** 2)))


def _outside(mean: float, sd: float, shape: str, bounds: tuple[float, float]) -> float:
    """Share of the distribution outside the bounds."""
    from scipy.special import ndtr

    if sd == 0:
        return 0.0
    low, high = bounds
    if shape == "lognormal":
        s = _log_sd(mean, sd)
        m = np.log(mean) - 0.5 * s * s
        below = float(ndtr((np.log(low) - m) / s)) if low > 0 else 0.0
        return below + float(ndtr((m - np.log(high)) / s))
    return float(ndtr((low - mean) / sd) + ndtr((mean - high) / sd))


def _correlations(rows: Any, names: list[str], where: str) -> Array:
    """Correlation matrix (k, k) as the file gives it; pairs not named are uncorrelated."""
    out, faults = np.eye(len(names)), []
    for row in rows if isinstance(rows, list) else [rows]:
        pair = row.get("between") if isinstance(row, dict) and set(row) == {"between", "r"} else None
        if not isinstance(pair, list) or len(pair) != 2 or pair[0] == pair[1]:
            faults.append(f"correlation {row!r}: give between = [NAME, NAME] and r")
            continue
        unknown = [str(UnknownName("variable in a correlation", str(p), names)) for p in pair if p not in names]
        faults += unknown
        r = row["r"]
        if isinstance(r, bool) or not isinstance(r, int | float) or not -1 < r < 1:
            faults.append(f"correlation of {pair[0]} and {pair[1]}: got {r!r}; allowed: a number within -1 and 1")
        elif not unknown:
            i, j = names.index(pair[0]), names.index(pair[1])
            out[i, j] = out[j, i] = r
    if faults:
        raise Faults(where, faults)
    return out


def _underlying(moments: dict[str, tuple[float, float, str]], corr: Array, where: str) -> tuple[Array, Array, Array]:
    """Centre, sd (k,) and Cholesky factor of the normals behind the variables."""
    log = [shape == "lognormal" for _, _, shape in moments.values()]
    mean, sd = (np.array([m[i] for m in moments.values()]) for i in (0, 1))
    cv = sd / mean
    spread = np.where(log, np.sqrt(np.log1p(cv**2)), sd)
    centre = np.where(log, np.log(np.abs(mean)) - 0.5 * np.log1p(cv**2), mean)
    out = corr.copy()
    for i, j in np.argwhere(np.triu(corr, 1) != 0):
        if spread[i] == 0 or spread[j] == 0:  # an sd that is nothing beside the mean has none on a logarithmic scale
            raise InvalidValue(where, "a correlation with a variable of sd 0", "an sd above 0")
        r = corr[i, j]
        if log[i] and log[j]:
            inner = r * cv[i] * cv[j]
            out[i, j] = np.log1p(inner) / (spread[i] * spread[j]) if inner > -1 else -2.0
        elif log[i] or log[j]:
            k = i if log[i] else j
            out[i, j] = r * cv[k] / spread[k]
        out[j, i] = out[i, j]
    if out.size and (np.abs(out).max() > 1 + 1e-12 or np.linalg.eigvalsh(out).min() < 1e-9):
        low = np.linalg.eigvalsh(out).min()
        raise InvalidValue(
            f"{where} correlations", f"smallest eigenvalue {low:.3g}", "a positive definite matrix",
            "name every pair that goes together, or lower the correlations",
        )  # fmt: skip
    return centre, spread, np.asarray(np.linalg.cholesky(out), dtype=np.float64)
