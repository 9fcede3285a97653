"""Samples and channels: what they say of themselves."""

from __future__ import annotations

import numpy as np

from nurecoil.detectors.morph import Morph
from nurecoil.model.channels import GaussianChannel, PoissonChannel, Sample, Template


def morph() -> Morph:
    return Morph(("y", "x"), np.zeros(2), np.ones(3), np.zeros((2, 3)), np.zeros((2, 2, 3)))


def test_a_sample_depends_on_its_factors_and_on_its_response() -> None:
    assert Sample("s", np.ones(3), {"x": 1, "z": 2}).depends_on == ("x", "z")
    assert Sample("s", morph(), {"x": 1, "z": 2}).depends_on == ("x", "z", "y")
    assert Sample("s", np.ones(3)).depends_on == ()


def test_samples_show_their_factors() -> None:
    assert repr(Sample("s", np.ones(3), {"x": 1, "mu": 2})) == "<Sample s: 3 bins x x mu^2>"
    assert repr(Sample("s", np.ones(3))) == "<Sample s: 3 bins>"
    assert repr(Sample("s", morph())) == "<Sample s: response>"


def test_channels_show_their_data() -> None:
    sample = Sample("s", np.ones(2))
    poisson = PoissonChannel("e/x", "x", "MeV", np.array([0.0, 1.0, 4.0]), (sample,), np.array([2.0, 0.5]))
    assert poisson.bins == 2
    assert repr(poisson) == "<PoissonChannel e/x: 2 bins in x [MeV], 1 samples, 2.5 events>"
    gaussian = GaussianChannel("g/r", "r", "SNU", (sample,), np.array([66.1, 1.0]), np.array([4.13, 0.5]))
    assert gaussian.bins == 2
    assert repr(gaussian) == "<GaussianChannel g/r: 66.1 +- 4.13, 1 +- 0.5 SNU, 1 samples>"


def test_arrays_are_no_templates_and_morphs_are() -> None:
    assert isinstance(morph(), Template)
    assert not isinstance(np.ones(3), Template)
