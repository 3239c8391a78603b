"""Tensors between Python and the Open Inference Protocol.

On the wire a tensor is row-major, packed and little-endian; strings (BYTES) are each a 4-byte
little-endian length and that many bytes. What already is that way is sent from where it lies;
anything else (other strides, other byte order, lists, strings) is copied once.

Datatypes and their NumPy types:

    BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64   as their names say
    BF16    NumPy has none: as_numpy() gives float32, which holds every value exactly; as_torch()
            gives torch.bfloat16. In: a torch tensor, an ml_dtypes array, or float32 values with
            dtype="BF16" (rounded to nearest, ties to even).
    BYTES   object arrays of str. Bytes that are not UTF-8 come as surrogate escapes, and go back
            as the same bytes. In: str or bytes.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

__all__ = ["Tensor", "TensorInfo", "TensorLike", "translate"]

# One tensor: array, torch.Tensor, Tensor, scalar or nested list.
TensorLike: TypeAlias = Any

_NUMPY: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
_OF_NUMPY = {dtype: name for name, dtype in _NUMPY.items()}
DATATYPES = (*_NUMPY, "BF16", "BYTES")

# Other spellings, in lower case. Numbers count bits: "i8" is INT8, as in BlindAI 0.5, and NumPy's
# codes that count bytes ("f4") are refused rather than mistaken for it.
_ALIASES = {
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "bfloat16": "BF16",
    "string": "BYTES",
    "str": "BYTES",
    **{f"f{bits}": f"FP{bits}" for bits in (16, 32, 64)},
    **{f"i{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)},
}

_STRING_KINDS = "USOT"


def datatype_of(dtype: Any) -> str:
    """The protocol's name of a datatype however it is written: "FP32", "float32", "f32",
    np.float32, np.dtype("<f4"), torch.float32, int, str. ValueError for one there is not.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(dtype, torch.dtype):
        dtype = str(dtype).removeprefix("torch.")
    if isinstance(dtype, str):
        if dtype.upper() in DATATYPES:
            return dtype.upper()
        if dtype.lower() not in _ALIASES:
            raise _no_datatype(dtype)
        return _ALIASES[dtype.lower()]
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise _no_datatype(dtype) from None
    return _datatype_of_numpy(found)


def _datatype_of_numpy(dtype: np.dtype[Any]) -> str:
    if dtype.name == "bfloat16":
        return "BF16"
    if dtype.kind in _STRING_KINDS:
        return "BYTES"
    name = _OF_NUMPY.get(dtype.newbyteorder("<"))
    if name is None:
        raise _no_datatype(dtype)
    return name


def _no_datatype(dtype: Any) -> ValueError:
    return ValueError(
        f"no model takes tensors of {dtype!r}; convert to one of {', '.join(DATATYPES)}"
    )


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a model. A dimension of -1 varies between calls."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class Tensor:
    """A tensor as it came, or as it is sent.

    name, datatype ("FP32"), shape
    data   the packed bytes, as a uint8 array of one dimension; not copied
    """

    __slots__ = ("data", "datatype", "name", "shape")

    def __init__(
        self, name: str, datatype: str, shape: Sequence[int], data: npt.NDArray[np.uint8]
    ) -> None:
        self.name = name
        self.datatype = datatype
        self.shape = tuple(shape)
        self.data = data

    @classmethod
    def of(
        cls,
        value: TensorLike,
        dtype: Any = None,
        shape: Sequence[int] | None = None,
        name: str = "",
    ) -> Tensor:
        """One tensor from an array, a torch tensor, a scalar or a nested list.

        dtype is needed for lists that should not be INT64, FP32, BOOL or BYTES; beside an array it
        has to agree with it. shape reshapes a list; beside an array it has to agree.
        """
        wanted = None if dtype is None else datatype_of(dtype)
        if isinstance(value, Tensor):
            tensor = cls(name, value.datatype, value.shape, value.data)
        elif _is_torch(value):
            tensor = _of_torch(value, name)
        elif isinstance(value, np.generic) or _is_array(value):
            tensor = _of_array(_as_array(value), wanted, name)
        else:
            return _of_list(value, wanted, shape, name)
        if wanted is not None and tensor.datatype != wanted:
            raise ValueError(
                f"the array{_called(name)} is {tensor.datatype}, but dtype says {wanted}; "
                "convert it first (astype), or leave dtype out"
            )
        if shape is not None and tensor.shape != tuple(shape):
            raise ValueError(
                f"the array{_called(name)} has shape {list(tensor.shape)}, but shape says "
                f"{list(shape)}; reshape it first, or leave shape out"
            )
        return tensor

    def as_numpy(self) -> npt.NDArray[Any]:
        """The values, in this tensor's shape. Shares memory with it, except BF16 and BYTES."""
        if self.datatype == "BYTES":
            return _unpack_strings(self.data, self.shape)
        if self.datatype == "BF16":
            wide = self.data.view("<u2").astype("<u4")
            wide <<= 16
            return wide.view("<f4").reshape(self.shape)
        return self.data.view(_NUMPY[self.datatype]).reshape(self.shape)

    def as_torch(self) -> torch.Tensor:
        """The values as a torch tensor on the CPU. Shares memory with this one."""
        import torch

        if self.datatype == "BYTES":
            raise TypeError("torch has no strings; use as_numpy() or as_flat()")
        if self.datatype == "BF16":
            return torch.from_numpy(self.data.view("<i2").reshape(self.shape)).view(torch.bfloat16)
        return torch.from_numpy(self.as_numpy())

    def as_flat(self) -> list[Any]:
        """The values as Python ones, in one list, row by row."""
        flat: list[Any] = self.as_numpy().ravel().tolist()
        return flat

    def __repr__(self) -> str:
        return f"Tensor(name={self.name!r}, datatype={self.datatype!r}, shape={list(self.shape)})"


