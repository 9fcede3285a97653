"""A model compiled to arrays: expected contents, likelihood, gradient and Fisher matrix.

Parameters that enter only as squares or higher powers (a magnetic moment as mu^2) are fitted in the
lowest power present, their internal coordinate: in mu itself gradient and Fisher matrix vanish at 0.
Users see the public value everywhere else.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from nurecoil.detectors.morph import Morph
from nurecoil.engine.channels import CompiledChannel
from nurecoil.engine.constraints import CompiledConstraints
from nurecoil.engine.data import DataSets
from nurecoil.engine.kinks import kinked_parameters
from nurecoil.engine.products import tied_parameters
from nurecoil.model.spectral import Channel, PoissonChannel, SpectralModel

if TYPE_CHECKING:
    from nurecoil.engine.kernel.arrays import Arrays

__all__ = ["CompiledModel", "channel_nll", "entered_powers"]

Array = NDArray[np.float64]


class CompiledModel:
    """The likelihood of a model over arrays.

    Args:
        model: the model.

    Attributes:
        names: every parameter, fixed ones too, in the order of all arrays.
        powers: the power in which each is fitted, shape ``(n,)``.
        lower: lower bounds of the internal coordinates; ``upper`` likewise.
        start: internal coordinates of the starting values.
        fixed: which parameters the model holds fixed.
        kinks: positions of the parameters with a kink at zero.
        tied: positions of free factors that enter in products only (:mod:`nurecoil.engine.products`).
        data: the data, as one data set.
        open: parameters whose second derivatives have no closed form: those of exact templates.

    Example:
        >>> from nurecoil.model.parameters import Parameter
        >>> from nurecoil.model.spectral import Sample
        >>> rate = Parameter("rate", "1", 1.0, lower=0.0)
        >>> flat = Sample("flat", np.array([10.0, 20.0]), {"rate": 1})
        >>> data = PoissonChannel("toy/x", "x", "1", np.arange(3.0), (flat,), np.array([9.0, 21.0]))
        >>> compiled = CompiledModel(SpectralModel((data,), {"rate": rate}))
        >>> value, gradient, fisher = compiled.evaluate(np.array([1.0]))
        >>> round(value, 4), gradient.round(9).tolist(), fisher.tolist()
        (4.5483, [-0.0], [[30.0]])
    """

    def __init__(self, model: SpectralModel) -> None:
        self.model = model
        self.names = tuple(model.parameters)
        self.index = {name: i for i, name in enumerate(self.names)}
        parameters = list(model.parameters.values())
        self.powers = _fit_powers(model)
        self.fixed = np.array([parameter.fixed for parameter in parameters], dtype=bool)
        self._bounds = np.array([[p.lower for p in parameters], [p.upper for p in parameters]])
        self.lower, self.upper = self.internal(self._bounds[0]), self.internal(self._bounds[1])
        self.start = self.internal(np.array([parameter.value for parameter in parameters]))
        self._places = [_places(channel, self.index) for channel in model.channels]
        self.channels = [
            CompiledChannel(channel, {self.names[i]: k for k, i in enumerate(where)}, self.powers[where])
            for channel, (where, _) in zip(model.channels, self._places, strict=True)
        ]
        self.constraints = CompiledConstraints(model, self.index)
        self.kinks = kinked_parameters(model, self.index)
        self.tied = tied_parameters(model, self.index)
        exact = _in_exact_templates(model)
        self.open = np.array([name in exact for name in self.names], dtype=bool)
        self._observed = [channel.observed for channel in model.channels]
        self._constants = [_constant(channel, channel.observed) for channel in model.channels]
        self.data = DataSets.of(model)

    @cached_property
    def arrays(self) -> Arrays | None:
        """The flat form that the kernel takes; ``None`` where a template is exact."""
        from nurecoil.engine.kernel.arrays import lay_out, layable

        return lay_out(self.model, self.index, self.powers) if layable(self.model) else None

    def with_data(self, data: DataSets, row: int) -> CompiledModel:
        """The same with one of many data sets in place of the model's own; nothing is compiled anew.

        Args:
            data: the data sets.
            row: which of them.

        Returns:
            A compiled model; its :attr:`model` keeps its own data.

        Example:
            >>> from nurecoil.testing.models import counting
            >>> compiled = CompiledModel(counting(observed=3.0, background=9.0))
            >>> other = compiled.with_data(DataSets(np.array([[9.0]]), np.empty((1, 0))), 0)
            >>> round(compiled.value(compiled.start), 4), round(other.value(other.start), 4)
            (4.2001, 2.0268)
        """
        made = copy.copy(self)
        made.data = data.rows(slice(row, row + 1))
        ends = np.cumsum([observed.size for observed in self._observed])[:-1]
        made._observed = np.split(made.data.observed[0], ends)
        made._constants = [
            _constant(channel, observed)
            for channel, observed in zip(self.model.channels, made._observed, strict=True)
        ]
        made.constraints = self.constraints.with_measured(made.data.auxiliary[0])
        return made

    def internal(self, values: Array) -> Array:
        """Internal coordinates of public values, shape ``(n,)``."""
        return np.where(self.powers == 1, values, np.sign(values) * np.abs(values) ** self.powers)

    def public(self, coordinates: Array) -> Array:
        """Public values of internal coordinates, shape ``(n,)``; rounding never leaves the bounds."""
        values = np.where(
            self.powers == 1, coordinates, np.sign(coordinates) * np.abs(coordinates) ** (1 / self.powers)
        )
        inside = (coordinates >= self.lower) & (coordinates <= self.upper)
        return np.where(inside, np.clip(values, *self._bounds), values)

    def values(self, position: Array) -> dict[str, float]:
        """Public values by name at internal coordinates."""
        return dict(zip(self.names, self.public(position).tolist(), strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """Internal coordinates with some public values given and the rest at their start.

        Raises:
            ModelError: for an unknown parameter.
        """
        position = self.start.copy()
        for name, value in values.items():
            self.model.require(name)
            i = self.index[name]
            power = int(self.powers[i])
            position[i] = value if power == 1 else math.copysign(abs(value) ** power, value)
        return position

    def expected(self, position: Array) -> list[Array]:
        """Expected contents of every channel at internal coordinates."""
        return [
            channel.expected(position[where])
            for channel, (where, _) in zip(self.channels, self._places, strict=True)
        ]

    def components(self, position: Array) -> list[Array]:
        """Expected contents of every channel's samples at internal coordinates, each ``(samples, bins)``."""
        return [
            channel.components(position[where])
            for channel, (where, _) in zip(self.channels, self._places, strict=True)
        ]

    def value(self, position: Array) -> float:
        """Full negative log-likelihood at internal coordinates, constants included."""
        total = self.constraints.value(position)
        for channel, expected, observed, constant in zip(
            self.model.channels, self.expected(position), self._observed, self._constants, strict=True
        ):
            total += channel_nll(channel, expected, observed) + constant
        return float(total)

    def information(self, position: Array) -> Array:
        """Second derivatives of the value as far as they have a closed form, shape ``(n, n)``.

        Exact for every pair of parameters of which none is :attr:`open`.
        """
        total = self.constraints.information(position)
        for compiled, channel, observed, (where, block) in zip(
            self.channels, self.model.channels, self._observed, self._places, strict=True
        ):
            local = position[where]
            expected, jacobian = compiled.evaluate(local)
            if isinstance(channel, PoissonChannel):
                safe = np.where(expected > 0, expected, 1.0)
                weight = np.where(expected > 0, observed / safe**2, 0.0)
                residual = np.where(expected > 0, 1 - observed / safe, 1.0)
            else:
                weight = 1 / channel.width**2
                residual = (expected - observed) * weight
            total[block] += (jacobian * weight) @ jacobian.T + compiled.bends(local, residual)
        return total

    def evaluate(self, position: Array) -> tuple[float, Array, Array]:
        """Value, gradient ``(n,)`` and Fisher matrix ``(n, n)`` at internal coordinates.

        The value is infinite where an expected content is negative, or zero in a bin with events.
        """
        value, gradient, fisher = self.constraints.evaluate(position)
        for compiled, channel, observed, constant, (where, block) in zip(
            self.channels, self.model.channels, self._observed, self._constants, self._places, strict=True
        ):
            expected, jacobian = compiled.evaluate(position[where])
            if isinstance(channel, PoissonChannel):
                value += _poisson(expected, observed) + constant
                if not math.isfinite(value):
                    return math.inf, gradient, fisher
                safe = np.where(expected > 0, expected, 1.0)
                gradient[where] += jacobian @ np.where(expected > 0, 1 - observed / safe, 1.0)
                fisher[block] += (jacobian * np.where(expected > 0, 1 / safe, 0.0)) @ jacobian.T
            else:
                pull = (expected - observed) / channel.width
                value += 0.5 * float(pull @ pull) + constant
                scaled = jacobian / channel.width
                gradient[where] += scaled @ pull
                fisher[block] += scaled @ scaled.T
        return float(value), gradient, fisher


