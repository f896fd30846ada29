"""Other processors: a plain x86-64 without AVX or fused multiply-add runs here; code for arm64 is at least generated."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue
from baxis.engine.codegen.program import build_program
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.kernel import kernel as kernels
from baxis.engine.kernel import machine
from baxis.engine.kernel.module_text import write_module

MODEL = """model m()
  x' = k*y^1.3/(1 + y^1.3) - x*exp(-y); y' = 50*(tanh(x) - y) + ln(1 + x) - x^2
  x = 1; y = 0.5; k = 1.7
end"""
TIMES = [0.1, 1.0, 8.0]


def simulated(lanes: int) -> engine.Ensemble:
    kernel = engine.compile(engine.load_antimony(MODEL), lanes=lanes)
    return engine.simulate(kernel, {"k": np.linspace(0.5, 3, 11)}, times=TIMES, options=engine.Options(rtol=1e-8))


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="an x86-64 processor is needed")
def test_plain_x86_64_without_fused_multiply_add(monkeypatch: pytest.MonkeyPatch) -> None:
    here = simulated(4)
    plain = machine.Host("x86-64", "", machine.host().llvm, False, 2)
    for module in (machine, kernels):
        monkeypatch.setattr(module, "host", lambda: plain)
    runs = [simulated(lanes) for lanes in (1, 2, 4, 8)]
    assert len({r.values.tobytes() for r in runs}) == 1
    np.testing.assert_allclose(runs[0].values, here.values, rtol=1e-7)


def test_code_for_arm64_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    system = engine.load_antimony(MODEL)
    text, _, _ = write_module(build_program(system), len(system.parameters), 4, True, METHODS["rodas4"])
    target = llvm.Target.from_triple("aarch64-apple-darwin").create_target_machine(opt=1, reloc="pic")
    assert target.emit_object(llvm.parse_assembly(text))


def test_lane_widths_are_checked() -> None:
    with pytest.raises(InvalidValue, match="1, 2, 4 or 8"):
        engine.compile(engine.load_antimony(MODEL), lanes=3)
    with pytest.raises(InvalidValue, match="rodas4"):
        engine.compile(engine.load_antimony(MODEL), method="euler")
    with pytest.raises(InvalidValue, match="a System"):
        engine.compile("model")  # type: ignore[arg-type]
