"""DUNE's numbers, each with its source: argon, resolution, radioactive argon, the slides' counts.

Facts only. What the plugin does with them is in its ``plugin`` module.
"""

from __future__ import annotations

from typing import Final

from nurecoil.blueprints.facts import RECALLED, Fact

__all__ = [
    "AR39_ACTIVITY",
    "AR39_ACTIVITY_DEAP",
    "AR42_ACTIVITY",
    "AR42_ACTIVITY_DEAP",
    "DENSITY",
    "ELECTRONS_PER_TONNE",
    "EXPOSURE_YEARS",
    "MODULES",
    "MODULE_MASS",
    "RESOLUTION",
    "SLIDES_K42_DECAYS",
    "SLIDES_SIGNAL_EVENTS",
]

_SLIDES = "Neutrino Magnetic Moment, slides on IsoDAR's sensitivity (unpublished), page on DUNE"

MODULE_MASS: Final = Fact(
    10_000.0, "t", "DUNE, JINST 15 (2020) T08008, arXiv:2002.02967" + RECALLED, "published"
)
"""Fiducial mass of one module."""
MODULES: Final = Fact(4.0, "1", "DUNE's low energy physics searches, arXiv:2410.08251", "published")
"""Number of modules planned."""
DENSITY: Final = Fact(1.3954, "g/cm3", "liquid argon at its boiling point, NIST" + RECALLED, "published")
"""Density of liquid argon."""
ELECTRONS_PER_TONNE: Final = Fact(2.7135e29, "1/t", "18 electrons and 39.948 g/mol", "derived")
"""Electrons in a tonne of argon."""
RESOLUTION: Final = Fact(
    0.10, "1", "relative, at every energy; published studies take 7 to 20 % at a few MeV", "assumed"
)
"""Relative energy resolution."""
AR42_ACTIVITY: Final = Fact(
    92e-6,
    "Bq/kg",
    "a public simulation of DUNE has it as 1.283768e-7 Bq/cm3; GERDA, arXiv:1501.05762" + RECALLED,
    "published",
)
"""Activity of 42Ar in atmospheric argon, and of 42K in equilibrium."""
AR42_ACTIVITY_DEAP: Final = Fact(
    40.4e-6,
    "Bq/kg",
    "DEAP-3600, Phys. Rev. D 100 (2019) 072009, arXiv:1905.05811" + RECALLED,
    "published",
    5.9e-6,
)
"""The same, another measurement."""
AR39_ACTIVITY: Final = Fact(
    1.01, "Bq/kg", "WARP, Nucl. Instrum. Meth. A 574 (2007) 83, arXiv:astro-ph/0603131", "published", 0.082
)
"""Activity of 39Ar in atmospheric argon."""
AR39_ACTIVITY_DEAP: Final = Fact(
    0.964, "Bq/kg", "DEAP-3600, Eur. Phys. J. C 83 (2023) 642, arXiv:2302.14639", "published", 0.024
)
"""The same, another measurement."""
EXPOSURE_YEARS: Final = Fact(5.0, "yr", _SLIDES, "published")
"""Time that the slides take."""
SLIDES_K42_DECAYS: Final = Fact(1e10, "1", _SLIDES, "published")
"""42Ar/42K decays in that time. 92 uBq/kg in 10 kt and 5 years is 1.45e11, 14.5 times as many."""
SLIDES_SIGNAL_EVENTS: Final = Fact(250_000.0, "1", _SLIDES, "published")
"""Recoils in that time without threshold."""
