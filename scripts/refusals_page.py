"""Makes docs/refusals.md, "What it refuses, and why", from the cases of tests/refusals: each is run and its words printed.

python scripts/refusals_page.py
"""

from __future__ import annotations

import html
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "refusals"
PAGE = ROOT / "docs" / "refusals.md"
WRAPPED = ' style="white-space: pre-wrap; overflow-wrap: anywhere"'
HEAD = """# What it refuses, and why

Made by `python scripts/refusals_page.py` from the cases of `tests/refusals`, which the test suite runs one by one: each input
below ends with exit code 2 (or the one named), with these words and nothing else, and leaves no file behind. What is read
rightly instead (other separators, decimal commas, units in headers, common spellings) is said on the page of each format.
"""


def cases() -> list[dict[str, Any]]:
    """Every case, by area (name of its file), in order: name, why, command, says, exit, files."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        shared = {"area": path.stem, "title": data.get("title", path.stem.capitalize())}
        shared |= {k: data[k] for k in ("needs",) if k in data}  # an extra that every case of the file asks for
        found += [shared | c for c in data["case"]]
    return found


def lay(case: dict[str, Any], folder: Path) -> None:
    """Write the case's files into a folder; a text '@name' is a file of tests/refusals/files."""
    for name, text in case.get("files", {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("@"):
            shutil.copyfile(FOLDER / "files" / text[1:], path)
        else:
            path.write_text(text, encoding="utf-8", newline="")


def answer(case: dict[str, Any]) -> str:
    """What `baxis` says to the case on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        lay(case, Path(folder))
        words = [sys.executable, "-m", "baxis", *shlex.split(case["command"])]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=os.environ, timeout=600)
        return done.stderr.strip().replace(folder, ".")


def section(case: dict[str, Any], said: str) -> str:
    """The case in Markdown; what was said keeps its lines and its spaces, and wraps where a line is longer than the page."""
    ends = "" if case.get("exit", 2) == 2 else f" (exit code {case['exit']})"
    return f"""### {case["name"]}

`baxis {case["command"]}`{ends}

<pre{WRAPPED}><code>{html.escape(said, quote=False)}</code></pre>

{case["why"]}
"""


def told(page: str) -> dict[str, str]:
    """Name -> words of each case on the page."""
    found = re.findall(r"^### (.+?)\n.*?<pre[^>]*><code>(.*?)</code></pre>", page, re.S | re.M)
    return {name: html.unescape(said) for name, said in found}


def main() -> None:
    """Run every case, two at a time, and write the page."""
    held = cases()
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(answer, held))
    parts = [HEAD]
    for i, case in enumerate(held):
        if i == 0 or held[i - 1]["area"] != case["area"]:
            parts.append(f"## {case['title']}\n")
        parts.append(section(case, said[i]))
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    print(f"{len(held)} cases in {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
