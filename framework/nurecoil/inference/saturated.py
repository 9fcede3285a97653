"""The statistics that a goodness of fit rests on, part by part and for many data sets at once.

Parts are the channels with data, and the constraints of fitted parameters. Fits, toys and p-values are in
:mod:`nurecoil.inference.goodness_toys`; Pearson's chi2 of a single fit is in
:mod:`nurecoil.inference.goodness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, kl_div

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets, auxiliary_parameters
from nurecoil.inference.goodness import channels_with_data
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, SpectralModel

__all__ = ["CONSTRAINTS", "Parts", "Reference", "tail"]

Array = NDArray[np.float64]

CONSTRAINTS = "constraints"
"""Name of the part that the constraints of fitted parameters make."""
_EMPTY = 1e-3
"""A bin that expects fewer events, and has none, tests nothing: as in Pearson's chi2 of a fit."""
_TESTED = 0.5
"""The share of a part's measurements that parameters leave to be tested, below which only toys tell."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the statistics of one part would be distributed like, were all measurements normal.

    Args:
        terms: how many measurements the part has.
        ndf: mean of the statistic: its terms minus the share of the fitted parameters that they determine.
        variance: variance of the saturated statistic.
        pearson_variance: variance of Pearson's, with what low counts add.

    Example:
        >>> Reference(10, 9.0, 18.0, 18.0).followed, Reference(1, 0.2, 0.08, 0.08).followed
        (False, True)
    """

    terms: int
    ndf: float
    variance: float
    pearson_variance: float

    @property
    def followed(self) -> bool:
        """Whether the fit follows the part more than it tests it: bounds then spoil the reference."""
        return self.ndf < _TESTED * self.terms


class Parts:
    """The parts of a model that a goodness of fit is about.

    A channel of Asimov data beside measured ones is no part, nor is a constraint of a parameter that only
    such a channel depends on (:func:`nurecoil.inference.goodness.channels_with_data`).

    Args:
        model: the model; its data play no role.
        free: the fitted parameters.

    Attributes:
        names: the parts: channels, then :data:`CONSTRAINTS` where a fitted parameter has one.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> parts = Parts(counting(12.0, 10.0, background_error=2.0), ["signal", "background"])
        >>> parts.names
        ('toy/count', 'constraints')
        >>> data = DataSets.of(counting(12.0, 10.0, background_error=2.0))
        >>> parts.saturated(data, np.array([[10.0]]), np.array([[0.0, 11.0]])).round(4).tolist()
        [[0.3757, 0.25]]
    """

    def __init__(self, model: SpectralModel, free: Sequence[str]) -> None:
        self.model = model
        self.free = tuple(name for name in model.parameters if name in set(free))
        with_data = {channel.name for channel in channels_with_data(model)}
        self._counted: list[tuple[int, PoissonChannel | GaussianChannel, slice]] = []
        start, seen = 0, set[str]()
        for number, channel in enumerate(model.channels):
            if channel.name in with_data:
                self._counted.append((number, channel, slice(start, start + channel.bins)))
                seen |= {name for sample in channel.samples for name in sample.depends_on}
            start += channel.bins
        if len(with_data) == len(model.channels):
            seen |= set(self.free)
        tested = seen & set(self.free)
        self._order = list(model.parameters)
        self._singles = [
            (k, name, constraint)
            for k, (name, constraint) in enumerate(auxiliary_parameters(model))
            if name in tested
        ]
        self._joint, place = [], sum(1 for _ in auxiliary_parameters(model))
        for joint in model.constraints:
            size = len(joint.names)
            if tested & set(joint.names):
                root = np.linalg.cholesky(np.asarray(joint.covariance, float))
                where = [self._order.index(name) for name in joint.names]
                self._joint.append((slice(place, place + size), where, np.linalg.inv(root)))
            place += size
        constrained = bool(self._singles or self._joint)
        self.names = (*(channel.name for _, channel, _ in self._counted), *([CONSTRAINTS] * constrained))

    def saturated(self, data: DataSets, expected: Array, values: Array) -> Array:
        """Twice the -log L above that of a model that fits every measurement exactly.

        For Poisson counts ``2 (mu - n + n ln(n / mu))`` (Baker and Cousins, Nucl. Instrum. Meth. 221 (1984)
        437, eq. 15), auxiliary counts among them; for normal measurements the squared pull.

        Args:
            data: ``n`` data sets.
            expected: contents of all channels end to end that a fit to each expects, shape ``(n, bins)``.
            values: public values of all parameters in each fit, shape ``(n, parameters)``.

        Returns:
            One number per data set and part, shape ``(n, parts)``.
        """
        return self._sums(data, expected, values, pearson=False)

    def pearson(self, data: DataSets, expected: Array, values: Array) -> Array:
        """Pearson's chi2 with arguments and result of :meth:`saturated`.

        Bins that expect less than 1e-3 events and have none are left out.
        """
        return self._sums(data, expected, values, pearson=True)

    def _sums(self, data: DataSets, expected: Array, values: Array, *, pearson: bool) -> Array:
        counts = _pearson if pearson else _deviance
        found = []
        for _, channel, place in self._counted:
            observed, mean = data.observed[:, place], expected[:, place]
            if isinstance(channel, PoissonChannel):
                found.append(counts(observed, mean).sum(axis=1))
            else:
                found.append((((observed - mean) / channel.width) ** 2).sum(axis=1))
        if len(found) == len(self.names):
            return np.stack(found, axis=1)
        total = np.zeros(len(data))
        for k, name, constraint in self._singles:
            value, measured = values[:, self._order.index(name)], data.auxiliary[:, k]
            if isinstance(constraint, GaussianConstraint):
                total += ((value - measured) / constraint.width) ** 2
            elif isinstance(constraint, LogNormalConstraint):
                total += (np.log(value / measured) / np.log(constraint.factor)) ** 2
            else:
                total += counts(measured, constraint.scale * value)
        for columns, where, whitening in self._joint:
            shift = values[:, where] - data.auxiliary[:, columns]
            total += ((shift @ whitening.T) ** 2).sum(axis=1)
        return np.stack([*found, total], axis=1)

    def references(self, compiled: CompiledModel, position: Array) -> tuple[Reference, ...]:
        """The reference distribution of every part and, last, of their sum.

        Near the minimum residuals are ``(1 - H) e`` with ``e`` of unit normal numbers and ``H`` the
        projection onto what the parameters can do; the statistic of a part has the mean ``tr(1 - H)`` and
        the variance ``2 tr((1 - H)^2)`` over its block. For all parts together both are those of a chi2 of as
        many degrees of freedom as there are measurements more than parameters.

        Args:
            compiled: the model compiled, with the data of the fit.
            position: internal coordinates of the minimum, shape ``(parameters,)``.

        Returns:
            One reference per part, and that of the total.
        """
        index = [compiled.index[name] for name in self.free]
        block = np.ix_(index, index)
        blocks, terms, low = [], [], []
        expected = compiled.expected(position)
        whole = compiled.evaluate(position)[2][block]
        for number, channel, _ in self._counted:
            blocks.append(_channel_information(compiled, number, position)[block])
            used = np.ones(channel.bins, dtype=bool)
            extra = 0.0
            if isinstance(channel, PoissonChannel):
                mean = expected[number]
                used = (mean > _EMPTY) | (channel.observed > 0) & (mean > 0)
                extra = float(np.sum(1 / mean[used]))
            terms.append(int(used.sum()))
            low.append(extra)
        if CONSTRAINTS in self.names[len(self._counted) :]:
            tied = [compiled.index[name] for _, name, _ in self._singles]
            tied += [i for _, where, _ in self._joint for i in where]
            kept = np.zeros(len(compiled.names), dtype=bool)
            kept[tied] = True
            information = compiled.constraints.evaluate(position)[2]
            blocks.append(np.where(np.outer(kept, kept), information, 0.0)[block])
            terms.append(len(self._singles) + sum(len(where) for _, where, _ in self._joint))
            low.append(0.0)
        inverse = _scaled_inverse(whole)
        made = [_reference(*one) for one in zip(terms, low, (inverse @ b for b in blocks), strict=True)]
        share = inverse @ np.sum(blocks, axis=0) if blocks else np.zeros((0, 0))
        return (*made, _reference(sum(terms), sum(low), share))


