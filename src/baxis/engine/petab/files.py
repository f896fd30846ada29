"""The files of a PEtab problem: its YAML file, the tables and models that it names, read as text and told where they fail."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName, Unsupported, nearest

LARGEST = 10_000_000  # bytes of a YAML file
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
DECLARED = re.compile(r"""\A(<\?xml[^>]*encoding=["'])[\w.-]+(["'])""")
TABLES = ("parameter", "condition", "experiment", "measurement", "observable", "mapping")

TOP: dict[int, tuple[str, ...]] = {1: ("parameter_file", "problems"), 2: ("parameter_files", "model_files")}
WITHIN: dict[int, tuple[str, ...]] = {
    1: ("sbml_files", "condition_files", "measurement_files", "observable_files"),
    2: ("measurement_files", "observable_files"),
}


@dataclass(frozen=True)
class Row:
    """One row of a table: `where` (file and row) and its cells by column, as text without blanks around."""

    where: str
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """A cell; empty where the table has no such column."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class TableFile:
    """One file: its name, columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass
class ProblemFiles:
    """All that a problem's YAML file names. `tables` by kind; `models` by id, as text; `texts` all files as read."""

    path: Path
    version: int
    said: dict[str, Any]
    tables: dict[str, list[TableFile]] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def rows(self, kind: str) -> Iterator[Row]:
        """Rows of all tables of a kind, in the order of the files."""
        for table in self.tables.get(kind, []):
            yield from table.rows


def read_problem(path: Path) -> ProblemFiles:
    """Read a YAML file and every table and model that it names. Raises InvalidValue, Faults or Unsupported."""
    found = _yaml(path, _text(path, "PEtab problem", path.name))
    _need(found, found.said, TOP[found.version])
    part = _problem_part(found)
    _need(found, part, WITHIN[found.version])
    named: list[tuple[str, str]] = []
    for kind in TABLES:
        key = f"{kind}_file" if f"{kind}_file" in found.said else f"{kind}_files"
        listed = found.said.get(key) if key in found.said else part.get(key)
        named += [(kind, name) for name in _names(found, key, listed)]
    faults: list[str] = []
    for kind, name in named:
        try:
            found.tables.setdefault(kind, []).append(_table(found, kind, name))
        except InvalidValue as problem:
            faults.append(str(problem))
    for model, name in _model_names(found, part).items():
        try:
            found.models[model] = _listed(found, "model", name)
        except InvalidValue as problem:
            faults.append(str(problem))
    raise_all(f"PEtab problem {path.name}", faults)
    return found


def raise_all(where: str, faults: list[str]) -> None:
    """Raise what was found, if anything: one fault as itself, several as a list."""
    if len(faults) == 1:
        raise BaxisError(faults[0])
    if faults:
        raise Faults(where, faults)


def _yaml(path: Path, text: str) -> ProblemFiles:
    import yaml

    if len(text) > LARGEST:
        raise InvalidValue(str(path), f"{len(text)} characters", f"a YAML file of at most {LARGEST}")
    try:
        said = yaml.safe_load(text)
    except RecursionError:
        raise InvalidValue(path.name, "brackets nested too deep", "the YAML file of a PEtab problem") from None
    except (yaml.YAMLError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path.name}, line {mark.line + 1}" if mark else path.name
        why = getattr(problem, "problem", None) or "text that YAML does not take"
        why = "a key that is a list or a record" if "unhashable" in why else why
        raise InvalidValue(where, why, "the YAML file of a PEtab problem") from None
    if not isinstance(said, dict) or "format_version" not in said:
        raise InvalidValue(str(path), "no format_version", "the YAML file of a PEtab problem")
    version = str(said["format_version"]).split(".")[0]
    if version not in ("1", "2"):
        raise Unsupported(f"PEtab format version {said['format_version']}; allowed: 1, 2")
    for name, extension in (said.get("extensions") or {}).items() if isinstance(said.get("extensions"), dict) else ():
        if isinstance(extension, dict) and extension.get("required"):
            raise Unsupported(f"PEtab extension {name!r}, which {path.name} says is required")
    return ProblemFiles(path, int(version), said)


def _problem_part(found: ProblemFiles) -> dict[str, Any]:
    """Where version 1 lists its files; version 2 lists them at the top."""
    if found.version == 2:
        return found.said
    problems = found.said.get("problems")
    if not isinstance(problems, list) or not all(isinstance(p, dict) for p in problems) or not problems:
        raise InvalidValue(f"{found.path.name}, problems", problems, "a list with one problem and its files")
    if len(problems) > 1:
        raise Unsupported(f"{found.path.name}: {len(problems)} problems in one file; give each a file of its own")
    return dict(problems[0])


def _need(found: ProblemFiles, part: dict[str, Any], wanted: tuple[str, ...]) -> None:
    for key in wanted:
        if key not in part:
            raise UnknownName(f"entry of {found.path.name} (it lacks this one)", key, map(str, part))


def _names(found: ProblemFiles, key: str, listed: Any) -> list[str]:
    names = [listed] if isinstance(listed, str) else (listed or [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise InvalidValue(f"{found.path.name}, {key}", listed, "names of files")
    return names


def _model_names(found: ProblemFiles, part: dict[str, Any]) -> dict[str, str]:
    """File of each model by its id (version 1: one without)."""
    if found.version == 1:
        names = _names(found, "sbml_files", part.get("sbml_files"))
        if len(names) != 1:
            raise InvalidValue(f"{found.path.name}, sbml_files", names, "one SBML model")
        return {"": names[0]}
    models = found.said.get("model_files")
    if not isinstance(models, dict) or not all(isinstance(m, dict) and "location" in m for m in models.values()):
        raise InvalidValue(f"{found.path.name}, model_files", models, "models by id, each with location and language")
    for name, model in models.items():
        if str(model.get("language", "")).lower() != "sbml":
            raise Unsupported(f"PEtab model {name!r} of language {model.get('language')!r}; allowed: 'sbml'")
    return {str(name): str(model["location"]) for name, model in models.items()}


def _listed(found: ProblemFiles, kind: str, name: str) -> str:
    """Text of a file that the YAML file names."""
    if "://" in name or Path(name).is_absolute():
        raise InvalidValue(
            f"{found.path.name}, {kind} file", name, "a path relative to the YAML file; nothing is fetched"
        )
    file = found.path.parent / name
    if not file.is_file():
        near = nearest(Path(name).name, [p.name for p in found.path.parent.iterdir()])
        hint = f"did you mean {near!r}?" if near and near != name else ""
        raise InvalidValue(f"{found.path.name}, {kind} file", name, f"a file that exists in {file.parent}", hint)
    found.texts[name] = _text(file, f"{kind} file", name)
    return found.texts[name]


def _text(file: Path, what: str, name: str) -> str:
    """Text of a file: UTF-8, another by its byte order mark, an XML file as its first line says."""
    try:
        data = file.read_bytes()
    except OSError as problem:
        raise InvalidValue(what, name, f"a file that can be read ({problem.strerror})") from None
    encoding = next((e for mark, e in MARKS if data.startswith(mark)), "")
    declared = re.match(rb"""<\?xml[^>]*encoding=["']([\w.-]+)["']""", data)
    encoding = encoding or (declared[1].decode() if declared else "utf-8")
    try:
        return DECLARED.sub(r"\1UTF-8\2", data.decode(encoding), count=1)
    except LookupError:
        raise InvalidValue(f"{name}, line 1", encoding, "an encoding that is known") from None
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise InvalidValue(f"{name}, line {line}", f"byte 0x{data[problem.start]:02x}", "text in UTF-8") from None


def _table(found: ProblemFiles, kind: str, name: str) -> TableFile:
    text = _listed(found, kind, name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except csv.Error as problem:
        raise InvalidValue(name, str(problem), "a table separated by tabs") from None
    if not lines:
        raise InvalidValue(name, "an empty file", f"a {kind} table, separated by tabs")
    header = tuple(c.strip() for c in lines[0][1])
    _check_header(name, header, lines[0][1])
    rows = []
    for line, cells in lines[1:]:
        if len(cells) > len(header):
            raise InvalidValue(f"{name}, row {line}", f"{len(cells)} cells", f"{len(header)}, as the header has")
        padded = [*cells, *[""] * (len(header) - len(cells))]
        rows.append(Row(f"{name}, row {line}", {h: c.strip() for h, c in zip(header, padded, strict=True)}))
    return TableFile(name, header, tuple(rows))


def _check_header(name: str, header: tuple[str, ...], raw: list[str]) -> None:
    if len(header) == 1:
        mark = next((m for m in (";", ",") if m in header[0]), "")
        if mark:
            raise InvalidValue(name, f"columns separated by {mark!r}", "columns separated by tabs")
    for k, column in enumerate(header, start=1):
        if not column:
            raise InvalidValue(f"{name}, column {k}", "no name", "a name for each column", "remove a tab at the end")
        if header.count(column) > 1:
            raise InvalidValue(name, f"two columns {column!r}", "each column once")
        if column != raw[k - 1]:
            raise InvalidValue(f"{name}, column {k}", raw[k - 1], f"{column!r}, without blanks around it")
