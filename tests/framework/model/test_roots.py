"""The parameter of interest turned back into its root: the same likelihood in another coordinate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.inference.fit import nll
from nurecoil.inference.limits import limit
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter, PoissonConstraint, Root
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

ROOT = Root("mu_eff", "mu_B", 1e-11, 2)


def held(root: Root | None = ROOT) -> SpectralModel:
    """A signal in mu2 with every modifier on it, as a file holds it."""
    signal = np.array([4.0, 8.0, 2.0])
    modifiers = (
        HistoSys("tilt", signal * [0.8, 1.0, 1.1], signal * [1.3, 0.9, 1.0]),
        NormSys("tilt", 0.9, 1.2),
        BinFactors(("g[0]", "g[1]", "g[2]"), "shapesys", 0.1 * signal),
    )
    samples = (
        Sample("signal", signal, {"mu2": 1}, modifiers=modifiers),
        Sample("background", np.array([30.0, 20.0, 10.0]), {"rate": 1}),
    )
    parameters = [
        Parameter("mu2", "(1e-11 mu_B)^2", 2.0, 0.0, 40.0, root=root),
        Parameter("tilt", "1", 0.0, -5.0, 5.0, GaussianConstraint(0.0, 1.0)),
        *(Parameter(f"g[{i}]", "1", 1.0, 1e-10, 10.0, PoissonConstraint(100.0, 100.0)) for i in range(3)),
        Parameter("rate", "1", 1.0, 0.0, 10.0),
    ]
    channel = PoissonChannel("sr", "x", "1", np.arange(4.0), samples, np.array([33.0, 26.0, 11.0]))
    return SpectralModel((channel,), {p.name: p for p in parameters}, poi="mu2")


@given(mu=st.floats(0, 6), tilt=st.floats(-3, 3), gamma=st.floats(0.5, 1.5))
def test_the_likelihood_is_the_same(mu: float, tilt: float, gamma: float) -> None:
    others = {"tilt": tilt, "g[1]": gamma, "rate": 1.1}
    one = nll(held(), {"mu2": mu**2, **others})
    assert nll(rooted(held()), {"mu_eff": mu * 1e-11, **others}) == pytest.approx(one, rel=1e-12)


def test_name_unit_value_and_bounds_are_the_roots() -> None:
    model = rooted(held())
    assert model.poi == "mu_eff"
    found = model.parameters["mu_eff"]
    assert (found.unit, found.lower, found.root) == ("mu_B", 0.0, None)
    assert found.value == pytest.approx(np.sqrt(2) * 1e-11)
    assert found.upper == pytest.approx(np.sqrt(40) * 1e-11)


def test_a_limit_is_on_the_root() -> None:
    found = limit(held())
    assert (found.poi, found.unit) == ("mu_eff", "mu_B")
    square = limit(held(root=None), method="area")
    again = limit(held(), method="area-squared")
    assert (again.value / 1e-11) ** 2 == pytest.approx(square.value, rel=1e-3)


def test_what_has_no_root_or_no_room_for_it_stays() -> None:
    plain = held(root=None)
    assert rooted(plain) is plain
    nobody = dataclasses.replace(held(), poi=None)
    assert rooted(nobody) is nobody
    constrained = held().with_parameters(mu2={"constraint": GaussianConstraint(2.0, 1.0)})
    assert rooted(constrained) is constrained
    negative = held().with_parameters(mu2={"lower": -1.0})
    assert rooted(negative) is negative
    parameters = {**held().parameters, "mu_eff": Parameter("mu_eff", "mu_B", 0.0)}
    taken = dataclasses.replace(held(), parameters=parameters)
    assert rooted(taken) is taken
