"""Every kind of input that people give to baxis: right examples, how they are spoilt, and what reads them."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent))  # beside this file, also when a test runs it
import fuzz_inputs as spoil
from fuzz_examples import ANTIMONY, DESIGN, DOSES, FORMS, PATIENTS, PETAB, POPULATION, ROWS, SCHEDULES, TABLE
from random_models import random_model
from random_sbml import sbml as sbml_of

ROOT = Path(__file__).resolve().parents[1]


class Told(Exception):
    """The command line refused the input, and said so."""


class Found(Told):
    """It ran, and said that something is wrong (exit code 1): what was asked for is written all the same."""


class Inside(Exception):
    """The command line told of an error inside baxis, exit code 70."""


class Reached(Exception):
    """A page's question was read and its patients would be simulated now."""


@dataclass
class Input:
    """Files by name, and what is not a file: words, a form, messages."""

    files: dict[str, bytes] = field(default_factory=dict)
    said: Any = None


@dataclass(frozen=True)
class Kind:
    """A kind of input. share: of all inputs, in parts of the sum; cheap: read within milliseconds."""

    make: Callable[[Random], Input]
    read: Callable[[Input], object]
    share: int = 10
    cheap: bool = False


def cli(*words: str) -> str:
    """`baxis WORDS` in this process; what it printed. Raises Told or Inside."""
    from baxis.faces.cli import main

    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["baxis", *words]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    said = out.getvalue() + err.getvalue()
    if code in (1, 2) and said.strip() and "Traceback" not in said:
        raise (Told if code == 2 else Found)(err.getvalue() or said)
    if code or "Traceback" in said:
        raise Inside(f"exit code {code}: {said.strip()[-300:] or 'nothing was said'}")
    return said


@lru_cache(maxsize=64)
def _model(k: int) -> str:
    return sbml_of(random_model(Random(k)), doses=bool(k % 2))


def _sbml(random: Random) -> Input:
    given = _model(random.randrange(60))
    changed = spoil.xml(random, given) if random.random() < 0.7 else spoil.text(random, given)
    return Input({"m.xml": spoil.encoded(random, changed)}, random.random() < 0.12)


def _antimony(random: Random) -> Input:
    return Input({"m.ant": spoil.encoded(random, spoil.text(random, random.choice(ANTIMONY)))}, random.random() < 0.12)


def _read_model(given: Input) -> None:
    """By the readers of every way; now and then simulated."""
    from baxis.core.errors import Unsupported
    from baxis.engine import load_network, load_sbml
    from baxis.engine.reading.model_file import read_model
    from baxis.engine.reading.units import unit_report

    (name,) = given.files
    if given.said:
        cli("simulate", name, "--until", "1", "--points", "3", "--out", "o.csv")
        return
    text = read_model(Path(name))
    unit_report(text)
    load_network(text)
    with suppress(Unsupported):  # of the plain path, beside which there is another
        load_sbml(text)


def _petab(random: Random) -> Input:
    files = dict(random.choice(PETAB)) | {"model.xml": _petab_model()}
    name = random.choice([n for n in files if n != "model.xml"])
    if name.endswith(".tsv") and random.random() < 0.7:
        changed = spoil.table(random, files[name], "\t")
    else:
        changed = spoil.text(random, files[name])
    return Input({n: t.encode() for n, t in files.items()} | {name: spoil.encoded(random, changed)})


@lru_cache(maxsize=1)
def _petab_model() -> str:
    from baxis.engine.reading.antimony import antimony_to_sbml

    return antimony_to_sbml("x' = k; x = 0; k = 1")


def _design(random: Random) -> Input:
    if random.random() < 0.6:
        changed = spoil.tree(random, tomllib.loads(random.choice(DESIGN)))
        text = spoil.toml(changed) if isinstance(changed, dict) else str(changed)
    else:
        text = spoil.text(random, random.choice(DESIGN))
    return Input({"d.toml": spoil.encoded(random, text)}, random.random() < 0.04)


