"""Gamma rays in pseudocumene: cross sections, and a compiled Monte Carlo that follows single histories.

A history ends as events: visible energy, distance of the light's mean position from the centre, weight.
Electrons stop where they are made and the light of each is quenched for itself; bremsstrahlung, coherent
scattering and the binding of the scattering electron are left out. Which gammas there are and what the
events are for is known to the scripts that import this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from nurecoil.detectors.quenching import PSEUDOCUMENE, Quenching
from nurecoil.errors import InputError
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = [
    "Attenuation",
    "Medium",
    "Run",
    "Sphere",
    "annihilate",
    "attenuation",
    "compton_energies",
    "illuminate",
]

Array = NDArray[np.float64]

_BARN_MOLE = 0.602214076  # Avogadro's number times a barn [cm2/mol]
_CARBONS, _HYDROGENS, _ELECTRONS = 9, 12, 66
_RADIUS_SQUARED = 0.0794078  # square of the classical electron radius [b], CODATA
_LOWEST, _HIGHEST = 0.01, 4.0  # [MeV]; below, a gamma is absorbed where it is

# M. J. Berger and J. H. Hubbell, XCOM, NIST Standard Reference Database 8 (version 3.1): cross sections
# per atom [b] against energy [MeV]. Hydrogen's photoelectric effect is 1e-4 of carbon's here: left out.
_PHOTO_ENERGY = [0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]
_PHOTO_ENERGY += [1.0, 1.25, 1.5, 2.0, 3.0, 4.0]
_PHOTO_CARBON = [41.4, 11.14, 4.341, 1.138, 0.4374, 0.2079, 0.1131, 0.04327, 0.02057, 5.397e-3, 2.121e-3]
_PHOTO_CARBON += [5.944e-4, 2.536e-4, 1.364e-4, 8.482e-5, 4.277e-5, 2.659e-5, 1.665e-5, 1.209e-5, 7.631e-6]
_PHOTO_CARBON += [4.282e-6, 2.947e-6]
_PAIR_ENERGY = [1.25, 1.5, 2.0, 2.044, 3.0, 4.0]
_PAIR_CARBON = [2.870e-4, 1.594e-3, 6.356e-3, 6.852e-3, 1.820e-2, 2.955e-2]
_PAIR_HYDROGEN = [7.805e-6, 4.385e-5, 1.758e-4, 1.895e-4, 5.048e-4, 8.202e-4]
_TRIPLET_ENERGY = [3.0, 4.0]
_TRIPLET_CARBON = [2.421e-4, 9.885e-4]
_TRIPLET_HYDROGEN = [4.035e-5, 1.647e-4]

# Fields of a history's state: position [cm], direction, energy [MeV], weight, logarithm of the weight that
# is aimed at where the scintillator begins (infinite: weights stay), visible energy [MeV], that times
# position, energy left in the scintillator and elsewhere [MeV], whether a second annihilation gamma waits,
# and that one's position and direction.
_X, _U, _E, _W, _AIM, _LIGHT, _MOMENT, _INSIDE, _LOST, _SECOND, _X2, _U2, _FIELDS = (
    0, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 19, 22,
)  # fmt: skip
_COPIES = 400


@dataclass(frozen=True, slots=True)
class Attenuation:
    """Linear attenuation coefficients of pseudocumene [1/cm], each of the shape of the energies."""

    compton: Array
    photo: Array
    pair: Array

    @property
    def total(self) -> Array:
        """Their sum [1/cm]; no coherent scattering."""
        return self.compton + self.photo + self.pair


def attenuation(energy: ArrayLike) -> Attenuation:
    """Attenuation of gammas in pseudocumene.

    Compton scattering after Klein and Nishina, Z. Phys. 52 (1929) 853, on free electrons; photoelectric
    effect and pair production (on nuclei and on electrons) from XCOM, the former interpolated in the
    logarithms, the latter after division by ``(1 - threshold/E)^3``, as XCOM does.

    Args:
        energy: gamma energies [MeV], 0.01 to 4, any shape.

    Returns:
        The coefficients of the three processes [1/cm].

    Raises:
        InputError: where an energy lies outside of that range.

    Example:
        >>> round(float(1 / attenuation(2.614511).total), 1)
        27.0
    """
    e = np.asarray(energy, float)
    if e.size and not (np.min(e) >= _LOWEST and np.max(e) <= _HIGHEST):
        raise InputError("attenuation", f"energies {np.min(e):g} to {np.max(e):g} MeV", "0.01 to 4 MeV")
    k = e / ELECTRON_MASS
    log = np.log1p(2 * k)
    bracket = (1 + k) / k**2 * (2 * (1 + k) / (1 + 2 * k) - log / k) + log / (2 * k)
    compton = 2 * np.pi * _RADIUS_SQUARED * (bracket - (1 + 3 * k) / (1 + 2 * k) ** 2)
    photo = np.exp(np.interp(np.log(e), np.log(_PHOTO_ENERGY), np.log(_PHOTO_CARBON)))
    pair = np.zeros_like(e)
    for threshold, table, carbon, hydrogen in (
        (2 * ELECTRON_MASS, _PAIR_ENERGY, _PAIR_CARBON, _PAIR_HYDROGEN),
        (4 * ELECTRON_MASS, _TRIPLET_ENERGY, _TRIPLET_CARBON, _TRIPLET_HYDROGEN),
    ):
        points = np.asarray(table)
        molecule = _CARBONS * np.asarray(carbon) + _HYDROGENS * np.asarray(hydrogen)
        reduced = np.log(molecule / (1 - threshold / points) ** 3)
        pair += np.exp(np.interp(np.log(e), np.log(points), reduced)) * np.maximum(1 - threshold / e, 0) ** 3
    molecules = _BARN_MOLE * PSEUDOCUMENE.density * PSEUDOCUMENE.charge_to_mass / _ELECTRONS
    return Attenuation(_ELECTRONS * molecules * compton, _CARBONS * molecules * photo, molecules * pair)


@dataclass(frozen=True)
class Medium:
    """Pseudocumene as the Monte Carlo sees it: tables on a logarithmic grid of energies.

    Args:
        quenching: the visible energy of an electron.

    Example:
        >>> Medium(Quenching(birks=0.0109)).tables.shape
        (4, 4001)
    """

    quenching: Quenching

    @cached_property
    def tables(self) -> Array:
        """Rows over ln E: total [1/cm], share of Compton, share of Compton and photo, light per energy."""
        energy = np.exp(np.linspace(np.log(_LOWEST), np.log(_HIGHEST), 4001))
        energy[0], energy[-1] = _LOWEST, _HIGHEST
        mu = attenuation(energy)
        electron = np.exp(np.linspace(np.log(1e-4), np.log(_HIGHEST), 4001))
        light = self.quenching.visible(np.minimum(electron, _HIGHEST)) / electron
        return np.stack([mu.total, mu.compton / mu.total, 1 - mu.pair / mu.total, light])


@dataclass(frozen=True, slots=True)
class Sphere:
    """A detector made of spheres.

    Args:
        scintillator: radius of what gives light [cm].
        source: radius of the sphere from which gammas come and beyond which they are lost [cm]; in between
            is the same liquid without light.
        fiducial: largest radius of an event's mean position [cm].
        half_height: largest height of it above or below the centre [cm].
    """

    scintillator: float
    source: float
    fiducial: float
    half_height: float


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


@njit(cache=True)
def _look_up(row: Array, energy: float, low: float, high: float) -> float:
    place = (np.log(energy) - np.log(low)) / (np.log(high) - np.log(low)) * (row.size - 1)
    place = min(max(place, 0.0), row.size - 1.000001)
    at = int(place)
    return row[at] + (place - at) * (row[at + 1] - row[at])


@njit(cache=True)
def _compton(rng: np.random.Generator, energy: float) -> tuple[float, float]:
    """Energy and cosine after scattering, by composition and rejection: exact Klein-Nishina."""
    k = energy / ELECTRON_MASS
    least = 1 / (1 + 2 * k)
    first = -np.log(least)
    second = (1 - least * least) / 2
    while True:
        if rng.random() * (first + second) < first:
            kept = np.exp(-first * rng.random())
        else:
            kept = np.sqrt(least * least + (1 - least * least) * rng.random())
        versine = (1 - kept) / (k * kept)
        if rng.random() < 1 - kept * versine * (2 - versine) / (1 + kept * kept):
            return kept * energy, 1 - versine


@njit(cache=True)
def _turn(rng: np.random.Generator, direction: Array, cosine: float) -> None:
    """Turn a direction by an angle, about itself at random; in place."""
    x, y, z = direction
    sine = np.sqrt(max(0.0, 1 - cosine * cosine))
    azimuth = 2 * np.pi * rng.random()
    a, b = sine * np.cos(azimuth), sine * np.sin(azimuth)
    across = np.sqrt(x * x + y * y)
    if across < 1e-9:
        new = (a, b, cosine if z > 0 else -cosine)
    else:
        new = (
            x * cosine + (x * z * a - y * b) / across,
            y * cosine + (y * z * a + x * b) / across,
            z * cosine - across * a,
        )
    norm = np.sqrt(new[0] ** 2 + new[1] ** 2 + new[2] ** 2)
    for i in range(3):
        direction[i] = new[i] / norm


@njit(cache=True)
def _leave(state: Array, electron: float, light: Array, scintillator: float) -> None:
    """Stop an electron at the place of the gamma."""
    x = state[_X : _X + 3]
    if electron <= 0:
        return
    if x[0] ** 2 + x[1] ** 2 + x[2] ** 2 > scintillator**2:
        state[_LOST] += electron
        return
    visible = electron * _look_up(light, electron, 1e-4, _HIGHEST)
    state[_INSIDE] += electron
    state[_LIGHT] += visible
    for i in range(3):
        state[_MOMENT + i] += visible * x[i]


@njit(cache=True)
def _collide(rng: np.random.Generator, state: Array, tables: Array, scintillator: float) -> None:
    """One interaction of the gamma; its energy is zero afterwards where it has gone."""
    energy = state[_E]
    what = rng.random()
    if what < _look_up(tables[1], energy, _LOWEST, _HIGHEST):
        left, cosine = _compton(rng, energy)
        _leave(state, energy - left, tables[3], scintillator)
        _turn(rng, state[_U : _U + 3], cosine)
        state[_E] = left
    elif what < _look_up(tables[2], energy, _LOWEST, _HIGHEST) or energy <= 2 * ELECTRON_MASS:
        _leave(state, energy, tables[3], scintillator)
        state[_E] = 0.0
    else:
        share = rng.random() * (energy - 2 * ELECTRON_MASS)
        _leave(state, share, tables[3], scintillator)
        _leave(state, energy - 2 * ELECTRON_MASS - share, tables[3], scintillator)
        _annihilate(rng, state)
    if state[_E] < _LOWEST:
        _leave(state, state[_E], tables[3], scintillator)
        state[_E] = 0.0


@njit(cache=True)
def _annihilate(rng: np.random.Generator, state: Array) -> None:
    """A positron at rest becomes two gammas: one flies, the other waits."""
    cosine = 2 * rng.random() - 1
    azimuth = 2 * np.pi * rng.random()
    sine = np.sqrt(1 - cosine * cosine)
    state[_U], state[_U + 1], state[_U + 2] = sine * np.cos(azimuth), sine * np.sin(azimuth), cosine
    for i in range(3):
        state[_X2 + i] = state[_X + i]
        state[_U2 + i] = -state[_U + i]
    state[_E] = ELECTRON_MASS
    state[_SECOND] = 1.0
    state[_AIM] = np.inf


@njit(cache=True)
def _fly(rng: np.random.Generator, state: Array, mu: float, drawn: float, stop: float) -> bool:
    """Move the gamma to its next interaction, or by the path ``stop`` [cm] if that is shorter.

    The path is drawn with the attenuation ``drawn`` instead of ``mu`` [1/cm] and weighted accordingly.
    """
    path = -np.log(1 - rng.random()) / drawn
    stopped = path > stop
    path = min(path, stop)
    if drawn != mu:
        state[_W] *= np.exp((drawn - mu) * path) * (1.0 if stopped else mu / drawn)
    for i in range(3):
        state[_X + i] += path * state[_U + i]
    return stopped


@njit(cache=True)
def _follow(
    rng: np.random.Generator,
    stack: Array,
    tables: Array,
    sphere: tuple[float, float, float, float],
    steep: float,
    innermost: float,
    energy: float,
    tally: Array,
    width: float,
    sums: Array,
) -> None:
    """Follow the history in ``stack[0]`` and all its copies to their ends and tally their events.

    The weight aimed at falls towards the centre with a gamma's own attenuation (with that of the unscattered
    one, ``steep`` [1/cm], once it has given light). Where a history has twice the weight it is doubled, each
    copy with half of it; a history in the buffer that has given no light and has less than half the weight
    plays Russian roulette. Neither moves the expectation of anything.
    """
    scintillator, source, fiducial, half_height = sphere
    held = 1
    while held > 0:
        held -= 1
        state = stack[held].copy()
        alive = True
        while alive:
            if state[_E] == 0.0:
                if state[_SECOND] == 0.0:
                    break
                state[_SECOND] = 0.0
                state[_E] = ELECTRON_MASS
                for i in range(3):
                    state[_X + i] = state[_X2 + i]
                    state[_U + i] = state[_U2 + i]
            mu = _look_up(tables[0], state[_E], _LOWEST, _HIGHEST)
            radius = np.sqrt(state[_X] ** 2 + state[_X + 1] ** 2 + state[_X + 2] ** 2)
            if radius > scintillator and state[_LIGHT] == 0.0 and np.isfinite(state[_AIM]):
                aim = np.exp(state[_AIM] + mu * (radius - scintillator))
                if state[_W] < aim / 2:
                    alive = rng.random() * aim < state[_W]
                    state[_W] = aim
                    if not alive:
                        break
            drawn, stop = mu, np.inf
            if radius > innermost and held < _COPIES and np.isfinite(state[_AIM]):
                inward = -(
                    state[_X] * state[_U] + state[_X + 1] * state[_U + 1] + state[_X + 2] * state[_U + 2]
                )
                if inward > 0:
                    slope = steep
                    if state[_LIGHT] == 0.0:
                        drawn = mu * (1 - 0.5 * inward / radius)
                        slope = mu
                    aim = state[_AIM] + slope * (radius - scintillator)
                    stop = max(0.0, np.log(2 / state[_W]) + aim) / drawn
            if _fly(rng, state, mu, drawn, stop):
                state[_W] /= 2
                stack[held] = state
                held += 1
            elif state[_X] ** 2 + state[_X + 1] ** 2 + state[_X + 2] ** 2 > source**2:
                state[_LOST] += state[_E]
                state[_E] = 0.0
            else:
                _collide(rng, state, tables, scintillator)
        if not alive:
            continue
        sums[6] = max(sums[6], abs(state[_INSIDE] + state[_LOST] - energy))
        if state[_LIGHT] <= 0:
            continue
        moment = state[_MOMENT] ** 2 + state[_MOMENT + 1] ** 2 + state[_MOMENT + 2] ** 2
        distance = np.sqrt(moment) / state[_LIGHT]
        if distance > fiducial:
            continue
        # Everything but the half height is spherical: average over the direction of the source.
        weight = state[_W] * (half_height / distance if distance > half_height else 1.0)
        bin_ = min(int(state[_LIGHT] / width), tally.size - 1)
        tally[bin_] += weight
        sums[0] += 1
        sums[1] += weight
        sums[2] += weight**2
        sums[3] += weight * state[_LIGHT]
        sums[4] += weight * state[_LIGHT] ** 2
        if abs(state[_INSIDE] - energy) < 1e-6:
            sums[5] += weight


@njit(cache=True)
def _illuminate(
    rng: np.random.Generator,
    histories: int,
    energy: float,
    tables: Array,
    sphere: tuple[float, float, float, float],
    innermost: float,
    tally: Array,
    width: float,
    sums: Array,
) -> None:
    """Gammas from the pole of the source sphere, isotropic into it; steep ones are favoured by weight."""
    stack = np.zeros((_COPIES, _FIELDS))
    scintillator, source = sphere[0], sphere[1]
    steep = _look_up(tables[0], energy, _LOWEST, _HIGHEST)
    slope = 10.0
    crest = 0.5 + 0.5 * slope / (1 - np.exp(-slope))
    aim = np.log(2 * steep * (source - innermost) / crest) - steep * (source - scintillator)
    for _ in range(histories):
        state = stack[0]
        state[:] = 0.0
        if rng.random() < 0.5:
            cosine = 1 - rng.random()
        else:
            cosine = 1 + np.log(1 - rng.random() * (1 - np.exp(-slope))) / slope
        density = 0.5 + 0.5 * slope * np.exp(-slope * (1 - cosine)) / (1 - np.exp(-slope))
        azimuth = 2 * np.pi * rng.random()
        sine = np.sqrt(max(0.0, 1 - cosine * cosine))
        state[_X + 2] = source
        state[_U], state[_U + 1], state[_U + 2] = sine * np.cos(azimuth), sine * np.sin(azimuth), -cosine
        state[_E] = energy
        state[_W] = 1 / density
        state[_AIM] = np.inf
        if innermost < source:
            state[_AIM] = aim
            _force(rng, state, steep, source * cosine, source * sine, innermost)
            if state[_X] ** 2 + state[_X + 1] ** 2 + state[_X + 2] ** 2 > source**2:
                continue
            _collide(rng, state, tables, scintillator)
        _follow(rng, stack, tables, sphere, steep, innermost, energy, tally, width, sums)


@njit(cache=True)
def _force(
    rng: np.random.Generator, state: Array, mu: float, nearest: float, closest: float, innermost: float
) -> None:
    """Move the gamma to its first interaction, drawn evenly along its way in, and weight it accordingly.

    Half of the points are even between the start and the sphere ``innermost`` (or the point nearest to the
    centre, ``nearest`` cm on and ``closest`` cm away from it), half fall off with the attenuation from 30 cm
    before that on.
    """
    even = nearest - np.sqrt(max(0.0, innermost**2 - closest**2))
    late = max(0.0, even - 30.0)
    path = even * rng.random() if rng.random() < 0.5 else late - np.log(1 - rng.random()) / mu
    density = 0.0
    if path < even:
        density += 0.5 / even
    if path >= late:
        density += 0.5 * mu * np.exp(-mu * (path - late))
    state[_W] *= mu * np.exp(-mu * path) / density
    for i in range(3):
        state[_X + i] += path * state[_U + i]


@njit(cache=True)
def _positrons(
    rng: np.random.Generator,
    histories: int,
    tables: Array,
    sphere: tuple[float, float, float, float],
    tally: Array,
    width: float,
    sums: Array,
) -> None:
    stack = np.zeros((2, _FIELDS))
    for _ in range(histories):
        stack[0, :] = 0.0
        stack[0, _W] = 1.0
        _annihilate(rng, stack[0])
        _follow(rng, stack, tables, sphere, 1.0, 0.0, 2 * ELECTRON_MASS, tally, width, sums)


def illuminate(
    medium: Medium,
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
        medium: the liquid.
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
    """
    inner = sphere.fiducial if innermost is None else innermost
    return _run(
        histories,
        batches,
        edges,
        lambda count, tally, width, sums: _illuminate(
            rng, count, energy, medium.tables, _spheres(sphere), inner, tally, width, sums
        ),
    )


