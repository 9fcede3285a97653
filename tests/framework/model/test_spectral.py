"""The model: copies with changes, lookups by name."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.errors import ModelError
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel


def model() -> SpectralModel:
    samples = (Sample("s", np.array([1.0, 2.0]), {"search": 2}), Sample("b", np.ones(2), {"a.rate": 1}))
    parameters = [
        Parameter("search", "mu_B", 0.0, lower=0.0),
        Parameter("a.rate", "cpd", 3.0, lower=0.0),
        Parameter("a.width", "1", 1.0, fixed=True),
    ]
    return SpectralModel(
        (
            PoissonChannel("a/x", "x", "1", np.arange(3.0), samples, np.array([3.0, 4.0])),
            GaussianChannel("b/y", "y", "SNU", samples[1:], np.array([3.0, 3.0]), np.array([1.0, 1.0])),
        ),
        {p.name: p for p in parameters},
        poi="search",
    )


def test_it_says_what_it_holds() -> None:
    made = model()
    assert repr(made) == "<SpectralModel: a/x (2 bins), b/y (2 bins); 3 parameters, 2 free; POI search>"
    assert made.free == ("search", "a.rate")
    assert made.values == {"search": 0.0, "a.rate": 3.0, "a.width": 1.0}
    assert made.channel("b/y") is made.channels[1]
    assert made.require("a.rate").unit == "cpd"


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"channel: 'a/y' is not known\. Allowed: a/x, b/y\. Did you mean"):
        model().channel("a/y")
    with pytest.raises(ModelError, match=r"parameter: 'a\.rates' is not known.*Did you mean 'a\.rate'\?"):
        model().require("a.rates")
    with pytest.raises(ModelError, match=r"'serch' is not known.*Did you mean 'search'"):
        model().with_parameters(serch={"value": 1.0})
    with pytest.raises(ModelError, match="'a/z' is not known"):
        model().with_observed({"a/z": np.ones(2)})


def test_changed_parameters_are_a_new_model() -> None:
    one = model()
    two = one.with_parameters(**{"a.rate": {"value": 5.0, "fixed": True}})
    assert two.values["a.rate"] == 5.0
    assert two.free == ("search",)
    assert one.values["a.rate"] == 3.0
    with pytest.raises(ModelError, match=r"parameter 'a\.rate': value -1\.0"):
        one.with_parameters(**{"a.rate": {"value": -1.0}})


def test_other_data_are_a_new_model() -> None:
    one = model()
    two = one.with_observed({"a/x": np.array([1, 0])}, asimov=True)
    assert two.channels[0].observed.tolist() == [1.0, 0.0]
    assert two.channels[0].observed.dtype == np.float64
    assert (two.channels[0].asimov, two.channels[1].asimov) == (True, False)
    assert one.channels[0].observed.tolist() == [3.0, 4.0]
    with pytest.raises(ModelError, match=r"Channel 'a/x': observed of shape \(3,\)\. Allowed: shape \(2,\)"):
        one.with_observed({"a/x": np.ones(3)})
