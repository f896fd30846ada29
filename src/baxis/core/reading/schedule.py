"""Dosing schedules: a short grammar from the words that trials use to dose days.

qd | bid | tid | once                      every day once, twice, three times; a single dose
qw | q2w | q12w | q28d                     every week, every n weeks, every n days
days 1,15 | weeks 0,2,24,26                listed days (day 1 = first dose) or weeks (week 0 = first dose)
q2w x3                                     a repeat count
days 1,15,29 then q4w                      parts in sequence; an interval goes on from the part before it
240 mg once then 120 mg q4w                a part may carry its own dose
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule_words

ALLOWED = "qd, bid, tid, once, qw, qNw, qNd, 'days 1,15', 'weeks 0,2,24', 'q2w x3', parts joined by ' then '"
MOST_LISTED, MOST_TEXT, MOST_PARTS, DIGITS, SHOWN = 400, 4000, 40, 9, 60
_PER_DAY = {"qd": 1, "bid": 2, "tid": 3}
_PART = re.compile(
    r"^(?:(?P<dose>\d+(?:\.\d+)?)\s*(?P<unit>mg/kg|mg/m2|mg|g|ug|cells/kg|cells)\s+)?"
    r"(?:(?P<daily>qd|bid|tid)|(?P<once>once)|q(?P<n>\d*)(?P<step>[wd])|(?P<list>days|weeks)\s+(?P<at>\d[\d,\s.]*))"
    r"(?:\s*x\s*(?P<count>\d+))?$",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose: `day` since the first dose day (0 = first), amount and unit, or None for the treatment's own."""

    day: float
    amount: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a schedule: explicit days, or a step in days with an optional count."""

    days: tuple[float, ...]
    step: float
    count: int | None
    amount: float | None
    unit: str | None
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule; equal by value. `text` is the canonical form."""

    text: str
    parts: tuple[Part, ...]

    @property
    def per_day(self) -> int:
        """Doses a day when the whole schedule is plain qd, bid or tid, else 0."""
        return _PER_DAY.get(self.text, 0)

    @property
    def endless(self) -> bool:
        """Whether doses go on for as long as anybody looks."""
        last = self.parts[-1]
        return not last.days and last.count is None

    @property
    def total(self) -> int:
        """Doses of a schedule that ends."""
        return sum(len(p.days) or (p.count or 1) for p in self.parts)

    def doses(self, until: float) -> list[Dose]:
        """Doses on days 0 <= day < `until`, in order."""
        out: list[Dose] = []
        cursor = 0.0
        for k, part in enumerate(self.parts):
            last = k == len(self.parts) - 1
            days = list(part.days) if part.days else _stepped(part, cursor, until, last)
            out += [Dose(d, part.amount, part.unit) for d in days if d < until]
            end = part.days[-1] if part.days else cursor + ((part.count or 1) - 1) * part.step
            cursor = end + self._gap(k)  # where the part ends, also when that is beyond `until`
        return out

    def _gap(self, k: int) -> float:
        """Days from the last dose of part k to the first of the next: its own step if daily, else the next part's."""
        here = self.parts[k]
        if here.daily or k + 1 == len(self.parts):
            return here.step
        return self.parts[k + 1].step


def _stepped(part: Part, start: float, until: float, last: bool) -> list[float]:
    fit = max(int((until - start) / part.step) + 2, 0)
    n = min(part.count, fit) if part.count is not None else (fit if last else 1)
    return [start + i * part.step for i in range(n) if start + i * part.step < until]


def parse(text: str, words: bool = True) -> Schedule:
    """Schedule of a text in the grammar above, or in the words of `schedule_words`, which become the grammar's.

    words: False takes the grammar alone. Raises InvalidValue naming the part that cannot be read.
    """
    clean = re.sub(r"\s+", " ", text.strip().lower().replace(", ", ","))
    _bounded(text, clean)
    if words and not all(_PART.match(p.strip()) for p in clean.split(" then ")):
        clean = re.sub(r"\s+", " ", schedule_words.rewritten(text).replace(", ", ","))
    parts = tuple(_part(p.strip(), text) for p in clean.split(" then "))
    for k, part in enumerate(parts[:-1]):
        if not part.days and part.count is None:
            raise _wrong(text, clean.split(" then ")[k], "a part with an end before 'then' (a list or xN)")
    return Schedule(clean, parts)


