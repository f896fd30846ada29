"""Results as plain data for JSON: every digit kept, what is missing or not finite is null."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from baxis.core.storing.written import UNSEEN

if TYPE_CHECKING:
    import pandas as pd


def finite(value: Any) -> Any:
    """Plain Python data; numpy's numbers and arrays become Python's, NaN and infinity (JSON has none) become None."""
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if hasattr(value, "tolist"):  # numpy: an array of any size, or one number
        value = value.tolist()
        return finite(value) if isinstance(value, list) else finite_number(value)
    return finite_number(value)


def finite_number(value: Any) -> Any:
    """None for what is no finite number; anything else as it is."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as plain data. pandas' own to_json cuts numbers after the tenth decimal: 1e-12 would be 0."""
    return [finite(row) for row in frame.to_dict("records")]


def to_json(value: Any, indent: int | None = 1) -> str:
    """JSON of plain data, without a line end; control characters of every kind are escaped."""
    text = json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
    return UNSEEN.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
