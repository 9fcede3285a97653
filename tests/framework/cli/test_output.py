"""Documents: plain JSON, whole files, and a standard output that carries nothing else."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.cli.output import deliver, encode, reserved
from nurecoil.errors import OptionError

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


def test_a_document_that_cannot_be_written_leaves_the_old_file_and_no_words(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(TypeError):
        deliver({"value": object()}, str(target), words=lambda: pytest.fail("words before the document"))
    assert target.read_text() == "old"
    with pytest.raises(OptionError, match="--json"):
        deliver({}, str(tmp_path), words=lambda: pytest.fail("words before the document"))
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_standard_output_is_kept_for_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    with reserved("-"):
        print("fitting")
    deliver({"a": 1}, "-", words=lambda: pytest.fail("words beside the document"))
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": 1}
    assert err == "fitting\n"


@pytest.mark.parametrize("target", [None, "result.json"])
def test_otherwise_standard_output_is_for_words(
    target: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    with reserved(target):
        assert sys.stdout is before
        print("fitting")
    assert capsys.readouterr().out == "fitting\n"
