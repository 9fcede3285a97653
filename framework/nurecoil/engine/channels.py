"""A channel compiled to arrays: expected contents and their Jacobian in the internal coordinates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.modifiers import CompiledModifiers, Modified
from nurecoil.engine.morphs import MorphGroup, group_morphs
from nurecoil.errors import ModelError
from nurecoil.model.spectral import Channel, Template

__all__ = ["CompiledChannel"]

Array = NDArray[np.float64]


class CompiledChannel:
    """One channel over arrays.

    Args:
        channel: the channel.
        index: position of every parameter by name.
        powers: power in which each parameter is fitted.

    Raises:
        ModelError: where a template's parameter is fitted in a power other than one.
    """

    def __init__(self, channel: Channel, index: Mapping[str, int], powers: NDArray[np.int_]) -> None:
        self.name = channel.name
        samples = channel.samples
        self._static = np.zeros((len(samples), channel.bins))
        self._exponents = np.zeros((len(samples), len(index)))
        self._exact: list[tuple[int, NDArray[np.intp], Template]] = []
        morphs: list[tuple[int, Morph]] = []
        for row, sample in enumerate(samples):
            for name, power in sample.powers.items():
                self._exponents[row, index[name]] = power / powers[index[name]]
            template = sample.template
            if isinstance(template, np.ndarray):
                self._static[row] = template
                continue
            if any(powers[index[name]] != 1 for name in template.names):
                raise ModelError(
                    f"Channel {channel.name!r} sample {sample.name!r}",
                    "a response parameter that is also a factor in powers",
                    "response parameters of their own",
                )
            if isinstance(template, Morph):
                morphs.append((row, template))
            else:
                where = np.array([index[name] for name in template.names], dtype=np.intp)
                self._exact.append((row, where, template))
        self._morphs = group_morphs(morphs, index)
        self._modifiers = CompiledModifiers(samples, index, channel.bins)
        self._sample_of, self._parameter_of = np.nonzero(self._exponents)
        self._parameters = len(index)
        self._last: dict[int, tuple[bytes, Array, Array]] = {}

    def expected(self, position: Array) -> Array:
        """Expected contents at internal coordinates, shape ``(bins,)``."""
        return np.asarray(self.components(position).sum(axis=0))

    def components(self, position: Array) -> Array:
        """Expected contents of every sample at internal coordinates, shape ``(samples, bins)``."""
        templates, _ = self._templates(position)
        now = self._modifiers.at(position)
        factors = self._factors(position) * now.norm
        return np.asarray(factors[:, None] * ((templates + now.shift) * now.bins))

    def evaluate(self, position: Array) -> tuple[Array, Array]:
        """Expected contents ``(bins,)`` and Jacobian ``(parameters, bins)``."""
        templates, morphs = self._templates(position)
        now = self._modifiers.at(position)
        factors, slopes = self._factors_and_slopes(position, now)
        contents = templates + now.shift
        filled = contents * now.bins
        jacobian = np.asarray(slopes @ filled)
        for group, counts, logarithmic in morphs:
            group.add_slopes(jacobian, factors, counts, logarithmic)
        for row, where, _ in self._exact:
            jacobian[where] += factors[row] * self._last[row][2]
        self._modifiers.add_slopes(jacobian, now, factors, contents)
        return factors @ filled, jacobian

    def bends(self, position: Array, weight: Array) -> Array:
        """Second derivatives of the expected contents, summed over bins with a weight.

        Exact templates have none to give: theirs by response parameters are left out.

        Args:
            position: internal coordinates, shape ``(parameters,)``.
            weight: shape ``(bins,)``.

        Returns:
            Shape ``(parameters, parameters)``.
        """
        templates, morphs = self._templates(position)
        now = self._modifiers.at(position)
        factors, slopes = self._factors_and_slopes(position, now)
        contents = templates + now.shift
        filled = contents * now.bins
        total = np.zeros((self._parameters, self._parameters))
        for row, load in enumerate(filled @ weight):
            self._add_factor_bends(total, position, now, row, float(load))
        for group, *found in morphs:
            group.add_bends(total, factors, slopes, (found[0], found[1]), weight)
        self._modifiers.add_bends(total, now, factors, slopes, contents, weight)
        return total

    def _add_factor_bends(self, total: Array, position: Array, now: Modified, row: int, load: float) -> None:
        """Add the second derivatives of one sample's factor."""
        index = np.flatnonzero(self._exponents[row])
        order = self._exponents[row, index]
        value = position[index] ** order
        slope = order * position[index] ** (order - 1)
        bend = np.zeros_like(value)
        bent = order > 1
        bend[bent] = (order * (order - 1))[bent] * position[index][bent] ** (order[bent] - 2)
        own = self._modifiers.norm_row == row
        index = np.concatenate([index, self._modifiers.norm_parameter[own]])
        value, slope, bend = (
            np.concatenate([one, two[own]])
            for one, two in zip((value, slope, bend), now.factors, strict=True)
        )
        if index.size < 2 and not bend.any():
            return
        if np.all(value != 0):
            steep = slope / value
            pairs = np.outer(steep, steep)
            pairs[np.diag_indices_from(pairs)] = bend / value
            pairs *= np.prod(value)
        else:
            pairs = np.diag([bend[a] * np.prod(np.delete(value, a)) for a in range(index.size)])
            for a in range(index.size):
                for b in range(a):
                    pairs[a, b] = pairs[b, a] = slope[a] * slope[b] * np.prod(np.delete(value, [a, b]))
        np.add.at(total, np.ix_(index, index), load * pairs)

    def _factors_and_slopes(self, position: Array, now: Modified) -> tuple[Array, Array]:
        """Every sample's factor, and its derivatives of shape ``(parameters, samples)``."""
        factors, slopes = self._factors(position), self._factor_slopes(position)
        row, parameter = self._modifiers.norm_row, self._modifiers.norm_parameter
        if row.size:
            slopes = slopes * now.norm
            np.add.at(slopes, (parameter, row), factors[row] * self._modifiers.norm_slopes(now))
        return factors * now.norm, slopes

    def _factors(self, position: Array) -> Array:
        return np.asarray(np.prod(position**self._exponents, axis=1))

    def _factor_slopes(self, position: Array) -> Array:
        """Derivative of every sample's factor by every parameter, shape ``(parameters, samples)``."""
        s, i = self._sample_of, self._parameter_of
        rows = (position**self._exponents)[s]
        order = self._exponents[s, i]
        rows[np.arange(s.size), i] = order * position[i] ** (order - 1)
        slopes = np.zeros((self._parameters, self._exponents.shape[0]))
        slopes[i, s] = rows.prod(axis=1)
        return slopes

    def _templates(self, position: Array) -> tuple[Array, list[tuple[MorphGroup, Array, Array]]]:
        """Contents of every template, and what the morphs' derivatives are made of."""
        if not self._morphs and not self._exact:
            return self._static, []
        templates = self._static.copy()
        morphs: list[tuple[MorphGroup, Array, Array]] = []
        for group in self._morphs:
            morphs.append((group, *group.evaluate(position, templates)))
        for row, where, template in self._exact:
            values = position[where]
            key = values.tobytes()
            known = self._last.get(row)
            if known is None or known[0] != key:
                known = (key, *template.evaluate(values))
                self._last[row] = known
            templates[row] = known[1]
        return templates, morphs
