"""PEtab problems written for a test: small tables given as text, one model in Antimony."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def tsv(text: str) -> str:
    """A table typed with blanks, as PEtab has it: tabs; `_` is an empty cell."""
    lines = [line.split() for line in text.strip().splitlines()]
    return "\n".join("\t".join("" if c == "_" else c for c in line) for line in lines) + "\n"


@pytest.fixture
def problem_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes a problem and returns its YAML file: (Antimony, {table: text}, version)."""
    from baxis.engine.reading.antimony import antimony_to_sbml

    def write(model: str, tables: dict[str, str], version: int = 2) -> Path:
        (tmp_path / "model.xml").write_text(antimony_to_sbml(model), encoding="utf-8")
        for name, text in tables.items():
            (tmp_path / f"{name}.tsv").write_text(tsv(text), encoding="utf-8")
        lists = {k: f"{k}_files: [{k}.tsv]" for k in tables}
        if version == 1:
            lines = ["format_version: 1", "parameter_file: parameter.tsv", "problems:", "- sbml_files: [model.xml]"]
            lines += [f"  {lists[k]}" for k in ("condition", "measurement", "observable")]
        else:
            models = ["model_files:", "  m:", "    location: model.xml", "    language: sbml"]
            lines = ["format_version: 2.0.0", *models, *lists.values()]
        file = tmp_path / "p.yaml"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    return write
