"""Documents as JSON text: plain data unchanged, numpy made plain, null for what JSON cannot say."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.documents import encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_plain_data_comes_back_the_same(document: dict[str, object]) -> None:
    assert json.loads(encode(document)) == document


def test_numpy_and_tuples_are_plain_data() -> None:
    document = {
        "scalar": np.float64(0.1),
        "count": np.int64(3),
        "flag": np.bool_(True),
        "scan": np.array([[1.0, np.nan], [-np.inf, 2.0]]),
        "pair": (1, 2),
    }
    assert json.loads(encode(document)) == {
        "scalar": 0.1,
        "count": 3,
        "flag": True,
        "scan": [[1.0, None], [None, 2.0]],
        "pair": [1, 2],
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_null(value: float) -> None:
    assert json.loads(encode({"value": value, "deep": [{"value": value}]})) == {
        "value": None,
        "deep": [{"value": None}],
    }


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError):
        encode({"value": object()})
