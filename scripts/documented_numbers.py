"""Print numbers that the documents state and that no option of a plugin gives.

Usage: ``python scripts/documented_numbers.py [SECTION ...]``; without a section all of them, in some minutes.
Each section is one function. Where nothing else is said, limits are 90 %, area rule, in 1e-11 mu_B, without
and with gallium. Numbers that options give are measured with ``nurecoil limit ... --set``; Borexino's
variants have their own script.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

import nurecoil as nr
from nurecoil.assembly import fold
from nurecoil.blueprints.isodar_channel import first_principles
from nurecoil.detectors.resolution import scaled_poisson
from nurecoil.detectors.scintillator import HitScale, HitTemplate
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.experiment import Background, Experiment, RecoilChannel
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.spectral import SpectralModel
from nurecoil.physics import mirror_decay
from nurecoil.physics._piecewise import piecewise
from nurecoil.physics.beta import beta_spectrum, unique_first_forbidden, unique_first_forbidden_coulomb
from nurecoil.physics.constants import ELECTRON_MASS, SECONDS_PER_DAY
from nurecoil.physics.decay_at_rest import IsodarSource
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.gallium import capture_rate
from nurecoil.physics.geometry import sphere_mean_inverse_square
from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.mirror_decay import BORON8, LITHIUM8, MirrorDecay
from nurecoil.physics.moments import basis_of, from_effective, shares_of
from nurecoil.physics.radiative import radiative
from nurecoil.physics.recoil import recoil_rate, recoil_spectrum
from nurecoil.physics.solar import SolarNeutrinos
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.physics.source import Source
from nurecoil.physics.tables import read_table
from nurecoil.plugins import load_experiment, load_search
from nurecoil.shared import Sources

__all__ = ["SECTIONS", "main"]

Array = NDArray[np.float64]
Change = Callable[[RecoilChannel, Background], Background]

ELECTRONS = 3.307e31
MOMENT = "magnetic-moment"
KR85 = (0.6871, 37)
LINES = {"tl208": [(2.6145, 99.8)], "k40": [(1.4608, 10.7)]}
LINES["bi214"] = [(1.1203, 14.9), (1.2381, 5.8), (1.7645, 15.3), (2.2041, 4.9), (2.4477, 1.5)]
"""The strongest gammas of each nuclide: energy [MeV] and intensity, as if nothing were lost on the way."""


def solar_rates() -> None:
    """Zero-threshold rates, electromagnetic yields and captures on gallium."""
    for name in ("radiative", "tree"):
        sun = SolarNeutrinos(SolarOptions(cross_section=name))  # type: ignore[arg-type]
        rates = {key: _per_day(source, source.weak) for key, source in sun.sources().items()}
        print(f"{name} rates [cpd/100 t]:", _listed(rates, 3))
    sun = SolarNeutrinos()
    moment = {
        key: 1e-22 * _per_day(source, lambda T, E, flavour, antineutrino: magnetic_moment(T, E), 0.2)
        for key, source in sun.sources().items()
    }
    print("recoils above 200 keV from 1e-11 mu_B [cpd/100 t]:", _listed(moment, 4))
    plugin = sys.modules[load_experiment("gallium").__module__].__file__
    table = read_table(Path(str(plugin)).parent / "data" / "gallium.root", "capture_ga71")
    for ssm in ("B16-GS98", "B16-AGSS09"):
        sources = SolarNeutrinos(SolarOptions(ssm=ssm)).sources()  # type: ignore[arg-type]
        captures = {k: capture_rate(s, table["energy"], table["cross_section"]) for k, s in sources.items()}
        print(f"gallium, {ssm} [SNU]:", _listed(captures, 2), f"total {sum(captures.values()):.2f}")


def krypton() -> None:
    """85Kr with p^2 + q^2 in place of the Coulomb-corrected shape."""
    energy = np.linspace(1e-6, KR85[0], 20_001)
    for label, shape in (
        ("p^2 + q^2", unique_first_forbidden),
        ("Coulomb-corrected", unique_first_forbidden_coulomb(37, A=85)),
    ):
        density = beta_spectrum(energy, *KR85, shape)
        print(f"mean energy, {label}: {1e3 * np.trapezoid(energy * density, energy):.1f} keV")

    def plain(channel: RecoilChannel, background: Background) -> Background:
        days = channel.live_time / SECONDS_PER_DAY
        spectrum = Spectrum(lambda T: days * beta_spectrum(T, *KR85, unique_first_forbidden), (0.0, KR85[0]))
        return replace(background, template=channel.response.template(spectrum))

    _print_limits("Coulomb-corrected", None)
    _print_limits("p^2 + q^2", ("kr85", plain))


def pile_up_tail() -> None:
    """The digitised curve of Fig. 6a taken as it is above N_h 135."""

    def whole(channel: RecoilChannel, background: Background) -> Background:
        from nurecoil_borexino.inputs import shipped

        curve = shipped("h_fig6a_pileup")
        centres = (channel.edges[1:] + channel.edges[:-1]) / 2
        contents = np.interp(centres, curve.centres, curve.counts, right=0.0) * np.diff(channel.edges)
        factor = channel.response.factor  # type: ignore[attr-defined]
        return replace(background, template=channel.live_time / SECONDS_PER_DAY * contents * factor)

    _print_limits("exponential above N_h 135", None)
    _print_limits("the curve as digitised", ("pileup", whole))


def external_lines() -> None:
    """External gammas as lines instead of simulated spectra, with the quadratic variance and without."""
    edges = np.linspace(0.0, 3.2, 321)
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for name, lines in LINES.items():
            energies, weights = np.array(lines).T
            counts, _ = np.histogram(energies, edges, weights=weights)
            made.append(Histogram(f"h_{name}", edges, counts, observable="E_v", observable_unit="MeV"))
        path = Path(folder) / "lines.root"
        write_histograms(path, made)
        for label, options in (("simulated", {}), ("lines", {"external_shapes": str(path)})):
            model = nr.build(["borexino"], options={"borexino": {"response": "exact", **options}})
            for held, fix in (("constrained", None), ("0", {"borexino.resolution_quadratic": 0.0})):
                good = nr.fit(model, fix=fix).goodness
                text = f"chi2 {good.statistic:.1f}/{good.ndf}, p {good.p_value:.2g}"
                print(f"{label}, quadratic term {held}: {text}")


def mixing_angle() -> None:
    """The mixing angle of 1995 in the radiative cross section."""

    class Older(SolarNeutrinos):
        def source(self, name: str) -> Source:
            return replace(super().source(name), weak=partial(radiative, sin2_theta_w=0.2317))

    for label, sun in (("0.23122", SolarNeutrinos()), ("0.2317", Older())):
        print(f"{label}: 7Be {_per_day(sun.source('be7'), sun.source('be7').weak):.3f} cpd/100 t")
        _print_limits(label, None, SimpleNamespace(solar=sun))


def carbon_tail() -> None:
    """How much of 14C reaches N_h 100, and what a Gaussian of the same variance would give."""
    model = nr.build(["borexino"], options={"borexino": {"response": "exact", "comb": False}})
    sample = next(sample for sample in model.channels[0].samples if sample.name == "c14")
    template = getattr(sample.template, "template", sample.template)
    assert isinstance(template, HitTemplate)
    scale = HitScale(*(model.parameters[name].value for name in template.names[:5]))
    mean = scale.mean(template.visible)
    ratio = scale.variance_over_mean(mean)
    hits = np.arange(100.0, 250.0)[:, None]
    tail = float(template.weight @ scaled_poisson(hits, mean, ratio).sum(axis=0))
    gauss = float(template.weight @ norm.sf((99.5 - mean) / np.sqrt(ratio * mean)))
    share = tail / (582.3264 * SECONDS_PER_DAY)
    print(f"endpoint at {mean.max():.1f} hits; {share:.2e} of the decays; Gaussian {gauss / tail:.2f} of it")


def goodness() -> None:
    """The p-value with the variance of low counts, and that of a plain chi2."""
    good = nr.fit(nr.build(["borexino"])).goodness
    plain = chi2.sf(good.statistic, good.ndf)
    print(f"chi2 {good.statistic:.1f}/{good.ndf}: p {good.p_value:.3f}, as a plain chi2 {plain:.3f}")


def lithium() -> None:
    """8Li from the mirror decay: closure, mean, endpoint, and what weak magnetism would change."""
    sun, isodar = SolarNeutrinos().source("b8"), IsodarSource()
    assert isodar.closure is not None
    print(f"closure {100 * isodar.closure.deviation:.3f} % of the peak; mean of 8B folded back ", end="")
    print(f"{isodar.closure.mean:.4f}, published {isodar.closure.published_mean:.4f} MeV")
    print(f"8Li: mean {isodar.mean_energy:.3f}, one in a thousand above {isodar.effective_endpoint:.2f} MeV")
    print(f"decay energies: 8Li {LITHIUM8.endpoint:.5f}, 8B {BORON8.endpoint:.4f} MeV")
    energy = np.linspace(0.0, LITHIUM8.endpoint, 1001)
    plain = mirror_decay._allowed
    means = []
    for slope in (0.0, 0.005, 0.01):

        def steeper(E: Array, T: Array, decay: MirrorDecay, slope: float = slope) -> Array:
            sign = -1 if decay.positron else 1
            return plain(E, T, decay) * (1 + sign * slope * (T + ELECTRON_MASS))

        with patch.object(mirror_decay, "_allowed", steeper):
            strength = mirror_decay.fit_strength(sun.energy, sun.density)
            density = mirror_decay.decay_spectrum(energy, strength, LITHIUM8)
        means.append(float(np.trapezoid(energy * density, energy) / np.trapezoid(density, energy)))
        print(f"weak magnetism of {100 * slope:g} % per MeV: mean lower by {means[0] - means[-1]:.3f} MeV")


def isodar_counts() -> None:
    """Elastic scatters from first principles (tree level) and what the extent of the detector does."""
    shared = Sources(SolarOptions(), IsodarOptions(cross_section="tree"))
    for name, quoted in (("kamland", (1.0, 3.0)), ("juno", (0.2, 1.0, 3.0)), ("sno", (0.2,))):
        plugin = load_experiment(name)
        site = plugin.site  # type: ignore[attr-defined]
        counts = {f"> {cut:g} MeV": first_principles(site, plugin.Options(), shared, cut) for cut in quoted}
        near, far = site.radius.value, site.distance.value
        extent = sphere_mean_inverse_square(near, far) * far**2
        print(f"{name}, {far:g} m ({site.distance.status}):", _listed(counts, 0), end="")
        print(f"; mean of 1/r^2 over that of the centre {extent:.3f}")


def bands() -> None:
    """Asimov bands of expected limits beside those of 200 toys, magnetic moment, area rule."""
    for name, options in (("kamland", {"threshold": 1.0}), ("juno", {"threshold": 0.2}), ("dune", {})):
        model = nr.build([name], search=MOMENT, options={name: options})
        for toys in (0, 200):
            found = nr.sensitivity(model, toys=toys, seed=1)
            edges = {f"{sigma:+d}": 1e11 * value for sigma, value in found.bands.items()}
            print(f"{name}, {found.source}: median {1e11 * found.median:.2f}; {_listed(edges, 2)}", end="")
            print(f"; {len(found.toys.failures)} failed" if found.toys is not None else "")


def interpolation() -> None:
    """Recoil spectra interpolated by piecewise Chebyshev polynomials: accuracy and cost."""
    sun, lithium8 = SolarNeutrinos(), IsodarSource()
    flux = nr.build(["kamland"]).parameters["kamland.isodar_flux"]
    for source in (sun.source("pp"), sun.source("b8"), lithium8.source(flux, 1e-6)):
        high = source.maximum_recoil
        points = np.geomspace(0.02, 0.999 * high, 4000)
        for label, term in (("weak", source.weak), ("moment", _moment)):
            asked: list[int] = []

            def spectrum(T: Array, source: Source = source, term: Any = term, to: Any = asked) -> Array:
                to.append(T.size)
                return recoil_spectrum(source, term, T)

            curve = piecewise(spectrum, [0.02, high], 1e-6)
            exact = recoil_spectrum(source, term, points)
            off, large = np.abs(curve(points) - exact), exact > 1e-3 * exact.max()
            print(f"{source.name}, {label}: {sum(asked)} values; off by", end=" ")
            print(f"{off.max() / exact.max():.1e} of the largest", end="; where above 1e-3 of it by ")
            print(f"{np.max(off[large] / exact[large]):.1e} of itself")


def dune() -> None:
    """DUNE: activities, the prototype's points in its convention, and what each default adds."""
    from nurecoil_dune import site

    kilograms, seconds = 1000 * site.MODULE_MASS.value, site.EXPOSURE_YEARS.value * 365.25 * SECONDS_PER_DAY
    for label, fact in (("42Ar", site.AR42_ACTIVITY), ("39Ar", site.AR39_ACTIVITY)):
        print(f"{label}: {fact.value:.3g} Bq/kg, {fact.value * kilograms * seconds:.3g} decays", end="; ")
    print(f"the slides' 42K {site.SLIDES_K42_DECAYS.value:.0e}")
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        (
            "the slides' convention",
            {"ar39_decays": 0, "solar": False, "resolution": 0, "k42_shape": "allowed"},
            {"cross_section": "tree"},
        ),
        ("first-forbidden 42K", {"k42_shape": "first-forbidden"}, {}),
        ("radiative corrections", {}, {"cross_section": "radiative"}),
        ("resolution of 10 %", {"resolution": 0.10}, {}),
        ("solar neutrinos", {"solar": True}, {}),
        ("39Ar", {"ar39_decays": 1e15}, {}),
        ("42Ar of natural argon", {"k42_decays": 1.45e11}, {}),
    ]
    places = [(3.6, 1.0), *((0.2, rejection) for rejection in (1.0, 1e2, 1e3, 1e4, 1e6))]
    options: dict[str, Any] = {}
    lithium8: dict[str, Any] = {}
    for label, here, source in steps:
        options, lithium8, found = {**options, **here}, {**lithium8, **source}, []
        for threshold, rejection in places:
            chosen = {**options, "threshold": threshold, "rejection": rejection}
            model = nr.build(["dune"], MOMENT, {"dune": chosen, "isodar": lithium8})
            found.append(1e11 * nr.limit(model, method="delta-chi2-one-sided").value)
        print(f"{label}:", ", ".join(f"{value:.2f}" for value in found))
    print("at", ", ".join(f"> {threshold:g} MeV, rejection {factor:g}" for threshold, factor in places))


