"""The command that seeds faults: its rules, its draw, its list of equivalents, and that a known fault dies."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(SCRIPTS))
    try:
        import mutations

        yield mutations
    finally:
        sys.path.remove(str(SCRIPTS))


def changes(tool, source: str) -> list[str]:
    return [m.mutated for m in tool.mutants(source, "x.py")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a >= b", ["a < b", "a > b"]),
        ("a == b", ["a != b"]),
        ("a not in b", ["a in b"]),
        ("a is None", ["a is not None"]),
        ("a < b < c", ["a <= b < c", "a >= b < c", "a < b <= c", "a < b >= c"]),
        ("a + b", ["a - b"]),
        ("a ** b", ["a * b"]),
        ("(a) * (b)", ["(a) / (b)"]),
        ("a &= b", ["a |= b"]),
        ("-a", ["a"]),
        ("not a", [" a"]),
        ("~a", ["a"]),
        ("a and b and c", ["a or b and c", "a and b or c"]),
        ("f(3)", ["f(4)"]),
        ("f(0.56)", ["f(0.616)"]),
        ("f(0.0)", ["f(1.0)"]),
        ("f(1e-9)", ["f(0.001)"]),
        ("np.minimum.accumulate(x)", ["np.maximum.accumulate(x)"]),
        ("any(x)", ["all(x)"]),
        ("f('a < b', f'{a + 1}')", []),
        ("def f(a: int | None = None) -> dict[str, int]: pass", []),
        ("f(True)", []),
    ],
)
def test_mutants_by_rule(tool, line: str, expected: list[str]) -> None:
    assert sorted(changes(tool, line)) == sorted(e.strip() for e in expected)


def test_an_operator_is_found_past_brackets_lines_and_comments(tool) -> None:
    source = "x = (\n    (a)  # more * than b\n    * b\n)\n"
    (only,) = tool.mutants(source, "x.py")
    assert (only.line, only.original, only.mutated) == (3, "* b", "/ b")
    assert only.text == source.replace("* b\n)", "/ b\n)")


def test_every_mutant_is_one_change_of_one_line_and_still_python(tool) -> None:
    for m in tool.every(tool.mapped())[::25]:
        source = (ROOT / "src" / "baxis" / m.file).read_text(encoding="utf-8").splitlines()
        changed = m.text.splitlines()
        assert [i + 1 for i, (a, b) in enumerate(zip(source, changed, strict=True)) if a != b] == [m.line]
        ast.parse(m.text)


def test_the_same_seed_draws_the_same_and_another_others(tool) -> None:
    pool = tool.every({"clinic/conduct/happenings.py": []})
    one, same, other = (tool.draw(pool, 10, seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert len(set(one)) == 10
    assert tool.draw(pool, 10**6, 3) == pool


def test_files_and_tests_of_the_map_exist(tool) -> None:
    for file, tests in tool.mapped().items():
        assert (ROOT / "src" / "baxis" / file).is_file(), file
        assert tests, file
        for test in tests:
            assert (ROOT / "tests" / test.split("::")[0]).is_file(), test


def test_every_instrument_is_mutated(tool) -> None:
    folder = ROOT / "src" / "baxis" / "clinic" / "instruments"
    assert {f"clinic/instruments/{f.name}" for f in folder.glob("*.py")} - set(tool.mapped()) == {
        "clinic/instruments/__init__.py"
    }


def test_each_equivalent_is_still_a_mutant_and_has_a_reason(tool) -> None:
    known = {tool.key(m) for m in tool.every(tool.mapped())}
    entries = tomllib.loads(tool.EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    assert len({(e["file"], e["original"], e["mutated"]) for e in entries}) == len(entries)
    for e in entries:
        assert (e["file"], e["original"], e["mutated"]) in known, e
        assert len(e["reason"]) > 20, e


def test_the_page_holds_the_log(tool) -> None:
    rows = json.loads(tool.LOG.read_text(encoding="utf-8"))
    assert tool.written(rows) == tool.PAGE.read_text(encoding="utf-8")
    for r in rows:
        assert r["score"] == pytest.approx(r["caught"] / (r["caught"] + r["survived"]), abs=1e-4)
        assert r["drawn"] == r["caught"] + r["survived"] + r["equivalent"]


RUN = """
import sys
sys.path.insert(0, {scripts!r})
from pathlib import Path
import mutations, mutations_run
root, file = Path({root!r}), "clinic/instruments/ra.py"
source = (root / "src" / "baxis" / file).read_text(encoding="utf-8")
wrong = source.replace("0.56 * np.sqrt(tjc28) + 0.28", "0.65 * np.sqrt(tjc28) + 0.28")
hangs = source.replace("def das28_crp(", "while True: pass\\ndef das28_crp(")
tests = {{file: ["unit/clinic/test_instruments_ra.py"]}}
one, two, three = (mutations.Mutant(file, 1, "", "", text) for text in (wrong, source + "# nothing else\\n", hangs))
for o in mutations_run.run_all(root, [one, two], tests, 2, 300.0) + mutations_run.run_all(root, [three], tests, 1, 3.0):
    print(o.caught, o.by)
"""


def test_a_known_fault_dies_a_harmless_change_lives_and_a_loop_is_caught() -> None:
    file = ROOT / "src" / "baxis" / "clinic" / "instruments" / "ra.py"
    before = file.read_bytes(), file.stat().st_mtime_ns
    code = RUN.format(scripts=str(SCRIPTS), root=str(ROOT))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    wrong, harmless, hangs = ran.stdout.splitlines()
    assert wrong.startswith("True tests/unit/clinic/test_instruments_ra.py::test_das28_")
    assert harmless.strip() == "False"
    assert hangs == "True time"
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_mutant_that_is_called_equivalent_and_dies_is_an_error(tool) -> None:
    m = tool.mutants("a < b", "x.py")[0]
    named = {tool.key(m): "because"}
    outcome = sys.modules["mutations_run"].Outcome
    assert tool.verdict(outcome(m, True, "t"), named) == "misnamed"
    assert tool.verdict(outcome(m, False, ""), named) == "equivalent"
    assert tool.verdict(outcome(m, False, ""), {}) == "survived"
    assert tool.verdict(outcome(m, True, "t"), {}) == "caught"
    line = tool.row([outcome(m, True, "t")] * 3 + [outcome(m, False, "")], "0123456789abcdef", 120.0)
    assert (line["drawn"], line["caught"], line["survived"], line["equivalent"]) == (4, 3, 1, 0)
    assert (line["score"], line["commit"], line["minutes"]) == (0.75, "0123456789", 2.0)