def _places(
    channel: Channel, index: Mapping[str, int]
) -> tuple[NDArray[np.intp], tuple[NDArray[np.intp], ...]]:
    """Positions of the parameters that a channel depends on, and of their block in a matrix of all."""
    used = {index[name] for sample in channel.samples for name in sample.depends_on}
    where = np.array(sorted(used), dtype=np.intp)
    return where, np.ix_(where, where)


def _in_exact_templates(model: SpectralModel) -> set[str]:
    samples = [sample for channel in model.channels for sample in channel.samples]
    exact = [s.template for s in samples if not isinstance(s.template, np.ndarray | Morph)]
    return {name for template in exact for name in template.names}


def channel_nll(channel: Channel, expected: Array, observed: Array) -> float:
    """Negative log-likelihood of a channel without the constants that its data fix.

    Args:
        channel: the channel.
        expected: expected contents, shape ``(bins,)``.
        observed: its data, of the same shape.

    Returns:
        The value; infinite where a Poisson mean is negative, or zero in a bin with events.
    """
    if isinstance(channel, PoissonChannel):
        return _poisson(expected, observed)
    pull = (expected - observed) / channel.width
    return 0.5 * float(pull @ pull)


def entered_powers(model: SpectralModel) -> dict[str, list[int]]:
    """The powers in which every parameter enters, one at least for each sample that depends on it.

    Args:
        model: the model.

    Returns:
        Powers by name, in the order of the model's parameters; 1 for a parameter of a template or modifier.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> entered_powers(counting(observed=3.0, background=1.0))
        {'signal': [1], 'background': [1]}
    """
    entered: dict[str, list[int]] = {name: [] for name in model.parameters}
    for channel in model.channels:
        for sample in channel.samples:
            for name in sample.depends_on:
                entered[name].append(int(sample.powers.get(name, 1)))
            for name in {n for modifier in sample.modifiers for n in modifier.parameters} & set(
                sample.powers
            ):
                entered[name].append(1)
    return entered