def translate(tensors: Any, dtype: Any = None, shape: Any = None) -> list[Tensor]:
    """The inputs of one call, from whatever predict() is given.

    a dict            several inputs by name; dtype and shape may be dicts with the same names
    an array, scalar  the model's only input
    a list or tuple   of arrays: several inputs in the model's order. Of plain values: one input,
                      unless dtype is a list, or shape one of shapes: then several, one for each
    """
    if isinstance(tensors, Mapping):
        if not tensors:
            raise ValueError("no inputs: the dict is empty")
        return [
            Tensor.of(value, _for_name(dtype, name), _for_name(shape, name), str(name))
            for name, value in tensors.items()
        ]
    if not _are_several(tensors, dtype, shape):
        return [Tensor.of(tensors, dtype, shape)]
    dtypes = _for_each(dtype, len(tensors), "dtype", isinstance(dtype, (list, tuple)))
    shapes = _for_each(shape, len(tensors), "shape", _is_list_of_shapes(shape))
    return [
        Tensor.of(value, one_dtype, one_shape)
        for value, one_dtype, one_shape in zip(tensors, dtypes, shapes, strict=True)
    ]


def _are_several(tensors: Any, dtype: Any, shape: Any) -> bool:
    if not isinstance(tensors, (list, tuple)):
        return False
    if isinstance(dtype, (list, tuple)) or _is_list_of_shapes(shape):
        return True
    return any(isinstance(t, Tensor) or _is_torch(t) or _is_array(t) for t in tensors)


def _is_list_of_shapes(shape: Any) -> bool:
    return isinstance(shape, (list, tuple)) and any(
        entry is None or isinstance(entry, (list, tuple)) for entry in shape
    )


def _for_name(given: Any, name: Any) -> Any:
    return given.get(name) if isinstance(given, Mapping) else given


def _for_each(given: Any, count: int, what: str, is_list: bool) -> Sequence[Any]:
    if not is_list:
        return [given] * count
    if len(given) != count:
        raise ValueError(f"{count} inputs, but {len(given)} entries in {what}; give one for each")
    return list(given)


def _is_torch(value: Any) -> bool:
    # Only a program that has imported torch can hold one of its tensors.
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (
        hasattr(value, "__array__") and not isinstance(value, (np.generic, type))
    )


def _as_array(value: Any) -> npt.NDArray[Any]:
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError("a masked array cannot be sent: fill it first (array.filled(value))")
    return np.asarray(value)


def _of_array(array: npt.NDArray[Any], wanted: str | None, name: str) -> Tensor:
    datatype = _datatype_of_numpy(array.dtype)
    shape = array.shape
    if datatype == "BYTES":
        return Tensor(name, datatype, shape, _pack_strings(array))
    if datatype == "BF16":
        packed = np.asarray(array, order="C").view("<u2")
    elif wanted == "BF16" and datatype == "FP32":
        datatype, packed = "BF16", _round_to_bf16(array)
    else:
        # Not ascontiguousarray, which turns a scalar into a vector.
        packed = np.asarray(array, dtype=_NUMPY[datatype], order="C")
    return Tensor(name, datatype, shape, _bytes_of(packed))


