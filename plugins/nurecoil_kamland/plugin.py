"""The KamLAND plugin: elastic scattering of 8Li antineutrinos beside an IsoDAR source.

Facts are in :mod:`nurecoil_kamland.site`; bins, response and backgrounds are built by the framework's
blueprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from nurecoil.blueprints.isodar_site import IsodarExperiment, IsodarOptionsOfSite, IsodarSite
from nurecoil.experiment import option
from nurecoil_kamland import site

if TYPE_CHECKING:
    from annotated_types import Interval

__all__ = ["KamLAND", "Options"]


@dataclass(frozen=True)
class Options(IsodarOptionsOfSite):
    """Options of the experiment: those of every site, with its own threshold.

    Example:
        >>> Options().threshold
        1.0
    """

    threshold: Annotated[float, Interval(gt=0, le=20)] = option(
        1.0, unit="MeV", help="lowest reconstructed recoil energy"
    )


class KamLAND(IsodarExperiment):
    """IsoDAR at KamLAND: recoils of 8Li antineutrinos in 0.9 kt of scintillator.

    Example:
        >>> KamLAND(Options()).name
        'kamland'
    """

    name: ClassVar[str] = "kamland"
    title: ClassVar[str] = "IsoDAR at KamLAND: recoils of 8Li antineutrinos in 0.9 kt of scintillator"
    citations: ClassVar[tuple[str, ...]] = (
        "A. Bungau et al., Phys. Rev. Lett. 109 (2012) 141802, arXiv:1205.4419 (IsoDAR at KamLAND)",
        "J. M. Conrad et al., Phys. Rev. D 89 (2014) 072010, arXiv:1307.5081 (elastic scattering)",
    )
    Options: ClassVar[type] = Options
    site: ClassVar[IsodarSite] = IsodarSite(
        electrons_per_tonne=site.ELECTRONS_PER_TONNE,
        mass=site.FIDUCIAL_MASS,
        radius=site.FIDUCIAL_RADIUS,
        distance=site.DISTANCE,
        resolution=site.RESOLUTION,
        quoted=(1.0, 7_500.0),
        quoted_citation="IsoDAR sensitivity slides",
        cosmogenics=site.COSMOGENICS,
        reactors=site.REACTORS,
        reactors_citation=site.REACTORS_CITATION,
    )
