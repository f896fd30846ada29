"""Words that people use for a dosing schedule, rewritten into the short grammar of `schedule`."""

from __future__ import annotations

import math
import re
import unicodedata

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PLAIN = {
    "qd": ("daily", "once daily", "once a day", "once per day", "every day", "each day", "a day", "per day", "od", "q24h", "q1d",
           "everyday", "1x/day", "1x daily", "one time a day", "/day", "qam", "qpm"),
    "bid": ("twice daily", "twice a day", "twice per day", "two times a day", "two times daily", "2 times a day", "2 times daily",
            "2x/day", "2x daily", "2x a day", "bd", "q12h", "every 12 hours", "2/day"),
    "tid": ("three times daily", "three times a day", "3 times a day", "3 times daily", "three times per day", "thrice daily",
            "3x/day", "3x daily", "tds", "q8h", "every 8 hours"),
    "q2d": ("every other day", "every second day", "alternate days", "on alternate days", "qod", "q48h"),
    "qw": ("weekly", "once weekly", "once a week", "once per week", "every week", "each week", "per week", "a week", "q1w", "/week"),
    "q2w": ("every other week", "every second week", "fortnightly", "every fortnight", "eow", "qow"),
    "q4w": ("monthly", "once monthly", "once a month", "every month", "each month", "per month", "qm", "q1m"),
    "q8w": ("every other month", "every second month"),
    "q13w": ("quarterly", "every quarter"),
    "q26w": ("half yearly", "twice a year", "twice yearly", "every half year"),
    "q52w": ("yearly", "once a year", "annually", "every year"),
    "once": ("single", "single dose", "a single dose", "one dose", "1 dose", "one time", "single infusion", "single injection"),
}  # fmt: skip
_WORD_OF = {word: short for short, words in _PLAIN.items() for word in words}
_STEPS = {"d": r"d|days?", "w": r"w|wks?|weeks?", "m": r"m|mo|mos|mths?|months?"}
_EVERY = re.compile(
    r"^(?:every|each|q|once every|one dose every)\s*(?P<n>\d{1,9})[\s-]*"
    rf"(?:(?P<d>{_STEPS['d']})|(?P<w>{_STEPS['w']})|(?P<m>{_STEPS['m']}))(?:ly)?$",
    re.ASCII,
)
_LY = re.compile(r"^(?P<n>\d{1,9})[\s-]*(?P<step>week|month|day)ly$", re.ASCII)
_APART = re.compile(r"^(?P<k>\d{1,9}) (?:doses?|infusions?|injections?|times) (?P<n>\d{1,9}) (?P<step>days?|weeks?|months?) apart$",
                    re.ASCII)  # fmt: skip
_LIST = re.compile(
    rf"^(?:on|at|in|given on|given at)?\s*(?P<kind>days?|d|{_STEPS['w']}|{_STEPS['m']})\s*(?P<rest>\d.*)$", re.ASCII
)
_COUNT = re.compile(r"^(?P<head>.+?)\s*(?:\bx\s*(?P<x>\d+)|(?:,|\bfor)\s*(?P<k>\d+) (?:doses?|times|infusions?|injections?))"
                    r"(?: doses?| times)?$", re.ASCII)  # fmt: skip
_SPAN = re.compile(
    r"^(?P<head>.+?)\s+(?:for|over)\s+(?P<n>\d{1,9})[\s-]*(?P<step>days?|weeks?|wks?|months?)$", re.ASCII
)
_DOSE = re.compile(r"^(?P<dose>\d+(?:\.\d+)?\s*(?:mg/kg|mg/m2|mg|ug|g)\b)\s*(?P<rest>.*)$", re.ASCII)
_UNITS = ((r"(?<=\d)\s*(?:mcg|micrograms?)\b", " ug"), (r"\bmg/m(?:\^|\*\*)2\b", "mg/m2"), (r"(?<=\d)\s*milligrams?\b", " mg"),
          (r"(?<=\d)\s*grams?\b", " g"))  # fmt: skip
TWO_MEANINGS = ("biweekly", "bi weekly", "bi-weekly", "bimonthly", "bi monthly", "bi-monthly")
UNSAID = ("twice weekly", "twice a week", "two times a week", "biw", "tiw", "2x/week", "three times a week", "three times weekly",
          "prn", "as needed", "qid", "four times daily", "four times a day")  # fmt: skip


