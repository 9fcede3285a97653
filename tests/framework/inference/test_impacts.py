"""Impacts in closed form, on estimates and limits, ranked; bounds, silence, and what they refuse."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference import conditional
from nurecoil.inference.fit import fit
from nurecoil.inference.impacts import impacts
from nurecoil.inference.limits import limit
from nurecoil.model.parameters import GaussianConstraint, Parameter, Root
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

from .oracles import bounded, histfactory, linear, rates


@given(st.floats(-5, 10), st.floats(0.3, 3.0))
def test_on_a_linear_model_the_impact_is_correlation_times_error(observed: float, width: float) -> None:
    model = linear(observed=observed).with_parameters(b={"constraint": GaussianConstraint(0.5, width)})
    best = fit(model)
    found = impacts(model)
    assert (found.quantity, found.why) == ("estimate", "s is off its bounds")
    (row,) = found.rows
    wanted = best.covariance.correlation("s", "b") * best.parameters["s"].error
    assert (row.up, row.down) == pytest.approx((wanted, -wanted), rel=1e-5)
    # before the fit: as many errors of b as fit into its width
    assert row.prefit_up == pytest.approx(wanted * width / best.parameters["b"].error, rel=1e-5)
    # what is left without b is the error with b known
    alone = fit(model, fix={"b": best.values["b"]}).parameters["s"].error
    assert best.parameters["s"].error ** 2 - row.up**2 == pytest.approx(alone**2, rel=1e-4)
    assert found.groups[0].size == pytest.approx(abs(wanted), rel=1e-5)
    sigma = best.parameters["s"].error
    assert (-found.error.lower, found.error.upper) == pytest.approx((sigma, sigma), rel=1e-5)


def chain(observed: float = 40.0) -> SpectralModel:
    """A sum of a signal and four constrained backgrounds: each one's impact is minus its own error."""
    widths = {"tiny": 0.1, "large": 4.0, "small": 0.5, "middle": 2.0}
    samples = [Sample(name, np.ones(1), {name: 1}) for name in widths]
    samples.append(Sample("s", np.ones(1), {"s": 1}, group="signal"))
    channel = GaussianChannel("toy/x", "x", "1", tuple(samples), np.array([observed]), np.array([1.0]))
    parameters = [Parameter(n, "1", 5.0, constraint=GaussianConstraint(5.0, w)) for n, w in widths.items()]
    parameters.append(Parameter("s", "events", 1.0, 0.0))
    return SpectralModel((channel,), {p.name: p for p in parameters}, poi="s")


def test_the_order_is_that_of_the_sizes() -> None:
    found = impacts(chain())
    assert [row.parameter for row in found.rows] == ["large", "middle", "small", "tiny"]
    assert [row.up for row in found.rows] == pytest.approx([-4.0, -2.0, -0.5, -0.1], rel=1e-5)
    assert [row.down for row in found.rows] == pytest.approx([4.0, 2.0, 0.5, 0.1], rel=1e-5)
    for row in found.rows:
        assert row.pull is not None
        assert row.pull.constraint == pytest.approx(1.0, rel=1e-5)
        assert (row.prefit_up, row.prefit_down) == pytest.approx((row.up, row.down), rel=1e-5)
    assert [row.parameter for row in found.top(2)] == ["large", "middle"]
    # independent parameters: the squares sum to the error's
    total = 1 + sum(row.up**2 for row in found.rows)
    assert found.best_fit.parameters["s"].error ** 2 == pytest.approx(total, rel=1e-5)
    assert found.groups[0].size ** 2 == pytest.approx(total - 1, rel=1e-5)


def test_far_from_the_bound_the_limit_shifts_as_the_estimate_does() -> None:
    estimate, shifted = impacts(chain(80.0)), impacts(chain(80.0), quantity="limit", cl=0.95)
    assert (shifted.quantity, shifted.why, shifted.cl) == ("limit", "asked for", 0.95)
    for one, two in zip(estimate.rows, shifted.rows, strict=True):
        assert one.parameter == two.parameter
        assert (two.up, two.down) == pytest.approx((one.up, one.down), rel=1e-4)
        known = math.sqrt(estimate.best_fit.parameters["s"].error ** 2 - one.up**2)
        gain = 1.6448536 * (estimate.best_fit.parameters["s"].error - known)
        assert two.gain == pytest.approx(gain, rel=1e-3)