def _of_torch(value: torch.Tensor, name: str) -> Tensor:
    import torch

    if value.is_quantized or value.layout is not torch.strided:
        raise ValueError(
            "a sparse or quantized tensor cannot be sent; use to_dense() or dequantize()"
        )
    value = value.detach().cpu().resolve_conj().resolve_neg()
    if value.dtype == torch.bfloat16:
        words = value.contiguous().view(torch.int16).numpy()
        return Tensor(name, "BF16", tuple(value.shape), _bytes_of(words))
    try:
        array = value.numpy()
    except TypeError:
        raise _no_datatype(value.dtype) from None
    return _of_array(array, None, name)


def _of_list(value: Any, wanted: str | None, shape: Any, name: str) -> Tensor:
    try:
        array = np.asarray(value, dtype=object if wanted == "BYTES" else None)
    except (ValueError, OverflowError):
        raise _not_a_tensor(name) from None
    if array.dtype.kind in "SU":
        # NumPy's own string types drop zero bytes at the end, and turn numbers among them to text.
        array = np.asarray(value, dtype=object)
        wanted = wanted or "BYTES"
    elif array.dtype.kind not in "biuf" and wanted != "BYTES":
        raise _not_a_tensor(name)
    if wanted is None:
        wanted = "FP32" if array.dtype.kind == "f" else _datatype_of_numpy(array.dtype)
    if wanted == "BYTES":
        tensor = Tensor(name, wanted, array.shape, _pack_strings(array))
    elif wanted == "BF16":
        tensor = _of_array(array.astype("<f4"), wanted, name)
    else:
        tensor = _of_array(_convert(array, wanted, name), None, name)
    if shape is not None:
        if any(dim < 0 for dim in shape) or int(np.prod(shape, dtype=object)) != array.size:
            raise ValueError(
                f"the list{_called(name)} has {array.size} values, which do not fill shape "
                f"{list(shape)}"
            )
        tensor.shape = tuple(shape)
    return tensor


def _not_a_tensor(name: str) -> ValueError:
    return ValueError(
        f"the list{_called(name)} is not a tensor: its rows have to be of one length, and its "
        "values all numbers of at most 64 bits, or all str or bytes"
    )


def _convert(array: npt.NDArray[Any], datatype: str, name: str) -> npt.NDArray[Any]:
    """Values of a list in the datatype asked for; refused where that would change them."""
    dtype = _NUMPY[datatype]
    if array.size == 0:
        return array.astype(dtype)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"the list{_called(name)} holds no numbers, but dtype says {datatype}")
    if dtype.kind == "b" and not np.isin(array, (0, 1)).all():
        raise ValueError(f"the list{_called(name)} has values other than 0 and 1 for BOOL")
    if dtype.kind in "iu":
        if array.dtype.kind == "f" and not (np.isfinite(array) & (array == np.trunc(array))).all():
            raise ValueError(f"the list{_called(name)} has fractions, but dtype says {datatype}")
        limits = np.iinfo(dtype)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise ValueError(f"the list{_called(name)} has values that do not fit {datatype}")
    return array.astype(dtype)


def _called(name: str) -> str:
    return f" {name!r}" if name else ""


def _bytes_of(packed: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return packed.reshape(-1).view(np.uint8)


def _round_to_bf16(array: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    bits = np.asarray(array, dtype="<f4", order="C").reshape(-1).view("<u4")
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    # Rounding could carry a NaN into infinity or beyond: keep its sign, set its quiet bit.
    not_a_number = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(not_a_number, (bits >> 16) | 0x40, rounded).astype("<u2")


def _pack_strings(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    parts: list[bytes] = []
    for item in array.flat:
        if isinstance(item, str):
            item = item.encode("utf-8", "surrogateescape")
        elif not isinstance(item, bytes):
            raise ValueError(
                f"an array of strings has a {type(item).__name__} in it; it may hold str and bytes"
            )
        parts.append(struct.pack("<I", len(item)))
        parts.append(item)
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


def _unpack_strings(data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    raw = data.tobytes()
    out = np.empty(shape, dtype=object)
    flat = out.reshape(-1)
    at = 0
    for i in range(flat.size):
        if at + 4 > len(raw):
            raise ValueError("a tensor of strings ends too early")
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if length > len(raw) - at:
            raise ValueError("a tensor of strings ends too early")
        flat[i] = raw[at : at + length].decode("utf-8", "surrogateescape")
        at += length
    if at != len(raw):
        raise ValueError("a tensor of strings has bytes left over")
    return out
