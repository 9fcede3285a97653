"""Energy that decays leave in a large detector: the beta particle plus the photons of its branch.

Spectra before the detector's response. The transitions are in :mod:`nurecoil.physics.beta_isotopes`, rates
and light yields are the plugin's business.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.spectrum import Spectrum
from nurecoil.physics.beta import Shape, beta_spectrum
from nurecoil.physics.beta_isotopes import isotope

__all__ = ["deposit_spectrum"]

Array = NDArray[np.float64]

_DIGITS: Final = 9
"""Decimals of the breaks [MeV]: branches to levels of one nucleus end together."""


def deposit_spectrum(name: str, *, photons: bool = True, shape: Shape | None = None) -> Spectrum:
    """Energy deposited by one decay, all photons contained.

    Each transition of the table gives its electron or positron and the summed photons of its branch, the two
    annihilation photons of positrons among them. Photons count as fully visible: a scintillator that quenches
    gives less light for them than for one electron of the same energy, so the start of a positron spectrum
    lies lower there than 1.022 MeV; such detectors shift the spectrum themselves. Transitions that the table
    leaves out (at most 0.5 %) are shared among the others.

    Args:
        name: element and mass number of a beta emitter, as in ``"C10"``.
        photons: whether the photons are seen; if not, the electron or positron alone.
        shape: a shape factor for every transition, for example :func:`nurecoil.physics.beta.allowed`; left
            out, those of the table.

    Returns:
        Decays per MeV of deposited energy [1/MeV], integral 1, with a break where a transition begins or
        ends.

    Raises:
        OptionError: where the isotope is not in the table.

    Example:
        >>> carbon = deposit_spectrum("C10")
        >>> [round(edge, 3) for edge in carbon.breaks]
        [1.74, 2.762, 3.648]
        >>> round(float(carbon.integral()), 6)
        1.0
    """
    emitter = isotope(name)
    total = sum(branch.intensity for branch in emitter.branches)
    offsets = [branch.photons if photons else 0.0 for branch in emitter.branches]
    ends = [offset + branch.endpoint for offset, branch in zip(offsets, emitter.branches, strict=True)]
    breaks = sorted({round(energy, _DIGITS) for energy in (*offsets, *ends)})

    def density(energy: Array) -> Array:
        parts = [
            branch.intensity
            / total
            * beta_spectrum(
                energy - offset,
                branch.endpoint,
                emitter.Z_daughter,
                shape or branch.shape,
                emitter.positron,
            )
            for offset, branch in zip(offsets, emitter.branches, strict=True)
        ]
        return np.asarray(np.sum(parts, axis=0))

    return Spectrum(density, tuple(breaks))
