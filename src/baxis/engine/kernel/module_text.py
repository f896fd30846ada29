"""The whole IR module of a model: its functions, the vector functions they use, and the integrator."""

from __future__ import annotations

from baxis.engine.codegen.layout import Layout
from baxis.engine.codegen.model_code import ModelCode, Shape
from baxis.engine.codegen.program import Program
from baxis.engine.codegen.tableau import Tableau
from baxis.engine.codegen.vectormath import vector_functions
from baxis.engine.driver.judge import JudgeCode
from baxis.engine.driver.lanes import LaneCode
from baxis.engine.driver.main import MainCode
from baxis.engine.driver.mend import MendCode
from baxis.engine.driver.record import RecordCode
from baxis.engine.driver.rest import polish
from baxis.engine.driver.scout import scout
from baxis.engine.driver.step import StepCode
from baxis.engine.driver.watch import WatchCode

ENTRIES = ("run", "polish", "scout", "look")


def write_module(
    program: Program, parameters: int, lanes: int, fused: bool, tableau: Tableau, warp: int = 1
) -> tuple[str, Shape, int]:
    """(IR text, sizes, bytes of scratch memory a thread) of a model at one lane width; `warp` as for Layout."""
    model = ModelCode(program, parameters, lanes, fused)
    layout = Layout(model.shape, tableau, lanes, warp)
    functions = [*model.functions]
    for whole in (MendCode, StepCode):
        functions += whole(layout, tableau, fused).functions()
    for kind in (LaneCode, JudgeCode, WatchCode if model.shape.watched else RecordCode, MainCode):
        functions += kind(layout, fused).functions()
    functions += [polish(layout, fused), scout(layout, fused)]
    text = "".join(f.text("dso_local" if f.name in ENTRIES else "internal") for f in functions)
    for extra in vector_functions(lanes):
        if f"@{extra.name}(" in text:
            functions.append(extra)
            text += extra.text()
    declared = {k: v for f in functions for k, v in f.intrinsics.items()}
    return "\n".join([*declared.values(), text]), model.shape, layout.bytes
