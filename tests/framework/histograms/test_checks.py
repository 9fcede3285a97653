"""What an input must be, and how what is wrong is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import InputError
from nurecoil.histograms.checks import Expectation, check
from nurecoil.histograms.histogram import Histogram

EDGES = [0.0, 1.0, 2.5, 7.0]


def made(**changes: Any) -> Histogram:
    fields: dict[str, Any] = {"name": "h", "edges": EDGES, "counts": [1.0, 2.0, 3.0]}
    return Histogram(**{**fields, **changes})


def test_nothing_asked_nothing_changed() -> None:
    histogram = made(observable="E", observable_unit="keV", metadata={"doi": "10.1000/1"})
    assert check(histogram, Expectation(), "here") == histogram


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": [1, np.nan, 3]}, r"content of bin 1 \(1..2.5\) nan \(bins counted from 0\)"),
        ({"counts": [1, 2, np.inf]}, r"bin 2 \(2.5..7\) inf"),
        ({"counts": [-1, 2, -3]}, r"bin 0 \(0..1\) -1, bin 2 \(2.5..7\) -3.*not declared signed"),
        ({"variances": [1, -2, 3]}, r"variance of bin 1 \(1..2.5\) -2"),
        ({"variances": [1, np.nan, 3]}, "variance of bin 1"),
        ({"underflow": np.nan}, "underflow is nan"),
        ({"overflow": np.inf}, "overflow is inf"),
        ({"variances": [1, 2, 3], "flow_variances": (-1, 0)}, "variances of the flow bins"),
    ],
)
def test_contents_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^borexino.data: .*{message}"):
        check(made(**changes), Expectation(), "borexino.data")


@given(bad=st.sets(st.integers(0, 99), min_size=1), value=st.sampled_from([np.nan, np.inf, -np.inf, -1.0]))
def test_the_first_bad_bins_are_named_and_the_rest_counted(bad: set[int], value: float) -> None:
    counts = np.ones(100)
    counts[sorted(bad)] = value
    with pytest.raises(InputError) as caught:
        check(made(edges=np.arange(101.0), counts=counts), Expectation(), "here")
    for index in sorted(bad)[:5]:
        assert f"bin {index} ({index}..{index + 1}) {value:g}" in str(caught.value)
    assert (f"and {len(bad) - 5} more bins" in str(caught.value)) == (len(bad) > 5)


def test_negative_contents_where_they_are_declared() -> None:
    assert check(made(counts=[-1, 2, 3]), Expectation(allow_negative=True), "here").counts[0] == -1


def test_variances_where_they_are_needed() -> None:
    with pytest.raises(InputError, match=r"no variances.*Sumw2"):
        check(made(), Expectation(variances_required=True), "here")
    histogram = made(variances=[1, 2, 3])
    assert check(histogram, Expectation(variances_required=True), "here") == histogram


@pytest.mark.parametrize("field", ["observable", "observable_unit", "counts_unit"])
def test_words_absent_same_and_different(field: str) -> None:
    wanted = Expectation(**{field: "right"})
    assert check(made(**{field: "right"}), wanted, "here") == made(**{field: "right"})
    filled = check(made(), wanted, "here")
    assert getattr(filled, field) == "right"
    assert filled.metadata["assumed"] == [field]
    with pytest.raises(InputError, match=f"its {field.replace('_', ' ')} is 'wrong'. Allowed: 'right'"):
        check(made(**{field: "wrong"}), wanted, "here")


@pytest.mark.parametrize(("found", "wanted"), [("", "1"), ("1", "dimensionless"), ("dimensionless", "")])
def test_no_unit_has_several_names(found: str, wanted: str) -> None:
    assert check(made(observable_unit=found), Expectation(observable_unit=wanted), "here").metadata == {}


def test_kev_is_not_mev() -> None:
    with pytest.raises(InputError, match=r"'keV'. Allowed: 'MeV'. Convert it first"):
        check(made(observable_unit="keV"), Expectation(observable_unit="MeV"), "here")


def test_edges_within_rounding_become_the_expected_ones() -> None:
    near = np.array(EDGES) * (1 + 5e-10) + np.array([3e-10, 0, 0, 0])
    assert check(made(edges=near), Expectation(edges=EDGES), "here").edges.tolist() == EDGES


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([0.0, 1.0, 2.5 + 1e-8, 7.0], "edge 2 is 2.50000001. Allowed: 2.5. Make it"),
        ([0.1, 1.1, 2.5, 7.0], r"edge 0 is 0.1 \(and 1 more edges are off\)"),
    ],
)
def test_edges_that_are_off_are_named(edges: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(made(edges=edges), Expectation(edges=EDGES), "here")


def test_narrow_bins_are_told_apart_however_large_their_edges() -> None:
    wanted = 1e9 + np.arange(4.0)
    with pytest.raises(InputError, match="edge 0"):
        check(made(edges=wanted + 0.5), Expectation(edges=wanted), "here")


def test_another_number_of_bins() -> None:
    with pytest.raises(InputError, match=r"3 bins 0..7. Allowed: 2 bins 0..7. Rebin it"):
        check(made(), Expectation(edges=[0, 2.5, 7]), "here")
    with pytest.raises(InputError, match=r"3 bins 0..7. Allowed: 4 bins 0..8. Make it"):
        check(made(), Expectation(edges=[0, 2, 4, 6, 8]), "here")


def test_flow_is_reported_and_an_old_report_forgotten() -> None:
    noted = check(made(underflow=2.0, overflow=1.5), Expectation(), "here")
    assert noted.metadata == {"flow": {"underflow": 2.0, "overflow": 1.5}}
    assert noted.counts.tolist() == [1, 2, 3]
    assert check(made(metadata={"flow": {"underflow": 9.0}}), Expectation(), "here").metadata == {}
    assert "flow" not in noted.select(1, 6).metadata