def light_vector() -> None:
    """Limits on a light vector from N_h 95-900 [1e-6], the pile-up fitted or held at the figure's."""
    held = {"borexino.rate.pileup": {"value": 1.0, "fixed": True, "constraint": None}}
    for interference in (False, True):
        for names in (["borexino"], ["borexino", "gallium"]):
            found: dict[str, list[float]] = {"fitted": [], "held": []}
            for mass in (0.0, 0.1, 1.0, 10.0):
                search = {"mass": mass, "interference": interference}
                options: dict[str, dict[str, Any]] = {
                    "borexino": {"range": (95, 900)},
                    "light-vector": search,
                }
                model = nr.build(names, "light-vector", options)
                found["fitted"].append(1e6 * nr.limit(model).value)
                found["held"].append(1e6 * nr.limit(model.with_parameters(**held)).value)
            label = f"{'interference' if interference else 'pure'}, {' + '.join(names)}"
            for name, values in found.items():
                print(f"{label}, pile-up {name}:", ", ".join(f"{value:.2f}" for value in values))


def moments() -> None:
    """Fundamental moments fitted to Borexino and gallium, beside those that its mu_eff gives."""
    mu_eff = nr.limit(nr.build(["borexino", "gallium"], MOMENT)).value
    print(f"mu_eff < {1e11 * mu_eff:.3f}")
    sun = SolarNeutrinos(SolarOptions()).oscillation
    for basis in ("flavour", "mass-dirac", "mass-majorana"):
        ways = [
            from_effective(mu_eff, basis, shares_of(basis, 0.55, sun, mixture))
            for mixture in ("adiabatic", "vacuum")
        ]
        for name in basis_of(basis).moments:
            asked = {"basis": basis, "component": name, "sources": ("pp", "be7")}
            model = nr.build(["borexino", "gallium"], MOMENT, {MOMENT: asked})
            fitted, (adiabatic, vacuum) = nr.limit(model).value, (1e11 * float(way[name]) for way in ways)
            print(f"{basis} {name}: fitted {1e11 * fitted:.3f}; from mu_eff with P2 = 0.55: ", end="")
            print(f"{adiabatic:.3f}, with P1 = cos^2 theta_12: {vacuum:.3f}")


