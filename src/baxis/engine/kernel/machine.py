"""LLVM by way of llvmlite: host description, IR text to object code, object code to callable addresses."""

from __future__ import annotations

import ctypes
import platform
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from baxis.core.errors import InvalidValue

LANES = (1, 2, 4, 8)
LEVEL = 1  # LLVM's code generation level: 2 and 3 took twice as long and gave no faster code


@dataclass(frozen=True)
class Host:
    """What the generated code depends on: processor name and features, library versions, and if it can fuse."""

    cpu: str
    features: str
    llvm: str
    fused: bool
    lanes: int

    @property
    def key(self) -> str:
        return "|".join((platform.machine(), self.cpu, self.features, self.llvm, str(self.fused)))


@lru_cache(maxsize=1)
def host() -> Host:
    """The machine that this process runs on."""
    import llvmlite
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        features = llvm.get_host_cpu_features()
        flat, has = features.flatten(), dict(features)
    except RuntimeError:  # hosts whose features LLVM cannot list
        flat, has = "", {}
    arm = platform.machine().lower() in ("arm64", "aarch64")
    wide = 4 if has.get("avx2") else 2  # 8 was slower than 4 on AVX-512 (Zen 4): twice the scratch memory in one cache
    version = f"llvmlite {llvmlite.__version__} LLVM {llvm.llvm_version_info}"
    return Host(llvm.get_host_cpu_name(), flat, version, bool(arm or has.get("fma")), wide)


def choose_lanes(lanes: int | None) -> int:
    """Lane width to compile for: as asked, or what measured fastest on such a machine."""
    if lanes is None:
        return host().lanes
    if lanes not in LANES:
        raise InvalidValue("lanes", lanes, "1, 2, 4 or 8 (or None for the machine's width)")
    return lanes


def _target_machine() -> Any:
    import llvmlite.binding as llvm

    h = host()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=h.cpu, features=h.features, opt=LEVEL, jit=True, reloc="pic")


def to_object(text: str) -> bytes:
    """Object code of an IR module; the IR is verified first."""
    import llvmlite.binding as llvm

    host()
    module = llvm.parse_assembly(text)
    module.verify()
    return _target_machine().emit_object(module)


class Loaded:
    """Object code in memory; keeps it alive as long as its functions are used."""

    def __init__(self, code: bytes) -> None:
        import llvmlite.binding as llvm

        host()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def function(self, name: str, pointers: int) -> Any:
        """A ctypes function of so many pointers; calling it releases Python's lock."""
        address = self._engine.get_function_address(name)
        if not address:
            raise RuntimeError(f"compiled object has no function {name}")
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * pointers)(address)
