"""Read study records, gather their rows, and write a folder that `--evidence` accepts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core import library
from ...core.errors import InvalidValue
from .. import schema
from . import design, results

Row = dict[str, str]
TABLES = ("trials", "arms", "outcomes", "baseline", "agents")


@dataclass
class Imported:
    """Rows by table, and one sentence for each thing that no table could take as it stands."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {t: [] for t in TABLES})
    unmapped: list[str] = field(default_factory=list)


def read_records(files: Iterable[str | Path]) -> Imported:
    """Rows of several record files; a file may hold one study or the `studies` of a search."""
    out = Imported()
    for file in files:
        for study in studies(Path(file)):
            part = read_record(study)
            for name, rows in part.tables.items():
                out.tables[name] += [r for r in rows if r not in out.tables[name]]
            out.unmapped += part.unmapped
    return out


def studies(file: Path) -> list[dict[str, Any]]:
    """Study records of a file. Raises InvalidValue when it holds none."""
    allowed = "a study record of ClinicalTrials.gov in the JSON of API version 2"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidValue(str(file), "no such file", allowed) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as e:
        raise InvalidValue(str(file), str(e), allowed) from None
    found = data.get("studies", [data]) if isinstance(data, dict) else data
    for study in found if found and isinstance(found, list) else [None]:
        if not isinstance(study, dict) or "nctId" not in study.get("protocolSection", {}).get(
            "identificationModule", {}
        ):
            raise InvalidValue(str(file), "no protocolSection.identificationModule.nctId", allowed)
    return list(found)


def read_record(study: dict[str, Any]) -> Imported:
    """Rows of one study record."""
    out = Imported()
    trial = design.trial(study, out.unmapped)
    arms = design.arms(study, out.unmapped)
    found = results.read(study, arms)
    rows = list({a["arm_id"]: a for a in found.arms.values()}.values())
    out.tables |= {"trials": [trial], "arms": rows, "outcomes": found.outcomes, "baseline": found.baseline}
    out.tables["agents"] = agents(rows, out.unmapped)
    out.unmapped += found.unmapped
    single(out, "outcomes", found.nct)
    single(out, "baseline", found.nct)
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
            out.unmapped.append(
                f"{nct}: {name} key {'|'.join(full)} posted more than once, told apart by {column}"
            )


def write(record: Imported, folder: str | Path) -> list[Path]:
    """Write the tables and `unmapped.txt` into a new or empty folder; returns the files written."""
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise InvalidValue("--out", str(target), "a folder that is new or empty")
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in record.tables.items():
        if rows:
            columns = [c for c in schema.table(name).columns if any(c in r for r in rows)]
            with (target / f"{name}.csv").open("w", encoding="utf-8", newline="") as f:
                out = csv.DictWriter(f, columns, lineterminator="\n", restval="", extrasaction="raise")
                out.writeheader()
                out.writerows(rows)
            written.append(target / f"{name}.csv")
    (target / "unmapped.txt").write_text("".join(f"{line}\n" for line in record.unmapped), encoding="utf-8")
    return [*written, target / "unmapped.txt"]
