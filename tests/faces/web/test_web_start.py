"""What the first page waits for: the model, the units and the other pages' modules must not be part of it."""

import json
import subprocess
import sys

ASK = """
import asyncio, json, sys
from baxis.faces.web.site import application

site, sent = application(), []

async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}

async def send(message):
    sent.append(message)

scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/trial/",
         "raw_path": b"/trial/", "root_path": "", "scheme": "http", "query_string": b"", "headers": [(b"host", b"localhost")],
         "client": ("localhost", 1), "server": ("localhost", 1)}
asyncio.run(site(scope, receive, send))
page = b"".join(m.get("body", b"") for m in sent).decode()
print(json.dumps({"status": sent[0]["status"], "form": 'id="f-a0_dose"' in page, "modules": sorted(sys.modules)}))
"""


def test_first_page_is_whole_and_waits_for_nothing_it_does_not_show() -> None:
    run = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    said = json.loads(run.stdout)
    assert said["status"] == 200
    assert said["form"]
    slow = {"pint", "numba", "llvmlite", "sympy", "matplotlib", "statsmodels", "scipy.special", "scipy.optimize"}
    assert slow.isdisjoint(said["modules"])
    pages = {m for m in said["modules"] if m.startswith("baxis.faces.web.pages.")}
    assert pages == set()
    assert "baxis.faces.web.trial.page" in said["modules"]