def tail(statistic: float, mean: float, variance: float) -> float:
    """Probability of a larger statistic in the gamma distribution of that mean and variance.

    Args:
        statistic: what was found.
        mean: its mean; for a chi2 the degrees of freedom.
        variance: its variance; for a chi2 twice the degrees of freedom.

    Returns:
        The p-value; 1 without degrees of freedom, NaN for fewer than none.

    Example:
        >>> round(tail(3.841, 1.0, 2.0), 4)
        0.05
    """
    if mean < -1e-6:
        return float("nan")
    if mean < 1e-6 or variance <= 0:
        return 1.0
    shape = mean**2 / variance
    return float(gammaincc(shape, max(statistic, 0.0) * shape / mean))


def _deviance(observed: Array, mean: Array) -> Array:
    return np.asarray(2 * kl_div(observed, mean))


def _pearson(observed: Array, mean: Array) -> Array:
    used = (mean > _EMPTY) | (observed > 0) & (mean > 0)
    safe = np.where(used, mean, 1.0)
    return np.where(used, (observed - safe) ** 2 / safe, 0.0)


def _reference(terms: int, low: float, share: Array) -> Reference:
    """A part's reference from the share of the parameters that its measurements determine."""
    taken = float(np.trace(share))
    ndf = terms - taken
    variance = 2 * (terms - 2 * taken + float(np.trace(share @ share)))
    return Reference(terms, ndf, variance, variance + (low * ndf / terms if terms else 0.0))


def _channel_information(compiled: CompiledModel, number: int, position: Array) -> Array:
    """Fisher matrix of one channel in all internal coordinates."""
    channel = compiled.model.channels[number]
    used = {compiled.index[name] for sample in channel.samples for name in sample.depends_on}
    where = np.array(sorted(used), dtype=np.intp)
    expected, jacobian = compiled.channels[number].evaluate(position[where])
    if isinstance(channel, PoissonChannel):
        weight = np.where(expected > 0, 1 / np.where(expected > 0, expected, 1.0), 0.0)
    else:
        weight = 1 / channel.width**2
    total = np.zeros((len(compiled.names),) * 2)
    total[np.ix_(where, where)] = (jacobian * weight) @ jacobian.T
    return total


def _scaled_inverse(matrix: Array) -> Array:
    """Inverse of an information matrix whose scales differ by many powers; silent parameters get zeros."""
    scale = np.sqrt(np.diag(matrix))
    safe = np.where(scale > 0, scale, 1.0)
    inner = np.linalg.pinv(matrix / np.outer(safe, safe), rcond=1e-12, hermitian=True)
    return np.asarray(inner / np.outer(safe, safe))
