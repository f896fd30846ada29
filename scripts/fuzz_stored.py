"""The sweep's kinds that are no text: archives, arrays, tables in Parquet, what baxis keeps on disk, a live session."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import pickle
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # beside this file, also when a test runs it
import fuzz_inputs as spoil
import fuzz_kinds
from fuzz_examples import ANTIMONY, DESIGN
from fuzz_kinds import Input, Kind, Told, cli

Files = dict[str, bytes]
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<omexManifest xmlns="http://identifiers.org/combine.specifications/omex-manifest">
  <content location="." format="http://identifiers.org/combine.specifications/omex"/>
  <content location="./manifest.xml" format="http://identifiers.org/combine.specifications/omex-manifest"/>
  <content location="./model.xml" format="http://identifiers.org/combine.specifications/sbml" master="true"/>
  <content location="./notes.txt" format="text/plain"/>
</omexManifest>
"""


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive; always the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _archive(random: Random) -> Input:
    files = {"manifest.xml": MANIFEST, "model.xml": fuzz_kinds._petab_model(), "notes.txt": "none"}
    name = random.choice(["manifest.xml", "manifest.xml", "model.xml"])
    held = {n: t.encode() for n, t in files.items()}
    how = random.random()
    if how < 0.5:
        held[name] = spoil.encoded(random, spoil.text(random, files[name]))
    elif how < 0.6:
        held[random.choice(["../../evil", "/etc/x", "a\\..\\b", "\x1b[31m", "é" * 200])] = held.pop(name)
    elif how < 0.65:
        held[name] += b" " * random.choice([1_000, 60_000_000])
    data = zipped(held, random.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    if how >= 0.65:
        data = spoil.damaged(random, data)
    return Input({f"m.{random.choice(['omex', 'zip', 'OMEX'])}": data}, random.random() < 0.1)


@lru_cache(maxsize=1)
def _cells() -> bytes:
    """A small .h5ad with genes of the signatures."""
    import anndata
    import pandas as pd

    text = fuzz_kinds._expression()[0]
    table = pd.read_csv(io.StringIO(text), index_col=0).T
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.h5ad"
        anndata.AnnData(table).write_h5ad(file)
        return file.read_bytes()


def _h5ad(random: Random) -> Input:
    data = _cells()
    if random.random() < 0.6:
        return Input({"x.h5ad": _hdf5_changed(random, data)})
    return Input({"x.h5ad": spoil.damaged(random, data)})


def _hdf5_changed(random: Random, data: bytes) -> bytes:
    """An HDF5 file with one to three things deleted, moved, replaced, linked elsewhere or declared huge."""
    import h5py
    import numpy as np

    held = io.BytesIO(data)
    with h5py.File(held, "r+") as file:
        for _ in range(random.choice([1, 1, 2, 3])):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name = random.choice(names)
            how = random.randrange(7)
            if how == 0:
                del file[name]
            elif how == 1:
                file[name].attrs[random.choice([*file[name].attrs, "encoding-type", "shape"])] = (
                    spoil.pick(random).replace("\x00", "").encode("utf-8", "replace")
                )
            elif how == 2:
                for key in list(file[name].attrs)[:1]:
                    del file[name].attrs[key]
            elif how == 3:
                del file[name]
                file[name] = random.choice([np.arange(5), np.full((2, 3), np.nan), np.array([b"a", b"\xff"]), 7])
            elif how == 4:
                file[f"x{random.random()}"] = file[name]
            elif how == 5:
                del file[name]
                file[name] = random.choice([h5py.ExternalLink("/etc/hostname", "/"), h5py.SoftLink("/nowhere")])
            else:
                del file[name]
                file.create_dataset(name, (200_000, 100_000), "f8", chunks=(100, 100))
    return held.getvalue()


def _read_h5ad(given: Input) -> None:
    from baxis.insight.omics.expression import read

    read(Path("x.h5ad"))


def _parquet(random: Random) -> Input:
    """A population as Parquet: columns of types that no one means, or damaged bytes."""
    import pandas as pd
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    frame = pd.DataFrame({"patient": ["P1", "P2", "P3"], "age_y": [40, 52, 61], "female": [True, False, True]})
    frame["weight_kg [lb]"] = [150.0, 180.5, 140.0]
    columns: dict[str, Any] = {n: frame[n].tolist() for n in frame}
    changed = columns if random.random() < 0.4 else spoil.tree(random, columns)
    columns = {}
    for name, cells in changed.items() if isinstance(changed, dict) else ():
        name = str(name).encode("utf-8", "replace").decode()
        with suppress(arrow.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError):
            made = arrow.array(cells if isinstance(cells, list) else [cells] * 3)
            if random.random() < 0.2:
                made = made.cast(random.choice([arrow.string(), arrow.float32(), arrow.timestamp("s"), arrow.binary()]))
            columns[name] = made
    length = max(map(len, columns.values()), default=0)
    out = io.BytesIO()
    held = {n: c for n, c in columns.items() if len(c) == length and not arrow.types.is_struct(c.type)}
    parquet.write_table(arrow.table(held), out)
    data = out.getvalue()
    return Input({"o.parquet": spoil.damaged(random, data) if random.random() < 0.4 else data})


class _Harm:
    """Pickled, it would leave a file behind where it is read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return exec, ("open('harm', 'w').close()",)


@lru_cache(maxsize=1)
def _others() -> Files:
    """Small right files of other formats."""
    import numpy as np

    plain, several, harm = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(plain, np.arange(12.0).reshape(4, 3))
    np.savez(several, age_y=np.arange(3.0), weight_kg=np.arange(3.0))
    np.save(harm, np.array([_Harm()], dtype=object), allow_pickle=True)
    return {
        "npy": plain.getvalue(), "npz": several.getvalue(), "harm.npy": harm.getvalue(), "pkl": pickle.dumps(_Harm()),
        "gz": gzip.compress(b"k,x\n1,0\n", mtime=0), "zip": zipped({"t.csv": b"k,x\n1,0\n"}), "h5": _cells()[:4000],
        "xlsx": zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(40), "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "db": b"SQLite format 3\x00" + bytes(84),
        "so": b"\x7fELF\x02\x01\x01" + bytes(60), "json": b'{"k": [1, 2]}', "xml": b"<k><x>1</x></k>",
    }  # fmt: skip


NAMED = {"table": ("t.csv", "t.tsv", "t.npy", "t.npz", "t.parquet", "t.xlsx", "t"), "population": ("o.csv", "o.toml", "o.parquet", "o.npz"),
         "patient": ("p.csv", "p.npy", "p.xlsx"), "design": ("d.toml", "d.json"), "model": ("m.xml", "m.ant", "m.omex", "m.npz"),
         "omics": ("x.h5ad", "x.csv", "x.npz"), "petab": ("p.yaml",), "repertoire": ("r.tsv", "r.gz"), "plot": ("saved.json",)}  # fmt: skip


def _foreign(random: Random) -> Input:
    use = random.choice(list(NAMED))
    data = random.choice(list(_others().values()))
    data = spoil.damaged(random, data) if random.random() < 0.4 else data
    return Input({random.choice(NAMED[use]): data}, use)


def _read_foreign(given: Input) -> None:
    """Given where another kind of file is meant."""
    import numpy as np

    from baxis.clinic.design.read import read_design
    from baxis.clinic.people.own_population import read_population
    from baxis.engine.reading.model_file import read_model
    from baxis.engine.tables.value_table import read_values
    from baxis.insight.omics import expression
    from baxis.insight.omics.repertoire import repertoire
    from baxis.insight.patient.file import read

    (name,) = given.files
    ways: dict[str, Callable[[], object]] = {
        "table": lambda: read_values(name, fuzz_kinds._petab_model()),
        "population": lambda: read_population(name, "SLE").values(1, np.arange(8)),
        "patient": lambda: read(name, "SLE"),
        "design": lambda: read_design(name, ()),
        "model": lambda: read_model(name),
        "omics": lambda: expression.read(Path(name)),
        "petab": lambda: cli("simulate", name),
        "repertoire": lambda: repertoire(name),
        "plot": lambda: cli("plot", "."),
    }
    try:
        ways[given.said]()
    finally:
        if Path("harm").exists():
            raise AssertionError("code of the file was run")


STREAM = ("trial", "d.toml", "--patients", "5", "--stream", "--block", "8", "--threads", "1", "--out", "kept", "-q")
ROWS = ("simulate", "m.ant", "--table", "t.csv", "--until", "2", "--points", "3", "--block", "2", "--out")
MODEL, CELLS = ANTIMONY[0], "k,x\n1,0\n2,0.5\n0.5,3\n"
LONG = {"stream": STREAM, "rows": (*ROWS, "kept"), "zarr": (*ROWS, "kept.zarr")}


def _asked(way: str) -> Files:
    return {"d.toml": DESIGN[0].encode()} if way == "stream" else {"m.ant": MODEL.encode(), "t.csv": CELLS.encode()}


@lru_cache(maxsize=3)
def _finished(way: str) -> Files:
    """What a long run has in its folder when it is done, by path."""
    import os

    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        for name, data in _asked(way).items():
            (Path(folder) / name).write_bytes(data)
        os.chdir(folder)
        try:
            cli(*LONG[way])
            return {str(p): p.read_bytes() for p in sorted(Path().rglob("*")) if p.is_file()}
        finally:
            os.chdir(here)


def _blocks(random: Random) -> Input:
    """A finished folder with one file damaged, under its own name, one that fits, or another block's; or with others' files."""
    import hashlib

    way = random.choice(["stream", "stream", "rows", "zarr", "zarr"])
    files = dict(_finished(way))
    held = [n for n in files if n.startswith("kept")]
    name = random.choice(held)
    how, data = random.random(), files[name]
    if name.endswith(("/.zattrs", "/.zarray", "/.zgroup")) and how < 0.5:
        files[name] = json.dumps(spoil.tree(random, json.loads(data))).encode("utf-8", "surrogatepass")
        return Input(files, [way, True])
    if how < 0.6:
        files[name] = spoil.damaged(random, data)
    elif how < 0.75 and way != "zarr":  # a name that fits, as only someone who wants to deceive makes it
        made = spoil.damaged(random, files.pop(name))
        stem = name.rsplit("-", 1)[0]
        files[f"{stem}-{hashlib.sha256(made).hexdigest()[:16]}{Path(name).suffix}"] = made
        return Input(files, [way, True])
    elif how < 0.85:
        files[name] = files[random.choice(held)]
    elif how < 0.92:
        del files[name]
    else:
        files[f"{Path(name).parent}/{random.choice(['mine.txt', '.part-1-x', 'thesis.parquet'])}"] = b"mine"
    return Input(files, [way, False])


def _read_blocks(given: Input) -> None:
    """The same command goes on: the same answer as without damage, and no file of others touched.

    Not held of content under a name made to fit it, or of changed metadata: that may be another table.
    """
    way, forged = given.said
    cli(*LONG[way])
    for name, data in given.files.items():
        if data == b"mine" and Path(name).name != ".part-1-x" and Path(name).read_bytes() != data:
            raise AssertionError(f"{name} was touched")
    if forged:
        return
    for name, data in _finished(way).items():
        if name.startswith("kept") and (not Path(name).is_file() or Path(name).read_bytes() != data) and way != "zarr":
            if name.endswith(".json"):
                continue  # it counts blocks made and found
            raise AssertionError(f"{name} is another than without damage")
    if way == "zarr":
        _same_numbers(Path("kept.zarr"))


def _same_numbers(folder: Path) -> None:
    import numpy as np
    import zarr

    found = zarr.open_group(folder, mode="r")["x"][:]
    k, x0 = np.array([1.0, 2.0, 0.5]), np.array([0.0, 0.5, 3.0])
    if not np.allclose(found, x0[:, None] + k[:, None] * np.array([0.0, 1.0, 2.0])):
        raise AssertionError("numbers of the group are others")


def _entry(random: Random) -> Input:
    """An entry of the cache: arrays, a record or bytes, damaged; now and then with a seal that fits."""
    import numpy as np

    from baxis.core.storing import store

    out = io.BytesIO()
    np.savez(out, a=np.arange(5.0), b=np.ones((2, 3)))
    kind = random.choice(["arrays", "record", "bytes"])
    body = {"arrays": out.getvalue(), "record": b'{"a": [1, 2.5, null], "b": "x"}', "bytes": b"words"}[kind]
    name = "ab" + f"{random.randrange(16**6):06x}"
    if random.random() < 0.4:
        body = random.choice([spoil.damaged(random, body), *_others().values()])
        return Input({"entry": store._seal(name, body) + body}, [kind, name, True])
    return Input({"entry": spoil.damaged(random, store._seal(name, body) + body)}, [kind, name, False])


def _read_entry(given: Input) -> None:
    """Taken or not, never half; what is not taken is made anew."""
    import os
    from unittest.mock import patch

    from baxis.core.storing import store

    kind, name, sealed = given.said
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, BAXIS_CACHE=folder):
        place = Path(folder) / name[:2]
        place.mkdir()
        (place / name).write_bytes(given.files["entry"])
        (place / name).chmod(0o600)
        found = {"arrays": store.load_arrays, "record": store.load_record, "bytes": store.load}[kind](name)
        if (
            found is not None
            and not sealed
            and not given.files["entry"].startswith(store._seal(name, store.load(name) or b""))
        ):
            raise AssertionError("another entry than was written is taken")
    if found is None:
        raise Told("made anew")


def _session(random: Random) -> Input:
    """Messages of one visitor, one after another."""
    page = random.choice([f for f in fuzz_kinds.FORMS if f != "trial"] + ["trial"])
    form = fuzz_kinds._form(random).said[1]
    said: list[Any] = []
    for _ in range(random.choice([1, 2, 4])):
        message: Any = {"method": random.choice(["init", "update"]), "data": {"form": form, ".clientdata_x": 1}}
        message = message if said else message | {"method": "init"}
        changed = spoil.tree(random, message) if random.random() < 0.7 else message
        text = json.dumps(changed)
        said.append(spoil.text(random, text) if random.random() < 0.3 else text)
    return Input(said=[page, said])


class _Ear(logging.Handler):
    """What the server writes to its log as an error of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


@lru_cache(maxsize=1)
def _site() -> Any:
    from baxis.faces.web.site import application

    return application()


async def _visit(page: str, said: list[str]) -> list[Any]:
    """A session that says `said` and leaves; what it was sent."""
    heads = [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000")]
    scope = {"type": "websocket", "path": f"/{page}/websocket/", "raw_path": b"", "root_path": "", "query_string": b"", "headers": heads,
             "scheme": "ws", "subprotocols": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "asgi": {"version": "3.0"}}  # fmt: skip
    coming = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": t} for t in said)]
    sent: list[Any] = []

    async def receive() -> Any:
        if coming:
            return coming.pop(0)
        await asyncio.sleep(0.05)
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        sent.append(message)

    await _site()(scope, receive, send)
    return sent


def _read_session(given: Input) -> None:
    """A session with such messages ends or answers; the next visitor is answered, and no error of its own is logged."""
    page, said = given.said
    ear, told = _Ear(), io.StringIO()
    logging.getLogger().addHandler(ear)
    try:
        with fuzz_kinds._no_patients(), redirect_stderr(told):
            asyncio.run(_visit(page, said))
            next_one = asyncio.run(_visit("diseases", [json.dumps({"method": "init", "data": {"form": {}}})]))
    finally:
        logging.getLogger().removeHandler(ear)
    for record in ear.heard:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, fuzz_kinds.Reached):
            raise error or AssertionError(record.getMessage())
    if "Traceback" in told.getvalue():
        raise AssertionError(f"a traceback in the server's log: {told.getvalue().strip().splitlines()[-1]}")
    if not any(m["type"] == "websocket.accept" for m in next_one):
        raise AssertionError("the next visitor was not let in")


KINDS: dict[str, Kind] = fuzz_kinds.KINDS | {
    "archive": Kind(_archive, fuzz_kinds._read_model, 10),
    "h5ad": Kind(_h5ad, _read_h5ad, 6),
    "Parquet": Kind(_parquet, fuzz_kinds._read_population, 8),
    "file of another kind": Kind(_foreign, _read_foreign, 8),
    "stored block": Kind(_blocks, _read_blocks, 3),
    "cache entry": Kind(_entry, _read_entry, 6, cheap=True),
    "live session": Kind(_session, _read_session, 4),
}
