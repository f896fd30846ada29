"""From activities of signatures to parameters of virtual patients: which are mapped, how firmly, and which are not.

`library/signatures/mapping.csv` names the parameter that a signature speaks of and the correlation r (assumed) of the
two among patients of a disease. A sample's standing z among the samples of its disease moves the parameter's standing
to a draw from N(r z, 1 - r^2), and that standing is read off the disease's own virtual population: the population's
spread stays what it was, and a weak correlation moves little (shrinkage). The cohort's level is not moved: platforms
differ, and a difference from healthy samples has no scale in the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from baxis import axis
from baxis.clinic.people.own_population import settable
from baxis.clinic.people.population import spread_parameters
from baxis.core import library, streams
from baxis.core.errors import InvalidValue
from baxis.core.showing.sheets import csv_text
from baxis.core.storing import files
from baxis.insight.combine.setting import known_disease
from baxis.insight.omics.activities import Activities
from baxis.insight.omics.repertoire import repertoire

MOST_DRAWS = 1_000_000  # rows of the table of patients

Array = NDArray[np.float64]
REFERENCE, LEAST, DRAWS = 4000, 8, 20


@dataclass(frozen=True)
class Link:
    """A signature's parameter in a disease; correlation r."""

    signature: str
    parameter: str
    correlation: float
    source: str


@dataclass(frozen=True, eq=False)
class Parameters:
    """table: `draws` rows a sample with a column a parameter (`NAME [unit]`), as `--population` takes it; told: every
    signature with its parameter, or why it is not mapped."""

    disease: str
    table: pd.DataFrame
    told: pd.DataFrame

    def save(self, file: str | Path) -> Path:
        """Write the table as CSV."""
        path = Path(file)
        if path.suffix != ".csv" or not path.absolute().parent.is_dir():
            raise InvalidValue("population file", str(file), "a .csv file in an existing folder")
        files.write_text(path, csv_text(self.table))
        return path


def links(disease: str) -> dict[str, Link]:
    """Signatures that are mapped in a disease: those whose parameter varies between its patients."""
    allowed = settable(disease)
    rows = [r for r in library.read_table("signatures/mapping") if r["parameter"] in allowed]
    return {r["signature"]: Link(r["signature"], r["parameter"], float(r["correlation"]), r["source"]) for r in rows}


@lru_cache(maxsize=16)
def _sorted(disease: str, parameter: str) -> Array:
    values = spread_parameters(disease, 1, np.arange(REFERENCE))[:, axis.index(parameter)[0]]
    return np.sort(values)


def standing(disease: str, parameter: str, values: Array) -> Array:
    """Normal score (n,) of parameter values among the disease's virtual patients."""
    reference = _sorted(disease, parameter)
    place = (np.searchsorted(reference, values, "left") + np.searchsorted(reference, values, "right")) / 2
    return np.asarray(ndtri((place + 0.5) / (reference.size + 1)))


def parameters(activities: Activities, disease: str, draws: int = DRAWS, seed: int = 1) -> Parameters:
    """Parameters of the samples' patients. InvalidValue for fewer than LEAST samples, of which no standing can be told."""
    code = known_disease(disease)
    found, told = links(code), []
    wide = activities.samples.pivot(index="sample", columns="signature", values="activity")
    wide = wide.loc[list(dict.fromkeys(activities.samples["sample"]))]
    if len(wide) < LEAST:
        raise InvalidValue(
            "samples", len(wide), f"at least {LEAST}, to tell where each stands among patients of {code}"
        )
    if not 1 <= draws <= MOST_DRAWS // len(wide):
        allowed = f"a whole number of at least 1 and at most {MOST_DRAWS // len(wide)} for {len(wide)} samples"
        raise InvalidValue("draws", draws, allowed)
    table = pd.DataFrame({"patient": np.repeat(wide.index.astype(str), draws)})
    for row in library.read_table("signatures/mapping"):
        name = row["signature"]
        link = found.get(name)
        scored = name in wide.columns and wide[name].notna().all() and float(wide[name].std()) > 0
        if link and scored:
            z = ((wide[name] - wide[name].mean()) / wide[name].std()).to_numpy()
            unit = settable(code)[link.parameter][0]
            table[f"{link.parameter} [{unit}]"] = _drawn(code, link, np.repeat(z, draws), (draws, seed))
        why = row["rationale"] if scored or not link else "not scored in these samples"
        if row["parameter"] and not link:
            why = f"{row['parameter']} does not differ between the virtual patients of {code}"
        told.append(_told(row, link if scored else None, why))
    return Parameters(code, table, pd.DataFrame(told))


def _told(row: dict[str, str], link: Link | None, why: str) -> dict[str, Any]:
    out: dict[str, Any] = {"signature": row["signature"], "parameter": link.parameter if link else ""}
    out |= {"correlation": link.correlation if link else float("nan"), "source": link.source if link else ""}
    return out | {"why": why}


def _drawn(disease: str, link: Link, z: Array, more: tuple[int, int]) -> Array:
    """Parameter values (n,) for standings z (n,) of the signature."""
    e = streams.normal(more[1], f"omics {link.signature}", np.arange(z.size))[:, 0]
    u = ndtr(link.correlation * z + np.sqrt(1 - link.correlation**2) * e)
    return np.asarray(np.quantile(_sorted(disease, link.parameter), u))


def log_likelihood(disease: str, signature: str, z: float, values: Array) -> Array:
    """Log density (n,) of a patient's standing z among patients, given the parameter's values (n,)."""
    r = links(disease)[signature].correlation
    return np.asarray(
        -0.5 * (z - r * standing(disease, links(disease)[signature].parameter, values)) ** 2 / (1 - r * r)
    )


def with_repertoire(activities: Activities, files: Mapping[str, str | Path]) -> pd.DataFrame:
    """One row a sample: activities beside clonality, mutation and isotype shares of its AIRR-C table, as covariates.

    files: sample -> rearrangement file. InvalidValue for a sample that the expression lacks.
    """
    wide = activities.samples.pivot(index="sample", columns="signature", values="activity")
    rows = {}
    for sample, file in files.items():
        if sample not in wide.index:
            raise InvalidValue("repertoire of sample", sample, f"one of {', '.join(map(str, wide.index[:12]))}")
        r = repertoire(file)
        rows[sample] = {"clonality": r.clonality, "clones": r.clones, "mutation_percent": r.mutation}
        rows[sample] |= {f"share_{k}": v for k, v in r.isotypes.items()}
    return wide.join(pd.DataFrame.from_dict(rows, orient="index")).reset_index()
