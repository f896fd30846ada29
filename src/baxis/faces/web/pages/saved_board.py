"""A scoreboard saved by `baxis scoreboard --out DIR`: read, filtered, and scored as the scoreboard itself does it.

Nothing is predicted here: the laboratory shows the file given with `serve --scoreboard DIR`, else the one shipped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from baxis.clinic.scoreboard.prediction import COMBINED
from baxis.clinic.scoreboard.rivals import META
from baxis.clinic.scoreboard.scored import FIRST
from baxis.clinic.scoreboard.scores import skill
from baxis.core.errors import InvalidValue

FILE = "scoreboard.json"
SHIPPED = Path(__file__).parents[1] / FILE
LEAST_TRIALS = 5  # a bootstrap over fewer trials says nothing
Contrast = dict[str, Any]
_asked: list[Path] = []


def use(folder: Path) -> None:
    """Show the board of a folder from now on. Raises InvalidValue where it holds none."""
    read(_file(folder))
    _asked[:] = [_file(folder)]


def _file(folder: Path) -> Path:
    file = folder / FILE
    if not file.is_file():
        hint = "write one with `baxis scoreboard --out DIR`"
        raise InvalidValue("--scoreboard", str(folder), f"a folder that holds {FILE}", hint)
    return file


def load() -> Mapping[str, Any] | None:
    """The board to show, None where there is none."""
    file = next((f for f in (*_asked, SHIPPED) if f.is_file()), None)
    return None if file is None else read(file)


@lru_cache(maxsize=2)
def read(file: Path) -> Mapping[str, Any]:
    """A saved board. Raises InvalidValue for a file of another kind."""
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        assert found["summary"]["recipe"]
        assert all(named(c) for c in found["contrasts"])
    except (ValueError, KeyError, TypeError, AssertionError):
        hint = "write it anew with `baxis scoreboard --out DIR`"
        raise InvalidValue("scoreboard", str(file), "a file that this version's scoreboard wrote", hint) from None
    return cast(Mapping[str, Any], found)


def named(c: Contrast) -> dict[str, tuple[float, Sequence[float]]]:
    """Mean and 90 % interval of every predictor of a contrast, by name."""
    out = {FIRST: (c["mechanism"], c["mechanism_pi90"]), COMBINED: (c["predicted"], c["pi90"])}
    out |= {k: (v["predicted"], v["pi90"]) for k, v in c["details"]["others"].items()}
    return out if c["rival"] is None else out | {META: (c["rival"], c["rival_pi90"])}


def chosen(board: Mapping[str, Any], asked: Mapping[str, str]) -> list[Contrast]:
    """Contrasts of a role and scale, and of a disease, class and novelty where these are asked; simulated ones alone."""
    out = []
    for c in board["contrasts"]:
        about = {"role": c["role"], "scale": c["scale"], **c["details"]}
        alike = all(about[k] == asked[k] for k in ("role", "scale", "disease", "class", "novelty") if asked.get(k))
        if alike and (about["simulated"] or not asked.get("simulated")):
            out.append(c)
    return out


def inside(c: Contrast, name: str) -> bool | None:
    """The published value lies in the 90 % interval; None where the trial has no interval (as the scoreboard has it)."""
    low, high = named(c)[name][1]
    return None if c["published_ci"] is None else bool(low <= c["published"] <= high)


def scores(rows: Sequence[Contrast]) -> list[dict[str, Any]]:
    """By predictor, best CRPS first: mae, bias towards benefit, sign_right, coverage (share, n), crps, skill of the mechanism."""
    out = []
    for name in named(rows[0]):
        error = [(named(c)[name][0] - c["published"], c["details"]["benefit_sign"]) for c in rows]
        held = [i for c in rows if (i := inside(c, name)) is not None]
        right = [_sign(named(c)[name][0]) == _sign(c["published"]) for c in rows]
        out.append({
            "name": name, "mae": sum(abs(e) for e, _ in error) / len(rows), "bias": sum(s * e for e, s in error) / len(rows),
            "sign_right": sum(right) / len(rows), "coverage": sum(held) / len(held) if held else None, "held": len(held),
            "crps": sum(c["details"]["crps"][name] for c in rows) / len(rows), "skill": _skill(rows, name),
        })  # fmt: skip
    return sorted(out, key=lambda r: float(r["crps"]))


def _sign(v: float) -> int:
    return (v > 0) - (v < 0)


def _skill(rows: Sequence[Contrast], rival: str) -> dict[str, float] | None:
    """Skill of the mechanism against a rival with its 95 % interval over resampled trials."""
    if rival == FIRST or len({c["trial_id"] for c in rows}) < LEAST_TRIALS:
        return None
    plain = [SimpleNamespace(row=c, crps=c["details"]["crps"]) for c in rows]
    return skill(cast(Any, plain), FIRST, rival)