def _fit_powers(model: SpectralModel) -> NDArray[np.int_]:
    """The lowest power every parameter is fitted in: the common divisor of all powers it has."""
    entered = entered_powers(model)
    tied = {name for constraint in model.constraints for name in constraint.names}
    powers = [
        1
        if not entered[name] or name in tied or parameter.constraint is not None or parameter.lower < 0
        else reduce(math.gcd, entered[name])
        for name, parameter in model.parameters.items()
    ]
    return np.array(powers, dtype=np.int_)


def _poisson(expected: Array, observed: Array) -> float:
    """Poisson negative log-likelihood over the saturated one, which large counts do not round away."""
    if not np.all(expected >= 0) or np.any((expected == 0) & (observed > 0)):
        return math.inf
    counted = observed > 0
    mean, counts = expected[counted], observed[counted]
    excess = (mean - counts) / counts
    near = excess > -0.5  # farther down the ratio has digits that its difference from 1 has lost
    logs = np.log1p(np.where(near, excess, 0.0))
    if not near.all():
        logs[~near] = np.log(mean[~near] / counts[~near])
    return float(np.sum(expected[~counted]) + counts @ (excess - logs))


def _constant(channel: Channel, observed: Array) -> float:
    if isinstance(channel, PoissonChannel):
        return float(np.sum(gammaln(observed + 1) + observed - xlogy(observed, observed)))
    return float(np.log(channel.width).sum() + 0.5 * channel.bins * math.log(2 * math.pi))
