"""The weak cross sections that the options of sources choose from, each with its citation.

The cross sections themselves are in :mod:`nurecoil.physics.radiative` and :mod:`nurecoil.physics.scattering`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nurecoil.physics.radiative import radiative
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.source import CrossSection

__all__ = ["WEAK"]

WEAK: Final[Mapping[str, tuple[CrossSection, str]]] = MappingProxyType(
    {
        "radiative": (
            radiative,
            "J. N. Bahcall, M. Kamionkowski and A. Sirlin, Phys. Rev. D 51 (1995) 6146, "
            "arXiv:astro-ph/9502003, doi:10.1103/PhysRevD.51.6146",
        ),
        "tree": (
            tree_level,
            "G. 't Hooft, Phys. Lett. B 37 (1971) 195, doi:10.1016/0370-2693(71)90050-5",
        ),
    }
)
"""Value of the option ``cross_section`` to the cross section and its citation."""
