"""The site: one Shiny application a page, its files, downloads, and headers that keep every page to this host."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from shiny import App
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from baxis.faces.web.frame import work
from baxis.faces.web.frame.guard import Guard, hosts_of
from baxis.faces.web.frame.shell import frame
from baxis.faces.web.page_list import PAGES, Page
from baxis.faces.web.server import server

ASSETS = Path(__file__).parent / "assets"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'self'; form-action 'self'"
)


class Headers:
    """Adds to every answer the policy under which a browser loads nothing from any other host."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"content-security-policy", POLICY.encode()), (b"x-content-type-options", b"nosniff")]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)


FIRST_PAGE = 1.0  # seconds left to the first page before the model is loaded beside it


def application(hosts: frozenset[str] = hosts_of("127.0.0.1")) -> Starlette:
    """The whole site, for who names one of `hosts`."""
    routes: list[BaseRoute] = [Route("/", _home), Route("/assets/plotly.min.js", _plotly)]
    routes.append(Mount("/assets", StaticFiles(directory=ASSETS)))
    for page in PAGES.values():
        routes += [Route(f"/{page.name}/{file}", page.download) for file in page.files]
        routes.append(Mount(f"/{page.name}", _app(page)))
    return Starlette(routes=routes, middleware=[Middleware(Guard, hosts=hosts), Middleware(Headers)], lifespan=_warm)


def _app(page: Page) -> App:
    def ui(request: Request) -> Any:
        return frame(page, dict(request.query_params))

    return App(ui, server(page))


async def _home(request: Request) -> Response:
    return RedirectResponse("/trial/")


def _plotly(request: Request) -> Response:
    """Plotly's script, from the installed package."""
    text = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    return Response(text, media_type="text/javascript", headers={"cache-control": "max-age=86400"})


@contextlib.asynccontextmanager
async def _warm(app: Starlette) -> AsyncIterator[None]:
    """The model and the other pages load after the first page has had time to show."""
    later = threading.Timer(FIRST_PAGE, _load)
    later.daemon = True
    later.start()
    yield
    later.cancel()


def _load() -> None:
    work.warm()
    for page in PAGES.values():
        page.load()
