"""Data sets: the model's own, others in their place, and what does not fit together."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets, auxiliary_parameters
from nurecoil.errors import ModelError
from nurecoil.inference.pseudo_data import toy, toy_stream
from nurecoil.model.differences import differences

from ..report.inspected import everything


def test_a_models_own_data_put_back_change_nothing() -> None:
    model = everything()
    back = DataSets.of(model).model(model, 0)
    assert {row.what for row in differences(model, back)} == {"asimov"}


def test_measurements_stand_in_the_order_of_parameters_then_of_joint_constraints() -> None:
    model = everything()
    names = [name for name, _ in auxiliary_parameters(model)]
    data = DataSets.of(model)
    assert data.auxiliary.shape == (1, len(names) + 2) and data.observed.shape == (1, 6)
    assert data.auxiliary[0, names.index("lumi")] == 1.0 and data.auxiliary[0, -2:].tolist() == [1.0, 1.0]


def test_another_data_set_gives_the_likelihood_of_the_model_that_has_it() -> None:
    model = everything()
    compiled = CompiledModel(model)
    for number in range(3):
        drawn = toy(model, toy_stream(1, number))
        swapped, made = compiled.with_data(DataSets.of(drawn), 0), CompiledModel(drawn)
        place = np.clip(compiled.start * 1.05 + 0.01, compiled.lower, compiled.upper)
        assert swapped.value(place) == pytest.approx(made.value(place), rel=1e-14)
        for one, other in zip(swapped.evaluate(place), made.evaluate(place), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-13)
        np.testing.assert_allclose(swapped.information(place), made.information(place), rtol=1e-12, atol=1e-9)
    assert compiled.value(compiled.start) == CompiledModel(model).value(compiled.start)


def test_some_rows() -> None:
    data = DataSets(np.arange(6.0).reshape(3, 2), np.arange(3.0)[:, None])
    assert data.rows([0, 2]).observed.tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert len(data.rows(np.array([False, True, False]))) == 1
    assert repr(data) == "<DataSets: 3 of 2 bins and 1 auxiliary measurements>"


def test_as_many_of_one_as_of_the_other() -> None:
    with pytest.raises(ModelError, match=r"shapes \(2, 3\) and \(1, 0\)"):
        DataSets(np.zeros((2, 3)), np.zeros((1, 0)))
