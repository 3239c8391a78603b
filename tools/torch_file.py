"""Reads tensors from a file of torch.save's first format, without torch and without running code.

A pickle may call anything while it is loaded. This reader knows four names and refuses all others,
and the four are replaced by plain data classes of its own.

Format (torch 0.1.10 to 1.5, `torch/serialization.py`, _legacy_save): five pickles: magic number,
protocol version 1001, a dict about the writing machine, the saved object, the list of storage keys;
then for each key in that order the count of elements (int64) and the elements. Little-endian.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _StorageType:
    dtype: str


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    num_elements: int


@dataclass(frozen=True)
class _Tensor:
    """What `_rebuild_tensor_v2` is called with; offset and strides are in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    requires_grad: bool
    backward_hooks: object


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch", "FloatStorage"): _StorageType("<f4"),
    ("torch", "LongStorage"): _StorageType("<i8"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise ValueError(f"the file asks for {module}.{name}, which is refused") from None

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", _StorageType(dtype), str(key), "cpu", int(count), None):
                return _Storage(dtype, key, count)
        raise ValueError("the file refers to a storage of an unknown kind")


def read_tensors(data: bytes) -> dict[str, Array]:
    """The saved object, which must be a dict of tensors, as contiguous arrays by name.

    Raises ValueError for anything else, a truncated file and bytes left over included.
    """
    stream = io.BytesIO(data)
    try:
        magic, version, _, saved, keys = (_Unpickler(stream).load() for _ in range(5))
    except (EOFError, pickle.UnpicklingError, TypeError, AttributeError) as error:
        raise ValueError(f"not a whole torch file of the first format: {error}") from None
    if magic != MAGIC or version != VERSION:
        raise ValueError("not a torch file of the first format")
    if not isinstance(saved, dict) or not all(isinstance(t, _Tensor) for t in saved.values()):
        raise ValueError("the file holds something else than a dict of tensors")

    storages = {t.storage.key: t.storage for t in saved.values()}
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        raise ValueError("the list of storages does not match the tensors")
    content: dict[str, bytes] = {}
    for key in keys:
        storage = storages[key]
        count = int.from_bytes(stream.read(8), "little")
        if count != storage.num_elements:
            raise ValueError(f"storage {key} has {count} elements, not {storage.num_elements}")
        size = count * np.dtype(storage.dtype).itemsize
        content[key] = stream.read(size)
        if len(content[key]) != size:
            raise ValueError(f"the file ends inside storage {key}")
    if stream.read(1):
        raise ValueError("bytes are left over after the last storage")
    return {name: _array(tensor, content[tensor.storage.key]) for name, tensor in saved.items()}


def _array(tensor: _Tensor, content: bytes) -> Array:
    dtype = np.dtype(tensor.storage.dtype)
    # numpy refuses (ValueError) whatever offset and strides would reach outside the buffer.
    try:
        view: Array = np.ndarray(
            tensor.shape,
            dtype,
            content,
            tensor.offset * dtype.itemsize,
            tuple(stride * dtype.itemsize for stride in tensor.strides),
        )
    except (TypeError, OverflowError) as error:
        raise ValueError(f"a tensor of no possible shape: {error}") from None
    return np.ascontiguousarray(view).reshape(tensor.shape)
