"""A measured or simulated response matrix: deposited energy in, bins of the observable out.

The file is read by :mod:`nurecoil.histograms.two_axes`. Analytic responses are in
:mod:`nurecoil.detectors.energy` and :mod:`nurecoil.detectors.scintillator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import InputError, OptionError
from nurecoil.histograms.two_axes import read_two_axes

__all__ = ["MatrixResponse", "read_matrix"]

Array = NDArray[np.float64]

_ROUNDING = 1e-6
_LEAST_RECOIL = 1e-4
"""Below this [MeV] electrons are not free: no recoil is asked for there."""


@dataclass(frozen=True)
class MatrixResponse:
    """Folds spectra with a matrix of probabilities.

    Args:
        energy: edges of the deposited energy [MeV], shape ``(n + 1,)``.
        edges: edges of the observable, shape ``(bins + 1,)``.
        probability: chance that an event of a bin in energy is seen in a bin of the observable, shape
            ``(n, bins)``; rows sum to at most 1.
        efficiency: events that are kept, as a share.

    Example:
        >>> flat = Spectrum(lambda T: np.full_like(T, 10.0), (0.0, 2.0))
        >>> half = MatrixResponse(np.arange(3.0), np.arange(3.0), np.full((2, 2), 0.25))
        >>> half.template(flat).round(9).tolist()
        [5.0, 5.0]
    """

    energy: Array
    edges: Array
    probability: Array
    efficiency: float = 1.0

    @property
    def energy_range(self) -> tuple[float, float]:
        """Deposited energies [MeV] that can reach the bins."""
        used = np.flatnonzero(self.probability.sum(axis=1) > 0)
        return max(float(self.energy[used[0]]), _LEAST_RECOIL), float(self.energy[used[-1] + 1])

    def above(self, threshold: float, *, where: str) -> MatrixResponse:
        """The matrix without the bins of the observable that begin below a threshold.

        Args:
            threshold: in the observable's unit.
            where: the option to name in errors.

        Returns:
            The smaller matrix.

        Raises:
            OptionError: where no bin with events is left.

        Example:
            >>> half = MatrixResponse(np.arange(3.0), np.arange(3.0), np.full((2, 2), 0.25))
            >>> half.above(0.5, where="juno.threshold").edges.tolist()
            [1.0, 2.0]
        """
        first = int(np.searchsorted(self.edges[:-1], threshold * (1 - _ROUNDING)))
        if not self.probability[:, first:].any():
            seen = np.flatnonzero(self.probability.sum(axis=0) > 0)
            raise OptionError(
                where,
                f"{threshold:g}, above every bin that the response matrix fills",
                f"at most {self.edges[seen[-1]]:g}",
            )
        return MatrixResponse(self.energy, self.edges[first:], self.probability[:, first:], self.efficiency)

    def template(self, spectrum: Spectrum) -> Array:
        """Expected contents of a spectrum [events/MeV], shape ``(bins,)``."""
        events = np.zeros(self.energy.size - 1)
        for row, (low, high) in enumerate(pairwise(self.energy)):
            if high > spectrum.breaks[0] and low < spectrum.breaks[-1]:
                width = float(high - low)

                def panel(energy: Array, width: float = width) -> Array:
                    return np.clip(0.2 * energy, 1e-3 * width, width / 2)

                _, weight = quadrature(spectrum, panel, float(low), float(high))
                events[row] = weight.sum()
        return np.asarray(self.efficiency * (events @ self.probability))


def read_matrix(location: str, *, where: str, efficiency: float = 1.0) -> MatrixResponse:
    """Read a response matrix.

    Args:
        location: ``FILE:NAME``, ROOT (a TH2) or UHI with two axes: deposited energy [MeV] on the first axis,
            the observable on the second; contents are probabilities. Deposits outside the first axis are
            not seen.
        where: the option to name in errors.
        efficiency: events that are kept, as a share.

    Returns:
        The response.

    Raises:
        InputError: where the file or the object is missing or is no matrix, or its contents are no
            probabilities: NaN, negative, or rows that sum to more than 1.

    Example:
        >>> import tempfile
        >>> import hist, uproot
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with uproot.recreate(f"{folder}/mine.root") as file:
        ...         file["r"] = hist.Hist.new.Reg(3, 0, 3).Reg(2, 0, 1).Double().fill([0.5, 1.5], [0.2, 0.7])
        ...     read_matrix(f"{folder}/mine.root:r", where="juno.response").energy_range
        (0.0001, 2.0)
    """
    read = read_two_axes(location, where=where)
    at = f"{where}, {location}"
    for what, axis in (("energy, the first axis", read.first), ("observable, the second axis", read.second)):
        if not (np.all(np.isfinite(axis)) and np.all(np.diff(axis) > 0) and axis[0] >= 0):
            raise InputError(at, f"edges of the {what}, that do not increase from 0 on", "increasing edges")
    contents = read.contents
    if not np.all(np.isfinite(contents)) or contents.min() < 0:
        raise InputError(at, "contents that are NaN, infinite or negative", "probabilities from 0 to 1")
    highest = float(contents.sum(axis=1).max())
    if highest > 1 + _ROUNDING:
        raise InputError(
            at,
            f"a row that sums to {highest:.6g}",
            "at most 1: probabilities, the deposited energy on the first axis",
            "Divide each row by the events that were simulated; transpose it if the axes are swapped.",
        )
    if highest == 0:
        raise InputError(at, "a matrix of zeros", "probabilities")
    return MatrixResponse(read.first, read.second, contents, efficiency)
