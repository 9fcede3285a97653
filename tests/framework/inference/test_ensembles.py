"""Ensembles: what is drawn at a truth and fitted together is what single toys and fits are."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from nurecoil.engine.data import DataSets
from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.fit import fit, nll
from nurecoil.inference.profile import profile
from nurecoil.inference.pseudo_data import toy, toy_stream
from nurecoil.testing.models import counting

from .test_toys import everything

TRUTH = {"g": 1.2, "norm": 0.5}


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return Ensemble(everything(), TRUTH)


def test_toys_are_those_of_single_draws(ensemble: Ensemble) -> None:
    data = ensemble.draw(7, 3, 4)
    for row in range(4):
        one = DataSets.of(toy(ensemble.model, toy_stream(7, 3 + row)))
        np.testing.assert_array_equal(data.observed[row], one.observed[0])
        np.testing.assert_array_equal(data.auxiliary[row], one.auxiliary[0])


def test_fits_and_errors_are_those_of_single_fits(ensemble: Ensemble) -> None:
    data = ensemble.draw(7, 0, 5)
    free, held = ensemble.pairs(data, {"g": 1.2})
    errors = ensemble.errors(data, free)
    for row in range(5):
        model = data.model(ensemble.model, row)
        one, two = fit(model), fit(model, fix={"g": 1.2})
        assert free.nll[row] == pytest.approx(one.nll, abs=1e-8)
        assert held.nll[row] == pytest.approx(two.nll, abs=1e-8)
        for k, name in enumerate(free.names):
            assert free.values[row, k] == pytest.approx(one.values[name], rel=1e-6, abs=1e-6)
            assert errors[row, k] == pytest.approx(one.parameters[name].error, rel=1e-5)
    assert free.of("g") == pytest.approx(free.values[:, free.names.index("g")])


def test_profiles_are_those_of_single_data_sets(ensemble: Ensemble) -> None:
    data = ensemble.draw(7, 0, 2)
    values = [1.0, 1.2, 1.4]
    found = ensemble.profile(data, "g", values)
    for row in range(2):
        scan = profile(data.model(ensemble.model, row), "g", values)
        assert found[row] == pytest.approx(scan.nll + scan.delta_nll, abs=1e-7)


def test_expected_contents_are_those_of_the_truth(ensemble: Ensemble) -> None:
    mean = ensemble.draw(1, 0, 400).observed.mean(axis=0)
    expected = ensemble.expected({})
    assert np.all(np.abs(mean - expected) < 5 * np.sqrt(np.maximum(expected, 0.1)) / 20)
    assert not np.allclose(ensemble.expected({"g": 0.5}), expected)


def test_what_travels_to_workers_draws_and_fits_the_same(ensemble: Ensemble) -> None:
    other = pickle.loads(pickle.dumps(ensemble))
    one, two = (each.fit(each.draw(2, 0, 3)) for each in (ensemble, other))
    np.testing.assert_array_equal(one.values, two.values)


def test_wrong_requests() -> None:
    with pytest.raises(ModelError, match="'sgnal' is not known"):
        Ensemble(counting(3.0, 9.0), {"sgnal": 1.0})
    made = Ensemble(counting(3.0, 9.0))
    with pytest.raises(OptionError, match="value -1"):
        made.fit(made.draw(1, 0, 2), {"signal": -1.0})


def test_a_parameter_at_its_bound_has_no_error() -> None:
    made = Ensemble(counting(3.0, 9.0))
    data = DataSets(np.array([[4.0], [16.0]]), np.empty((2, 0)))
    free = made.fit(data)
    assert made.errors(data, free)[:, 0] == pytest.approx([np.nan, 4.0], nan_ok=True)
    assert free.nll[1] == pytest.approx(nll(data.model(made.model, 1), {"signal": 7.0}))