SECTIONS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "solar-rates": solar_rates,
        "krypton": krypton,
        "pile-up-tail": pile_up_tail,
        "external-lines": external_lines,
        "mixing-angle": mixing_angle,
        "carbon-tail": carbon_tail,
        "goodness": goodness,
        "lithium": lithium,
        "isodar-counts": isodar_counts,
        "bands": bands,
        "interpolation": interpolation,
        "dune": dune,
        "light-vector": light_vector,
        "moments": moments,
    }
)
"""Name of a section to what prints it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the sections asked for; gives the exit status."""
    parser = argparse.ArgumentParser(description="Print numbers that the documents state.")
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    wanted = parser.parse_args(argv).section or list(SECTIONS)
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    for name in wanted:
        print(f"{name}: {(SECTIONS[name].__doc__ or '').rstrip('.')}")
        SECTIONS[name]()
        print(flush=True)
    return 0


def _per_day(source: Source, cross_section: Callable[..., Array], low: float = 0.0) -> float:
    """Recoils per day and 100 t."""
    return recoil_rate(source, cross_section, low) * ELECTRONS * SECONDS_PER_DAY


def _moment(T: Array, E: Array, flavour: str, antineutrino: bool) -> Array:
    return magnetic_moment(T, E)


def _listed(values: Mapping[str, float], digits: int) -> str:
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in values.items())


