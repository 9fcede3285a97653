"""The container: its shape, its ranges, its rebinning, and to hist and back."""

from __future__ import annotations

import pickle

import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import InputError, OptionError
from nurecoil.histograms.histogram import Histogram

NHITS = Histogram(
    "h_nhits",
    np.arange(91.5, 951.0),
    np.arange(859.0),
    np.arange(859.0) * 2,
    observable="N_h",
    observable_unit="1",
    counts_unit="events",
    underflow=5.0,
    overflow=7.0,
    flow_variances=(6.0, 8.0),
)


def test_a_histogram_is_plain_and_frozen() -> None:
    assert len(NHITS) == 859
    assert NHITS.centres[0] == 92.0
    assert NHITS.centres[-1] == 950.0
    assert set(NHITS.widths) == {1.0}
    assert repr(NHITS) == "Histogram('h_nhits', 859 bins, N_h 91.5..950.5, sum 368511 events)"
    with pytest.raises(ValueError, match="read-only"):
        NHITS.counts[0] = 1.0
    with pytest.raises(AttributeError):
        NHITS.name = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(NHITS)) == NHITS


def test_what_is_handed_in_is_copied() -> None:
    counts, metadata = np.array([1.0, 2.0]), {"list": [1]}
    made = Histogram("h", [0, 1, 2], counts, metadata=metadata)
    counts[0] = 9.0
    metadata["list"].append(2)
    assert made.counts[0] == 1.0
    assert made.metadata == {"list": [1]}


def test_variances_are_poisson_where_none_are_known() -> None:
    made = Histogram("h", [0, 1, 2, 3], [4.0, 0.0, -1.0])
    assert made.variances is None
    assert made.bin_variances.tolist() == [4.0, 0.0, 0.0]
    assert NHITS.bin_variances is NHITS.variances


@pytest.mark.parametrize(
    ("edges", "counts", "variances", "message"),
    [
        ([0, 1], [1, 2], None, "2 counts and 2 edges"),
        ([0], [], None, "0 counts and 1 edges"),
        ([0, 1, 1], [1, 2], None, "bin 1 goes from 1 to 1"),
        ([0, 2, 1], [1, 2], None, "bin 1 goes from 2 to 1"),
        ([0, np.nan, 1], [1, 2], None, "bin 0 goes from 0 to nan"),
        ([0, 1, np.inf], [1, 2], None, "bin 1 goes from 1 to inf"),
        ([-1.7e308, 1.7e308], [1], None, "bin 0 goes from"),
        ([0, 1, 2], [1, 2], [1], "1 variances"),
        ([0, 1, 2], [[1, 2]], None, "counts have 2 dimensions"),
        ([0, 1, 2], ["a", "b"], None, "counts are not numbers"),
    ],
)
def test_shapes_that_do_not_fit(
    edges: list[float], counts: list[float], variances: object, message: str
) -> None:
    with pytest.raises(InputError, match=f"histogram 'h': {message}"):
        Histogram("h", edges, counts, variances)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"a": object()}, r"metadata\['a'\] is <object"),
        ({"a": [1.0, float("nan")]}, r"metadata\['a'\]\[1\] is nan"),
        ({"a": {1: 2}}, "the key 1 in"),
        ({"observable": "E"}, "'observable' is reserved"),
    ],
)
def test_metadata_must_be_plain(metadata: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Histogram("h", [0, 1], [1], metadata=metadata)


def test_a_range_keeps_both_ends_and_the_total() -> None:
    part = NHITS.select(100, 900)
    assert part.edges[[0, -1]].tolist() == [99.5, 900.5]
    assert part.counts.tolist() == NHITS.counts[8:809].tolist()
    assert part.underflow == 5.0 + sum(range(8))
    assert part.overflow == 7.0 + sum(range(809, 859))
    assert part.flow_variances == (6.0 + 2 * sum(range(8)), 8.0 + 2 * sum(range(809, 859)))
    assert NHITS.select(91.5, 950.5) == NHITS
    assert len(NHITS.select(100, 100)) == 1


def test_a_range_end_on_a_centre_that_floats_miss() -> None:
    made = Histogram("h", np.arange(6) * 0.1 + 0.05, np.ones(5))
    assert made.centres[2] != 0.3
    assert len(made.select(0.1, 0.3)) == 3
    assert len(made.select(0.3, 0.5)) == 3


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (50, 900, r"50\.\.900.*Allowed: ends within 91.5\.\.950.5"),
        (100, 1000, r"100\.\.1000"),
        (900, 100, r"900\.\.100"),
        (float("nan"), 900, r"nan\.\.900"),
        (100.2, 100.8, r"100\.2\.\.100\.8 holds no bin centre"),
    ],
)
def test_ranges_that_cannot_be(low: float, high: float, message: str) -> None:
    with pytest.raises(OptionError, match=f"range of N_h of histogram 'h_nhits': {message}"):
        NHITS.select(low, high)


