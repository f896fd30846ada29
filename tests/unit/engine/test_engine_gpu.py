"""The GPU path on a machine without one: PTX, what it uses, and its memory layout run on the processor."""

from __future__ import annotations

import ctypes
import re

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.codegen.layout import SLOT
from baxis.engine.codegen.program import build_program
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.gpu import gpu, gpu_report
from baxis.engine.gpu import text as gpu_text
from baxis.engine.kernel.machine import Loaded, host, to_object

MODEL = """model m()
  drug' = rate - ke*drug
  signal' = kin*drug^h/(drug^h + ec^h) - kout*signal*exp(-0.1*drug)
  late' = signal - kout*late
  total := log(1 + signal) + late
  drug = 1; signal = 0.2; late = 0; rate = 0; ke = 0.2; ec = 3; kin = 0.5; kout = 0.5; h = 1.7
end"""


class Emulated:
    """A device whose memory is this process's and whose threads run one after another, each on its share of patients."""

    name, architecture, processors = "emulated", "sm_80", 1

    def __init__(self, system: engine.System) -> None:
        text, _, self.size = gpu_text.write_gpu_module(
            build_program(system), len(system.parameters), METHODS["rodas4"], fused=host().fused, on_host=True
        )
        self.code = Loaded(to_object(text))
        self.memory: dict[int, np.ndarray] = {}
        self.free = 2**40

    def load(self, ptx: str, entry: str) -> object:
        assert f".entry {entry}" in ptx
        return self.code.function(entry, 3)

    def free_bytes(self) -> int:
        return self.free

    def take(self, size: int) -> int:
        held = np.zeros(max(size, 8) + 8, np.uint8)
        self.memory[held.ctypes.data] = held
        return held.ctypes.data

    def release(self, address: int) -> None:
        del self.memory[address]

    def upload(self, address: int, data: np.ndarray) -> None:
        ctypes.memmove(address, data.ctypes.data, data.nbytes)

    def download(self, data: np.ndarray, address: int) -> None:
        ctypes.memmove(data.ctypes.data, address, data.nbytes)

    def launch(self, function: object, blocks: int, threads: int, addresses: tuple[int, int]) -> None:
        words = self.memory[addresses[0]][: 8 * len(SLOT)].view(np.int64)
        total, counter = int(words[SLOT["n_who"]]), self.memory[int(words[SLOT["counter"]])].view(np.int64)
        share = -(-total // (blocks * threads))
        for k in range(blocks * threads):
            counter[0], words[SLOT["n_who"]] = k * share, min((k + 1) * share, total)
            number = np.array([k])
            function(*addresses, number.ctypes.data)


def test_the_gpu_layout_gives_the_bits_of_the_processor():
    system = engine.load_antimony(MODEL)
    ask = {"times": [0.0, 1.0, 5.5, 20.0], "outputs": ["signal", "total"], "options": engine.Options(rtol=1e-6)}
    values = {"ke": np.linspace(0.1, 0.4, 150)}
    doses = engine.concat(engine.bolus("drug", [2.0, 4.0], 3.0), engine.infusion("rate", [6.0], 1.0, [5.0]))
    there = engine.compile_for_gpu(system, device=Emulated(system))
    found = engine.simulate(there, values, events=doses, **ask)
    plain = engine.simulate(engine.compile(system, lanes=1), values, events=doses, **ask)
    assert found.ok.all()
    assert (found.steps == plain.steps).all()
    np.testing.assert_array_equal(found.values, plain.values)
    assert not there.device.memory  # everything was given back


def test_short_memory_is_named_and_nothing_is_held():
    system = engine.load_antimony(MODEL)
    device = Emulated(system)
    device.free = 1000
    with pytest.raises(InvalidValue, match=r"engine\.stream"):
        engine.simulate(engine.compile_for_gpu(system, device=device), times=[1.0])
    assert not device.memory


def has_gpu() -> bool:
    try:
        gpu.CudaDevice()
    except engine.NoGpu:
        return False
    return True


def test_without_a_gpu_one_line_says_so():
    if has_gpu():
        pytest.skip("this machine has a GPU")
    with pytest.raises(engine.NoGpu, match=r"no GPU: .*the same model runs on the processor") as caught:
        engine.compile_for_gpu(engine.load_antimony(MODEL))
    assert "\n" not in str(caught.value)


def test_decision_points_are_refused_by_name():
    system = engine.load_antimony(MODEL)
    run = engine.start(engine.compile_for_gpu(system, device=Emulated(system)))
    with pytest.raises(Unsupported, match="decision points"):
        run.advance(1.0)


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_ptx_calls_no_library(architecture):
    ptx, _, size = gpu.ptx_of(engine.load_antimony(MODEL), architecture)
    assert f".target {architecture}" in ptx
    assert f".entry {gpu_text.ENTRY}" in ptx
    assert size > 0
    assert ".extern" not in ptx
    assert "%tid.x" in ptx
    assert "fma.rn.f64" in ptx


def test_sine_and_unknown_architectures_are_refused():
    with pytest.raises(Unsupported, match="sin"):
        gpu.ptx_of(engine.load_antimony("x' = sin(time); x = 0"), "sm_90")
    with pytest.raises(InvalidValue, match="sm_90"):
        gpu_text.to_ptx("", "sm_9")


def test_registers_and_local_memory_by_ptxas():
    if gpu_report.find_ptxas() is None:
        pytest.skip("needs ptxas (pip install nvidia-cuda-nvcc-cu12)")
    ptx, _, _ = gpu.ptx_of(engine.load_antimony(MODEL), "sm_90")
    found = {u.function: u for u in gpu_report.usage(ptx, "sm_90")}
    assert 32 <= found[gpu_text.ENTRY].registers <= 255
    assert found[gpu_text.ENTRY].stack < 2000


def test_local_memory_by_the_ptx_alone():
    ptx, _, _ = gpu.ptx_of(engine.load_antimony(MODEL), "sm_90")
    declared = {u.function: u.stack for u in gpu_report.declared(ptx)}
    assert sum(declared.values()) == sum(int(n) for n in re.findall(r"\.local .*\[(\d+)\]", ptx))


def test_what_ptxas_prints_is_read():
    text = """ptxas info    : Compiling entry function 'run_on_gpu' for 'sm_90'
ptxas info    : Function properties for run_on_gpu
    2136 bytes stack frame, 184 bytes spill stores, 400 bytes spill loads
ptxas info    : Used 255 registers, used 0 barriers, 2136 bytes cumulative stack size
ptxas info    : Function properties for factor
    0 bytes stack frame, 88 bytes spill stores, 108 bytes spill loads"""
    first, second = gpu_report.told_by_ptxas(text)
    assert first == gpu_report.Usage("run_on_gpu", 255, 2136, 184, 400)
    assert second == gpu_report.Usage("factor", None, 0, 88, 108)


def test_traffic_of_a_step_counts_loops_and_calls():
    text = """define internal void @inner(ptr %y) nounwind "a" {
entry:
  %t1 = load <1 x double>, ptr %y, align 8
  ret void
}
define internal void @advance(ptr %y) nounwind "a" {
entry:
  br label %head1
head1:
  %t4 = icmp slt i64 %i1, 7
  br i1 %t4, label %body2, label %after3
body2:
  store <1 x double> %x, ptr %y, align 8
  call void @inner(ptr %y)
  br label %head1
after3:
  %t5 = load i64, ptr %y, align 8
  ret void
}
"""
    assert gpu_report.step_traffic(text, 7) == 7 * (8 + 8) + 8
    assert gpu_report.step_traffic(text, 9) == (8 + 8) + 8