def _model(names: Sequence[str], change: tuple[str, Change] | None, shared: object) -> SpectralModel:
    """A model of the default options in which one background was changed."""
    search = load_search(MOMENT)
    experiments: list[Experiment] = []
    for name in names:
        plugin = load_experiment(name)
        if name == "borexino" and change is not None:
            plugin = _changed(plugin, *change)
        experiments.append(plugin(plugin.Options()))
    return fold(experiments, search(search.Options()), shared)  # type: ignore[arg-type]


def _changed(plugin: type[Experiment], background: str, change: Change) -> type[Experiment]:
    class Changed(plugin):  # type: ignore[misc, valid-type]
        def channels(self, shared: object) -> list[RecoilChannel]:
            (channel,) = super().channels(shared)
            new = [change(channel, b) if b.name == background else b for b in channel.backgrounds]
            return [replace(channel, backgrounds=tuple(new))]

    return Changed


def _print_limits(label: str, change: tuple[str, Change] | None, shared: object | None = None) -> None:
    text = []
    for names in (["borexino"], ["borexino", "gallium"]):
        limit = nr.limit(_model(names, change, shared or Sources(SolarOptions())))
        text.append(f"{1e11 * limit.value:.3f} (p {limit.best_fit.goodness.p_value:.3f})")
    print(f"{label}: mu_eff < {' and '.join(text)}")


if __name__ == "__main__":
    sys.exit(main())