def annihilate(
    medium: Medium,
    sphere: Sphere,
    histories: int,
    edges: Array,
    rng: np.random.Generator,
    *,
    batches: int = 20,
) -> Run:
    """Positrons that annihilate at rest in the detector's centre; the positron itself gives no light.

    Args: see :func:`illuminate`.

    Returns:
        Weights per positron.
    """
    return _run(
        histories,
        batches,
        edges,
        lambda count, tally, width, sums: _positrons(
            rng, count, medium.tables, _spheres(sphere), tally, width, sums
        ),
    )


def compton_energies(energy: float, size: int, rng: np.random.Generator) -> Array:
    """Energies [MeV] of ``size`` gammas of ``energy`` [MeV] after one Compton scattering each."""
    return np.array([_compton(rng, energy)[0] for _ in range(size)])


def _spheres(sphere: Sphere) -> tuple[float, float, float, float]:
    return (sphere.scintillator, sphere.source, sphere.fiducial, sphere.half_height)


def _run(histories: int, batches: int, edges: Array, work: Callable[[int, Array, float, Array], None]) -> Run:
    edges = np.asarray(edges, float)
    width = edges[1] - edges[0]
    if histories < batches or histories % batches or batches < 1:
        raise InputError("gamma transport", f"{histories} histories", f"a multiple of {batches} batches")
    if edges[0] != 0 or not np.allclose(np.diff(edges), width, rtol=1e-9, atol=0):
        raise InputError("gamma transport", "edges of differing widths", "equidistant edges from 0")
    weights = np.zeros((batches, len(edges) - 1))
    sums = np.zeros(7)
    for tally in weights:
        work(histories // batches, tally, float(width), sums)
    events, total, squares, first, second, full, imbalance = (float(value) for value in sums)
    if total == 0:
        raise InputError(
            "gamma transport", f"no event from {histories} histories", None, "Start more of them."
        )
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