def _read_design(given: Input) -> None:
    from baxis.clinic.design.read import read_design

    design = read_design("d.toml", ())
    if given.said and design.weeks <= 60 and len(design.arms) < 5:
        cli("trial", "d.toml", "--patients", "2", "--threads", "1", "--json", "o.json", "-q")


def _tabular(name: str, examples: tuple[str, ...], separator: str = ",") -> Callable[[Random], Input]:
    def make(random: Random) -> Input:
        given = random.choice(examples)
        own = separator if separator in given.split("\n")[0] else ";"
        changed = spoil.table(random, given, own) if random.random() < 0.75 else spoil.text(random, given)
        return Input({name: spoil.encoded(random, changed)})

    return make


def _read_patient(given: Input) -> None:
    from baxis.insight.patient.file import read

    read("p.csv", "SLE")


def _population(random: Random) -> Input:
    if random.random() < 0.5:
        return _tabular("o.csv", ROWS)(random)
    changed: Any = POPULATION
    if random.random() < 0.6:
        changed = spoil.tree(random, tomllib.loads(POPULATION))
    text = spoil.toml(changed) if isinstance(changed, dict) else spoil.text(random, POPULATION)
    return Input({"o.toml": spoil.encoded(random, text)})


def _read_population(given: Input) -> None:
    import numpy as np

    from baxis.clinic.people.own_population import read_population

    (name,) = given.files
    read_population(name, "SLE").values(1, np.arange(8))


def _read_table(given: Input) -> None:
    from baxis.engine.tables.value_table import read_values

    read_values("t.csv", _petab_model())


@lru_cache(maxsize=1)
def _expression() -> tuple[str]:
    from baxis.insight.omics.activities import signatures

    genes = list(dict.fromkeys([*signatures()["gene"], *(f"GENE{i}" for i in range(400))]))
    r = Random(1)
    rows = [",".join([g, *(f"{r.uniform(2, 12):.2f}" for _ in range(4))]) for g in genes]
    return ("\n".join(["gene,s1,s2,s3,s4", *rows]) + "\n",)


def _read_omics(given: Input) -> None:
    from baxis.insight.omics.expression import read

    read(Path("x.csv"))


@lru_cache(maxsize=1)
def _rearrangements() -> tuple[str]:
    rows = [f"s{i}\tc{i % 10}\t0.95\t{'IGHM*01' if i < 15 else 'IGHG1*01'}\t{1 + i % 3}" for i in range(30)]
    return ("\n".join(["sequence_id\tclone_id\tv_identity\tc_call\tduplicate_count", *rows]) + "\n",)


def _read_repertoire(given: Input) -> None:
    from baxis.insight.omics.repertoire import repertoire

    repertoire("r.tsv")


@lru_cache(maxsize=1)
def _evidence_tables() -> dict[str, str]:
    """The tables that the page on own evidence shows."""
    page = (ROOT / "docs" / "howto" / "evidence.md").read_text(encoding="utf-8")
    parts = page.split('```csv title="mine/')[1:]
    return {p.partition('"')[0]: p.partition("\n")[2].partition("```")[0] for p in parts}


def _evidence(random: Random) -> Input:
    files = dict(_evidence_tables())
    name = random.choice(list(files))
    changed = spoil.table(random, files[name]) if random.random() < 0.7 else spoil.text(random, files[name])
    made = {n: t.encode() for n, t in files.items()} | {name: spoil.encoded(random, changed)}
    if random.random() < 0.1:
        made[random.choice(["extra.csv", "arms.CSV", "claims.csv", "trials.tsv", "arms.csv.bak"])] = made[name]
    return Input(made)


def _read_evidence(given: Input) -> None:
    cli("evidence", "check", ".")


@lru_cache(maxsize=1)
def _record() -> str:
    return (ROOT / "tests" / "unit" / "evidence" / "data" / "registry_example.json").read_text(encoding="utf-8")


