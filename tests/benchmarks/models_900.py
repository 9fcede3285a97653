"""The two models that engines are compared on: 900 bins, 1.5 million events, 12 or 15 free parameters.

Twelve components of a scintillator's recoil spectrum, one of them a signal in mu^2. With 12 parameters their
shapes are fixed; with 15 a detector response of three parameters moves every one of them. How they are
fitted, here and by peers, is in the modules beside this one.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from nurecoil.detectors.morph import Morph, compile_morph
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

__all__ = ["FIXED", "POI", "SCAN", "SIZES", "Plain", "make", "plain"]

Array = NDArray[np.float64]

SIZES = (12, 15)
POI = "mu"
FIXED = {POI: 1.0}
"""Where the signal is held in the second fit of every toy: at the truth."""
SCAN = np.linspace(0.1, 1.9, 40)
"""Values of mu [1e-11 mu_B] of the profile."""

_EDGES = np.arange(100.0, 1001.0)
_ENERGIES = np.linspace(0.05, 3.2, 700)
_RESPONSE = ("light_yield", "resolution", "peak_position")
_CENTRE = np.array([400.0, 1.2, 190.0])
_STEP = np.array([0.13, 0.009, 0.1])
"""About one standard deviation of each."""
_EMPTY = 1e-9
"""Share of the largest content below which a bin is empty: differences of tails are rounding there."""


@dataclass(frozen=True)
class Smeared:
    """Energies [MeV] folded with a normal response, its parameters moving mean and width.

    The mean is ``light_yield E + (peak_position - 190) (E/E0) exp(1 - E/E0)`` hits with ``E0`` = 0.5 MeV, the
    variance ``resolution`` times ``400 E``.
    """

    energies: Array
    weights: Array
    names: tuple[str, ...] = _RESPONSE

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        light, resolution, peak = values
        bump = self.energies / 0.5 * np.exp(1 - self.energies / 0.5)
        mean = light * self.energies + (peak - _CENTRE[2]) * bump
        sigma = np.sqrt(resolution * _CENTRE[0] * self.energies)
        u = (_EDGES[:, None] - mean) / sigma
        density = np.exp(-0.5 * u**2) / (math.sqrt(2 * math.pi) * sigma)
        moves = [-density * self.energies, -density * u * sigma / (2 * resolution), -density * bump]
        jacobian = [np.diff(move @ self.weights) for move in moves]
        contents = np.diff(ndtr(u) @ self.weights)
        empty = contents < _EMPTY * contents.max()
        return np.where(empty, 0.0, contents), np.where(empty, 0.0, jacobian)


def _beta(endpoint: float) -> Array:
    kinetic = np.clip(endpoint - _ENERGIES, 0.0, None)
    total = _ENERGIES + 0.511
    return np.sqrt(total**2 - 0.511**2) * total * kinetic**2


def _recoil(largest: float) -> Array:
    return np.where(largest > _ENERGIES, 1 - 0.5 * _ENERGIES / largest, 0.0)


def _components() -> dict[str, tuple[Array, Array, float]]:
    """Name to energies, weights and expected events."""
    line = np.ones(1)
    return {
        "signal": (_ENERGIES, np.where(_ENERGIES < 0.66, 1 / _ENERGIES - 1 / 0.66, 0.0), 4500.0),
        "be7": (_ENERGIES, _recoil(0.665), 450e3),
        "pep": (_ENERGIES, _recoil(1.22), 60e3),
        "cno": (_ENERGIES, _recoil(1.52) * (1.52 - np.minimum(_ENERGIES, 1.52)), 40e3),
        "kr85": (_ENERGIES, _beta(0.687), 120e3),
        "bi210": (_ENERGIES, _beta(1.162), 200e3),
        "bi214": (_ENERGIES, _beta(3.27), 60e3),
        "c11": (_ENERGIES, np.interp(_ENERGIES - 1.022, _ENERGIES, _beta(0.96), left=0.0), 200e3),
        "external": (_ENERGIES, np.exp(-0.5 * ((_ENERGIES - 2.0) / 0.7) ** 2), 60e3),
        "po210": (np.array([0.5]), line, 250e3),
        "k40": (np.array([1.4]), line, 20e3),
        "capture": (np.array([2.0]), line, 40e3),
    }


_RATES = {"be7": 48.0, "pep": 2.7, "cno": 5.0, "kr85": 6.8, "bi210": 17.0, "bi214": 3.0, "c11": 26.0,
          "external": 4.0, "po210": 260.0, "k40": 1.2, "capture": 5.5}  # fmt: skip
"""True rates [counts per day per 100 t]; mu is 1e-11 mu_B."""
_KNOWN = {"pep": 0.05, "cno": 0.3, "kr85": 1.5, "k40": 0.3}
"""Widths of normal constraints on rates."""


@functools.cache
def make(parameters: int, start: str = "off") -> SpectralModel:
    """The model of 12 or 15 parameters.

    Args:
        parameters: 12 or 15.
        start: ``truth``, or ``off``: every rate 10 % away from it and the response one standard deviation,
            one up, one down.

    Returns:
        The model with data drawn at the truth, always the same.
    """
    morphs = {name: _morph(name) for name in _components()}
    moving = parameters == 15
    samples = []
    for name, morph in morphs.items():
        powers = {POI: 2} if name == "signal" else {f"rate.{name}": 1}
        template = morph if moving else morph.counts
        group = "signal" if name == "signal" else "background"
        samples.append(Sample(name, template, powers, group=group))
    found = {POI: Parameter(POI, "1e-11 mu_B", 1.0, lower=0.0)}
    for name, rate in _RATES.items():
        width = _KNOWN.get(name)
        known = None if width is None else GaussianConstraint(rate, width)
        found[f"rate.{name}"] = Parameter(f"rate.{name}", "cpd/100t", rate, lower=0.0, constraint=known)
    if moving:
        for name, centre in zip(_RESPONSE, _CENTRE.tolist(), strict=True):
            known = GaussianConstraint(1.2, 0.05) if name == "resolution" else None
            found[name] = Parameter(name, "1", centre, 0.8 * centre, 1.2 * centre, known)
    mean = sum(m.counts * (1.0 if n == "signal" else _RATES[n]) for n, m in morphs.items())
    observed = np.random.default_rng(20170801).poisson(mean).astype(float)
    if start == "off":
        for i, name in enumerate(found):
            one = found[name]
            step = 0.1 * one.value if name not in _RESPONSE else float(_STEP[_RESPONSE.index(name)])
            found[name] = dataclasses.replace(one, value=one.value + (step if i % 2 else -step))
    channel = PoissonChannel("bench/hits", "hits", "1", _EDGES, tuple(samples), observed)
    return SpectralModel((channel,), found, poi=POI)


@functools.cache
def _morph(name: str) -> Morph:
    energies, weights, events = _components()[name]
    inside = float(Smeared(energies, weights).evaluate(_CENTRE)[0].sum())
    scale = events / inside / _RATES.get(name, 1.0)
    made = compile_morph(Smeared(energies, weights * scale), _CENTRE, _STEP)
    return dataclasses.replace(made, exact=None)


@dataclass(frozen=True)
class Plain:
    """A model as nothing but arrays, for code written specially for it; coordinates are mu^2 and the rates.

    Args:
        templates: contents at unit coordinate, ``(12, bins)``.
        slope: logarithmic slopes ``(12, 3, bins)``, empty where the shapes are fixed.
        curvature: ``(12, 3, 3, bins)``, likewise.
        centre: of the response ``(3,)``, likewise.
        observed: ``(bins,)``.
        start: ``(n,)``; ``lower`` and ``upper`` likewise.
        known: centres of normal constraints ``(n,)``, 0 where there is none.
        weight: their inverse variances ``(n,)``, 0 where there is none.
    """

    templates: Array
    slope: Array
    curvature: Array
    centre: Array
    observed: Array
    start: Array
    lower: Array
    upper: Array
    known: Array
    weight: Array


def plain(model: SpectralModel) -> Plain:
    """The arrays of a model that :func:`make` made."""
    (channel,) = model.channels
    templates, slopes, curvatures = [], [], []
    for sample in channel.samples:
        template = sample.template
        if isinstance(template, Morph):
            slopes.append(template.slope)
            curvatures.append(template.curvature)
            template = template.counts
        assert isinstance(template, np.ndarray)
        templates.append(template)
    rows = list(model.parameters.values())
    square = np.array([2 if one.name == POI else 1 for one in rows])
    normal = [one.constraint if isinstance(one.constraint, GaussianConstraint) else None for one in rows]
    return Plain(
        np.array(templates),
        np.array(slopes),
        np.array(curvatures),
        _CENTRE if slopes else np.empty(0),
        np.asarray(channel.observed, float),
        np.array([one.value for one in rows]) ** square,
        np.array([one.lower for one in rows]),
        np.array([one.upper for one in rows]),
        np.array([0.0 if one is None else one.centre for one in normal]),
        np.array([0.0 if one is None else one.width**-2 for one in normal]),
    )
