"""Files made to run code, to read other files or to fill the memory: refused, or no more than numbers."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from baxis.core.errors import BaxisError
from baxis.engine import load_network, load_sbml, read_model
from baxis.engine.reading.antimony import antimony_to_sbml

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
from fuzz_examples import PETAB

LOUD = pytest.mark.promise("What people give", "No file runs code, reads other files or fills the memory.")
SBML = antimony_to_sbml("x' = k; x = 0; k = 1")
LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))


@LOUD
@pytest.mark.parametrize(
    "doctype",
    ['<!ENTITY e SYSTEM "file:///etc/hostname">', f'<!ENTITY l0 "lol">{LAUGHS}<!ENTITY e "&l9;">', f'<!ENTITY e "{"a" * 50_000}">'],
    ids=["another file", "a billion laughs", "quadratic"],
)  # fmt: skip
def test_entities_are_not_followed(tmp_path: Path, doctype: str) -> None:
    start = time.monotonic()
    (tmp_path / "m.xml").write_text(with_entity(doctype, "&e;" * 2000), encoding="utf-8")
    with pytest.raises(BaxisError):
        load_network(read_model(tmp_path / "m.xml"))
    assert time.monotonic() - start < 10


def with_entity(doctype: str, name: str) -> str:
    head, rest = SBML.split("<sbml", 1)
    named = rest.replace('id="x"', f'id="x" name="{name}"', 1)
    return f"{head}<!DOCTYPE sbml [{doctype}]>\n<sbml{named}"


@LOUD
def test_nothing_is_fetched_for_a_model(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        (tmp_path / "m.xml").write_text(with_entity(f'<!ENTITY % p SYSTEM "{address}"> %p;', "x"), encoding="utf-8")
        load_network(read_model(tmp_path / "m.xml"))
        with pytest.raises(TimeoutError):
            server.accept()


CODE = ("__import__('os').system('touch harm')", "x];import os;os.mkdir('harm');#", "exec(\"open('harm','w')\")",
        "().__class__.__bases__[0]", "${touch harm}", "`touch harm`")  # fmt: skip


@LOUD
@pytest.mark.parametrize("code", CODE)
def test_a_name_or_a_formula_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.chdir(tmp_path)
    text = code.replace("&", "&amp;").replace('"', "&quot;")
    with pytest.raises(BaxisError):
        load_sbml(SBML.replace('"k"', f'"{text}"'))
    with pytest.raises(BaxisError):
        load_sbml(antimony_to_sbml(f"x' = {code}; x = 0"))
    assert not list(tmp_path.iterdir())


@LOUD
@pytest.mark.parametrize("problem", PETAB, ids=["version 1", "version 2"])
@pytest.mark.parametrize("place", ["observableFormula", "noiseFormula", "yaml", "outside"])
def test_a_petab_problem_runs_and_reads_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: dict[str, str], place: str
) -> None:
    pytest.importorskip("petab")
    from baxis.engine.petab import problem as petab

    monkeypatch.chdir(tmp_path)
    files = dict(problem) | {"model.xml": SBML}
    table = next(n for n in files if n.startswith("observable"))
    for code in CODE[:4]:
        changed = dict(files)
        if place == "yaml":
            changed["p.yaml"] += f"x: !!python/object/apply:os.system [{code!r}]\n"
        elif place == "outside":
            changed["p.yaml"] = changed["p.yaml"].replace(table, "/etc/hostname")
        else:
            changed[table] = changed[table].replace("sc*x" if place == "observableFormula" else "0.5", code)
        for name, text in changed.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(BaxisError):
            petab.simulate_petab("p.yaml")
        assert not (tmp_path / "harm").exists()
