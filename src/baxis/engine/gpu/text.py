"""The integrator for a GPU: the same IR at one patient a thread, its memory laid so that a warp's threads read together.

Vector k of the 32 threads of a warp lies in 256 bytes that follow one another, then vector k + 1: a warp's loads and stores
are whole cache lines. Nothing but addresses differs from the code of the processor, and the maths functions are baxis's own,
so that no library of the vendor is linked.
"""

from __future__ import annotations

from typing import Any

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.codegen.model_code import Shape
from baxis.engine.codegen.program import Program
from baxis.engine.codegen.tableau import Tableau
from baxis.engine.codegen.vectormath import LIBRARY
from baxis.engine.kernel.module_text import write_module

WARP = 32
ENTRY = "run_on_gpu"
ARCHITECTURES = ("sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
TRIPLE = "nvptx64-nvidia-cuda"
_STEP, _SPREAD = "getelementptr inbounds <1 x double>,", f"getelementptr inbounds [{WARP} x double],"
_IDS = "ctaid.x", "ntid.x", "tid.x"


def write_gpu_module(
    program: Program, parameters: int, tableau: Tableau, *, fused: bool = True, on_host: bool = False
) -> tuple[str, Shape, int]:
    """(IR text, sizes, bytes of scratch memory a thread). `on_host` writes the same for this processor, for tests.

    The entry takes the context and the scratch memory of all threads; on the host also a pointer to a thread's number.
    Raises Unsupported for trigonometric functions, which call the C library.
    """
    text, shape, size = write_module(program, parameters, 1, fused, tableau, WARP)
    for name in LIBRARY:
        if f"@v{name}(" in text:
            raise Unsupported(f"the function {name} on a GPU; run the model on the processor")
    text = text.replace(_STEP, _SPREAD).replace("define dso_local", "define internal")
    return (_host_entry(size) if on_host else _device_entry(size)) + text, shape, size


def _device_entry(size: int) -> str:
    reads = [f"@llvm.nvvm.read.ptx.sreg.{i}" for i in _IDS]
    lines = [f"%{n} = call i32 {r}()" for n, r in zip("bwt", reads, strict=True)]
    lines += ["%f = mul i32 %b, %w", "%k = add i32 %f, %t", "%id = zext i32 %k to i64"]
    declared = "".join(f"declare i32 {r}()\n" for r in reads)
    header = f'target triple = "{TRIPLE}"\n{declared}'
    return f"{header}define ptx_kernel void @{ENTRY}(ptr %ctx, ptr %s) {{\n  " + _body(lines, size)


def _host_entry(size: int) -> str:
    return f"define dso_local void @{ENTRY}(ptr %ctx, ptr %s, ptr %who) {{\n  " + _body(
        ["%id = load i64, ptr %who, align 8"], size
    )


def _body(lines: list[str], size: int) -> str:
    """Scratch of thread `%id`: its warp's block, moved on by its place in the warp."""
    lines = [
        *lines,
        f"%warp = udiv i64 %id, {WARP}",
        f"%lane = urem i64 %id, {WARP}",
        f"%block = mul i64 %warp, {size * WARP}",
        "%place = mul i64 %lane, 8",
        "%offset = add i64 %block, %place",
        "%own = getelementptr inbounds i8, ptr %s, i64 %offset",
        "call void @run(ptr %ctx, ptr %own)",
        "ret void\n}\n",
    ]
    return "\n  ".join(lines)


def to_ptx(text: str, architecture: str = "sm_80") -> str:
    """PTX assembly of an IR module. Raises InvalidValue for an architecture that is not in ARCHITECTURES."""
    import llvmlite.binding as llvm

    if architecture not in ARCHITECTURES:
        raise InvalidValue("architecture", architecture, ", ".join(ARCHITECTURES))
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(cpu=architecture, opt=3)
    module.data_layout = str(machine.target_data)
    _simplified(module, machine)
    return machine.emit_assembly(module)


def _simplified(module: Any, machine: Any) -> None:
    """LLVM's module passes: local variables become registers, what nobody calls goes."""
    import llvmlite.binding as llvm

    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