def test_rebinning_adds_contents_variances_and_flow() -> None:
    made = Histogram("h", [0, 1, 2, 4, 8], [1, 2, 4, 8], [1, 1, 2, 3], underflow=1, overflow=2)
    merged = made.rebin([1, 4.0000000001, 8])
    assert merged.edges.tolist() == [1, 4, 8]
    assert merged.counts.tolist() == [6, 8]
    assert merged.variances is not None
    assert merged.variances.tolist() == [3, 3]
    assert (merged.underflow, merged.overflow, merged.flow_variances) == (2.0, 2.0, (2.0, 2.0))


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (
            [0, 3, 8],
            "1 of the new edges are not edges of it, the first is 3. Allowed: .* nearest are 2 and 4",
        ),
        ([0, 8, 9], "the first is 9"),
        ([-1, 8], "the first is -1"),
        ([0, float("nan")], "increasing"),
        ([4, 2], "increasing"),
        ([4], "1 edges"),
    ],
)
def test_rebinning_off_the_edges(edges: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Histogram("h", [0, 1, 2, 4, 8], [1, 2, 4, 8]).rebin(edges)


def test_densities_do_not_add_until_they_are_integrated() -> None:
    density = Histogram("h", [0, 1, 4], [2, 5], [1, 2], counts_unit="cpd/keV", metadata={"additive": False})
    with pytest.raises(InputError, match=r"do not add over bins. Call integrated"):
        density.rebin([0, 4])
    assert density.select(2, 3).underflow == 0.0
    assert repr(density) == "Histogram('h', 2 bins, axis 0..4, values 2..5 cpd/keV)"
    contents = density.integrated("cpd")
    assert contents.counts_unit == "cpd"
    assert contents.additive
    assert contents.rebin([0, 4]).counts.tolist() == [17.0]
    assert contents.variances is not None
    assert contents.variances.tolist() == [1.0, 18.0]


@given(data=st.data())
def test_rebinning_never_loses_an_event(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 1000), min_size=1, max_size=20))
    steps = data.draw(st.lists(st.floats(1e-3, 1e3), min_size=len(counts), max_size=len(counts)))
    edges = np.cumsum([data.draw(st.floats(-1e3, 1e3)), *steps])
    chosen = data.draw(st.sets(st.sampled_from(edges.tolist()), min_size=2))
    made = Histogram("h", edges, counts, underflow=3, overflow=4).rebin(sorted(chosen))
    assert made.counts.sum() + made.underflow + made.overflow == sum(counts) + 7
    assert made.edges.tolist() == sorted(chosen)


def test_to_hist_uses_a_regular_axis_only_where_it_is_exact() -> None:
    regular = Histogram("h", [0, 0.5, 1.0], [1, 2], observable="T").to_hist()
    assert isinstance(regular.axes[0], hist.axis.Regular)
    assert isinstance(regular.storage_type(), hist.storage.Double)
    variable = Histogram("h", np.cumsum([0, 0.1, 0.1, 0.1]), [1, 2, 3]).to_hist()
    assert isinstance(variable.axes[0], hist.axis.Variable)
    weighted = NHITS.to_hist()
    assert isinstance(weighted.storage_type(), hist.storage.Weight)
    assert weighted.axes[0].name == "N_h"
    assert weighted.axes[0].edges.tolist() == NHITS.edges.tolist()
    assert weighted.values(flow=True).tolist() == [5.0, *range(859), 7.0]
    assert weighted.variances(flow=True).tolist() == [6.0, *range(0, 1718, 2), 8.0]  # type: ignore[union-attr]
    assert weighted.metadata["counts_unit"] == "events"
    assert Histogram.from_hist(weighted) == NHITS


def test_an_observable_that_hist_keeps_for_itself() -> None:
    made = Histogram("h", [0, 1], [1], observable="weight")
    assert made.to_hist().axes[0].name == ""
    assert Histogram.from_hist(made.to_hist()) == made


def test_from_hist_takes_what_others_made() -> None:
    foreign = hist.Hist(hist.axis.Integer(0, 3, name="n", overflow=False), label="hits", name="raw")
    foreign.fill([-1, 0, 0, 2])
    made = Histogram.from_hist(foreign)
    assert (made.name, made.observable, made.metadata) == ("raw", "n", {"title": "hits"})
    assert made.edges.tolist() == [0, 1, 2, 3]
    assert made.counts.tolist() == [2, 0, 1]
    assert (made.underflow, made.overflow) == (1.0, 0.0)
    assert Histogram.from_hist(hist.Hist(hist.axis.Regular(2, 0, 1, flow=False))).name == "histogram"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (hist.Hist(hist.axis.Regular(2, 0, 1), hist.axis.Regular(2, 0, 1)), "2 axes"),
        (hist.Hist(hist.axis.StrCategory(["a"])), "a StrCategory axis"),
        (hist.Hist(hist.axis.Regular(2, 0, 1, circular=True)), "a Regular axis"),
        (hist.Hist(hist.axis.Regular(2, 0, 1), storage=hist.storage.Mean()), "averages"),
    ],
)
def test_from_hist_refuses_what_is_no_count_spectrum(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Histogram.from_hist(source)
