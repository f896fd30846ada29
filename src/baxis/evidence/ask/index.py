"""Full-text search over claims, trials, drugs and experiments: SQLite FTS5, built once per state of the tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from baxis.core.errors import InvalidValue
from baxis.core.storing import store

if TYPE_CHECKING:
    import pandas as pd

    from baxis.evidence.store.tables import Evidence

FORMAT = 3
MOST_WORDS, MOST_LETTERS = 20, 200
DOCUMENTS = {
    "trial": ("trials", "trial_id", ("acronym", "nct", "disease", "population", "primary_endpoint", "notes")),
    "claim": ("claims", "claim_id", ("subject", "relation", "object", "context", "disease", "statement")),
    "drug": ("drugs", "drug", ("other_names", "class", "target_genes", "usual_doses", "boxed_or_key_risks")),
    "experiment": ("experiments", "exp_id", ("description", "stimulus", "perturbation", "readout", "value_text")),
}  # fmt: skip


def search(evidence: Evidence, text: str, limit: int = 20) -> pd.DataFrame:
    """Best matches first: columns kind, id, title, snippet. All words must occur; when none has all, any word counts.

    Raises InvalidValue when the text has no word, or more than MOST_WORDS or MOST_LETTERS.
    """
    import pandas as pd

    if len(text) > MOST_LETTERS:
        raise InvalidValue("search text", f"{len(text)} characters", f"at most {MOST_LETTERS}")
    words = re.findall(r"[\w.-]*\w", text)
    if not words:
        raise InvalidValue("search text", text, "at least one word")
    if len(words) > MOST_WORDS:  # a search cannot be stopped, and its time grows with every word
        raise InvalidValue("search text", f"{len(words)} words", f"at most {MOST_WORDS}")
    with closing(opened(evidence)) as base:
        rows = matches(base, " AND ".join(map(quoted, words)), limit)
        rows = rows or matches(base, " OR ".join(map(quoted, words)), limit)
    return pd.DataFrame(rows, columns=["kind", "id", "title", "snippet"])


def quoted(word: str) -> str:
    """A word as an FTS5 string; one of three letters or more also finds its continuations."""
    return '"' + word.replace('"', '""') + '"' + ("*" if len(word) > 2 else "")


def matches(base: sqlite3.Connection, query: str, limit: int) -> list[tuple]:
    """Rows of the index, best first (ties by kind and id)."""
    sql = (
        "SELECT kind, id, title, snippet(documents, 3, '[', ']', ' ... ', 24) FROM documents "
        "WHERE documents MATCH ? ORDER BY bm25(documents, 0, 8, 4, 1), kind, id LIMIT ?"
    )
    return base.execute(sql, (query, limit)).fetchall()


def opened(evidence: Evidence) -> sqlite3.Connection:
    """The index in memory: as it was kept, or built now and kept."""
    name = f"search-{FORMAT}-{evidence.digest}"
    base = sqlite3.connect(":memory:")
    kept = store.load(name)
    if kept is not None:
        base.deserialize(kept)
        return base
    fill(base, evidence)
    base.commit()
    store.store(name, base.serialize())
    return base


def fill(base: sqlite3.Connection, evidence: Evidence) -> None:
    """Make the index in an empty database."""
    base.execute("CREATE VIRTUAL TABLE documents USING fts5(kind UNINDEXED, id, title, body, tokenize='unicode61')")
    base.executemany("INSERT INTO documents VALUES (?, ?, ?, ?)", documents(evidence))


def documents(evidence: Evidence) -> Iterator[tuple[str, str, str, str]]:
    """(kind, id, title, body) of everything that can be found; an experiment's rows make one document."""
    from baxis.evidence.ask.query import arm_class, drug_classes

    classes = drug_classes(evidence)
    given: dict[str, dict[str, None]] = {}
    for arm in evidence.rows("arms"):
        words = f"{arm['arm_label']} {arm['drug']} {arm_class(arm['drug'], classes)}"
        given.setdefault(arm["trial_id"], {})[words] = None
    diseases = {d["disease"]: d["name"] for d in evidence.rows("diseases")}
    for kind, (table, key, columns) in DOCUMENTS.items():
        grouped: dict[str, list[dict[str, Any]]] = {}
        for row in evidence.rows(table):
            grouped.setdefault(row[key], []).append(row)
        for name, rows in grouped.items():
            parts = dict.fromkeys(str(r[c]) for r in rows for c in columns if r[c])
            more = given.get(name, {}) if kind == "trial" else {}
            body = " ".join([*parts, *more, diseases.get(rows[0].get("disease", ""), "")])
            yield kind, name, title(kind, rows[0]), body.strip()


def title(kind: str, row: dict[str, Any]) -> str:
    """Heading of a document."""
    if kind == "trial":
        return row["acronym"] or row["trial_id"]
    if kind == "claim":
        return f"{row['subject']} {row['relation']} {row['object']}"
    return str(row["drug"] if kind == "drug" else row["description"])
