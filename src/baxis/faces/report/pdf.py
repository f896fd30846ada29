"""HTML to PDF by a Chromium of the system, where there is one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from baxis.core import environment
from baxis.core.errors import BaxisError, Unsupported
from baxis.core.storing import files

LONGEST = 180  # seconds


def browser() -> str:
    """Path of a Chromium. Raises Unsupported, in one line that says what to install."""
    found = environment.browser()
    if not found:
        names = ", ".join(environment.BROWSERS)
        raise Unsupported(f"--pdf needs a Chromium on the path ({names}); the HTML prints to PDF from any browser")
    return found


def write_pdf(page: Path) -> Path:
    """PDF beside an HTML file, whole or not at all. Raises Unsupported without a browser, BaxisError when it fails."""
    return files.write_bytes(page.with_suffix(".pdf"), printed(page))


def printed(page: Path) -> bytes:
    """PDF of an HTML file. Raises as `write_pdf`."""
    with tempfile.TemporaryDirectory(prefix="baxis-pdf-") as folder:
        made = Path(folder) / "page.pdf"
        words = [browser(), "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile"]
        words += ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []  # Chromium refuses root with it
        words += ["--no-pdf-header-footer", f"--print-to-pdf={made}", page.resolve().as_uri()]
        try:
            ended = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            raise BaxisError(f"{words[0]} did not print {page.name} within {LONGEST} s; the HTML is whole") from None
        if ended.returncode or not made.is_file():
            last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
            raise BaxisError(f"{words[0]} could not print {page.name}: {last[:200]}; the HTML is whole")
        return made.read_bytes()
