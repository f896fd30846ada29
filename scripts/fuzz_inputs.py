"""Wrong and unusual inputs made from right ones: of text, bytes, tables, trees (TOML, YAML, JSON) and XML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any
from xml.etree import ElementTree

NUMBERS = (
    "0", "-0", "-1", "1e308", "1e-320", "1e999", "nan", "inf", "-inf", "1,5", "1.234,5", "1_000", "\u0661", "0x10", "1e",
    "1.2.3", "--1", "- 1", "1/0", "3 4", "½", "True", "", ".", "9" * 400, "1e-9", "2147483648", "9007199254740993",
)  # fmt: skip
TEXTS = (
    "", " ", "\x00", "\x1b[31mred\x1b]0;title\x07", "\u202etxt", "\ufeff", "[red]x[/red] [/]", "=cmd|' /C calc'!A0", "../../x",
    "a" * 3000, "'", '"', "<b>", "&amp;", "{", "}", "[", "%s", "$x", "self", "time", "row", "status", "None", "nan", "true",
    "__class__", "lambda", "import os", "e", "pi", "é", "𝔘", "\u00a0", "\t", "\n", ";", "#", "//", "\\", "NA", "-", "1e5x",
)  # fmt: skip
DEEP = 3000
Tree = Any


def pick(random: Random) -> str:
    """A number or a text that is rarely meant."""
    return random.choice(NUMBERS if random.random() < 0.5 else TEXTS)


def _cut(random: Random, text: str) -> str:
    a, b = sorted(random.randrange(len(text) + 1) for _ in range(2))
    return text[:a] + text[min(b, a + 40) :]


def _doubled(random: Random, text: str) -> str:
    a = random.randrange(len(text) + 1)
    part = text[a : a + random.choice([1, 5, 60])]
    return text[:a] + part * random.choice([2, 3, 300]) + text[a + len(part) :]


def _inserted(random: Random, text: str) -> str:
    a = random.randrange(len(text) + 1)
    return text[:a] + pick(random) + text[a:]


def _number(random: Random, text: str) -> str:
    return _replaced(random, text, r"-?\d+(?:\.\d+)?", lambda _: random.choice(NUMBERS))


def _word(random: Random, text: str) -> str:
    words = re.findall(r"\w+", text) or ["x"]
    return _replaced(
        random, text, r"\w+", lambda _: random.choice([*TEXTS, *words] if random.random() < 0.4 else words)
    )


def _sign(random: Random, text: str) -> str:
    return _replaced(random, text, r"[^\w\s]", lambda _: random.choice("()[]{}=+-*/^,;:.<>\"'@#!&|\\"))


def _replaced(random: Random, text: str, pattern: str, new: Callable[[str], str]) -> str:
    found = list(re.finditer(pattern, text))
    if not found:
        return text + pick(random)
    m = random.choice(found)
    return text[: m.start()] + new(m[0]) + text[m.end() :]


def _lines(random: Random, text: str) -> str:
    lines = text.split("\n")
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.randrange(4)
    if how == 0:
        del lines[a]
    elif how == 1:
        lines.insert(b, lines[a])
    elif how == 2:
        lines[a], lines[b] = lines[b], lines[a]
    else:
        lines = lines[: a + 1]
    return "\n".join(lines)


def _nested(random: Random, text: str) -> str:
    n = random.choice([3, 50, DEEP])
    opening, closing = random.choice([("(", ")"), ("[", "]"), ("{", "}"), ("-", ""), ("not ", "")])
    return _replaced(random, text, r"\w+", lambda word: opening * n + word + closing * n)


CHANGES = (_cut, _doubled, _inserted, _number, _number, _number, _word, _word, _sign, _lines, _lines, _nested)


def text(random: Random, given: str) -> str:
    """A text with one to three changes."""
    for _ in range(random.choice([1, 1, 2, 3])):
        given = random.choice(CHANGES)(random, given)[:200_000]
    return given


def encoded(random: Random, given: str) -> bytes:
    """A text as bytes: mostly UTF-8, now and then in another encoding, with other line ends, or with damaged bytes."""
    how = random.random()
    if how < 0.85:
        return given.encode("utf-8", "surrogatepass")
    if how < 0.9:
        return given.replace("\n", random.choice(["\r\n", "\r"])).encode("utf-8", "surrogatepass")
    if how < 0.95:
        return given.encode(random.choice(["utf-16", "utf-32", "utf-8-sig", "latin-1", "cp1252"]), "replace")
    return damaged(random, given.encode("utf-8", "surrogatepass"))


def damaged(random: Random, data: bytes) -> bytes:
    """Bytes that were flipped, cut, emptied, zeroed, doubled or replaced."""
    how, out = random.randrange(7), bytearray(data)
    if how == 0:
        return b""
    if how == 1:
        return data[: random.randrange(len(data) + 1)]
    if how == 2:
        return bytes(len(data))
    if how == 3:
        return random.randbytes(min(len(data), 4000))
    if how == 4:
        return data + data[: random.randrange(len(data) + 1)]
    for _ in range(random.choice([1, 3, 30])):
        if out:
            out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def table(random: Random, given: str, separator: str = ",") -> str:
    """A table with changed cells, columns, headers or rows."""
    rows = [line.split(separator) for line in given.rstrip("\n").split("\n")]
    for _ in range(random.choice([1, 1, 2, 3])):
        _table_change(random, rows)
    if random.random() < 0.1:
        separator = random.choice([",", ";", "\t", "|", " "])
    return "\n".join(separator.join(r) for r in rows) + random.choice(["\n", "\n", ""])


def _table_change(random: Random, rows: list[list[str]]) -> None:
    if not rows or not rows[0]:
        rows[:] = [[pick(random)]]
    a, how = random.randrange(len(rows)), random.randrange(10)
    row = rows[a] or [""]
    c = random.randrange(len(row))
    if how < 4:
        rows[a][c:] = [pick(random), *row[c + 1 :]]
    elif how == 4:
        rows[a] = random.choice([row[:c], [*row, pick(random)], []])
    elif how == 5:
        rows.insert(random.randrange(len(rows) + 1), list(row))
    elif how == 6 and len(rows) > 1:
        del rows[a]
    elif how == 7:
        rows[0] = [*rows[0][:c], pick(random), *rows[0][c + 1 :]]
    elif how == 8:
        for r in rows:
            r[c : c + 1] = random.choice([[], r[c : c + 1] * 2])
    else:
        other = rows[random.randrange(len(rows))] or [""]
        rows[a] = [*row[:c], random.choice(other), *row[c + 1 :]]


def tree(random: Random, given: Tree) -> Tree:
    """Nested lists and dictionaries with one to three changes; the given one is left as it is."""
    out = json.loads(json.dumps(given))
    for _ in range(random.choice([1, 1, 2, 3])):
        places = list(_places(out))
        if not places:
            return _value(random)
        holder, key = random.choice(places)
        _tree_change(random, holder, key, [h[k] for h, k in places])
    return out


def _places(value: Tree) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


def _tree_change(random: Random, holder: Any, key: Any, others: list[Tree]) -> None:
    how = random.randrange(7)
    if how < 3:
        holder[key] = _value(random)
    elif how == 3:
        del holder[key]
    elif how == 4:
        holder[key] = json.loads(json.dumps(random.choice(others)))
    elif how == 5 and isinstance(holder, dict):
        holder[pick(random)] = holder.pop(key)
    elif isinstance(holder, list):
        holder.extend([holder[key]] * random.choice([1, 2, 500]))
    else:
        holder[key] = [holder[key]]


def _value(random: Random) -> Tree:
    numbers = [0, -1, 1, 2**63, 10**400, 0.1, -0.5, 1e308, 5e-324, float("nan"), float("inf")]
    plain = [pick(random), random.choice(numbers), True, False, None, [], {}, [[]], {"x": 1}, [1, "a", None]]
    return random.choice(plain)


def toml(value: dict[str, Tree]) -> str:
    """A tree as TOML: everything but the outermost table inline."""
    return "".join(f"{json.dumps(k)} = {_toml(v)}\n" for k, v in value.items() if v is not None)


def _toml(value: Tree) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value if v is not None) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


MATH = (
    "plus", "minus", "times", "divide", "power", "root", "abs", "exp", "ln", "log", "floor", "ceiling", "factorial", "sin", "cos",
    "tan", "sec", "csc", "cot", "sinh", "arcsin", "arctan", "eq", "neq", "gt", "lt", "geq", "leq", "and", "or", "xor", "not",
    "implies", "max", "min", "rem", "quotient",
)  # fmt: skip
M = "{http://www.w3.org/1998/Math/MathML}"


def xml(random: Random, given: str) -> str:
    """An XML document with elements deleted, doubled, moved, renamed, nested, or with other attributes and texts."""
    for prefix, name in (("", "http://www.sbml.org/sbml/level3/version2/core"), ("m", M[1:-1])):
        ElementTree.register_namespace(prefix, name)
    root = ElementTree.fromstring(given)
    for _ in range(random.choice([1, 1, 2, 3])):
        _xml_change(random, root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _xml_change(random: Random, root: ElementTree.Element) -> None:
    parents = [p for p in root.iter() if len(p)]
    if not parents:
        return
    parent = random.choice(parents)
    k = random.randrange(len(parent))
    child, how = parent[k], random.randrange(9)
    if how == 0:
        parent.remove(child)
    elif how == 1:
        parent.insert(k, deepcopy(child))
    elif how == 2:
        random.choice(list(root.iter())).append(deepcopy(child))
    elif how in (3, 4):
        _attribute(random, random.choice(list(root.iter())), root)
    elif how in (5, 6):
        _mathematics(random, root)
    elif how == 7:
        child.text = pick(random).replace("\x00", "").replace("\x1b", "").replace("\x07", "")
    else:
        _deep(random, root)


def _attribute(random: Random, element: ElementTree.Element, root: ElementTree.Element) -> None:
    values = [v for e in root.iter() for v in e.attrib.values()] or ["x"]
    name = random.choice([*element.attrib, "id", "units", "constant"])
    if random.random() < 0.2:
        element.attrib.pop(name, None)
    else:
        new = random.choice(values) if random.random() < 0.6 else pick(random)
        element.set(name, "".join(c for c in new if c >= " "))


def _mathematics(random: Random, root: ElementTree.Element) -> None:
    found = [e for e in root.iter() if e.tag.startswith(M)]
    if not found:
        return
    e = random.choice(found)
    name = e.tag.removeprefix(M)
    if name == "cn":
        e.text = random.choice(NUMBERS)
        e.set("type", random.choice(["real", "integer", "rational", "e-notation", "binary", "x"]))
    elif name == "ci":
        names = [v for x in root.iter() for k, v in x.attrib.items() if k == "id"]
        e.text = random.choice([*names, "nothing", "", "time"])
    elif name in MATH:
        e.tag = M + random.choice(MATH)
    elif len(e):
        some = deepcopy(e[-1])
        e.append(some) if random.random() < 0.5 else e.remove(e[-1])


def _deep(random: Random, root: ElementTree.Element) -> None:
    """A number inside as many minus signs as nobody writes."""
    found = [e for e in root.iter() if e.tag in (M + "cn", M + "ci")]
    if not found:
        return
    e = random.choice(found)
    inside = deepcopy(e)
    for _ in range(random.choice([3, 60, 400])):
        outer = ElementTree.Element(M + "apply")
        outer.append(ElementTree.Element(M + random.choice(["minus", "abs"])))
        outer.append(inside)
        inside = outer
    e.clear()
    e.tag, e[:] = M + "apply", list(inside)
