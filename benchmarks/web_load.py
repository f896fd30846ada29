"""The web laboratory under load: crowds, long questions beside quick pages, many answers, downloads that are left.

python benchmarks/web_load.py [--visitors 10 30] [--answers 200] [--abandoned 60]

A server of its own is started (see web.py). Printed: seconds (median, 95th percentile, most), errors, and the memory of
the server (MiB) after each part.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from web import OTHERS, SETTING, Visitor, fetched, served, trial_form

LONG = {
    "patients": "2000",
    "weeks": "156",
    "a0_drug": "tofacitinib",
    "a0_dose": "5",
    "a0_schedule": "bid",
    "a0_route": "po",
}


def memory(pid: int) -> float:
    """Resident memory of a process, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def line(what: str, seconds: list[float], errors: int, pid: int) -> None:
    ordered = sorted(seconds) or [float("nan")]
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{what:44} n {len(seconds):4}  median {ordered[len(ordered) // 2]:6.2f}  p95 {p95:6.2f}  most {ordered[-1]:6.2f} s"
        f"  errors {errors}  memory {memory(pid):6.0f}",
        flush=True,
    )


async def answered(place: str, page: str, form: dict[str, str]) -> tuple[float, bool]:
    """Seconds to an answer, and whether it is one."""
    start = time.perf_counter()
    async with Visitor(place, page) as visitor:
        _, answer = await visitor.ask(form, "init")
    return time.perf_counter() - start, not answer["faults"]


async def crowd(place: str, pid: int, visitors: int) -> None:
    """Half on Trial with settings and seeds of their own, half on Evidence."""
    from baxis.faces.web.trial import fields as trial_fields
    from baxis.faces.web.trial import settings as trial_settings

    def one(k: int) -> tuple[str, dict[str, str]]:
        if k % 2:
            return "evidence", {"disease": "SLE", "endpoint": "SRI-4", "q": f"rituximab {k}"}
        base = trial_settings.settings()[trial_settings.of_disease(OTHERS[k // 2 % len(OTHERS)])[0]]
        return "trial", trial_fields.defaults(base) | {"seed": str(100 + k), "patients": "200"}

    found = await asyncio.gather(*(answered(place, *one(k)) for k in range(visitors)))
    line(f"{visitors} visitors at once", [s for s, _ in found], sum(not ok for _, ok in found), pid)


async def beside_long(place: str, pid: int, long: int) -> None:
    """Quick pages asked one after another while `long` visitors wait for long questions: half trials, half Explain."""
    waiting = []
    for k in range(long):
        page, form = (
            ("trial", trial_form(**LONG, seed=str(k)))
            if k % 2
            else ("explain", {"drug": "rituximab", "disease": "RA", "seed": str(k)})
        )
        waiting.append(asyncio.create_task(answered(place, page, form)))
    await asyncio.sleep(2)
    found = [
        await answered(place, "evidence", {"disease": "SLE", "endpoint": "SRI-4", "q": f"belimumab {k}"})
        for k in range(40)
    ]
    line(f"quick page beside {long} long questions", [s for s, _ in found], sum(not ok for _, ok in found), pid)
    for task in waiting:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*waiting, return_exceptions=True)


async def answers(place: str, pid: int, count: int) -> None:
    """Answers of one visitor to questions of which no two are alike."""
    seconds, wrong = [], 0
    async with Visitor(place, "trial") as visitor:
        for k in range(count):
            times, answer = await visitor.ask(trial_form(patients="200", seed=str(1000 + k)), "update" if k else "init")
            seconds.append(times["answer"])
            wrong += bool(answer["faults"])
    line(f"{count} answers of one visitor", seconds, wrong, pid)


async def abandoned(place: str, pid: int, count: int) -> None:
    """Downloads of long results, each left after a second; then how long a quick page takes, and what memory grows to."""
    host, port = place.split(":")

    async def left(k: int) -> None:
        query = urllib.parse.urlencode({"setting": SETTING, "seed": k, **LONG})
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /trial/result.json?{query} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        await writer.drain()
        await asyncio.sleep(1)
        writer.close()

    await asyncio.gather(*(left(k) for k in range(count)))
    found = [
        await answered(place, "evidence", {"disease": "SLE", "endpoint": "SRI-4", "q": f"anifrolumab {k}"})
        for k in range(10)
    ]
    line(f"quick page after {count} abandoned downloads", [s for s, _ in found], sum(not ok for _, ok in found), pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--long", type=int, default=10)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--abandoned", type=int, default=60)
    asked = parser.parse_args()
    with served() as (place, pid, _):
        fetched(f"{place}/trial/")
        time.sleep(4)
        print(f"memory at start {memory(pid):.0f} MiB")
        for n in asked.visitors:
            asyncio.run(crowd(place, pid, n))
        asyncio.run(beside_long(place, pid, asked.long))
        asyncio.run(answers(place, pid, asked.answers))
        asyncio.run(abandoned(place, pid, asked.abandoned))


if __name__ == "__main__":
    main()