def _registry(random: Random) -> Input:
    if random.random() < 0.75:
        text = json.dumps(spoil.tree(random, json.loads(_record())))
    else:
        text = spoil.text(random, _record())
    return Input({"x.json": spoil.encoded(random, text)})


def _read_registry(given: Input) -> None:
    from baxis.evidence.registry import read_records, write

    write(read_records(["x.json"]), "tables")


class _Fields(HTMLParser):
    """Names and first values of a page's fields, and every choice of it."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {k: v or "" for k, v in attrs}
        if tag in ("select", "input", "textarea") and at.get("name"):
            self.name = at["name"]
            if tag != "input" or at.get("type") not in ("checkbox", "radio") or "checked" in at:
                self.values.setdefault(self.name, at.get("value", ""))
        elif tag == "option":
            self.choices.setdefault(self.name, []).append(at.get("value", ""))
            if "selected" in at or len(self.choices[self.name]) == 1:
                self.values[self.name] = at.get("value", "")


@lru_cache(maxsize=16)
def _page(name: str) -> _Fields:
    from baxis.faces.web.page_list import PAGES

    found = _Fields()
    found.feed(str(PAGES[name].form({})))
    return found


def _form(random: Random) -> Input:
    name = random.choice(FORMS)
    page = _page(name)
    form: dict[str, Any] = dict(page.values)
    for _ in range(random.choice([1, 1, 2, 4])):
        key = random.choice([*form, spoil.pick(random)] if random.random() < 0.1 else list(form) or ["x"])
        how = random.random()
        if how < 0.35 and page.choices.get(key):
            form[key] = random.choice(page.choices[key])
        elif how < 0.7:
            form[key] = spoil.pick(random) if random.random() < 0.9 else "\ud800"
        elif how < 0.8:
            form.pop(key, None)
        elif how < 0.9:
            form[key] = random.choice([None, [], {}, 1, 10**400, True, ["a"], {"a": "b"}])
        else:
            form[key] = spoil.text(random, str(form.get(key, "")))
    if random.random() < 0.02:
        return Input(said=[name, random.choice([None, [], "x", 3, {str(i): "x" for i in range(200)}])])
    return Input(said=[name, form])


@contextmanager
def _no_patients() -> Iterator[None]:
    """Pages read their question to the end; virtual patients are what costs time."""
    from baxis.clinic.conduct.laboratory import Laboratory
    from baxis.insight.patient.inference.prior import Made

    def reached(*_: object) -> Any:
        raise Reached

    places = ((Laboratory, "screen"), (Laboratory, "eligible_people"), (Made, "pool"), (Made, "through"))
    with ExitStack() as stack:
        for owner, name in places:
            stack.enter_context(patch.object(owner, name, reached))
        yield


def _read_form(given: Input) -> None:
    from baxis.core.errors import InvalidValue
    from baxis.faces.web.page_list import PAGES
    from baxis.faces.web.server import checked

    name, form = given.said
    page = PAGES[name]
    try:
        with _no_patients():
            answer = page.answer(checked(page, form)).plain()
    except Reached:
        return
    json.dumps(answer, allow_nan=False).encode()
    if answer["faults"]:
        said = "; ".join(answer["faults"].values())
        raise InvalidValue(f"page {name}", "a form", said)


def _message(random: Random) -> Input:
    said = {"method": "update", "data": {"form": {"disease": "SLE"}}}
    text = json.dumps(spoil.tree(random, said) if random.random() < 0.6 else said)
    text = spoil.text(random, text) if random.random() < 0.5 else text
    heads = [["host", "127.0.0.1:8000"], ["origin", "http://127.0.0.1:8000"]]
    if random.random() < 0.5:
        k = random.randrange(2)
        heads[k][1] = random.choice([spoil.pick(random), spoil.text(random, heads[k][1])])
    if random.random() < 0.1:
        heads.append(random.choice(heads))
    return Input(said=[random.choice(["websocket", "websocket", "http"]), heads, text])


def _read_message(given: Input) -> None:
    """Through the guard: what is no form of a page ends the connection, and never an exception."""
    from baxis.core.errors import InvalidValue
    from baxis.faces.web.frame.guard import Guard, hosts_of

    kind, heads, text = given.said
    scope = {"type": kind, "path": "/trial/", "method": "GET"}
    scope["headers"] = [(k.encode(), v.encode("utf-8", "surrogatepass")) for k, v in heads]
    passed: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.receive", "text": text}

    async def send(message: Any) -> None:
        passed.append(message)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        if kind == "http":
            passed.append({"type": "page"})
        else:
            passed.append(await receive())

    asyncio.run(Guard(inside, hosts_of("127.0.0.1"))(scope, receive, send))
    if passed[0]["type"] not in ("page", "websocket.receive"):
        raise InvalidValue("message", "another", "a form of a page")


@lru_cache(maxsize=1)
def _saved_files() -> dict[str, bytes]:
    """A small trial's folder, made once."""
    import tempfile

    import baxis

    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "d.toml"
        design.write_text(DESIGN[0], encoding="utf-8")
        baxis.run_trial(str(design), patients=5, threads=1).save(Path(folder) / "saved")
        return {p.name: p.read_bytes() for p in sorted((Path(folder) / "saved").iterdir()) if p.suffix != ".png"}


