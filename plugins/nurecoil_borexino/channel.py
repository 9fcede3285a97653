"""Borexino's channel: bins, response, neutrinos and backgrounds put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.quenching import Quenching
from nurecoil.detectors.scintillator import HitBins, HitScale
from nurecoil.experiment import Background, RecoilChannel, SharedSources
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics.constants import SECONDS_PER_DAY
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.source import Source
from nurecoil_borexino.backgrounds import backgrounds
from nurecoil_borexino.comb import comb_factor
from nurecoil_borexino.estimator import check_estimator
from nurecoil_borexino.inputs import EXPOSURE, read_spectrum
from nurecoil_borexino.options import Options
from nurecoil_borexino.published import ELECTRONS
from nurecoil_borexino.response import HitResponse, response_parameters
from nurecoil_borexino.shapes import replaced_shape

__all__ = ["SOURCES", "hit_channel"]

Array = NDArray[np.float64]

SOURCES = ("pp", "be7", "pep", "b8", "n13", "o15", "f17")
"""The solar neutrinos of the spectrum; hep is below 0.01 cpd/100 t."""
_FEWEST_EVENTS = 1e-3
"""A background with fewer in the whole range has parameters that nothing there can tell."""
_CNO = ("n13", "o15", "f17")


def hit_channel(options: Options, shared: SharedSources) -> RecoilChannel:
    """The spectrum of hits under the given options.

    Args:
        options: the plugin's options.
        shared: the shared sources.

    Returns:
        The channel.

    Raises:
        InputError: where an input cannot be used.
        OptionError: where the range or the comb does not fit the data.
    """
    check_estimator(options)
    spectrum = read_spectrum(options)
    exposure = options.exposure if options.exposure is not None else EXPOSURE[options.setup]
    nuisances = response_parameters(options)
    response = HitResponse(
        HitBins.of(spectrum.edges),
        Quenching(options.birks, options.cherenkov),
        HitScale(*(parameter.value for parameter in nuisances)),
        comb_factor(options, spectrum.edges),
    )
    sources = tuple(shared.solar.source(name) for name in SOURCES)
    given = _given_templates(options, sources, response, exposure)
    declared = backgrounds(options, response, exposure)
    seen = tuple(one for one in declared if _events(one, nuisances) > _FEWEST_EVENTS)
    unseen = ", ".join(one.title for one in declared if one not in seen)
    return RecoilChannel(
        name="borexino/nhits",
        observable="N_h",
        observable_unit="hits",
        edges=spectrum.edges,
        observed=spectrum.observed,
        electrons=ELECTRONS,
        live_time=exposure * SECONDS_PER_DAY,
        sources=sources,
        response=response,
        parameters=nuisances,
        backgrounds=seen,
        recoil_range=response.energy_range,
        exposure_parameter=_exposure(options),
        weak_templates={name: counts for name, (counts, _) in given.items()},
        compiled=options.response == "compiled",
        provenance=(
            spectrum.provenance,
            *(text for _, text in given.values()),
            *([f"left out, since they do not reach the range: {unseen}"] if unseen else []),
        ),
    )


def _events(background: Background, nuisances: tuple[Parameter, ...]) -> float:
    """Events of a background in the range at its starting rate."""
    contents = background.template
    if not isinstance(contents, np.ndarray):
        values = {parameter.name: parameter.value for parameter in (*nuisances, *background.parameters)}
        contents, _ = contents.evaluate([values[name] for name in contents.names])
    return float(contents.sum()) * (background.rate.value if background.rate is not None else 1.0)


def _exposure(options: Options) -> Parameter | None:
    if options.exposure_error == 0:
        return None
    return Parameter(
        "borexino.exposure",
        "1",
        1.0,
        0.0,
        constraint=GaussianConstraint(1.0, options.exposure_error),
        description="fiducial volume over its nominal value",
    )


def _given_templates(
    options: Options, sources: tuple[Source, ...], response: HitResponse, exposure: float
) -> dict[str, tuple[Array, str]]:
    """Weak templates that are given rather than folded, at the nominal fluxes."""
    found: dict[str, tuple[Array, str]] = {}
    for source in sources:
        name = source.name
        key = "cno" if name in _CNO else name
        shape = None
        if key in ("pp", "be7", "pep", "cno"):
            shape = replaced_shape(options, key, response.bins.edges, exposure, response.factor)
        if shape is not None:
            rate = recoil_rate(source, source.weak) * ELECTRONS * SECONDS_PER_DAY
            found[name] = (shape.counts * rate, f"{key} template: {shape.provenance}")
    return found
