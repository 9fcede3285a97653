"""Borexino's published rates, and what every result of the public spectrum must say."""

from __future__ import annotations

from collections.abc import Sequence

from nurecoil.experiment import Published, SharedSources
from nurecoil_borexino.options import Options

__all__ = ["ELECTRONS", "notes", "published_rates"]

ELECTRONS = 3.307e31
"""Electrons in 100 t of pseudocumene."""

_PHASE2 = "arXiv:1707.09279, Table II"
_NO_TFC = "TFC-tagged and radial data are not public, so this rate is less constrained here"
_AFTER_TFC = "26.8 before the TFC cut; the release has the cut applied"
_EXTERNAL = "external shapes are simulated here; theirs and the radial data are not public"


def published_rates(options: Options, shared: SharedSources) -> Sequence[Published]:
    """Published rates of Phase II by parameter.

    Args:
        options: the plugin's options.
        shared: the shared sources, for the rate of a flux of one.

    Returns:
        One entry per rate, solar ones scaled from SSM units to cpd/100 t.
    """
    from nurecoil.physics.constants import SECONDS_PER_DAY
    from nurecoil.physics.recoil import recoil_rate

    def per_flux(name: str) -> float:
        source = shared.solar.source(name)
        return recoil_rate(source, source.weak) * ELECTRONS * SECONDS_PER_DAY

    unit = "cpd/100 t"
    threshold = "the pp rate trades with 14C and pile-up at the threshold"
    fluxes = (
        ("pp", 134.0, 10.0, threshold),
        ("be7", 48.3, 1.1, _NO_TFC),
        ("pep", 2.43, 0.36, "fixed to the SSM"),
    )
    solar = [
        Published(f"solar.flux.{name}", value, error, unit, per_flux(name), _PHASE2, remark)
        for name, value, error, remark in fluxes
    ]
    rates = (
        ("c14", 40.0, 2.0, "Bq/100 t", "constrained to this value"),
        ("kr85", 6.8, 1.8, unit, ""),
        ("bi210", 17.5, 1.9, unit, _NO_TFC),
        ("po210", 260.0, 3.0, unit, ""),
        ("c11", 26.8, 0.2, unit, "" if options.setup == "paper" else _AFTER_TFC),
        ("tl208", 3.3, 0.1, unit, _EXTERNAL),
        ("bi214", 1.9, 0.3, unit, _EXTERNAL),
        ("k40", 1.0, 0.6, unit, _EXTERNAL),
    )
    return solar + [
        Published(f"borexino.rate.{name}", value, error, unit_, 1.0, _PHASE2, remark)
        for name, value, error, unit_, remark in rates
    ]


def notes(options: Options) -> list[str]:
    """What every result of these options must say.

    Args:
        options: the plugin's options.

    Returns:
        Sentence parts.
    """
    said = []
    if options.asimov:
        said.append("borexino: no data, Asimov data of the published rates")
    elif options.comb:
        said.append(
            "borexino: bin-to-bin comb under 210Po borrowed from the official fit (borexino.comb=false: none)"
        )
    pileup = f"'{options.pileup}'" + (", fixed" if options.setup == "paper" else "")
    said.append(f"borexino: pile-up {pileup}; external gammas from a transport simulation")
    if options.templates == "monte-carlo":
        said.append("borexino: neutrino and beta templates are Borexino's Monte-Carlo shapes")
    return said