def months(n: int) -> int:
    """Weeks of whole months, a year being 52: 1 month is 4 weeks, 3 are 13, 6 are 26."""
    return n * 4 if n < 3 else round(n * 52 / 12)


def rewritten(text: str) -> str:
    """A text with its words put into the grammar's; what is in none of the lists stays as it is."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("μ", "u").replace("×", "x").replace("&", " and ")
    plain = re.sub(r"\b(?:[a-z]\.){2,}", lambda m: m[0].replace(".", ""), plain)  # b.i.d.
    plain = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", plain)  # every-other-week
    for pattern, unit in _UNITS:
        plain = re.sub(pattern, unit, plain)
    plain = re.sub(r"(?<=\d)(?=(?:mg|ug|g)\b)", " ", plain)
    plain = re.sub(rf"\b({'|'.join(_NUMBERS)})\b(?! dose\b| time\b)", lambda m: str(_NUMBERS.index(m[0]) + 1), plain)
    parts = re.split(r"\s*(?:[,;]?\s*\b(?:and then|followed by|thereafter|then)\b)\s*", " ".join(plain.split()))
    return " then ".join(_part(p.strip(" .,;")) for p in parts)


def _part(text: str) -> str:
    """One part of a sequence, with its dose in front and its count behind."""
    dosed = _DOSE.match(text)
    if dosed:
        return f"{dosed['dose']} {_part(dosed['rest'])}".strip()
    for words in (text, text.removeprefix("then ").removeprefix("given ").strip()):
        found = _timing(words)
        if found:
            return found
    counted = _COUNT.match(text)
    if counted:
        head = _part(counted["head"].strip(" ,"))
        return f"{head} x{counted['x'] or counted['k']}"
    span = _SPAN.match(text)
    return _spanned(span) or text if span else text


def _timing(text: str) -> str:
    """An interval, a list, or a single dose; empty for what is neither."""
    if text in _WORD_OF:
        return _WORD_OF[text]
    every = _EVERY.match(text)
    if every:
        n = int(every["n"])
        return f"q{months(n) if every['m'] else n}{'d' if every['d'] else 'w'}"
    plain = _LY.match(text)
    if plain:
        n, month = int(plain["n"]), plain["step"] == "month"
        return f"q{months(n) if month else n}{'d' if plain['step'] == 'day' else 'w'}"
    apart = _APART.match(text)
    if apart:
        n, step = int(apart["n"]), apart["step"][0]
        return f"q{months(n) if step == 'm' else n}{'w' if step == 'm' else step} x{apart['k']}"
    listed = _LIST.match(text)
    return _listed(listed["kind"][0], listed["rest"]) if listed else ""


def _listed(kind: str, rest: str) -> str:
    """`days 1 and 15`, `weeks 0, 2 and 24`, `month 6`: one list in the grammar's spelling."""
    rest = re.sub(r"\s*(?:,|\band\b|;)\s*(?:and\s+)?", ",", rest)
    rest = re.sub(rf",(?:days?|{_STEPS['w']}|{_STEPS['m']})\s*(?=\d)", ",", rest)
    if kind != "m":
        return f"{'days' if kind == 'd' else 'weeks'} {rest}"
    if not re.fullmatch(r"\d{1,6}(?:,\d{1,6})*", rest):
        return ""
    return "weeks " + ",".join(str(months(int(v))) for v in rest.split(","))


def _spanned(span: re.Match[str]) -> str:
    """A part with an end in time as one with a count of doses; empty where its interval is none."""
    head, n, step = _part(span["head"]), int(span["n"]), span["step"][0]
    days = n if step == "d" else 7 * (months(n) if step == "m" else n)
    found = re.search(r"(?:^| )(?:(?P<daily>qd|bid|tid)|q(?P<n>\d*)(?P<step>[dw]))$", head)
    if not found:
        return ""
    each = {"qd": 1.0, "bid": 1 / 2, "tid": 1 / 3}.get(found["daily"] or "")
    step_days = each or int(found["n"] or 1) * (7.0 if found["step"] == "w" else 1.0)
    return f"{head} x{max(1, math.ceil(days / step_days - 1e-9))}"
