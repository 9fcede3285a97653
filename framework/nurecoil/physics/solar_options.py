"""The options of the Sun, shared by every experiment that sees it.

Plain standard library: the command line reads this module before anything heavy is imported. What the
options do is in :mod:`nurecoil.physics.solar`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from nurecoil.errors import OptionError, unknown_name

__all__ = [
    "FLUX_NAMES",
    "B8Spectrum",
    "FluxPrior",
    "SolarModel",
    "SolarOptions",
    "WeakCrossSection",
]

SolarModel = Literal[
    "B16-GS98",
    "B16-AGSS09",
    "SF3-GS98",
    "SF3-AGSS09",
    "SF3-C11",
    "SF3-AAG21",
    "SF3-MB22m",
    "SF3-MB22p",
]
"""Standard solar models: generation and surface composition."""
WeakCrossSection = Literal["radiative", "tree"]
"""The Standard Model cross section of neutrinos on electrons."""
FluxPrior = Literal["free", "ssm"]
"""What is known about the fluxes beforehand."""
B8Spectrum = Literal["winter", "ortiz"]
"""Measurements of the spectrum of 8B neutrinos."""

FLUX_NAMES = ("pp", "pep", "hep", "be7", "b8", "n13", "o15", "f17")
"""Names of the solar neutrino fluxes, in the order of the solar models' tables."""


@dataclass(frozen=True, slots=True)
class SolarOptions:
    """Options of the solar neutrinos.

    The oscillation parameters are those of :class:`nurecoil.physics.oscillation.OscillationParameters`,
    with the same defaults and citation.

    Args:
        ssm: the solar model that gives the fluxes.
        cross_section: the Standard Model cross section: with radiative corrections or at tree level.
        flux_prior: ``free``: the fluxes named in ``free`` float without constraint, the others are
            fixed; ``ssm``: all float, with the solar model's errors and correlations.
        free: the fluxes that fits may move where ``flux_prior`` is ``free``.
        b8_spectrum: the spectrum of 8B neutrinos.
        sin2_theta12: sine squared of the solar mixing angle.
        sin2_theta13: sine squared of the reactor mixing angle.
        sin2_theta23: sine squared of the atmospheric mixing angle.
        delta_m21_sq: solar mass splitting [eV2], 1e-6 to 1e-2.

    Raises:
        OptionError: where a choice or a flux does not exist or a number leaves its range.

    Example:
        >>> SolarOptions(ssm="SF3-MB22m", flux_prior="ssm").b8_spectrum
        'winter'
        >>> SolarOptions(free=("pp", "be8"))
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: solar.free: 'be8' is not known. Allowed: b8, be7, ... Did you mean ...?
    """

    ssm: SolarModel = field(default="B16-GS98", metadata={"help": "standard solar model"})
    cross_section: WeakCrossSection = field(
        default="radiative", metadata={"help": "Standard Model cross section on electrons"}
    )
    flux_prior: FluxPrior = field(
        default="free", metadata={"help": "free: those in 'free' float; ssm: all, with the model's errors"}
    )
    free: tuple[str, ...] = field(
        default=("pp", "be7"), metadata={"help": "fluxes that fits may move where flux_prior is free"}
    )
    b8_spectrum: B8Spectrum = field(default="winter", metadata={"help": "spectrum of 8B neutrinos"})
    sin2_theta12: float = field(default=0.307, metadata={"unit": "1", "help": "solar mixing angle"})
    sin2_theta13: float = field(default=0.0210, metadata={"unit": "1", "help": "reactor mixing angle"})
    sin2_theta23: float = field(default=0.51, metadata={"unit": "1", "help": "atmospheric mixing angle"})
    delta_m21_sq: float = field(default=7.53e-5, metadata={"unit": "eV2", "help": "solar mass splitting"})

    def __post_init__(self) -> None:
        """Check every choice and every number."""
        choices = (
            ("ssm", get_args(SolarModel)),
            ("cross_section", get_args(WeakCrossSection)),
            ("flux_prior", get_args(FluxPrior)),
            ("b8_spectrum", get_args(B8Spectrum)),
        )
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                raise unknown_name(OptionError, f"solar.{name}", str(getattr(self, name)), allowed)
        object.__setattr__(self, "free", _names(self.free))
        for name in ("sin2_theta12", "sin2_theta13", "sin2_theta23"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"solar.{name}", f"{getattr(self, name)}", "a number in [0, 1]")
        if not 1e-6 <= self.delta_m21_sq <= 1e-2:
            range_ = "a number in [1e-06, 0.01] eV2, where neutrinos leave the Sun adiabatically"
            raise OptionError("solar.delta_m21_sq", f"{self.delta_m21_sq} eV2", range_)


def _names(given: object) -> tuple[str, ...]:
    """The flux names of a tuple or list; a lone text is refused, lest it be read letter by letter."""
    if not isinstance(given, (tuple, list)):
        raise OptionError("solar.free", f"{given!r}", "a sequence of flux names", "Write ('pp', 'be7').")
    for name in given:
        if name not in FLUX_NAMES:
            raise unknown_name(OptionError, "solar.free", str(name), FLUX_NAMES)
    return tuple(given)
