"""Bytes of a model file to text: byte order marks, declared encodings, and what is not text named by line and column."""

from __future__ import annotations

import codecs
import re

from baxis.core.errors import InvalidValue

MOST_BYTES = 200_000_000
UTF8_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# longer marks first: the one of UTF-32 begins like that of UTF-16
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00", "utf-16-le"),  # no mark, but XML begins with one of these
    (b"\x00<", "utf-16-be"),
)
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.:-]+)[\"']")
_HEAD = re.compile(r"<\?xml\s[^>]*\?>")
_ENCODING = re.compile(r"\sencoding\s*=\s*[\"'][^\"']*[\"']")
_VERSION = re.compile(r"\sversion\s*=\s*[\"'][^\"']*[\"']")


def decoded(data: bytes, where: str) -> str:
    """Text of a file, its byte order mark taken off. InvalidValue names the line and column of what is not text."""
    refuse_large(len(data), where)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        declared = _DECLARED.match(data[:400])
        encoding = declared[1].decode("ascii") if declared else "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise InvalidValue(where, f"encoding {encoding!r}", "an encoding that is known", "save it as UTF-8") from None
    except UnicodeError as problem:
        start = getattr(problem, "start", 0)
        before = data[:start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2]) + 1
        got = f"byte 0x{data[start : start + 1].hex()} is not text at line {line}, column {column}"
        raise InvalidValue(where, got, f"text in {encoding.upper()}", "save it as UTF-8") from None


def refuse_large(size: int, where: str) -> None:
    """Raises InvalidValue for a text (or a file) of too many bytes."""
    if size > MOST_BYTES:
        raise InvalidValue(where, f"{size / 1e6:.0f} MB", f"at most {MOST_BYTES / 1e6:.0f} MB")


def as_utf8_xml(text: str) -> str:
    """XML text as a string of UTF-8 should head it: without a mark, with an encoding; other text is left alone."""
    text = text.removeprefix("\ufeff").lstrip()
    head = _HEAD.match(text)
    if head is None:
        return UTF8_HEAD + text
    words = head[0]
    declared = _ENCODING.search(words)
    if declared is None:
        version = _VERSION.search(words)
        at = version.end() if version else len("<?xml")
        words = f'{words[:at]} encoding="UTF-8"{words[at:]}'
    elif "utf-8" not in declared[0].lower():
        words = words.replace(declared[0], ' encoding="UTF-8"')
    return words + text[head.end() :]
