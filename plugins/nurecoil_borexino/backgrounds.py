"""Borexino's backgrounds: 14C and its pile-up, 85Kr, 210Bi, 210Po, 11C, external gammas.

Rates are events per day and 100 t (14C: decays per second and 100 t) before any cut on the range.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.scintillator import HitBins, PeakTemplate
from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import InputError, OptionError
from nurecoil.experiment import Background
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.locations import parse_location
from nurecoil.histograms.read import read_histogram
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import Template
from nurecoil.physics.beta import beta_spectrum, polynomial_in_W
from nurecoil.physics.beta_isotopes import isotope, isotope_spectrum
from nurecoil.physics.constants import SECONDS_PER_DAY
from nurecoil_borexino.estimator import light_ratio, window_ratio
from nurecoil_borexino.inputs import RELEASE
from nurecoil_borexino.options import Options
from nurecoil_borexino.response import HitResponse
from nurecoil_borexino.shapes import replaced_shape

__all__ = ["EXTERNAL_GAMMAS", "backgrounds"]

Array = NDArray[np.float64]

EXTERNAL_GAMMAS = Path(__file__).parent / "data" / "external_gammas.root"
"""Spectra of visible energy of external gammas, from the project's own transport simulation."""
_PILEUP_END = 135.0

_PHASE2 = "Borexino collaboration, Phys. Rev. D 100 (2019) 082004, arXiv:1707.09279"
_CPD = "cpd/100 t"
_PILEUP = {"convolution": GaussianConstraint(137.5, 2.8), "convolution-2014": GaussianConstraint(321.0, 7.0)}


def backgrounds(options: Options, response: HitResponse, exposure: float) -> tuple[Background, ...]:
    """Every background of the spectrum.

    In the paper's setup 40K and pile-up are fixed, as arXiv:1707.09355 says; for the public spectrum, whose
    shapes are modelled, both are fitted.

    Args:
        options: the plugin's options.
        response: the detector response.
        exposure: [d 100 t].

    Returns:
        The backgrounds, each scaled by its rate.

    Raises:
        InputError: where a replaced shape cannot be used.
    """
    paper = options.setup == "paper"
    found = [
        Background(
            "c14",
            response.template(_beta("C14", exposure * SECONDS_PER_DAY)),
            _rate("c14", 40.0, "14C", "Bq/100 t", constraint=GaussianConstraint(40.0, 2.0)),
            title="14C",
            provenance=isotope("C14").citation + " (modelled)",
        ),
        _beta_background("kr85", "Kr85", 6.8, "85Kr", options, response, exposure),
        _beta_background("bi210", "Bi210", 17.5, "210Bi", options, response, exposure),
        _carbon11(26.8 if paper else 1.7, options, response, exposure),
        _polonium(response, exposure, light_ratio(options, "alpha")),
        *_external(options, response, exposure, fixed_k40=paper),
    ]
    pileup = _pileup(options, response, exposure)
    if pileup is None:
        return tuple(found)
    if paper and pileup.rate is not None:
        pileup = replace(pileup, rate=replace(pileup.rate, constraint=None, fixed=True))
    return (*found, pileup)


def _rate(
    name: str,
    value: float,
    title: str,
    unit: str = _CPD,
    constraint: GaussianConstraint | None = None,
    fixed: bool = False,
) -> Parameter:
    return Parameter(
        f"borexino.rate.{name}",
        unit,
        value,
        lower=0.0,
        constraint=constraint,
        fixed=fixed,
        description=f"rate of {title}",
        source=_PHASE2,
    )


def _beta(name: str, scale: float) -> Spectrum:
    """The electrons of an isotope, ``scale`` decays."""
    ends = sorted({0.0, *(branch.endpoint for branch in isotope(name).branches)})
    return Spectrum(lambda energy: scale * isotope_spectrum(energy, name), tuple(ends))


