"""Small clean-ups of SBML text, so that equal models have equal text and hash."""

from __future__ import annotations

import re


def strip_comment(text: str) -> str:
    """Text without the leading 'Created by ...' comment, which names library versions."""
    return re.sub(r"<!-- Created by.*?-->\s*", "", text, count=1, flags=re.DOTALL)
