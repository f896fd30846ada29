"""Trajectories as netCDF or Zarr: labelled arrays with units, for other programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from baxis.clinic.result.trajectories import dataset
from baxis.clinic.result.trial_record import TrialRecord
from baxis.core.errors import Unsupported
from baxis.core.storing import files, folders

KINDS = ("netcdf", "zarr")
EXTRA = "pip install 'baxis[arrays]'"


KIND = "baxis export zarr"  # of a folder that `write_arrays` writes


def write_arrays(result: TrialRecord, kind: str, path: str | Path) -> Path:
    """Write `result.trajectories` as netCDF (one file) or Zarr (a folder), whole or not at all; an earlier one is replaced.

    netCDF is version 4 by h5netcdf where the extra `arrays` is installed, else version 3 by SciPy. Raises Unsupported for
    Zarr without its package, InvalidValue for a folder with files that baxis did not write.
    """
    data = dataset(result).assign_attrs(**_attributes(result))
    if kind == "netcdf":
        whole = find_spec("h5netcdf") is not None
        with files.aside(path) as made:
            data.to_netcdf(
                made, engine="h5netcdf" if whole else "scipy", format="NETCDF4" if whole else "NETCDF3_64BIT"
            )
        return Path(path)
    if find_spec("zarr") is None:
        raise Unsupported(f"Zarr needs a package that is not installed: {EXTRA}")
    # version 3 has no standard for text such as the arms' names
    return folders.whole(path, KIND, lambda work: data.to_zarr(work, mode="w", zarr_format=2))


def _attributes(result: TrialRecord) -> dict[str, str | int]:
    """The recipe as attributes of the file."""
    recipe = result.recipe
    return {k: recipe[k] for k in ("baxis", "library", "model", "design", "seed", "patients")}