def _beta_background(
    name: str,
    nuclide: str,
    rate: float,
    title: str,
    options: Options,
    response: HitResponse,
    exposure: float,
) -> Background:
    shape = replaced_shape(options, name, response.bins.edges, exposure, response.factor)
    if shape is not None:
        template: Template | Array = shape.counts
        provenance = shape.provenance
    else:
        spectrum = _beta(nuclide, exposure)
        if name == "bi210" and options.bi210_shape == "daniel":
            daniel = polynomial_in_W(0.578, inverse=28.466, quadratic=-0.658)
            spectrum = Spectrum(
                lambda energy: exposure * beta_spectrum(energy, 1.1612, 84, daniel), (0.0, 1.1612)
            )
        template, provenance = response.template(spectrum), isotope(nuclide).citation + " (modelled)"
    return Background(name, template, _rate(name, rate, title), title=title, provenance=provenance)


def _carbon11(rate: float, options: Options, response: HitResponse, exposure: float) -> Background:
    """Positrons of 11C; where they start (two annihilation gammas) is free, as in the paper."""
    shape = replaced_shape(options, "c11", response.bins.edges, exposure, response.factor)
    if shape is not None:
        return Background(
            "c11", shape.counts, _rate("c11", rate, "11C"), title="11C", provenance=shape.provenance
        )
    start = Parameter(
        "borexino.c11_offset",
        "MeV",
        0.863,
        0.5,
        1.3,
        description="visible energy of the two annihilation gammas of 11C",
        source="fitted, as in arXiv:1707.09355",
    )
    template = response.positron_template(_beta("C11", exposure), start.name)
    return Background(
        "c11",
        template,
        _rate("c11", rate, "11C"),
        (start,),
        "11C",
        isotope("C11").citation + " (modelled)",
    )


def _polonium(response: HitResponse, exposure: float, light: float) -> Background:
    """The alpha peak of 210Po with position and width of its own; it starts where the estimator sees it."""
    position = Parameter(
        "borexino.po210_position",
        "hits",
        188.8 * light,
        150.0,
        230.0,
        description="position of the 210Po peak",
    )
    width = Parameter("borexino.po210_width", "hits", 15.2, 8.0, 25.0, description="width of the 210Po peak")
    template = PeakTemplate(response.bins, exposure, (position.name, width.name), response.factor)
    return Background(
        "po210",
        template,
        _rate("po210", 260.0, "210Po"),
        (position, width),
        "210Po",
        "scaled Poisson peak, position and width fitted (modelled)",
    )


def _external(options: Options, response: HitResponse, exposure: float, fixed_k40: bool) -> list[Background]:
    """External gammas: simulated visible energies, smeared with the response."""
    where = "borexino.external_shapes"
    path = options.external_shapes or str(EXTERNAL_GAMMAS)
    place = parse_location(path, where=where)
    if place.name is not None:
        allowed, remedy = "a file with h_tl208, h_bi214 and h_k40", "Leave the colon and the name out."
        raise InputError(where, f"the object {place.name!r} in {place.path}", allowed, remedy)
    found = []
    for name, title, rate in (("tl208", "208Tl", 3.3), ("bi214", "214Bi", 1.9), ("k40", "40K", 1.0)):
        expect = Expectation(observable="E_v", observable_unit="MeV")
        shape = read_histogram(f"{path}:h_{name}", where=where, expect=expect)
        weight = shape.counts if shape.additive else shape.counts * shape.widths
        if not weight[shape.centres > 0].sum() > 0:
            raise InputError(f"{where}, {path}:h_{name}", "no events above 0 MeV", "a spectrum with events")
        events = exposure * weight / weight.sum()
        source = "transport simulation (modelled)" if options.external_shapes is None else path
        found.append(
            Background(
                name,
                response.visible_template(shape.centres, events),
                _rate(name, rate, f"external {title}", fixed=fixed_k40 and name == "k40"),
                title=f"external {title}",
                provenance=f"visible energy of {title} gammas: {source}",
            )
        )
    return found