def test_an_estimate_at_its_bound_has_the_limit_in_its_place() -> None:
    model = counting(observed=5.0, background=9.0, background_error=2.0)
    found = impacts(model, cl=0.9)
    assert (found.quantity, found.why) == ("limit", "signal rests on its bound")
    assert (found.cl, found.method) == (0.9, "delta-chi2-one-sided")
    by_scan = limit(model, 0.9, "delta-chi2-one-sided", points=201).value
    assert found.value == pytest.approx(by_scan, rel=1e-3)
    (row,) = found.rows
    b = found.best_fit.values["background"]

    def held(at: float) -> float:
        """The limit of a model whose background is known to be that."""
        return limit(counting(5.0, at), 0.9, "delta-chi2-one-sided", points=401).value

    assert row.up == pytest.approx(held(b + row.error.upper) - held(b), rel=2e-2)
    assert row.down == pytest.approx(held(b + row.error.lower) - held(b), rel=2e-2)
    assert row.up < 0 < row.down
    assert row.gain == pytest.approx(found.value - held(b), abs=2e-3)
    assert math.isnan(found.error.lower)


def test_an_estimate_at_its_bound_can_be_asked_for_and_says_what_it_is() -> None:
    found = impacts(counting(5.0, 9.0, 2.0), quantity="estimate")
    (row,) = found.rows
    assert (row.up, row.reason) == (0.0, "signal meets its bound")
    assert found.groups[0].reason == "the parameter of interest has no error"
    assert math.isnan(found.groups[0].size)


def test_free_parameters_have_impacts_and_no_pulls() -> None:
    found = impacts(rates())
    by_name = {row.parameter: row for row in found.rows}
    assert set(by_name) == set(rates().parameters) - {"mu"}
    assert by_name["kr85"].pull is None
    assert math.isnan(by_name["kr85"].prefit_up)
    assert by_name["c14"].pull is not None
    sizes = [row.size for row in found.rows]
    assert sizes == sorted(sizes, reverse=True)
    first = found.rows[0]
    held = {first.parameter: first.value + first.error.upper}
    assert fit(rates(), fix=held).values["mu"] - found.value == pytest.approx(first.up, rel=1e-3)
    before = by_name["pep"]
    held = {"pep": before.value * 1.2}  # one error of a log-normal constraint up
    assert fit(rates(), fix=held).values["mu"] - found.value == pytest.approx(before.prefit_up, rel=1e-3)


def test_groups_by_name_and_by_hand() -> None:
    found = impacts(histfactory())
    groups = {one.name: one for one in found.groups}
    assert set(groups) == {"staterror_x", "constrained", "free", "all"}
    assert len(groups["staterror_x"].parameters) == 6
    assert found.groups[0].name == "all"
    for one in groups.values():
        error = (
            fit(histfactory(), fix={n: found.best_fit.values[n] for n in one.parameters})
            .parameters["mu"]
            .error
        )
        whole = found.best_fit.parameters["mu"].error
        assert one.size == pytest.approx(math.sqrt(whole**2 - error**2), rel=2e-3)
    chosen = impacts(histfactory(), groups={"rates": ["norm", "eff"]})
    assert [(one.name, one.parameters) for one in chosen.groups] == [("rates", ("norm", "eff"))]


def test_a_group_on_the_limit_is_its_gain() -> None:
    found = impacts(counting(5.0, 9.0, 2.0), groups={"b": ["background"]})
    assert found.groups[0].size == pytest.approx(found.rows[0].gain)


def test_parameters_at_bounds_move_one_way() -> None:
    found = impacts(bounded().with_observed({"toy/x": np.array([19.0, 24.0, 26.0, 33.0])}))
    (row,) = found.rows
    assert row.value == 6.0
    assert row.reason == "rests on its upper bound"
    assert math.isnan(row.up)
    assert row.down > 0
    assert row.size == row.down
    document = found.to_json()
    assert document["rows"][0]["up"] is None


def test_silent_parameters_come_last_with_the_reason() -> None:
    samples = (
        Sample("s", np.array([5.0, 0.0, 1.0]), {"s": 1}, group="signal"),
        Sample("zero", np.array([0.0, 9.0, 0.0]), {"zero": 1, "shape": 1}),
        Sample("b", np.array([1.0, 4.0, 2.0]), {"b": 1}),
    )
    data = np.array([9.0, 3.0, 5.0])
    channel = PoissonChannel("toy/x", "x", "1", np.arange(4.0), samples, data)
    parameters = {name: Parameter(name, "1", 1.0, 0.0) for name in ("s", "zero", "shape", "b")}
    parameters["off"] = Parameter("off", "1", 1.0, fixed=True)
    found = impacts(SpectralModel((channel,), parameters, poi="s"))
    last = found.rows[-1]
    assert math.isnan(last.size)
    assert last.errors == ""
    assert "the likelihood does not depend on it at the minimum" in last.reason
    assert found.fixed == ("off",)
    assert json.dumps(found.to_json(), allow_nan=False)