def _saved(random: Random) -> Input:
    files = dict(_saved_files())
    name = random.choice([*files, "saved.json", "result.json", "saved.json"])
    data = files[name]
    if name.endswith(".json") and random.random() < 0.7:
        files[name] = json.dumps(spoil.tree(random, json.loads(data))).encode("utf-8", "surrogatepass")
    else:
        files[name] = spoil.damaged(random, data)
    if random.random() < 0.05:
        del files[name]
    return Input(files, random.random() < 0.1)


def _read_saved(given: Input) -> None:
    from baxis.clinic.reload import load_result

    if given.said:
        cli("plot", ".")
    else:
        load_result(".").against_published()


def _words(random: Random) -> Input:
    kind = random.choice(["schedule", "dose"])
    given = random.choice(SCHEDULES if kind == "schedule" else DOSES)
    return Input(said=[kind, spoil.text(random, given)])


def _read_words(given: Input) -> None:
    from baxis.core.reading import schedule
    from baxis.insight.bench.scenario import Settings, scenario

    kind, text = given.said
    if kind == "schedule":
        schedule.parse(text).doses(400.0)
        schedule.reading(text)
    else:
        scenario("belimumab", "SLE", dose=text, settings=Settings())


KINDS: dict[str, Kind] = {
    "SBML": Kind(_sbml, _read_model, 24),
    "Antimony": Kind(_antimony, _read_model, 14),
    "PEtab": Kind(_petab, lambda _: cli("simulate", "p.yaml"), 14),
    "design": Kind(_design, _read_design, 14),
    "patient": Kind(_tabular("p.csv", PATIENTS), _read_patient, 10),
    "population": Kind(_population, _read_population, 10),
    "simulate --table": Kind(_tabular("t.csv", TABLE), _read_table, 8, cheap=True),
    "omics": Kind(lambda r: _tabular("x.csv", _expression())(r), _read_omics, 6),
    "repertoire": Kind(lambda r: _tabular("r.tsv", _rearrangements(), "\t")(r), _read_repertoire, 8, cheap=True),
    "evidence": Kind(_evidence, _read_evidence, 6),
    "registry": Kind(_registry, _read_registry, 10),
    "form": Kind(_form, _read_form, 14),
    "message": Kind(_message, _read_message, 8, cheap=True),
    "saved result": Kind(_saved, _read_saved, 8),
    "schedule and dose": Kind(_words, _read_words, 12),
}
