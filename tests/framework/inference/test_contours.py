"""Contours against MINUIT's MNCONTOUR, in closed form, at bounds, in pieces; and what they refuse."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.stats import chi2

from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference import conditional
from nurecoil.inference.contours import contour, contour_of
from nurecoil.inference.fit import fit
from nurecoil.inference.minos import minos
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

from .oracles import bounded, histfactory, linear, minuit, rates

Array = NDArray[np.float64]


def distance(points: Array, ring: Array) -> Array:
    """Distance of points from a closed ring, in units of the ring's widths."""
    width = np.ptp(ring, axis=0)
    points, ring = points / width, ring / width
    begin, way = ring[:-1], np.diff(ring, axis=0)
    length = np.maximum((way**2).sum(axis=1), 1e-300)
    share = np.clip(((points[:, None] - begin) * way).sum(axis=2) / length, 0, 1)
    return np.asarray(
        np.hypot(*np.moveaxis(points[:, None] - begin - share[..., None] * way, 2, 0)).min(axis=1)
    )


@pytest.mark.parametrize(
    ("model", "one", "two"),
    [(linear(), "s", "b"), (histfactory(), "mu", "k")],
)
def test_the_points_of_mncontour_lie_on_it(model: SpectralModel, one: str, two: str) -> None:
    found = contour(model, one, two, (0.68, 0.9), points=17)
    oracle = minuit(model)
    for level in found.levels:
        theirs = oracle.mncontour(one, two, cl=level.cl, size=12)
        (ring,) = level.outlines
        assert distance(np.asarray(theirs), ring).max() < 1e-3
        assert not level.holes
        assert not level.at_bounds


def test_every_point_of_an_ellipse() -> None:
    best = fit(linear())
    found = contour_of(best, "s", "b", (0.4, 0.99), points=11)
    inverse = np.linalg.inv(best.covariance.matrix)
    for level in found.levels:
        away = level.outlines[0] - np.array(found.best)
        np.testing.assert_allclose(np.einsum("ij,jk,ik->i", away, inverse, away), level.delta_chi2, rtol=5e-4)
        assert level.delta_chi2 == pytest.approx(-2 * math.log(1 - level.cl))
        np.testing.assert_array_equal(level.outlines[0][0], level.outlines[0][-1])
    assert found.notes == ()
    assert len(found.levels[0].outlines[0]) > 60


def test_it_reaches_as_far_as_the_profile_of_either_alone() -> None:
    best = fit(rates())
    (level,) = contour_of(best, "mu", "kr85", [0.68], points=13).levels
    ring = level.outlines[0]
    ends = minos(best, ["mu", "kr85"], level=level.delta_chi2 / 2).minos
    for axis, name in enumerate(("mu", "kr85")):
        low, high = ring[:, axis].min() - best.values[name], ring[:, axis].max() - best.values[name]
        assert (low, high) == pytest.approx((ends[name].lower, ends[name].upper), rel=5e-3)


def test_at_bounds_it_is_closed_along_them() -> None:
    best = fit(bounded())
    found = contour_of(best, "s", "b", (0.68, 0.95), points=13)
    assert found.levels[1].at_bounds == (("s", "lower"), ("b", "upper"))
    for level in found.levels:
        (ring,) = level.outlines
        np.testing.assert_array_equal(ring[0], ring[-1])
        assert ring[:, 0].min() >= 0
        assert ring[:, 1].max() <= 6
        inside = (ring[:, 0] > 0) & (ring[:, 1] < 6)
        for s, b in ring[inside][::5]:
            rise = fit(bounded(), fix={"s": s, "b": b}).nll - best.nll
            assert 2 * rise == pytest.approx(level.delta_chi2, rel=1e-3)
        assert Path(ring).contains_point(np.array(found.best) - [0, 1e-3])
    # where it leaves the wall it is on its level too
    ring = found.levels[1].outlines[0]
    on_wall = ring[ring[:, 1] == 6.0]
    assert len(on_wall) >= 2
    s = on_wall[:, 0].max()
    assert 2 * (fit(bounded(), fix={"s": s, "b": 6.0}).nll - best.nll) == pytest.approx(
        found.levels[1].delta_chi2, rel=2e-3
    )


