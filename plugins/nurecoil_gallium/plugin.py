"""The gallium plugin: what it declares. The cross section it reads is in ``data/gallium.root``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from nurecoil.experiment import CountingChannel, Experiment, Published, RecoilChannel, SharedSources, option

if TYPE_CHECKING:
    from annotated_types import Interval

    from nurecoil.physics.source import Source

__all__ = ["Gallium", "Options"]

_CROSS_SECTION = Path(__file__).parent / "data" / "gallium.root"
_ABDURASHITOV = "SAGE collaboration, Phys. Rev. C 80 (2009) 015807, arXiv:0901.2200 (combined rate)"
_BOREXINO = "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355 (eq. 4)"


@dataclass(frozen=True)
class Options:
    """Options of the gallium experiments.

    Example:
        >>> round(Options().width, 2)
        4.13
    """

    rate: Annotated[float, Interval(gt=0, le=1e4)] = option(66.1, unit="SNU", help="measured capture rate")
    rate_error: Annotated[float, Interval(ge=1e-3, le=1e4)] = option(
        3.1, unit="SNU", help="error of the measured rate"
    )
    theory_error: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.04, help="relative error of the expected single rates"
    )
    fiducial_error: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.01, help="relative error of Borexino's fiducial volume; 0 where it is a nuisance of its own"
    )

    @property
    def width(self) -> float:
        """All errors in quadrature [SNU]."""
        return math.hypot(self.rate_error, self.theory_error * self.rate, self.fiducial_error * self.rate)


class Gallium(Experiment):
    """The capture rate on gallium constrains the sum of the solar fluxes, whatever electrons feel.

    Example:
        >>> Gallium(Options()).name
        'gallium'
    """

    name: ClassVar[str] = "gallium"
    title: ClassVar[str] = "SAGE, GALLEX and GNO: capture rate on 71Ga"
    citations: ClassVar[tuple[str, ...]] = (_ABDURASHITOV, _BOREXINO)
    Options: ClassVar[type] = Options

    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """One channel: the sum over the solar sources of flux times capture rate."""
        from nurecoil.physics.gallium import capture_rate
        from nurecoil.physics.tables import read_table

        table = read_table(_CROSS_SECTION, "capture_ga71")
        energy, sigma = table["energy"], table["cross_section"]

        def capture(source: Source) -> float:
            return capture_rate(source, energy, sigma)

        return [
            CountingChannel(
                name="gallium/rate",
                observable="capture rate",
                unit="SNU",
                observed=self.options.rate,
                width=self.options.width,
                sources=tuple(shared.solar.sources().values()),
                capture=capture,
                provenance=(f"capture cross section of 71Ga: {table.reference} (published)",),
            )
        ]

    def published(self, shared: SharedSources) -> Sequence[Published]:
        """Nothing of its own: the fluxes are printed by the experiments that resolve them."""
        return ()

    def notes(self) -> Sequence[str]:
        """What the error is made of."""
        o = self.options
        return [
            f"gallium: {o.rate:g} +- {o.width:.2f} SNU, {o.rate_error:g} SNU measured, "
            f"{100 * o.theory_error:g} % theory, {100 * o.fiducial_error:g} % fiducial volume in quadrature"
        ]
