"""A trial with more virtual patients than fit in memory: made, screened, run and judged block by block.

A block is a range of candidate numbers. It draws its candidates, screens them, runs every arm and keeps one row a patient
(endpoints, times to events) in a Parquet file whose name holds a hash of everything that the row depends on, and of its own
content. A second call reads what is there and goes on where the first one stopped; a file that is not what was written is
made again. Streams are
keyed by patient, so that neither the size of a block nor who computes it changes a number. Blocks may be computed by the
workers of a Dask cluster; a block whose worker dies is given to another.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from baxis import evidence
from baxis.clinic.conduct.laboratory import MOST_SCREENED, Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.conduct.simulate import each_arm
from baxis.clinic.design.design import Design
from baxis.clinic.design.read import read_design
from baxis.clinic.people.population import Population
from baxis.clinic.result import published
from baxis.clinic.result.contrasts import COLUMNS, Judged, contrasts, event_times
from baxis.clinic.result.recipe import recipe
from baxis.clinic.result.summarise import arm_row, judge
from baxis.clinic.statistics.survival import Times
from baxis.core.cluster import Client, each_on, open_client
from baxis.core.errors import InvalidValue
from baxis.core.plain import finite
from baxis.core.storing.store import Blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 4096
MOST_STREAMED = 100_000_000  # patients, whose rows of endpoints are held in memory at the end
STATUS = "status of {}"


@dataclass(frozen=True, eq=False)
class LargeResult:
    """Tables by arm and contrast of a large trial; the patients' rows stay in `folder`. Research use only.

    again: files that could not be read and were made anew. blocks: (made now, found from before).
    """

    design: Design
    arms: pd.DataFrame
    contrasts: pd.DataFrame
    patients: int
    screened: int
    recipe: dict[str, Any]
    folder: Path
    blocks: tuple[int, int]
    again: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data: trial, arms, contrasts, blocks, recipe; NaN becomes null."""

        trial = {"trial_id": self.design.trial_id, "disease": self.design.disease, "patients": self.patients}
        tables = {"arms": self.arms.to_dict("records"), "contrasts": self.contrasts.to_dict("records")}
        blocks = {"made": self.blocks[0], "found": self.blocks[1], "made_again": list(self.again)}
        return dict(finite({"trial": trial, **tables, "blocks": blocks, "recipe": self.recipe}))


def run_large(
    trial: str | Path | Design,
    folder: str | Path,
    settings: Settings | None = None,
    *,
    block: int = BLOCK,
    client: Client | str | None = None,
    **changes: Unpack[Changes],
) -> LargeResult:
    """Simulate a trial block by block into `folder`; the same numbers as `run_trial` at the same seed.

    block: candidates in a file. client: a Dask client or the address of a scheduler (extra `cluster`); None computes
    here. changes: fields of Settings. Interrupted, it goes on from the files that are there. Raises what `run_trial`
    raises, and InvalidValue for a block below 1 or a folder that is a file.
    """
    chosen = settle(settings, changes, MOST_STREAMED)
    if block < 1:
        raise InvalidValue("block", block, "a whole number of at least 1")
    design = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    if chosen.match or design.match:
        raise InvalidValue("match", True, "no matching in a streamed trial", "simulate it in memory, without --stream")
    store = Store.open(Path(folder), design, chosen, block)
    tool = Laboratory(design, replace(chosen, progress=None)).tool  # a bad design is told before anything is simulated
    store.columns = _columns(design, tool.hazard)
    with open_client(client) as workers:
        rows, screened, made, found = _gather(store, design, chosen, workers)
    return _summary(design, chosen, rows, (screened, made, found), store)


@dataclass
class Store:
    """Block files of one recipe in a folder."""

    key: str
    block: int
    blocks: Blocks
    columns: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, design: Design, settings: Settings, block: int) -> Store:
        """The folder, made with its first block. InvalidValue when it is a file."""
        blocks = Blocks(folder)
        blocks.open()
        said = recipe(design, settings, [], 0)
        for name in ("patients", "screened", "failures", "numbers", "intervals", "scope", "notice", "machine"):
            said.pop(name, None)
        text = json.dumps(said | {"block": block}, sort_keys=True, default=str)
        return cls(hashlib.sha256(text.encode()).hexdigest()[:12], block, blocks)

    def read(self, k: int) -> pd.DataFrame | None:
        """Rows of a block, None where there is none or it is not what was written (then it is noted and removed)."""
        file = self.blocks.find(self._stem(k))
        if file is None:
            return None
        try:
            found = pd.read_parquet(file)
        except Exception:  # pyarrow raises many types
            found = pd.DataFrame()
        if self._fits(found):
            return found
        self.blocks.drop(file)
        return None

    def _fits(self, found: pd.DataFrame) -> bool:
        """Whether a table has the columns of this run's blocks, all of numbers: its name alone is no proof."""
        if not len(found):
            return list(found.columns) == ["patient"]  # a block without eligible candidates
        plain = all(pd.api.types.is_numeric_dtype(t) or pd.api.types.is_bool_dtype(t) for t in found.dtypes)
        return plain and list(found.columns) == self.columns

    def write(self, k: int, data: bytes) -> pd.DataFrame:
        """Put a block in place, whole or not at all."""
        return pd.read_parquet(self.blocks.put(self._stem(k), data))

    def _stem(self, k: int) -> str:
        return f"block-{self.key}-{k:06d}"


