"""Known vulnerabilities of what is installed, by pip-audit: none, a list, or one sentence why nobody knows.

python scripts/audit.py        # exit code 0: none known; 1: listed; 2: the databases could not be asked

Two databases are asked, the one of the package index and OSV. A package that a database does not know is not counted as
looked up: where an index stands between that passes on files and no advisories, pip-audit alone would report that all is well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

SERVICES = ("pypi", "osv")
SECONDS = 300
Report = list[dict[str, object]]


def asked(service: str) -> Report:
    """pip-audit's report on every package of this environment; empty where the database did not answer."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "-s",
        service,
        "-f",
        "json",
        "--progress-spinner",
        "off",
        "--timeout",
        "15",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return list(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []


def judged(ask: Callable[[str], Report] = asked) -> tuple[int, list[str]]:
    """(exit code, what to print)."""
    known: dict[str, list[str]] = {}
    names: set[str] = set()
    for service in SERVICES:
        for package in ask(service):
            name = f"{package['name']} {package.get('version', '')}".strip()
            names.add(str(package["name"]))
            if "skip_reason" not in package:
                known.setdefault(name, [])
                known[name] += [_line(v) for v in package.get("vulns", ())]  # type: ignore[attr-defined]
    if not known:
        return 2, [
            "Nothing is known: no database of vulnerabilities could be asked from here; run this where one can be reached."
        ]
    lines = [f"{name}: {line}" for name, found in sorted(known.items()) for line in dict.fromkeys(found)]
    lines.append(f"{len(known)} packages looked up, {len(lines)} known vulnerabilities")
    missing = sorted(names - {n.split()[0] for n in known} - {"baxis"})
    if missing:
        lines.append(f"not looked up, as no database knows them: {', '.join(missing)}")
    return (1 if any(known.values()) else 0), lines


def _line(found: dict[str, object]) -> str:
    fixed = ", ".join(map(str, found.get("fix_versions") or ())) or "no version yet"  # type: ignore[call-overload]
    return f"{found['id']}, mended in {fixed}"


def main() -> int:
    """The command line."""
    try:
        import pip_audit  # noqa: F401
    except ImportError:
        print("pip-audit is not installed: pip install pip-audit")
        return 2
    code, lines = judged()
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
