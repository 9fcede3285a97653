"""Limits on models whose posterior or profile is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaincc

from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.limits import Limits, comparison, limit, limits
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

Make = Callable[..., SpectralModel]


def bayesian(n: float, b: float, cl: float) -> float:
    """The upper limit of a Poisson signal on a known background with a flat prior."""
    norm = gammaincc(n + 1, b)
    return float(brentq(lambda s: gammaincc(n + 1, b + s) / norm - (1 - cl), 0, 100 + 10 * n))


def crossing(n: float, b: float, threshold: float) -> float:
    """Where 2 Delta NLL of a Poisson signal reaches a threshold."""
    best = max(0.0, n - b)

    def rise(s: float) -> float:
        change = s - best
        if n:
            change -= n * math.log((s + b) / (best + b))
        return 2 * change - threshold

    return float(brentq(rise, best, 100 + 10 * n))


@pytest.mark.parametrize("cl", [0.68, 0.9, 0.95])
@pytest.mark.parametrize("background", [0.5, 3.0])
def test_no_events_exclude_what_would_have_given_some(background: float, cl: float) -> None:
    model = counting(0.0, background)
    assert limit(model, cl).value == pytest.approx(-math.log(1 - cl), rel=1e-3)
    one = limit(model, cl, "delta-chi2-two-sided")
    assert one.value == pytest.approx(stats.chi2.ppf(cl, 1) / 2, rel=1e-4)


@pytest.mark.parametrize(("n", "b"), [(3.0, 1.0), (1.0, 4.0), (7.0, 7.0), (120.0, 100.0), (2000.0, 2100.0)])
def test_counts_on_a_known_background(n: float, b: float) -> None:
    found = {one.method: one.value for one in limits(counting(n, b), 0.9)}
    assert found["area"] == pytest.approx(bayesian(n, b, 0.9), rel=1e-3)
    assert found["delta-chi2-one-sided"] == pytest.approx(crossing(n, b, stats.norm.ppf(0.9) ** 2), rel=2e-3)
    assert found["delta-chi2-two-sided"] == pytest.approx(crossing(n, b, stats.norm.ppf(0.95) ** 2), rel=2e-3)
    s = np.linspace(0, 100 + 2 * n, 400_001)
    weight = s * np.exp(stats.poisson.logpmf(n, s + b) - stats.poisson.logpmf(n, max(n, b)))
    exact = np.interp(0.9, np.cumsum(weight) / weight.sum(), s)
    assert found["area-squared"] == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("observed", [-1.5, 0.0, 2.0, 8.0])
def test_a_measured_number_cut_at_zero(measured: Make, observed: float) -> None:
    found = limit(measured(observed, 1.0), 0.9)
    exact = stats.truncnorm.ppf(0.9, -observed, math.inf, loc=observed)
    assert found.value == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("observed", [-1.0, 0.5, 9.0])
def test_a_coupling_in_squares_has_its_area_in_itself(measured: Make, observed: float) -> None:
    found = limits(measured(observed, 1.0, power=2), 0.9, ["area", "area-squared", "delta-chi2-two-sided"])
    x = np.linspace(0, 6, 600_001)
    density = np.exp(-0.5 * ((x**2 - observed) ** 2 - max(0.0, -observed) ** 2))
    for one, weight in zip(found, (density, density * x), strict=False):
        exact = np.interp(0.9, np.cumsum(weight) / weight.sum(), x)
        assert one.value == pytest.approx(exact, rel=2e-3)
    base = min(0.0, observed) ** 2
    threshold = stats.norm.ppf(0.95) ** 2
    assert found[2].value == pytest.approx(math.sqrt(observed + math.sqrt(threshold + base)), rel=2e-3)


def test_a_scale_of_nature_changes_nothing_but_the_scale(measured: Make) -> None:
    # a coupling in units of 1e-11, as a magnetic moment is
    small = measured(9e-22, 1e-22, power=2)
    assert limit(small).value == pytest.approx(1e-11 * limit(measured(9.0, 1.0, power=2)).value, rel=1e-6)


def test_an_uncertain_background_weakens_the_limit() -> None:
    known = limit(counting(10.0, 8.0)).value
    found = [limit(counting(10.0, 8.0, error)).value for error in (0.01, 1.0, 3.0)]
    assert found[0] == pytest.approx(known, rel=1e-3)
    assert np.all(np.diff(found) > 0)


def test_a_parameter_of_both_signs_has_a_limit_too(measured: Make) -> None:
    found = limit(measured(1.0, 1.0, lower=-math.inf), 0.9)
    assert found.value == pytest.approx(1 + stats.norm.ppf(0.9), rel=1e-3)


def test_a_bound_ends_the_scan_and_the_area(measured: Make) -> None:
    bounded = measured(2.0).with_parameters(signal={"upper": 2.5})
    with pytest.raises(FitError, match=r"the scan ends at Delta NLL = 0\.125"):
        limit(bounded)


def test_all_rules_come_from_one_scan() -> None:
    found = limits(counting(3.0, 1.0), 0.9)
    assert [one.method for one in found] == [
        "area",
        "area-squared",
        "delta-chi2-one-sided",
        "delta-chi2-two-sided",
    ]
    assert len({id(one.scan) for one in found}) == 1
    assert len({id(one.best_fit) for one in found}) == 1
    assert 0 <= found[0].scan.delta_nll.min() < 0.05
    for one in found:
        alone = limit(counting(3.0, 1.0), 0.9, one.method)
        assert alone.value == pytest.approx(one.value, rel=1e-9)
    assert repr(found).startswith("<Limits: area 5.71")
    assert repr(found[0]) == f"<Limit signal < {found[0].value:.4g} events at 90 % (area)>"
    document = found.to_json()
    assert [row["method"] for row in document["rows"]] == [one.method for one in found]
    assert document["value"] == found[0].value
    assert Limits().to_json() == {"rows": []}


def published(name: str, value: float, error: float | None, unit: str, scale: float) -> dict[str, object]:
    row = {"parameter": name, "value": value, "error": error, "unit": unit, "scale": scale}
    return {**row, "citation": "A. Nobody", "remark": "made up"}


def test_the_document_of_a_limit_is_complete() -> None:
    model = counting(3.0, 1.0)
    metadata = {
        "experiments": ["toy"],
        "search": "nothing",
        "notes": ["made up"],
        "published": [
            published("signal", 2.5, 0.5, "mHz", 2.0),
            published("background", 1.0, None, "1", 1.0),
        ],
    }
    noted = SpectralModel(model.channels, model.parameters, poi="signal", metadata=metadata)
    document = limit(noted).to_json()
    wanted = (
        "value unit poi cl method convention experiments search best_fit parameters nll edm goodness scan "
        "published rates response notes provenance references version seconds"
    )
    assert set(wanted.split()) <= set(document)
    assert (document["unit"], document["poi"]) == ("events", "signal")
    assert (document["cl"], document["method"]) == (0.9, "area")
    assert document["best_fit"] == pytest.approx(2.0, abs=1e-4)
    assert document["experiments"] == ["toy"]
    assert document["asimov"] == []
    assert document["response"] == {"form": "exact"}
    first, second = document["rates"]
    assert first["fitted"] == pytest.approx(4.0, abs=1e-3)
    assert first["error"] == pytest.approx(2 * math.sqrt(3), rel=1e-3)
    assert second["error"] is None
    assert comparison(limit(model).best_fit) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "aera"}, "limit method: 'aera' is not known.*Did you mean 'area'"),
        ({"cl": 90.0}, r"confidence level: 90\.0"),
        ({"cl": 0.0}, "confidence level"),
        ({"cl": math.nan}, "confidence level: nan"),
        ({"points": 1}, "profile points: 1. Allowed: at least 2"),
    ],
)
def test_impossible_requests_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        limit(counting(3.0, 1.0), **arguments)  # type: ignore[arg-type]


def test_too_few_points_are_refused_not_interpolated() -> None:
    with pytest.raises(FitError, match="Scan more points"):
        limit(counting(400.0, 100.0), points=3)


def test_without_a_parameter_of_interest_there_is_no_limit(two_rates: Make) -> None:
    model = two_rates()
    with pytest.raises(
        ModelError, match=r"limit: the model has no parameter of interest.*Build it with a search"
    ):
        limit(SpectralModel(model.channels, model.parameters))
    with pytest.raises(ModelError, match="parameter of interest 's' is fixed"):
        limit(model.with_parameters(s={"fixed": True}))


def test_progress_is_reported() -> None:
    calls: list[tuple[int, int]] = []
    limit(counting(3.0, 1.0), points=9, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i, 9) for i in range(1, 10)]
