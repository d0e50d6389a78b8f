"""What crosses between the processes comes out as it went in, and nothing else is believed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bptui.errors import LayerError
from bptui.guest.wire import DTYPES, PREFIX, WireError, decode_message, encode_message, message_sizes
from guests import array, guest, layer_file

any_array = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0))
)


def arrived(content: bytes) -> Any:
    header, payload = message_sizes(content[: PREFIX.size])
    rest = content[PREFIX.size :]
    assert len(rest) == header + payload
    return decode_message(rest[:header], rest[header:])


@given(st.lists(st.none() | any_array, max_size=4))
def test_arrays_cross_bit_for_bit_in_their_shape_and_dtype(sent: list[Any]) -> None:
    got = arrived(encode_message({"what": "é", "arrays": sent}))
    assert got["what"] == "é"
    for one, other in zip(sent, got["arrays"], strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            assert (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())


@given(arrays.arrays(">f8", (2, 3)))
def test_another_byte_order_and_layout_cross_as_numbers(sent: Any) -> None:
    (got,) = arrived(encode_message({"arrays": [sent.T]}))["arrays"]
    np.testing.assert_array_equal(got, sent.T)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_a_message_or_refused(header: bytes, payload: bytes) -> None:
    with contextlib.suppress(WireError):
        assert isinstance(decode_message(header, payload)["arrays"], list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*DTYPES, "O", "f8,f8", "V9", "<m8[s]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(st.lists(json_values | st.tuples(st.sampled_from(sorted(DTYPES)), st.lists(st.integers(-2, 1 << 70)))))
def test_any_description_of_arrays_is_kept_to_or_refused(specs: list[Any]) -> None:
    payload = bytes(64)
    try:
        got = decode_message(json.dumps({"arrays": specs}).encode(), payload)["arrays"]
    except WireError:
        return
    assert sum(it.nbytes for it in got if it is not None) <= len(payload)


@pytest.mark.parametrize(("header", "payload"), [(1 << 31, 0), (0, 1 << 60), ((1 << 20) + 1, 0)])
def test_what_claims_to_be_too_large_is_refused_before_it_comes(header: int, payload: int) -> None:
    with pytest.raises(WireError):
        message_sizes(PREFIX.pack(header, payload))


@pytest.mark.parametrize(
    "forged",
    [
        "b'garbage' * 10",
        "bytes(100)",
        "struct.pack('>IQ', 2, 0) + b'{}'",
        "struct.pack('>IQ', 13, 0) + b'{\"arrays\":[]}'",
        "struct.pack('>IQ', 15, 0) + b'{\"arrays\":[7]} '",
        "struct.pack('>IQ', 26, 0) + b'{\"arrays\":[],\"error\":[1]} '.ljust(26)",
        "struct.pack('>IQ', 40, 0) + b'{\"arrays\":[null],\"mutated\":3}'.ljust(40)",
        "struct.pack('>IQ', 50, 0) + b'{\"arrays\":[null],\"warnings\":[1]}'.ljust(50)",
        "struct.pack('>IQ', 4000000000, 0)",
        "struct.pack('>IQ', 5, 2**60)",
    ],
)
def test_a_guest_that_writes_on_the_line_itself_is_an_error_at_its_node(tmp_path: Path, forged: str) -> None:
    text = f"""
        import os, stat, struct
        class Forger:
            def forward(self, x):
                for line in range(3, 64):
                    try:
                        if stat.S_ISSOCK(os.fstat(line).st_mode):
                            os.write(line, {forged})
                    except OSError:
                        pass
                return x
            def backward(self, dout): return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        with pytest.raises(LayerError, match=r"nonsense|did not return|returned None"):
            layer.begin_forward(array(1.0)).result(seconds=0.3)
        layer.host.close()


def test_a_large_file_and_what_is_not_ascii_come_across(tmp_path: Path) -> None:
    text = f"""
        class Größe:
            WORDS = {"ü" * 400_000!r}
            def forward(self, x): return x + len(self.WORDS)
            def backward(self, dout): return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        assert layer.forward(array(1.0)) == [400_001.0]


def test_a_value_that_is_too_large_to_send_is_an_error_at_its_node(tmp_path: Path) -> None:
    text = """
        class Same:
            def forward(self, x): return x
            def backward(self, dout): return dout
        """
    with guest(layer_file(tmp_path, text)) as layer:
        with pytest.raises(LayerError, match="more than can be handed over"):
            layer.forward(np.broadcast_to(np.uint8(1), ((1 << 30) + 1,)))
        assert layer.forward(array(1.0)) == [1.0]
