"""What every table of fields of a design has in common: frozen, nothing unknown, and a number is a number."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from baxis.core.reading import fault_words

NUMBERS = (float, int, float | None, int | None)


def written(text: str) -> bool:
    """Whether a text is a whole number or a decimal one in plain digits: no `1_000`, no other script, no unit."""
    return bool(re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", text.strip(), re.ASCII))


class Block(BaseModel):
    """A frozen table of fields; a number is a number, neither true nor false nor other text."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if field.annotation in NUMBERS and (isinstance(value, bool) or (isinstance(value, str) and not written(value))):
            kind = "a whole number" if field.annotation in (int, int | None) else "a number"
            raise ValueError(f"got {fault_words.got(value)}; allowed: {kind}")
        return value
