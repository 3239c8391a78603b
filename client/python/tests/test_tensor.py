"""Tensors in and out: what is packed, what comes back, what is refused."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from blindai.tensor import DATATYPES, Tensor, datatype_of, translate

Array = npt.NDArray[Any]

FIXED = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}


def of(value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    return Tensor.of(value, dtype, shape)


def strings(*items: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


def extremes(dtype: Any) -> Array:
    if dtype is np.bool_:
        return np.array([True, False, True])
    if np.issubdtype(dtype, np.integer):
        return np.array([np.iinfo(dtype).min, 0, np.iinfo(dtype).max], dtype)
    info = np.finfo(dtype)
    return np.array([info.min, -0.0, info.tiny, np.inf, np.nan], dtype)


@pytest.mark.parametrize("name", FIXED)
def test_every_fixed_size_datatype_goes_out_and_comes_back_bit_for_bit(name: str) -> None:
    array = extremes(FIXED[name])
    tensor = of(array)
    assert tensor.datatype == name
    assert tensor.data.tobytes() == array.tobytes()
    back = Tensor("y", name, tensor.shape, tensor.data).as_numpy()
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


def test_a_contiguous_array_is_not_copied_in_either_direction() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensor = of(array)
    assert np.shares_memory(tensor.data, array)
    assert np.shares_memory(tensor.as_numpy(), array)


def test_a_read_only_array_is_accepted() -> None:
    array = np.arange(4, dtype=np.int64)
    array.flags.writeable = False
    assert of(array).as_flat() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2],
        np.arange(24, dtype=np.float32).reshape(4, 6).T,
        np.arange(6, dtype=np.float32)[::-1],
        np.broadcast_to(np.float32(7), (2, 3)),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    ],
    ids=["strided", "transposed", "reversed", "broadcast", "column-major"],
)
def test_other_strides_are_packed_row_by_row(array: Array) -> None:
    tensor = of(array)
    assert tensor.shape == array.shape
    assert tensor.data.tobytes() == array.tobytes(order="C")


@pytest.mark.parametrize("code", [">f4", ">i8", ">u2", ">f2"])
def test_big_endian_arrays_become_little_endian(code: str) -> None:
    array = np.array([1, 2, 300], dtype=code)
    tensor = of(array)
    little = array.astype(array.dtype.newbyteorder("<"))
    assert tensor.data.tobytes() == little.tobytes()
    assert np.array_equal(tensor.as_numpy(), array)


@pytest.mark.parametrize("value", [np.array(5, np.int64), np.int64(5), 5])
def test_a_scalar_has_no_dimensions(value: Any) -> None:
    tensor = of(value)
    assert (tensor.datatype, tensor.shape) == ("INT64", ())
    assert tensor.data.tobytes() == struct.pack("<q", 5)
    assert tensor.as_numpy().shape == ()
    assert tensor.as_flat() == [5]


def test_a_numpy_scalar_keeps_its_datatype() -> None:
    assert of(np.float64(0.1)).datatype == "FP64"
    assert of(np.float16(0.5)).datatype == "FP16"


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 4)])
def test_an_empty_tensor_keeps_its_shape(shape: tuple[int, ...]) -> None:
    tensor = of(np.empty(shape, np.float32))
    assert tensor.shape == shape
    assert tensor.data.size == 0
    assert tensor.as_numpy().shape == shape
    assert tensor.as_flat() == []


def test_as_flat_is_one_list_of_python_values() -> None:
    flat = of(np.array([[1.5, 2.5], [3.5, 4.5]], np.float32)).as_flat()
    assert flat == [1.5, 2.5, 3.5, 4.5]
    assert all(type(value) is float for value in flat)


class TestStrings:
    @pytest.mark.parametrize(
        "value",
        [
            np.array(["a", "", "été"]),
            np.array(["a", "", "été"], dtype=object),
            np.array([b"a", b"", "été".encode()], dtype=object),
            ["a", "", "été"],
            ["a", b"", "été"],
        ],
        ids=["unicode", "objects", "bytes", "list", "mixed list"],
    )
    def test_go_out_with_their_lengths_in_utf8(self, value: Any) -> None:
        tensor = of(value)
        assert (tensor.datatype, tensor.shape) == ("BYTES", (3,))
        assert tensor.data.tobytes() == strings(b"a", b"", "été".encode())

    def test_come_back_as_str_in_their_shape(self) -> None:
        data = np.frombuffer(strings(b"ab", "\u20ac".encode(), b"", b"d"), np.uint8)
        array = Tensor("y", "BYTES", (2, 2), data).as_numpy()
        assert array.tolist() == [["ab", "\u20ac"], ["", "d"]]

    def test_that_are_not_utf8_come_back_and_go_out_as_the_same_bytes(self) -> None:
        data = np.frombuffer(strings(b"\xff\x00\xfe"), np.uint8)
        array = Tensor("y", "BYTES", (1,), data).as_numpy()
        assert of(array).data.tobytes() == data.tobytes()

    def test_keep_zero_bytes_at_their_end(self) -> None:
        assert of([b"a\x00", "b\x00"]).data.tobytes() == strings(b"a\x00", b"b\x00")

    def test_may_be_a_scalar_or_empty(self) -> None:
        assert of("abc").shape == ()
        assert of("abc").as_flat() == ["abc"]
        empty = of(np.empty((0, 2), dtype=object))
        assert (empty.datatype, empty.shape, empty.data.size) == ("BYTES", (0, 2), 0)

    def test_mixed_with_numbers_are_refused(self) -> None:
        with pytest.raises(ValueError, match="has a int in it"):
            of(["a", 1])
        with pytest.raises(ValueError, match="may hold str and bytes"):
            of(np.array([None, "a"], dtype=object))

    @pytest.mark.parametrize(
        ("raw", "says"),
        [
            (b"\x01\x00\x00", "too early"),
            (b"\x05\x00\x00\x00abcd", "too early"),
            (b"\xff\xff\xff\xffabcd", "too early"),
            (strings(b"abc") + b"x", "left over"),
        ],
    )
    def test_of_a_wrong_length_are_refused(self, raw: bytes, says: str) -> None:
        tensor = Tensor("y", "BYTES", (1,), np.frombuffer(raw, np.uint8))
        with pytest.raises(ValueError, match=says):
            tensor.as_numpy()


class TestBfloat16:
    # Value in float32, its nearest bfloat16 (upper 16 bits). The two in the middle are ties.
    CASES = (
        (1.0, 0x3F80),
        (-2.5, 0xC020),
        (struct.unpack("<f", b"\x00\x80\x80\x3f")[0], 0x3F80),
        (struct.unpack("<f", b"\x00\x80\x81\x3f")[0], 0x3F82),
        (3.3895314e38, 0x7F7F),
        (3.4028235e38, 0x7F80),
        (float("inf"), 0x7F80),
        (0.0, 0x0000),
    )

    @pytest.mark.parametrize(("value", "bits"), CASES)
    def test_is_rounded_to_nearest_even(self, value: float, bits: int) -> None:
        for given in ([value], np.array([value], np.float32)):
            tensor = of(given, "bfloat16")
            assert tensor.datatype == "BF16"
            assert tensor.data.tobytes() == struct.pack("<H", bits)

    def test_keeps_not_a_number(self) -> None:
        bits = np.array([0x7F800001, 0x7FFFFFFF, 0xFFC00000], "<u4")
        back = of(bits.view("<f4"), "BF16").as_numpy()
        assert np.isnan(back).all()
        assert np.signbit(back).tolist() == [False, False, True]

    def test_comes_back_as_float32_exactly(self) -> None:
        words = np.array([0x3F80, 0xC020, 0x0001, 0x7F7F], "<u2")
        back = Tensor("y", "BF16", (2, 2), words.view(np.uint8)).as_numpy()
        assert back.dtype == np.float32
        assert (back.view("<u4").ravel() == words.astype(np.uint32) << 16).all()

    def test_agrees_with_ml_dtypes(self) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes")
        wide = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
        narrow = wide.astype(ml_dtypes.bfloat16)
        tensor = of(narrow.reshape(10, 100))
        assert (tensor.datatype, tensor.shape) == ("BF16", (10, 100))
        assert tensor.data.tobytes() == of(wide, "BF16").data.tobytes()
        assert np.array_equal(tensor.as_numpy().ravel(), narrow.astype(np.float32))
        assert of(np.array(1.5, ml_dtypes.bfloat16)).shape == ()


class TestLists:
    @pytest.mark.parametrize(
        ("value", "datatype", "shape"),
        [
            ([1, 2, 3], "INT64", (3,)),
            ([[1.0, 2.0]], "FP32", (1, 2)),
            ([1, 2.5], "FP32", (2,)),
            ([True, False], "BOOL", (2,)),
            ([["a"], ["b"]], "BYTES", (2, 1)),
            ((1, 2), "INT64", (2,)),
            (2.5, "FP32", ()),
        ],
    )
    def test_have_a_datatype_by_their_values(
        self, value: Any, datatype: str, shape: tuple[int, ...]
    ) -> None:
        tensor = of(value)
        assert (tensor.datatype, tensor.shape) == (datatype, shape)

    @pytest.mark.parametrize("name", FIXED)
    def test_become_the_datatype_asked_for(self, name: str) -> None:
        tensor = of([[0, 1], [1, 0]], name)
        assert tensor.datatype == name
        assert tensor.as_numpy().dtype == FIXED[name]
        assert tensor.as_flat() == [0, 1, 1, 0]

    def test_are_reshaped(self) -> None:
        assert of([1, 2, 3, 4, 5, 6], "float32", (2, 3)).as_numpy().tolist() == [
            [1.0, 2.0, 3.0],
            [4.0, 5.0, 6.0],
        ]
        assert of([], "FP32", (0, 4)).shape == (0, 4)

    @pytest.mark.parametrize("shape", [(2, 2), (-1, 3), (3, -1, -1), (2**62, 4), ()])
    def test_that_do_not_fill_the_shape_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="do not fill shape"):
            of([1, 2, 3], None, shape)

    @pytest.mark.parametrize("value", [[256], [-1], [2**63]])
    def test_with_values_that_do_not_fit_are_refused(self, value: list[int]) -> None:
        with pytest.raises(ValueError, match="do not fit UINT8"):
            of(value, "uint8")

    @pytest.mark.parametrize("value", [[0.5], [float("nan")], [float("inf")]])
    def test_with_fractions_are_refused_for_integers(self, value: list[float]) -> None:
        with pytest.raises(ValueError, match="fractions"):
            of(value, "int32")

    @pytest.mark.parametrize(
        "value", [[[1], [2, 3]], [1, None], [2**64], {1, 2}, [1 + 2j], object()]
    )
    def test_that_are_no_tensors_are_refused(self, value: Any) -> None:
        with pytest.raises(ValueError, match="not a tensor"):
            of(value)

    def test_of_numbers_are_no_strings(self) -> None:
        with pytest.raises(ValueError, match="may hold str and bytes"):
            of([1, 2], "BYTES")
        with pytest.raises(ValueError, match="not a tensor"):
            of([["a"], 1], "FP32")


class TestBesideAnArray:
    def test_another_datatype_is_refused(self) -> None:
        with pytest.raises(ValueError, match="is FP64, but dtype says FP32"):
            of(np.zeros(2), "float32")

    def test_another_shape_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shape"):
            of(np.zeros((2, 3), np.float32), None, (3, 2))

    def test_the_same_is_accepted(self) -> None:
        assert of(np.zeros((2, 3), np.float32), np.float32, [2, 3]).shape == (2, 3)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(2, np.complex64),
        np.zeros(2, "datetime64[s]"),
        np.zeros(2, np.longdouble),
        np.zeros(2, [("a", "<i4")]),
    ],
    ids=["complex", "datetime", "longdouble", "structured"],
)
def test_arrays_that_no_model_takes_are_refused(array: Array) -> None:
    with pytest.raises(ValueError, match="convert to one of"):
        of(array)


def test_a_masked_array_is_refused() -> None:
    with pytest.raises(ValueError, match="filled"):
        of(np.ma.masked_equal([1, 2], 2))


@pytest.mark.parametrize(
    ("spelling", "datatype"),
    [
        *((name, name) for name in DATATYPES),
        ("float32", "FP32"),
        ("f32", "FP32"),
        ("Float64", "FP64"),
        ("f16", "FP16"),
        ("bfloat16", "BF16"),
        ("i8", "INT8"),
        ("u64", "UINT64"),
        ("uint16", "UINT16"),
        ("bool", "BOOL"),
        ("string", "BYTES"),
        (np.float32, "FP32"),
        (np.dtype(">i4"), "INT32"),
        (int, "INT64"),
        (float, "FP64"),
        (bool, "BOOL"),
        (str, "BYTES"),
        (bytes, "BYTES"),
    ],
)
def test_a_datatype_has_many_spellings(spelling: Any, datatype: str) -> None:
    assert datatype_of(spelling) == datatype


@pytest.mark.parametrize("spelling", ["float8", "f4", "", "complex64", np.complex64, 7])
def test_other_datatypes_are_refused_with_those_there_are(spelling: Any) -> None:
    with pytest.raises(ValueError, match="FP32"):
        datatype_of(spelling)


class TestTranslate:
    A = np.zeros((2, 3), np.float32)
    B = np.ones(4, np.int64)

    def test_an_array_is_the_only_input(self) -> None:
        (tensor,) = translate(self.A)
        assert (tensor.name, tensor.shape) == ("", (2, 3))

    def test_a_list_of_arrays_is_several_inputs_in_order(self) -> None:
        assert [t.shape for t in translate([self.A, self.B])] == [(2, 3), (4,)]
        assert [t.shape for t in translate((self.A, [1, 2]))] == [(2, 3), (2,)]

    def test_a_dict_is_inputs_by_name(self) -> None:
        tensors = translate({"x": self.A, "n": [1, 2]}, {"n": "int32"})
        assert [(t.name, t.datatype) for t in tensors] == [("x", "FP32"), ("n", "INT32")]

    def test_a_list_of_values_is_one_input(self) -> None:
        assert [t.shape for t in translate([[1, 2], [3, 4]])] == [(2, 2)]
        assert [t.shape for t in translate([1, 2, 3, 4], "f32", (1, 4))] == [(1, 4)]

    def test_a_list_of_datatypes_or_shapes_makes_it_several(self) -> None:
        several = translate([[1, 2], [3.0]], ["int32", "f64"])
        assert [(t.datatype, t.shape) for t in several] == [("INT32", (2,)), ("FP64", (1,))]
        several = translate([[1, 2], [3]], None, [(2, 1), None])
        assert [t.shape for t in several] == [(2, 1), (1,)]

    def test_one_datatype_holds_for_all(self) -> None:
        assert [t.datatype for t in translate([self.B, self.B], "int64")] == ["INT64"] * 2

    @pytest.mark.parametrize(("dtype", "shape"), [(["f32"], None), (None, [(1,), (1,), (1,)])])
    def test_another_number_of_them_is_refused(self, dtype: Any, shape: Any) -> None:
        with pytest.raises(ValueError, match="give one for each"):
            translate([self.A, self.B], dtype, shape)

    def test_a_tensor_that_came_can_be_sent_on(self) -> None:
        came = Tensor("output", "FP32", (2,), np.zeros(8, np.uint8))
        (sent,) = translate(came)
        assert (sent.name, sent.shape) == ("", (2,))
        assert [t.name for t in translate({"state": came})] == ["state"]
        assert len(translate([came, self.B])) == 2

    def test_an_empty_dict_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no inputs"):
            translate({})


class TestTorch:
    @pytest.fixture
    def torch(self) -> Any:
        return pytest.importorskip("torch")

    @pytest.mark.parametrize(
        "name", ["BOOL", "UINT8", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64"]
    )
    def test_tensors_go_out_and_come_back(self, torch: Any, name: str) -> None:
        dtypes = {"BF16": torch.bfloat16, "FP16": torch.float16}
        sent = torch.tensor([[0, 1], [1, 0]]).to(
            dtypes.get(name) or getattr(torch, np.dtype(FIXED.get(name, np.int8)).name)
        )
        tensor = of(sent)
        assert (tensor.datatype, tensor.shape) == (name, (2, 2))
        back = tensor.as_torch()
        assert back.dtype == sent.dtype
        assert torch.equal(back, sent)

    def test_tensors_with_strides_or_gradients_are_accepted(self, torch: Any) -> None:
        grid = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        assert of(grid.T).as_flat() == [0, 3, 1, 4, 2, 5]
        assert of(grid.requires_grad_()).as_flat() == [0, 1, 2, 3, 4, 5]
        assert of(torch.tensor(2.5)).shape == ()
        assert of(grid.T.to(torch.bfloat16)).as_flat() == [0, 3, 1, 4, 2, 5]

    def test_datatypes_are_understood(self, torch: Any) -> None:
        assert datatype_of(torch.float32) == "FP32"
        assert of([1, 2], torch.int32).datatype == "INT32"

    def test_sparse_tensors_are_refused(self, torch: Any) -> None:
        with pytest.raises(ValueError, match="to_dense"):
            of(torch.eye(2).to_sparse())

    def test_there_are_no_strings(self, torch: Any) -> None:
        with pytest.raises(TypeError, match="as_numpy"):
            of(["a"]).as_torch()
