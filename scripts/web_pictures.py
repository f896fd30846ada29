"""Pictures of every page of the web laboratory, on a laptop and on a phone; a few of them for docs/img.

python scripts/web_pictures.py OUT [--docs] [--pages trial,explain] [--scoreboard DIR]
OUT gets NAME-laptop.png (1366 px wide, first screen), NAME-whole.png and NAME-phone.png (390 px, whole page).
--docs writes docs/img/web-*.png as well. Needs Chromium and playwright; the pages are answered by a server of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WIDTHS = {"laptop": (1366, 900), "phone": (390, 844)}
DOCS = {
    "trial": "web-trial", "pathway": "web-pathway", "biomarkers": "web-biomarkers", "combine": "web-combine",
    "patient": "web-patient", "evidence": "web-evidence",
}  # fmt: skip
PHONE_DOCS = {"trial": "web-trial-phone"}
IMG = Path(__file__).parents[1] / "docs/img"
SERVE = "import sys; from baxis.faces.web import serve; serve(port=int(sys.argv[1]), scoreboard=sys.argv[2] or None)"
MOST_BYTES = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--pages", default="")
    parser.add_argument("--scoreboard", default="")
    chosen = parser.parse_args()
    from baxis.faces.web.page_list import PAGES

    chosen.out.mkdir(parents=True, exist_ok=True)
    names = [n for n in chosen.pages.split(",") if n] or list(PAGES)
    with served(chosen.scoreboard) as address, chromium() as browser:
        for name in names:
            seconds = taken(browser, address, name, chosen.out)
            print(f"{name:12s} {seconds:6.1f} s", flush=True)
            if chosen.docs:
                kept(name, chosen.out)


@contextlib.contextmanager
def served(scoreboard: str) -> Iterator[str]:
    """A server on a free port, for as long as it is wanted."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port), scoreboard])
    try:
        for _ in range(600):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium. Exits, saying so, where there is none."""
    from baxis.core.environment import browser as path

    found = path()
    if not found:
        sys.exit("no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=found, args=["--headless", "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def taken(browser: Any, address: str, name: str, out: Path) -> float:
    """Pictures of one page; seconds until the first answer."""
    start, seconds = time.perf_counter(), 0.0
    for kind, (width, height) in WIDTHS.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{address}/{name}/", timeout=120_000)
        page.wait_for_function("Number(document.body.dataset.answers || 0) >= 1", timeout=400_000)
        seconds = seconds or time.perf_counter() - start
        page.wait_for_timeout(700)  # figures settle
        if kind == "laptop":
            page.screenshot(path=out / f"{name}-laptop.png")
            page.screenshot(path=out / f"{name}-whole.png", full_page=True)
        else:
            page.screenshot(path=out / f"{name}-phone.png", full_page=True)
        page.close()
    return seconds


def kept(name: str, out: Path) -> None:
    """The pictures of a page that the documentation shows."""
    if name in DOCS:
        small(out / f"{name}-laptop.png", IMG / f"{DOCS[name]}.png")
    if name in PHONE_DOCS:
        small(out / f"{name}-phone.png", IMG / f"{PHONE_DOCS[name]}.png", 1100)


def small(source: Path, place: Path, height: int = 0) -> None:
    """The picture in 128 colours, cut to a height; it must stay under 200 kB."""
    from PIL import Image

    with Image.open(source) as image:
        cut = image.convert("RGB").crop((0, 0, image.width, min(image.height, height or image.height)))
        buffer = io.BytesIO()
        cut.quantize(128).save(buffer, "PNG", optimize=True)
    if buffer.tell() > MOST_BYTES:
        sys.exit(f"{place.name} would hold {buffer.tell()} bytes; allowed: {MOST_BYTES}")
    place.write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main()
