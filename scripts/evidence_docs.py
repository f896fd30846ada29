"""Write the generated part of docs/evidence/tables.md from the schema and the shipped tables.

PYTHONPATH=src python scripts/evidence_docs.py
"""

from __future__ import annotations

from pathlib import Path

from baxis.evidence.store import checks, schema

PAGE = Path(__file__).resolve().parent.parent / "docs" / "evidence" / "tables.md"
MARK = "<!-- generated: python scripts/evidence_docs.py -->\n"


def column_line(table: schema.TableColumns, column: schema.Column) -> str:
    """One row of a column table."""
    allowed = ", ".join(column.allowed)
    if column.low is not None or column.high is not None:
        low = "" if column.low is None else f"{column.low:g}"
        allowed = f"{low} to {column.high:g}" if column.high is not None else f"{low} or more"
    if column.ref:
        allowed = f"a value of {column.ref}" + (f", joined by `{column.sep}`" if column.sep else "")
    mark = " (key)" if column.name in table.key else " (needed)" if column.required else ""
    return f"| `{column.name}`{mark} | {column.type} | {allowed} | {column.doc} |".replace("  ", " ")


def page() -> str:
    """The generated part: counts, then each table."""
    counts = checks.check().counts
    lines = [
        "## How much is there",
        "",
        "| table | rows | numbers | verified | recalled | uncited |",
        "|---|---|---|---|---|---|",
    ]
    for c in (*counts, checks.check().total):
        lines.append(f"| {c.table} | {c.rows} | {c.numbers} | {c.verified} | {c.recalled} | {c.uncited} |")
    for table in schema.tables().values():
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.title}.",
            "",
            "| column | type | allowed | what |",
            "|---|---|---|---|",
        ]
        lines += [column_line(table, c) for c in table.columns.values()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Replace everything below the mark."""
    head = PAGE.read_text(encoding="utf-8").split(MARK)[0]
    PAGE.write_text(head + MARK + "\n" + page(), encoding="utf-8")


if __name__ == "__main__":
    main()