def _pileup(options: Options, response: HitResponse, exposure: float) -> Background | None:
    """Two events in one window: the digitised shape, or 14C folded with itself."""
    if options.pileup_shape is not None and options.pileup != "figure":
        raise OptionError("borexino.pileup_shape", f"a shape with borexino.pileup={options.pileup}",
                          "borexino.pileup=figure", "Leave one of the two out.")  # fmt: skip
    if options.pileup != "figure" and options.pileup_error != Options.pileup_error:
        raise OptionError(
            "borexino.pileup_error",
            f"{options.pileup_error:g} with borexino.pileup={options.pileup}",
            "borexino.pileup=figure",
            "Leave one of the two out.",
        )
    if options.pileup == "none":
        return None
    if options.pileup == "figure":
        density, unit, source = _pileup_shape(options, response.bins)
        contents = exposure * density * window_ratio(options)
        if response.factor is not None:
            contents = contents * response.factor
        scale = Parameter(
            "borexino.rate.pileup",
            unit,
            1.0,
            lower=0.0,
            constraint=GaussianConstraint(1.0, options.pileup_error) if options.pileup_error > 0 else None,
            fixed=options.pileup_error == 0,
            description="pile-up over that of its shape",
            source=source,
        )
        return Background("pileup", contents, scale, title="pile-up", provenance=source)
    visible, events = _twice_carbon14(response, exposure)
    rate = _rate("pileup", _PILEUP[options.pileup].centre, "pile-up", constraint=_PILEUP[options.pileup])
    return Background(
        "pileup",
        response.visible_template(visible, events * window_ratio(options)),
        rate,
        title="pile-up",
        provenance="14C folded with itself (modelled), rate " + _PHASE2,
    )


def _pileup_shape(options: Options, bins: HitBins) -> tuple[Array, str, str]:
    """Pile-up in each bin [events/(day 100 t)], the unit of its scale and its source."""
    where, location = "borexino.pileup_shape", options.pileup_shape or f"{RELEASE}:h_fig6a_pileup"
    expect = Expectation(observable="N_h", observable_unit="1", counts_unit="events/(day 100 t N_h)")
    shape = read_histogram(location, where=where, expect=expect)
    if options.pileup_shape is None:
        source = f"{_PHASE2}, Fig. 6a (digitised; exponential above N_h 135)"
        return bins.collect(_extended(shape.centres, shape.counts, bins.points)), "Fig. 6a", source
    edges = bins.edges
    summed = np.concatenate([[0.0], np.cumsum(shape.counts * shape.widths)])
    found = np.diff(np.interp(edges, shape.edges, summed))
    if shape.edges[0] > edges[0] or not found.any():
        raise InputError(
            where,
            f"{location} begins at {shape.edges[0]:g} hits and holds {found.sum():g} events/(day 100 t) here",
            f"pile-up from {edges[0]:g} hits on; above its last bin it counts as none",
            "Give it from the threshold on, or raise the first end of borexino.range.",
        )
    return found, "1", location


def _extended(centres: Array, density: Array, points: Array) -> Array:
    """Digitised pile-up per hit; above N_h 135, where the figure's curve has 210Po in it, an exponential."""
    tail = (centres >= 115) & (centres <= _PILEUP_END)
    slope, level = np.polyfit(centres[tail], np.log(density[tail]), 1)
    inside = np.interp(points, centres, density)
    below = points < centres[0]
    start = (centres >= centres[0]) & (centres <= centres[0] + 8)
    first, origin = np.polyfit(centres[start], np.log(density[start]), 1)
    values = np.where(points > _PILEUP_END, np.exp(level + slope * points), inside)
    return np.where(below, np.exp(origin + first * points), values)


def _twice_carbon14(response: HitResponse, exposure: float) -> tuple[Array, Array]:
    """Visible energies and events of two independent 14C decays, one pile-up per unit of rate."""
    energy, weight = quadrature(_beta("C14", 1.0), lambda e: np.full_like(e, 0.004), 0.0, 0.2)
    visible = response.quenching.visible(energy)
    grid = np.linspace(0.0, 2 * float(visible.max()) + 1e-6, 161)
    total = np.add.outer(visible, visible).ravel()
    product = np.outer(weight, weight).ravel()
    events, _ = np.histogram(total, bins=grid, weights=product)
    mean, _ = np.histogram(total, bins=grid, weights=product * total)
    used = events > 0
    return mean[used] / events[used], exposure * events[used] / events.sum()
