"""One NVIDIA GPU through the driver's own interface (extra `gpu`: cuda-python), nothing but memory and launches."""

from __future__ import annotations

import ctypes
from typing import Any, Protocol

import numpy as np

from baxis.core.errors import BaxisError

NOT_HERE = "no GPU: {}; the same model runs on the processor"


class NoGpu(BaxisError):
    """No GPU can be used here; the text says why in one line."""


class Device(Protocol):
    """What the GPU path needs of a device; addresses are integers."""

    name: str
    architecture: str
    processors: int

    def load(self, ptx: str, entry: str) -> Any: ...
    def free_bytes(self) -> int: ...
    def take(self, size: int) -> int: ...
    def release(self, address: int) -> None: ...
    def upload(self, address: int, data: np.ndarray) -> None: ...
    def download(self, data: np.ndarray, address: int) -> None: ...
    def launch(self, function: Any, blocks: int, threads: int, addresses: tuple[int, int]) -> None: ...


class CudaDevice:
    """The first GPU of this machine. Raises NoGpu where the extra, the driver or a GPU is missing."""

    def __init__(self) -> None:
        try:
            from cuda.bindings import driver
        except ImportError:
            raise NoGpu(NOT_HERE.format("cuda-python is not installed (pip install baxis[gpu])")) from None
        self._driver = driver
        try:
            self._call("cuInit", 0)
            count = self._call("cuDeviceGetCount")
        except Exception as problem:  # without a driver the library raises kinds of its own
            raise NoGpu(NOT_HERE.format(f"the NVIDIA driver does not answer ({str(problem)[:80]})")) from None
        if not count:
            raise NoGpu(NOT_HERE.format("the NVIDIA driver lists none"))
        device = self._call("cuDeviceGet", 0)
        self._call("cuCtxSetCurrent", self._call("cuDevicePrimaryCtxRetain", device))
        about = driver.CUdevice_attribute

        def attribute(name: str) -> int:
            return self._call("cuDeviceGetAttribute", getattr(about, f"CU_DEVICE_ATTRIBUTE_{name}"), device)

        self.name = self._call("cuDeviceGetName", 100, device).split(b"\0")[0].decode()
        major, minor = attribute("COMPUTE_CAPABILITY_MAJOR"), attribute("COMPUTE_CAPABILITY_MINOR")
        self.architecture = f"sm_{major}{minor}"
        self.processors = attribute("MULTIPROCESSOR_COUNT")

    def _call(self, name: str, *words: Any) -> Any:
        """A driver function's result, or BaxisError with its own sentence."""
        error, *found = getattr(self._driver, name)(*words)
        if int(error):
            said = self._driver.cuGetErrorString(error)[1]
            text = said.decode() if isinstance(said, bytes) else str(error)
            raise BaxisError(f"GPU: {name}: {text}")
        return found[0] if len(found) == 1 else tuple(found)

    def load(self, ptx: str, entry: str) -> Any:
        """The entry function of PTX text, compiled by the driver."""
        return self._call("cuModuleGetFunction", self._call("cuModuleLoadData", ptx.encode() + b"\0"), entry.encode())

    def free_bytes(self) -> int:
        return int(self._call("cuMemGetInfo")[0])

    def take(self, size: int) -> int:
        return int(self._call("cuMemAlloc", max(size, 8)))

    def release(self, address: int) -> None:
        self._call("cuMemFree", address)

    def upload(self, address: int, data: np.ndarray) -> None:
        if data.nbytes:
            self._call("cuMemcpyHtoD", address, data.ctypes.data, data.nbytes)

    def download(self, data: np.ndarray, address: int) -> None:
        if data.nbytes:
            self._call("cuMemcpyDtoH", data.ctypes.data, address, data.nbytes)

    def launch(self, function: Any, blocks: int, threads: int, addresses: tuple[int, int]) -> None:
        """Run to the end."""
        words = (addresses, (ctypes.c_void_p, ctypes.c_void_p))
        self._call("cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, 0, 0, words, 0)
        self._call("cuCtxSynchronize")
