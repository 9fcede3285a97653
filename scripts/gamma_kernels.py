"""The compiled part of the gamma transport: one interaction, one flight, one history.

Each function changes the arrays that it is given. Positions are in cm, energies in MeV. The functions for
users, with the meaning of every argument, are in ``gamma_transport``.
"""

from __future__ import annotations

import numpy as np
from gamma_attenuation import HIGHEST, LOWEST, LOWEST_ELECTRON
from numba import njit
from numpy.typing import NDArray

from nurecoil.physics.constants import ELECTRON_MASS

__all__ = ["SUMS", "annihilate_positrons", "illuminate_from_pole", "scatter"]

Array = NDArray[np.float64]

SUMS = 7
"""Length of the sums over events: number, w, w E_v, w E_v^2, w of those that kept all energy, w^2; last, the
largest difference of energy put in and energy accounted for."""

# Fields of a history's state: position [cm], direction, energy [MeV], weight, logarithm of the weight that
# is aimed at where the scintillator begins (infinite: weights stay), visible energy [MeV], that times
# position, energy left in the scintillator and elsewhere [MeV], whether a second annihilation gamma waits,
# and that one's position and direction.
_X, _U, _E, _W, _AIM, _LIGHT, _MOMENT, _INSIDE, _LOST, _SECOND, _X2, _U2, _FIELDS = (
    0, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 19, 22,
)  # fmt: skip
_COPIES = 400


_LOG_LOWEST, _LOG_RANGE = np.log(LOWEST), np.log(HIGHEST / LOWEST)
_LOG_ELECTRON, _LOG_ELECTRONS = np.log(LOWEST_ELECTRON), np.log(HIGHEST / LOWEST_ELECTRON)


@njit(cache=True, error_model="numpy")
def _look_up(row: Array, place: float) -> float:
    """Interpolate in a row of the tables at ``place``, 0 its begin and 1 its end."""
    index = min(max(place, 0.0), 0.9999999) * (row.size - 1)
    at = int(index)
    return row[at] + (index - at) * (row[at + 1] - row[at])


@njit(cache=True, error_model="numpy")
def _mu(tables: Array, energy: float) -> float:
    return _look_up(tables[0], (np.log(energy) - _LOG_LOWEST) / _LOG_RANGE)


@njit(cache=True, error_model="numpy")
def scatter(rng: np.random.Generator, energy: float) -> tuple[float, float]:
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def _leave(state: Array, electron: float, light: Array, scintillator: float) -> None:
    """Stop an electron at the place of the gamma."""
    x = state[_X : _X + 3]
    if electron <= 0:
        return
    if x[0] ** 2 + x[1] ** 2 + x[2] ** 2 > scintillator**2:
        state[_LOST] += electron
        return
    visible = electron * _look_up(light, (np.log(electron) - _LOG_ELECTRON) / _LOG_ELECTRONS)
    state[_INSIDE] += electron
    state[_LIGHT] += visible
    for i in range(3):
        state[_MOMENT + i] += visible * x[i]


@njit(cache=True, error_model="numpy")
def _collide(rng: np.random.Generator, state: Array, tables: Array, scintillator: float) -> None:
    """One interaction of the gamma; its energy is zero afterwards where it has gone."""
    energy = state[_E]
    place = (np.log(energy) - _LOG_LOWEST) / _LOG_RANGE
    what = rng.random()
    if what < _look_up(tables[1], place):
        left, cosine = scatter(rng, energy)
        _leave(state, energy - left, tables[3], scintillator)
        _turn(rng, state[_U : _U + 3], cosine)
        state[_E] = left
    elif what < _look_up(tables[2], place) or energy <= 2 * ELECTRON_MASS:
        _leave(state, energy, tables[3], scintillator)
        state[_E] = 0.0
    else:
        share = rng.random() * (energy - 2 * ELECTRON_MASS)
        _leave(state, share, tables[3], scintillator)
        _leave(state, energy - 2 * ELECTRON_MASS - share, tables[3], scintillator)
        _annihilate(rng, state)
    if state[_E] < LOWEST:
        _leave(state, state[_E], tables[3], scintillator)
        state[_E] = 0.0


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def _fly(rng: np.random.Generator, state: Array, mu: float, target: float) -> bool:
    """Move the gamma to its next interaction, or to the shell of radius ``target`` if that comes first."""
    path = -np.log(1 - rng.random()) / mu
    along, square = 0.0, 0.0
    for i in range(3):
        along += state[_X + i] * state[_U + i]
        square += state[_X + i] ** 2
    stopped = False
    if target > 0 and along < 0:
        root = along * along - square + target * target
        if root > 0 and -along - np.sqrt(root) < path:
            path = max(0.0, -along - np.sqrt(root))
            stopped = True
    for i in range(3):
        state[_X + i] += path * state[_U + i]
    return stopped


@njit(cache=True, error_model="numpy")
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
            mu = _mu(tables, state[_E])
            radius = np.sqrt(state[_X] ** 2 + state[_X + 1] ** 2 + state[_X + 2] ** 2)
            if radius > scintillator and state[_LIGHT] == 0.0 and np.isfinite(state[_AIM]):
                aim = np.exp(state[_AIM] + mu * (radius - scintillator))
                if state[_W] < aim / 2:
                    alive = rng.random() * aim < state[_W]
                    state[_W] = aim
                    if not alive:
                        break
            slope = mu if state[_LIGHT] == 0.0 else steep
            target = scintillator + (np.log(state[_W] / 2) - state[_AIM]) / slope
            if target < innermost or held == _COPIES:
                target = 0.0
            if _fly(rng, state, mu, target):
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
        sums[2] += weight * state[_LIGHT]
        sums[3] += weight * state[_LIGHT] ** 2
        if abs(state[_INSIDE] - energy) < 1e-6:
            sums[4] += weight
        sums[5] += weight**2


@njit(cache=True, error_model="numpy")
def illuminate_from_pole(
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
    steep = _mu(tables, energy)
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def annihilate_positrons(
    rng: np.random.Generator,
    histories: int,
    tables: Array,
    sphere: tuple[float, float, float, float],
    tally: Array,
    width: float,
    sums: Array,
) -> None:
    """Positrons that annihilate at rest in the centre and give no light of their own."""
    stack = np.zeros((2, _FIELDS))
    for _ in range(histories):
        stack[0, :] = 0.0
        stack[0, _W] = 1.0
        _annihilate(rng, stack[0])
        _follow(rng, stack, tables, sphere, 1.0, 0.0, 2 * ELECTRON_MASS, tally, width, sums)
