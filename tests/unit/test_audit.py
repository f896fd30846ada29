"""The look-up of known vulnerabilities: what no database knows is never counted as looked up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import audit

BAD = {"name": "a", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
GOOD = {"name": "b", "version": "2.0", "vulns": []}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "code", "says"),
    [
        ([], 2, "Nothing is known"),
        ([SKIPPED], 2, "Nothing is known"),
        ([GOOD], 0, "1 packages looked up, 0 known"),
        ([GOOD, SKIPPED], 0, "as no database knows them: c"),
        ([GOOD, BAD], 1, "a 1.0: CVE-1, mended in 1.1"),
    ],
)
@pytest.mark.promise("What gets installed", "A look-up of known vulnerabilities that reached no database says so.")
def test_what_a_look_up_says(found: list[dict[str, object]], code: int, says: str) -> None:
    got, lines = audit.judged(lambda service: found if service == "osv" else [])
    assert got == code
    assert says in "\n".join(lines)


def test_one_vulnerability_in_both_databases_is_one_line() -> None:
    code, lines = audit.judged(lambda _: [BAD])
    assert (code, lines) == (1, ["a 1.0: CVE-1, mended in 1.1", "1 packages looked up, 1 known vulnerabilities"])
