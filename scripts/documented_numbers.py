"""Print numbers that the documents state and that no option of a plugin gives.

Usage: ``python scripts/documented_numbers.py [SECTION ...]``; without a section all of them, in some minutes.
Each section is one function. Limits are 90 %, area rule, in 1e-11 mu_B, without and with gallium. Numbers
that options give are measured with ``nurecoil limit ... --set``; Borexino's variants have their own script.
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

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

import nurecoil as nr
from nurecoil.assembly import fold
from nurecoil.detectors.resolution import scaled_poisson
from nurecoil.detectors.scintillator import HitScale, HitTemplate
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.experiment import Background, Experiment, RecoilChannel
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.spectral import SpectralModel
from nurecoil.physics.beta import beta_spectrum, unique_first_forbidden, unique_first_forbidden_coulomb
from nurecoil.physics.constants import SECONDS_PER_DAY
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.gallium import capture_rate
from nurecoil.physics.radiative import radiative
from nurecoil.physics.recoil import recoil_rate
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
    template = sample.template
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


SECTIONS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "solar-rates": solar_rates,
        "krypton": krypton,
        "pile-up-tail": pile_up_tail,
        "external-lines": external_lines,
        "mixing-angle": mixing_angle,
        "carbon-tail": carbon_tail,
        "goodness": goodness,
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
