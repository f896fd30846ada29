"""Speed of the web laboratory as visitors meet it: start, a changed dose, ten visitors at once.

python benchmarks/web.py [--visitors 10] [--patients 1000] [--changes 5]

A server of its own is started; visitors are websocket clients that speak the browser's protocol, so that no browser
takes the server's cores. The page adds 0.35 s after a key is pressed before it asks, and drawing in the browser.
`CPU` is the processor time of the server: on a machine that is busy with other work it is the figure to trust.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVE = "import sys; from baxis.faces.web import serve; serve(port=int(sys.argv[1]))"
SETTING = "fenebrutinib-sle-ph2"
OTHERS = ("RA", "SLE", "SjD", "LN", "AAV")
ASSETS = ("assets/plotly.min.js", "assets/app.js", "assets/style.css")


@contextlib.contextmanager
def served() -> Iterator[tuple[str, int, float]]:
    """Host and port, process id, and when it was started."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)])
    try:
        yield f"127.0.0.1:{port}", process.pid, start
    finally:
        process.terminate()
        process.wait(20)


def fetched(place: str) -> int:
    """Bytes of a page, waiting until the server answers."""
    for _ in range(2000):
        with contextlib.suppress(ConnectionError, urllib.error.URLError):
            return len(urllib.request.urlopen(f"http://{place}").read())
        time.sleep(0.02)
    sys.exit("the server never answered")


def cpu(pid: int) -> float:
    """Processor seconds of a process so far; 0 where the system does not tell."""
    file = Path(f"/proc/{pid}/stat")
    if not file.is_file():
        return 0.0
    words = file.read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Visitor:
    """One open page: asks with a form, waits for the answer."""

    def __init__(self, place: str, page: str) -> None:
        self.url, self.socket = f"ws://{place}/{page}/websocket/", None

    async def __aenter__(self) -> Visitor:
        from websockets.asyncio.client import connect

        self.socket = await connect(self.url, max_size=1 << 26)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def ask(self, form: dict[str, str], method: str = "update") -> tuple[dict[str, float], dict[str, Any]]:
        """Seconds to the first look (where there is one) and to the answer, and the answer."""
        start, times = time.perf_counter(), {}
        await self.socket.send(json.dumps({"method": method, "data": {"form": form, ".clientdata_pixelratio": 1}}))
        while True:
            answer = json.loads(await self.socket.recv()).get("custom", {}).get("answer")
            if answer:
                kind = "first look" if answer.get("preview") else "answer"
                times[kind] = time.perf_counter() - start
                if kind == "answer":
                    return times, answer


def trial_form(**changes: str) -> dict[str, str]:
    """The Trial page's form of a two-arm trial: placebo and the setting's first arm."""
    from baxis.faces.web.trial import fields as trial_fields
    from baxis.faces.web.trial import settings as trial_settings

    return trial_fields.defaults(trial_settings.settings()[SETTING]) | {"a1_drug": ""} | changes


async def redraws(place: str, pid: int, patients: int, changes: int) -> None:
    """A dose changed again and again by one visitor."""
    async with Visitor(place, "trial") as visitor:
        times, _ = await visitor.ask(trial_form(patients=str(patients)), "init")
        print(f"first trial of a visitor            {times['answer']:8.2f} s")
        before, seconds = cpu(pid), []
        for k in range(changes):
            times, answer = await visitor.ask(trial_form(patients=str(patients), a0_dose=f"{160 + 10 * k}"))
            sane(answer)
            seconds.append(times["answer"])
        used = (cpu(pid) - before) / changes
        middle = sorted(seconds)[changes // 2]
        print(
            f"changed dose, two arms of {patients:4d}       {middle:8.2f} s   (budget 1.5 s)   CPU {used:.2f} s, worst {max(seconds):.2f} s"
        )
        times, answer = await visitor.ask(trial_form(patients=str(patients), a0_dose="20"))
        sane(answer)
        look = times.get("first look", times["answer"])
        print(
            f"dose that is followed dose by dose  {look:8.2f} s   first look (doses averaged); whole answer {times['answer']:.1f} s"
        )


def sane(answer: dict[str, Any]) -> None:
    """An answer without fault, with a figure."""
    if answer["faults"] or not answer["figures"]:
        sys.exit(f"no figure: {answer['faults']}")


async def crowd(place: str, pid: int, visitors: int) -> None:
    """Many visitors at once, no two with the same question: half on Trial, the rest on Pathway, Diseases, Evidence."""
    from baxis.faces.web.trial import fields as trial_fields
    from baxis.faces.web.trial import settings as trial_settings

    async def one(k: int) -> float:
        if k % 2 == 0:
            base = trial_settings.settings()[trial_settings.of_disease(OTHERS[k // 2 % len(OTHERS)])[0]]
            page, form = "trial", trial_fields.defaults(base) | {"seed": str(100 + k)}
        else:
            page = ("pathway", "diseases", "evidence")[k // 2 % 3]
            form = {"disease": "SLE", "endpoint": "SRI-4"} if page == "evidence" else {"dose": str(50 + k)}
        start = time.perf_counter()
        async with Visitor(place, page) as visitor:
            _, answer = await visitor.ask(form, "init")
        sane(answer)
        return time.perf_counter() - start

    before = cpu(pid)
    seconds = await asyncio.gather(*(one(k) for k in range(visitors)))
    print(
        f"{visitors} visitors at once, slowest       {max(seconds):8.2f} s   (budget 10 s)    CPU {cpu(pid) - before:.2f} s, no error"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=5)
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with served() as (place, pid, start):
        size = fetched(f"{place}/trial/")
        size += sum(fetched(f"{place}/{a}") for a in ASSETS)
        seconds = time.perf_counter() - start
        print(
            f"first page after start              {seconds:8.2f} s   (budget 2 s)     CPU {cpu(pid):.2f} s, {size / 1e6:.1f} MB"
        )
        asyncio.run(redraws(place, pid, chosen.patients, chosen.changes))
        asyncio.run(crowd(place, pid, chosen.visitors))


if __name__ == "__main__":
    main()
