"""A Monte Carlo of gamma rays in a spherical detector full of pseudocumene.

A history ends as events: visible energy, distance of the light's mean position from the centre, weight.
Electrons stop where they are made and the light of each is quenched for itself; bremsstrahlung stays there
too. Which gammas there are and what the events are for is known to the scripts that import this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from gamma_attenuation import HIGHEST, LOWEST
from gamma_kernels import SUMS, annihilate_positrons, illuminate_from_pole
from numpy.typing import NDArray

from nurecoil.errors import InputError

__all__ = ["Run", "Sphere", "annihilate", "illuminate"]

Array = NDArray[np.float64]
_WHERE = "gamma transport"


@dataclass(frozen=True, slots=True)
class Sphere:
    """A detector made of spheres.

    Args:
        scintillator: radius of what gives light [cm].
        source: radius of the sphere from which gammas come and beyond which they are lost [cm]; in between
            is the same liquid without light.
        fiducial: largest radius of an event's mean position [cm].
        half_height: largest height of it above or below the centre [cm].

    Raises:
        InputError: where the scintillator is larger than the sphere of the source.
    """

    scintillator: float
    source: float
    fiducial: float
    half_height: float

    def __post_init__(self) -> None:
        """Refuse spheres that do not lie inside each other."""
        if not 0 < self.scintillator <= self.source:
            raise InputError(
                _WHERE,
                f"a scintillator of {self.scintillator:g} cm",
                f"more than 0, up to {self.source:g} cm",
            )


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the Monte Carlo gave, summed over batches of histories.

    Args:
        weights: sum of weights per batch and bin of visible energy, shape (batches, bins), divided by the
            number of histories in a batch; the last bin also takes what lies above.
        events: number of events that make it up (not weighted).
        mean: mean visible energy of an event [MeV].
        spread: standard deviation of the visible energy [MeV].
        full: fraction of the events whose gamma left all its energy in the scintillator.
        imbalance: largest difference, over all histories, of energy put in and energy accounted for [MeV].
        effective: effective number of events, (sum w)^2 / sum w^2.
    """

    weights: Array
    events: int
    mean: float
    spread: float
    full: float
    imbalance: float
    effective: float


def illuminate(
    liquid: Array,
    sphere: Sphere,
    energy: float,
    histories: int,
    edges: Array,
    rng: np.random.Generator,
    *,
    batches: int = 20,
    innermost: float | None = None,
) -> Run:
    """Gammas from a spherical surface, isotropic into it, and the events they make in the fiducial volume.

    Args:
        liquid: what ``gamma_attenuation.tables`` gives.
        sphere: the detector.
        energy: of the gamma [MeV], 0.01 to 4.
        histories: number of gammas started, a multiple of ``batches``.
        edges: edges of the bins of visible energy [MeV], equidistant from 0.
        rng: random numbers.
        batches: number of batches; the spread between them is the statistical error.
        innermost: radius down to which histories are split [cm], the fiducial one by default; the radius
            of the source means no splitting.

    Returns:
        Weights per gamma emitted into the half space towards the detector.

    Raises:
        InputError: the energy is out of range, the edges are not as above, or no event came out.
    """
    if not LOWEST <= energy <= HIGHEST:
        raise InputError(_WHERE, f"a gamma of {energy:g} MeV", f"{LOWEST:g} to {HIGHEST:g} MeV")
    inner = sphere.fiducial if innermost is None else innermost
    return _run(
        histories,
        batches,
        edges,
        lambda count, tally, width, sums: illuminate_from_pole(
            rng, count, energy, liquid, _spheres(sphere), inner, tally, width, sums
        ),
    )


def annihilate(
    liquid: Array,
    sphere: Sphere,
    histories: int,
    edges: Array,
    rng: np.random.Generator,
    *,
    batches: int = 20,
) -> Run:
    """Positrons that annihilate at rest in the detector's centre; the positron itself gives no light.

    Args:
        liquid: what ``gamma_attenuation.tables`` gives.
        sphere: the detector.
        histories: number of positrons, a multiple of ``batches``.
        edges: edges of the bins of visible energy [MeV], equidistant from 0.
        rng: random numbers.
        batches: number of batches.

    Returns:
        Weights per positron.

    Raises:
        InputError: the edges are not as above, or no event came out.
    """
    return _run(
        histories,
        batches,
        edges,
        lambda count, tally, width, sums: annihilate_positrons(
            rng, count, liquid, _spheres(sphere), tally, width, sums
        ),
    )


def _spheres(sphere: Sphere) -> tuple[float, float, float, float]:
    return (sphere.scintillator, sphere.source, sphere.fiducial, sphere.half_height)


def _run(histories: int, batches: int, edges: Array, work: Callable[[int, Array, float, Array], None]) -> Run:
    edges = np.asarray(edges, float)
    width = edges[1] - edges[0]
    if histories < batches or histories % batches or batches < 1:
        raise InputError(_WHERE, f"{histories} histories", f"a multiple of {batches} batches")
    if edges[0] != 0 or not np.allclose(np.diff(edges), width, rtol=1e-9, atol=0):
        raise InputError(_WHERE, "edges of differing widths", "equidistant edges from 0")
    weights = np.zeros((batches, len(edges) - 1))
    sums = np.zeros(SUMS)
    for tally in weights:
        work(histories // batches, tally, float(width), sums)
    events, total, first, second, full, squares, imbalance = (float(value) for value in sums)
    if total == 0:
        raise InputError(_WHERE, f"no event from {histories} histories", None, "Start more of them.")
    mean = first / total
    return Run(
        weights=weights * batches / histories,
        events=int(events),
        mean=mean,
        spread=float(np.sqrt(max(0.0, second / total - mean**2))),
        full=full / total,
        imbalance=imbalance,
        effective=total**2 / squares,
    )
