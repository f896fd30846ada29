"""Tables as CSV that a spreadsheet can open: words from files of others are words there, never a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.storing import files

if TYPE_CHECKING:
    import pandas as pd

NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?( ?%)?", re.I)
STARTS = ("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # ASCII and full width


def harmless(value: Any) -> Any:
    """A cell that a spreadsheet takes as text: one that would be a formula gets an apostrophe before it.

    Numbers, signs alone and what is no text stay as they are.
    """
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone one would begin a row outside quotes
    if len(value) < 2 or not value.lstrip(" \n").startswith(STARTS):
        return value
    return value if NUMBER.fullmatch(value.strip()) else f"'{value}"


def csv_text(frame: pd.DataFrame, sep: str = ",") -> str:
    """A table as CSV: names of columns first, every digit kept, empty where nothing is known."""
    import pandas as pd

    safe = frame.rename(columns=harmless)
    for k in range(frame.shape[1]):
        if not pd.api.types.is_numeric_dtype(frame.iloc[:, k]):
            safe.isetitem(k, frame.iloc[:, k].map(harmless))
    return str(safe.to_csv(index=False, sep=sep, lineterminator="\n"))


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """A table as a file of the kind that its ending says (.csv, .tsv, .parquet), whole or not at all."""
    ending = Path(path).suffix.lower()
    with files.aside(path) as made:
        if ending == ".parquet":
            frame.to_parquet(made, index=False)
        else:
            made.write_text(csv_text(frame, "\t" if ending == ".tsv" else ","), encoding="utf-8")


def csv_of(columns: Sequence[str], rows: Sequence[Sequence[Any]], sep: str = ",") -> str:
    """Rows of cells as CSV, as `csv_text` writes a table."""
    import csv
    import io

    held = io.StringIO()
    writer = csv.writer(held, delimiter=sep, lineterminator="\n")
    writer.writerow([harmless(c) for c in columns])
    writer.writerows([[harmless(v) for v in row] for row in rows])
    return held.getvalue()
