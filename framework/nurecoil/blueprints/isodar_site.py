"""The base class of plugins at a decay-at-rest source.

Imports nothing heavy, as plugins must. Facts and options of such an experiment are in
:mod:`nurecoil.blueprints.isodar_options` and may be imported from here as well; the channel is built in
:mod:`nurecoil.blueprints.isodar_channel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nurecoil.blueprints.isodar_options import BACKGROUNDS, COSMOGENIC, IsodarOptionsOfSite, IsodarSite
from nurecoil.experiment import CountingChannel, Experiment, RecoilChannel, SharedSources

__all__ = ["BACKGROUNDS", "COSMOGENIC", "IsodarExperiment", "IsodarOptionsOfSite", "IsodarSite"]


class IsodarExperiment(Experiment):
    """A detector beside the source; a plugin names it, gives its facts and its defaults.

    Attributes:
        site: what is known about the detector.

    Example:
        >>> class Somewhere(IsodarExperiment):
        ...     name, title = "somewhere", "a detector"
        >>> Somewhere(IsodarOptionsOfSite()).options.threshold
        1.0
    """

    site: ClassVar[IsodarSite]
    Options: ClassVar[type] = IsodarOptionsOfSite

    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """The spectrum of recoils."""
        from nurecoil.blueprints.isodar_channel import isodar_channel

        return [isodar_channel(self.name, self.site, self.options, shared)]

    def notes(self) -> Sequence[str]:
        """Normalisation, backgrounds and what is modelled."""
        o, site = self.options, self.site
        above, events = site.quoted
        if o.events is not None:
            count = f"{o.events:g} elastic scatters above the threshold, as asked"
        elif o.normalisation == "quoted":
            count = f"{events:g} elastic scatters above {above:g} MeV in 5 yr ({site.quoted_citation})"
        else:
            count = "source strength, distance and fiducial mass"
        known = [name for name in o.backgrounds if name != "none"]
        if o.background_file is not None:
            known.append(f"those in {o.background_file}")
        return [
            f"{self.name}: normalised to {count}; recoils above {o.threshold:g} MeV; "
            f"flux known to {100 * o.flux_error:g} %",
            f"{self.name}: backgrounds: {', '.join(known) or 'none'}"
            + ("; radioactivity of the detector itself is not modelled" if known else "")
            + (
                ", so what solar neutrinos add to a coupling of nature is optimistic"
                if "solar" in known
                else ""
            ),
        ]