def test_where_no_crossing_is_found_the_error_of_hesse_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    model, best = chain(), fit(chain())
    whole = conditional.Conditional.at
    index = list(model.parameters).index("middle")
    reach = best.values["middle"] + 1.0001 * best.parameters["middle"].error

    def at(self, coordinates, neighbour):  # type: ignore[no-untyped-def]
        if coordinates.get(index, 0.0) > reach - 0.01:
            if coordinates[index] < reach:
                return whole(self, coordinates, neighbour)
            raise FitError("fit", "no minimum found")
        return whole(self, coordinates, neighbour)

    monkeypatch.setattr(conditional.Conditional, "at", at)
    monkeypatch.setattr(
        "nurecoil.inference.impacts.crossings",
        lambda about, name: (
            (conditional.Crossing(math.nan, reason="no end"),) * 2
            if name == "middle"
            else tuple(about.crossing(about.index(name), sign, 0.5) for sign in (-1, 1))
        ),
    )
    row = {one.parameter: one for one in impacts(model).rows}["middle"]
    assert (row.errors, row.reason) == ("hesse", "no end")
    assert (row.up, row.down) == pytest.approx((-2.0, 2.0), rel=1e-5)
    assert (row.error.lower, row.error.upper) == pytest.approx((-2.0, 2.0), rel=1e-5)


def test_the_root_of_a_file_s_parameter_is_the_one_of_interest() -> None:
    root = Root("mu_eff", "mu_B", 1e-11, 2)
    model = counting(30.0, 10.0, 2.0).with_parameters(signal={"root": root, "value": 4.0, "upper": 100.0})
    found = impacts(model)
    assert (found.poi, found.unit) == ("mu_eff", "mu_B")
    assert found.value == pytest.approx(math.sqrt(20) * 1e-11, rel=1e-4)
    assert found.rows[0].up == pytest.approx((math.sqrt(18) - math.sqrt(20)) * 1e-11, rel=1e-3)


def test_progress_words_and_notes() -> None:
    seen: list[tuple[int, int]] = []
    found = impacts(chain(), progress=lambda *done: seen.append(done))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert repr(found) == "<Impacts on the estimate of s (20 events): 4 parameters, first large>"
    assert repr(found.rows[0]) == "<Impact of large: -4 +4>"
    assert repr(found.groups[0]) == "<GroupImpact of constrained (4 parameters): 4.5>"
    assert found.seconds > 0
    assert set(found.best_fit.minos) == {"tiny", "large", "small", "middle", "s"}


def test_requests_that_are_refused() -> None:
    model = counting(12.0, 10.0, 2.0)
    for quantity in ("limits", ""):
        with pytest.raises(OptionError, match="quantity of impacts"):
            impacts(model, quantity=quantity)  # type: ignore[arg-type]
    for cl in (0.0, 1.0, 90.0, math.nan, 0.5):
        with pytest.raises(OptionError, match="confidence level"):
            impacts(model, cl=cl)
    with pytest.raises(ModelError, match="the model has no parameter of interest"):
        impacts(SpectralModel(model.channels, model.parameters))
    with pytest.raises(ModelError, match="parameter of interest 'signal' is fixed"):
        impacts(model.with_parameters(signal={"fixed": True}))
    with pytest.raises(ModelError, match="Did you mean 'background'"):
        impacts(model, groups={"g": ["backgrund"]})
    with pytest.raises(OptionError, match="group 'g': 'signal' is of interest itself"):
        impacts(model, groups={"g": ["signal"]})
    with pytest.raises(OptionError, match="group 'g': parameter 'background' is held fixed"):
        impacts(counting(12.0, 10.0), groups={"g": ["background"]})


def test_a_limit_beyond_its_bound_is_an_error() -> None:
    model = counting(5.0, 9.0, 2.0).with_parameters(signal={"upper": 1.0})
    with pytest.raises(FitError, match="its upper bound lies below the limit"):
        impacts(model)
