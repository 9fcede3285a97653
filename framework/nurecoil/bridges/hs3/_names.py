"""Names that RooFit and pyhs3 both take, for everything an HS3 document refers to.

RooFit takes letters, digits and underscores for parameters, functions, distributions and data, not a digit in
front, and one thing for one name; samples may be called anything. Where a public name will not do, the
nearest free one is written instead. What is called how is decided here; what is written about it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ANALYSIS", "REGION", "TOGETHER", "Names"]

ANALYSIS = "nurecoil"
"""Name of the analysis and its likelihood; RooFit's model configuration is called so, too."""

TOGETHER = "nurecoil_pdf"
"""What RooFit calls the distribution of all channels."""

REGION = "nurecoil_region"
"""What RooFit calls the category that tells the channels apart."""

_RESERVED = (ANALYSIS, TOGETHER, REGION, "default_domain", "default_values")


class Names:
    """Names in the making: each is given once.

    Args:
        channels: public names of the channels.
        parameters: public names of the parameters.

    Example:
        >>> names = Names(["toy/hits"], ["mu_eff", "solar.flux.pp"])
        >>> names.parameter("mu_eff"), names.parameter("solar.flux.pp"), names.channel("toy/hits")
        ('mu_eff', 'solar_flux_pp', 'toy_hits')
        >>> names.other
        {'toy_hits': 'toy/hits', 'solar_flux_pp': 'solar.flux.pp'}
        >>> names.fresh("mu_eff_squared"), names.fresh("mu_eff squared")
        ('mu_eff_squared', 'mu_eff_squared_2')
    """

    def __init__(self, channels: Iterable[str], parameters: Iterable[str]) -> None:
        self._taken = set(_RESERVED)
        self._channels = self._all(channels)
        self._parameters = self._all(parameters)

    def channel(self, public: str) -> str:
        """What a channel is called."""
        return self._channels[public]

    def parameter(self, public: str) -> str:
        """What a parameter is called."""
        return self._parameters[public]

    def fresh(self, wish: str) -> str:
        """A name that nobody has, as near to a wish as it can be."""
        name = re.sub(r"[^A-Za-z0-9_]+", "_", wish)
        name = name.rstrip("_") if name != wish else name
        if not name or name[0].isdigit():
            name = f"_{name}"
        if _of_roofit(name):
            name = f"_{name}_"
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found

    @property
    def other(self) -> dict[str, str]:
        """Written name to public name, of everything that is called otherwise."""
        pairs = [*self._channels.items(), *self._parameters.items()]
        return {written: public for public, written in pairs if written != public}

    def _all(self, public: Iterable[str]) -> dict[str, str]:
        """Names of one kind: those that will do keep theirs, wherever they stand."""
        listed = list(public)
        fit = [name for name in listed if self._fits(name)]
        kept = {name: self.fresh(name) for name in fit}
        return {name: kept[name] if name in kept else self.fresh(name) for name in listed}

    def _fits(self, name: str) -> bool:
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
        return plain and name not in self._taken and not _of_roofit(name)


def _of_roofit(name: str) -> bool:
    """Whether RooFit may call something so that it makes for a pull."""
    return name.startswith("nom_") or name.endswith("Constraint")
