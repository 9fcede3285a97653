"""The SNO plugin: elastic scattering of 8Li antineutrinos in SNO+ beside an IsoDAR source.

Facts are in :mod:`nurecoil_sno.site`; bins, response and backgrounds are built by the framework's blueprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from nurecoil.blueprints.isodar_site import IsodarExperiment, IsodarOptionsOfSite, IsodarSite
from nurecoil.experiment import option
from nurecoil_sno import site

if TYPE_CHECKING:
    from annotated_types import Interval

__all__ = ["SNO", "Options"]


@dataclass(frozen=True)
class Options(IsodarOptionsOfSite):
    """Options of the experiment: those of every site, with its own threshold.

    Example:
        >>> Options().threshold
        0.2
    """

    threshold: Annotated[float, Interval(gt=0, le=20)] = option(
        0.2, unit="MeV", help="lowest reconstructed recoil energy"
    )


class SNO(IsodarExperiment):
    """IsoDAR at SNO+: recoils of 8Li antineutrinos in 0.8 kt of scintillator.

    Example:
        >>> SNO(Options()).name
        'sno'
    """

    name: ClassVar[str] = "sno"
    title: ClassVar[str] = "IsoDAR at SNO+: recoils of 8Li antineutrinos in 0.8 kt of scintillator"
    citations: ClassVar[tuple[str, ...]] = (
        "SNO+ collaboration, Adv. High Energy Phys. 2016 (2016) 6194250, arXiv:1508.05759 (detector)",
        "A. Bungau et al., Phys. Rev. Lett. 109 (2012) 141802, arXiv:1205.4419 (IsoDAR)",
    )
    Options: ClassVar[type] = Options
    site: ClassVar[IsodarSite] = IsodarSite(
        electrons_per_tonne=site.ELECTRONS_PER_TONNE,
        mass=site.FIDUCIAL_MASS,
        radius=site.FIDUCIAL_RADIUS,
        distance=site.DISTANCE,
        resolution=site.RESOLUTION,
        quoted=(0.2, 10_500.0),
        quoted_citation="IsoDAR sensitivity slides",
        cosmogenics=site.COSMOGENICS,
        reactors=site.REACTORS,
        reactors_citation=site.REACTORS_CITATION,
    )