def test_a_best_fit_in_the_corner() -> None:
    model = bounded().with_observed({"toy/x": np.array([1.0, 9.0, 19.0, 39.0])})
    found = contour(model, "s", "b", [0.9], points=11)
    assert found.best == (0.0, 6.0)
    (level,) = found.levels
    assert level.at_bounds == (("s", "lower"), ("b", "upper"))
    assert np.any(np.all(level.outlines[0] == [0.0, 6.0], axis=1))


def measured_square(observed: float) -> SpectralModel:
    """``x^2`` and ``y`` are measured; x may be negative, so there are two minima."""
    samples = (Sample("x", np.array([1.0, 0.0]), {"x": 2}), Sample("y", np.array([0.0, 1.0]), {"y": 1}))
    channel = GaussianChannel("toy/x", "x", "1", samples, np.array([observed, 1.0]), np.array([1.0, 1.0]))
    parameters = {name: Parameter(name, "1", 1.0, -9.0, 9.0) for name in ("x", "y")}
    return SpectralModel((channel,), parameters, poi="x")


def test_two_valleys_that_the_level_joins_are_one_piece_and_below_it_a_narrow_one() -> None:
    joined = contour(measured_square(2.0), "x", "y", (0.1, 0.95), points=33)
    narrow, wide = joined.levels
    assert wide.outlines[0][:, 0].min() < -1.5
    assert len(wide.outlines) == 1
    assert len(narrow.outlines) == 2  # the grid is as wide as the largest contour: both valleys are on it
    centres = sorted(float(ring[:, 0].mean()) for ring in narrow.outlines)
    assert centres == pytest.approx([-math.sqrt(2), math.sqrt(2)], abs=0.1)


def test_fits_that_fail_leave_a_gap_and_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    best = fit(linear())
    whole = conditional.Conditional.at

    def at(self, coordinates, neighbour):  # type: ignore[no-untyped-def]
        if len(coordinates) == 2 and coordinates[0] > best.values["s"] + 2 * best.parameters["s"].error:
            raise FitError("fit", "no minimum found")
        return whole(self, coordinates, neighbour)

    monkeypatch.setattr(conditional.Conditional, "at", at)
    found = contour_of(best, "s", "b", (0.5, 0.95), points=15)
    assert np.isnan(found.delta_nll).any()
    assert any("fits of the grid failed" in note for note in found.notes)
    assert np.isfinite(found.levels[0].outlines[0]).all()
    json.dumps(found.to_json(), allow_nan=False)


def test_levels_are_sorted_and_once_each_and_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    model = counting(16.0, 10.0, background_error=2.0)
    found = contour(
        model, "signal", "background", (0.9, 0.68, 0.9), points=8, progress=lambda *n: seen.append(n)
    )
    assert [level.cl for level in found.levels] == [0.68, 0.9]
    assert seen[-1] == (64, 64)
    assert [level.delta_chi2 for level in found.levels] == pytest.approx(chi2.ppf([0.68, 0.9], 2))
    document = json.loads(json.dumps(found.to_json()))
    assert document["parameters"] == ["signal", "background"]
    assert document["levels"][0]["outlines"][0][0] == document["levels"][0]["outlines"][0][-1]
    assert (len(document["grid"][0]), len(document["delta_nll"])) == (8, 8)
    assert repr(found.levels[0]).startswith("<ContourLevel 68 %: 1 piece, ")


@pytest.mark.parametrize(
    ("one", "two", "more", "said"),
    [
        ("signal", "signal", {}, "two different parameters"),
        ("signal", "background", {"cls": ()}, "no confidence level"),
        ("signal", "background", {"cls": (0.9, 1.0)}, "a number between 0 and 1"),
        ("signal", "background", {"cls": (68.0,)}, "a number between 0 and 1"),
        ("signal", "background", {"cls": (math.nan,)}, "a number between 0 and 1"),
        ("signal", "background", {"points": 3}, "at least 8"),
    ],
)
def test_requests_that_are_refused(one: str, two: str, more: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        contour(counting(16.0, 10.0, background_error=2.0), one, two, **more)  # type: ignore[arg-type]


def test_parameters_that_are_unknown_or_fixed() -> None:
    with pytest.raises(ModelError, match="Did you mean 'signal'"):
        contour(counting(16.0, 10.0), "signl", "background")
    with pytest.raises(OptionError, match="contour: parameter 'background' is held fixed"):
        contour(counting(16.0, 10.0), "signal", "background")