def _columns(design: Design, hazard: Container[str]) -> list[str]:
    """Columns of a block with eligible patients, in order."""
    out = ["patient"]
    for arm in design.arms:
        out.append(STATUS.format(arm.arm_id))
        for e in design.endpoints:
            name = f"{arm.arm_id} {e.name} {e.week:g}"
            out += [name, f"time {name}", f"event {name}"] if e.name in hazard else [name]
    return out


def block_rows(design: Design, settings: Settings, first: int, count: int) -> bytes:
    """Parquet table of the eligible patients among candidates `first` ... : one row a patient."""
    lab = Laboratory(design, settings)
    from baxis.clinic.people.population import draw

    pool = draw(design, settings.seed, np.arange(first, first + count), lab.options, own=lab.own)
    people = pool.take(np.flatnonzero(lab.eligible(pool) & (pool.status == 0)))
    table: dict[str, NDArray[Any]] = {"patient": people.ids}
    for run, visits in each_arm(lab, people) if people.ids.size else ():
        arm, ok = run.arm, run.status == 0
        table[STATUS.format(arm.arm_id)] = run.status
        for e in design.endpoints:
            y = np.full(ok.size, np.nan)
            y[ok] = judge(design, lab.tool, e, run, visits, people)
            table[f"{arm.arm_id} {e.name} {e.week:g}"] = y
            if e.name in lab.tool.hazard:
                times = event_times(design, lab.tool, people, e, visits)
                table[f"time {arm.arm_id} {e.name} {e.week:g}"] = times.time
                table[f"event {arm.arm_id} {e.name} {e.week:g}"] = times.event
    out = io.BytesIO()
    pd.DataFrame(table).to_parquet(out, index=False)
    return out.getvalue()


def _gather(
    store: Store, design: Design, settings: Settings, workers: Client | None
) -> tuple[pd.DataFrame, int, int, int]:
    """Rows of the first `patients` eligible candidates; how many were screened; blocks made now and found."""
    wanted, plain = settings.patients, replace(settings, progress=None)
    rows: dict[int, pd.DataFrame] = {}
    made = have = 0
    most = -(-(MOST_SCREENED * wanted + 2000) // store.block)
    while have < wanted:
        if len(rows) >= most:
            Laboratory(design, plain).screen()  # raises with the reason
        share = max(have, 1) / max(len(rows) * store.block, 1) if rows else 1.0
        need = max(1, int(np.ceil((wanted - have) / max(share, 0.01) / store.block)))
        span = range(len(rows), min(len(rows) + need, most))
        missing = []
        for k in span:
            seen = store.read(k)
            if seen is None:
                missing.append(k)
            else:
                rows[k] = seen
        ask = [(design, plain, k * store.block, store.block) for k in missing]
        for i, data in _each(block_rows, ask, workers):
            rows[missing[i]] = store.write(missing[i], data)
            made += 1
            have = sum(len(r) for r in rows.values())
            if settings.progress:
                settings.progress(min(have, wanted), wanted)
        have = sum(len(r) for r in rows.values())
    found = len(rows) - made
    table = pd.concat([rows[k] for k in sorted(rows)], ignore_index=True).iloc[:wanted]
    return table, int(table.patient.iloc[-1]) + 1, made, found


def _each(
    task: Callable[..., bytes], ask: list[tuple[Any, ...]], workers: Client | None
) -> Iterator[tuple[int, bytes]]:
    """(index, result) of every call, here or on the workers, as they come."""
    if workers is None:
        for i, words in enumerate(ask):
            yield i, task(*words)
        return
    yield from each_on(workers, task, ask)


def _summary(
    design: Design, settings: Settings, rows: pd.DataFrame, counts: tuple[int, int, int], store: Store
) -> LargeResult:
    """The tables of `run_trial` from the patients' rows."""
    tool = Laboratory(design.replace(arms=[design.arms[0].model_dump()]), replace(settings, progress=None)).tool
    seen = published.of_trial(design, evidence.load(*settings.evidence))
    people = _numbers(design, settings, rows.patient.to_numpy())
    judged, table = {}, []
    for e in design.endpoints:
        for arm in design.arms:
            name = f"{arm.arm_id} {e.name} {e.week:g}"
            times = None
            if e.name in tool.hazard:
                times = {e.name: Times(rows[f"time {name}"].to_numpy(), rows[f"event {name}"].to_numpy())}
            one = Judged(arm.arm_id, arm.n, rows[name].to_numpy(), None, times)
            judged[arm.arm_id, e] = one
            binary = e.name not in tool.continuous
            table.append(arm_row(arm, e, one, people, binary) | published.arm(seen, arm.arm_id, e))
    screened, made, found = counts
    said = recipe(design, settings, [], screened)
    said["failures"] = int(sum((rows[STATUS.format(a.arm_id)] != 0).sum() for a in design.arms))
    differences = pd.DataFrame(contrasts(design, tool, people, judged, seen), columns=list(COLUMNS))
    return LargeResult(
        design=design, arms=pd.DataFrame(table), contrasts=differences, patients=len(rows), screened=screened, recipe=said, folder=store.blocks.folder, blocks=(made, found), again=tuple(store.blocks.again)
    )  # fmt: skip


def _numbers(design: Design, settings: Settings, ids: NDArray[np.int64]) -> Population:
    """A population of which only the numbers, disease and seed are read."""
    empty, status = np.empty((0, 0)), np.zeros(ids.size, dtype=np.int8)
    return Population(
        disease=design.disease,
        seed=settings.seed,
        ids=ids,
        parameters=empty,
        rest=empty,
        status=status,
        covariates={},
        outputs={},
    )
