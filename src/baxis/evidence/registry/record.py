"""Read study records, gather their rows, and write a folder that `--evidence` accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.core.showing.sheets import csv_of
from baxis.core.storing.folders import whole
from baxis.core.storing.text_files import json_of
from baxis.core.storing.written import UNSEEN
from baxis.evidence.registry import design, results, shape
from baxis.evidence.registry.imported import Imported, Row
from baxis.evidence.registry.refused import settle
from baxis.evidence.store import schema

NCT = re.compile(r"NCT[0-9]{8}")
LONGEST = 500  # characters of a cell
ALLOWED = "a study record of ClinicalTrials.gov in the JSON of API version 2"


def read_records(files: Iterable[str | Path]) -> Imported:
    """Rows of several record files; a file may hold one study or the `studies` of a search."""
    out = Imported()
    for file in files:
        found, more = studies(Path(file))
        parts = [*map(read_record, found), Imported(unmapped=more)]
        for part in parts:
            for name, rows in part.tables.items():
                out.tables[name] += [r for r in rows if r not in out.tables[name]]
            out.unmapped += [u for u in part.unmapped if u not in out.unmapped]
    return out


def studies(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Study records of a file, and a sentence where the register holds more of the same search. Raises InvalidValue
    when the file holds none, or one that is no record."""
    try:
        data = present(json_of(file))
    except OSError as e:
        raise InvalidValue(str(file), (e.strerror or str(e)).lower(), ALLOWED) from None
    except InvalidValue as e:
        raise InvalidValue(e.where, e.got, ALLOWED) from None
    except RecursionError:
        raise InvalidValue(str(file), "parts nested too deep", ALLOWED) from None
    found = data.get("studies", [data]) if isinstance(data, dict) else data
    if not isinstance(found, list) or not found:
        raise InvalidValue(str(file), "no study", ALLOWED)
    for number, study in enumerate(found, 1):
        nct = identifier(study)
        if not NCT.fullmatch(nct):
            place = f"{file}, study {number} of {len(found)}" if len(found) > 1 else str(file)
            got = f"nctId {nct!r}" if nct else "no protocolSection.identificationModule.nctId"
            raise InvalidValue(place, got, ALLOWED)
    return found, rest(file, data, len(found))


def rest(file: Path, data: Any, held: int) -> list[str]:
    """One sentence when a file is one page of a longer search."""
    token, total = (data.get(k) for k in ("nextPageToken", "totalCount")) if isinstance(data, dict) else (None, None)
    more = isinstance(total, int) and not isinstance(total, bool) and total > held
    if not token and not more:
        return []
    of = f"{held} of {total} studies" if more else f"{held} studies of more"
    next_page = f"; download the next page with pageToken={token}" if token else ""
    return [f"{file.name} is one page of a search, {of}: the rest is not read{next_page}"]


def present(data: Any) -> Any:
    """The record without its nulls (a field that is null says no more than one that is not there), its texts in one
    line and without control characters, which a terminal or a table would act on."""
    if isinstance(data, str):
        return " ".join(UNSEEN.sub(" ", data).split())
    if isinstance(data, dict):
        return {k: present(v) for k, v in data.items() if v is not None}
    return [present(v) for v in data if v is not None] if isinstance(data, list) else data


def identifier(study: Any) -> str:
    """nctId of a study record, or ''."""
    for key in ("protocolSection", "identificationModule", "nctId"):
        study = study.get(key, {}) if isinstance(study, dict) else {}
    return study if isinstance(study, str) else ""


def read_record(study: dict[str, Any]) -> Imported:
    """Rows of one study record. Raises InvalidValue for what is not shaped as the register shapes it."""
    shape.check(study, identifier(study))
    try:
        return mapped(study)
    except KeyError as e:
        got = f"an entry without {e}"
    except (TypeError, AttributeError, ValueError, IndexError):
        got = "a part that is not shaped as the register shapes it"
    raise InvalidValue(identifier(study) or "study record", got, ALLOWED, "download the record again")


def mapped(study: dict[str, Any]) -> Imported:
    """Rows of one well-shaped study record."""
    out = Imported()
    trial = design.trial(study, out.unmapped)
    arms = design.arms(study, out.unmapped)
    found = results.read(study, arms)
    rows = found.rows
    out.tables |= {"trials": [trial], "arms": rows, "outcomes": found.outcomes, "baseline": found.baseline}
    out.tables["agents"] = agents(rows, out.unmapped)
    out.unmapped += found.unmapped
    single(out, "outcomes", found.nct)
    single(out, "baseline", found.nct)
    shorten(out, found.nct)
    settle(out, found.nct)
    return out


def agents(arms: list[Row], unmapped: list[str]) -> list[Row]:
    """Rows of agents.csv for drugs that the library does not know, class still to be given."""
    known = {r["agent"] for r in library.read_table("evidence/agents")}
    fresh = sorted({p for a in arms for p in a["drug"].split("+")} - known)
    unmapped += [f"drug {d!r} is not in the library; give its class in agents.csv" for d in fresh]
    return [{"agent": d, "class": "unclassified", "kind": "drug"} for d in fresh]


def single(out: Imported, name: str, nct: str) -> None:
    """One row a key: a repeated key gets the posted order in its detail's place and is listed."""
    key = schema.table(name).key
    seen: dict[tuple[str, ...], int] = {}
    for row in out.tables[name]:
        full = tuple(row.get(k, "") for k in key)
        seen[full] = seen.get(full, 0) + 1
        if seen[full] > 1:
            column = "subgroup" if "subgroup" in key else "characteristic"
            row[column] = f"{row.get(column, '')} (posted row {seen[full]})".strip().replace(
                " ", "_" if column != "subgroup" else " "
            )
            out.unmapped.append(f"{nct}: {name} key {'|'.join(full)} posted more than once, told apart by {column}")


def shorten(out: Imported, nct: str) -> None:
    """Texts of the register that are too long for a cell are cut, and listed."""
    for name, rows in out.tables.items():
        for row in rows:
            for column, cell in row.items():
                if len(cell) > LONGEST:
                    row[column] = cell[: LONGEST - 1] + "…"
                    out.unmapped.append(f"{nct}: {name}, {column} of {len(cell)} characters cut: {cell[:60]!r}…")


KIND = "baxis evidence import"  # of a folder that `write` writes


def write(record: Imported, folder: str | Path) -> list[Path]:
    """Write the tables and `unmapped.txt` into a new or empty folder, whole or not at all; returns the files.

    An earlier import is not replaced: its tables are mended by hand.
    """
    if Path(folder).is_dir() and any(Path(folder).iterdir()):
        raise InvalidValue("--out", str(folder), "a folder that is new or empty")
    names: list[str] = []
    try:
        place = whole(folder, KIND, lambda work: names.extend(write_tables(record, work)))
    except OSError as e:
        said = f"{folder} ({(e.strerror or str(e)).lower()})"
        raise InvalidValue("--out", said, "a folder that can be written") from None
    return [place / name for name in names]


def write_tables(record: Imported, folder: Path) -> list[str]:
    """Write every table that has rows, and what was not mapped; returns the file names."""
    written = []
    for name, rows in record.tables.items():
        if rows:
            columns = [c for c in schema.table(name).columns if any(c in r for r in rows)]
            assert all(set(row) <= set(columns) for row in rows)
            text = csv_of(columns, [[row.get(c, "") for c in columns] for row in rows])
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
            written.append(f"{name}.csv")
    text = "".join(f"{line}\n" for line in record.unmapped)
    (folder / "unmapped.txt").write_text(text, encoding="utf-8")
    return [*written, "unmapped.txt"]