def reading(text: str) -> str:
    """How a schedule in other words was read, in words; empty where it stands in the grammar."""
    clean = re.sub(r"\s+", " ", text.strip().lower().replace(", ", ","))
    meant = parse(text).text
    return "" if meant == clean else f"read {text.strip()!r} as {meant}"


def _wrong(whole: str, part: str, allowed: str, hint: str = "") -> InvalidValue:
    """The fault of one part; the whole is named beside it where it is more than that."""
    short = part if len(part) <= SHOWN else f"{part[:SHOWN]} ..."
    where = "schedule" if len(whole) > SHOWN or whole.strip().lower() == part else f"schedule {whole!r}"
    return InvalidValue(where, short, allowed, hint)


def _bounded(text: str, clean: str) -> None:
    """Refuse what no trial gives and what would take for ever: long texts, long lists, long numbers."""
    listed = max(part.count(",") + 1 for part in clean.split(" then "))
    if listed > MOST_LISTED:
        allowed = f"at most {MOST_LISTED} listed days or weeks (here {listed})"
        raise _wrong(text, clean, allowed, "a repeat says more: qd x2999, q2w x26")
    if len(text) > MOST_TEXT or clean.count(" then ") >= MOST_PARTS:
        raise _wrong(text, clean, f"at most {MOST_TEXT} characters and {MOST_PARTS} parts")
    long = re.search(rf"\d{{{DIGITS + 1},}}", clean)
    if long:
        raise _wrong(text, clean, f"numbers of at most {DIGITS} digits (here one of {len(long[0])})")


def _part(text: str, whole: str) -> Part:
    m = _PART.match(text)
    if not m:
        raise _wrong(whole, text, ALLOWED, _unsaid(text))
    amount = float(m["dose"]) if m["dose"] else None
    count = int(m["count"]) if m["count"] else None
    if count == 0 or (m["n"] and int(m["n"]) == 0):
        raise _wrong(whole, text, "a repeat and an interval of at least 1")
    if m["once"]:
        return Part((), 1.0, 1, amount, m["unit"])
    if m["daily"]:
        return Part((), 1.0 / _PER_DAY[m["daily"]], count, amount, m["unit"], daily=True)
    if m["step"]:
        return Part((), int(m["n"] or 1) * (7.0 if m["step"] == "w" else 1.0), count, amount, m["unit"])
    return Part(_listed(m, text, whole), 0.0, None, amount, m["unit"])


def _unsaid(text: str) -> str:
    """What to write in place of words that the grammar cannot hold, or that mean two things."""
    if any(w in text for w in schedule_words.TWO_MEANINGS):
        return "biweekly and bimonthly mean two things: write q2w, or list the days"
    if any(w in text for w in schedule_words.UNSAID):
        return "list the days instead, e.g. 'days 1,4,8,11'"
    return ""


def _listed(m: re.Match[str], text: str, whole: str) -> tuple[float, ...]:
    if m["count"]:
        raise _wrong(whole, text, "a list of days or weeks without a repeat count")
    try:
        raw = [float(v) for v in m["at"].replace(" ", "").strip(",").split(",")]
    except ValueError:
        raise _wrong(whole, text, "numbers with one comma between them") from None
    if min(raw) >= 1 and m["list"] == "days":
        raw = [v - 1.0 for v in raw]  # trials count days from 1 and weeks from 0
    days = [v * (7.0 if m["list"] == "weeks" else 1.0) for v in raw]
    if sorted(set(days)) != days:
        raise _wrong(whole, text, "days or weeks in rising order, none twice")
    return tuple(days)
