"""Simulate the spectra that external gammas leave in Borexino's fiducial volume, and write them to ROOT.

Usage: ``python scripts/simulate_external_gammas.py [--output FILE] [--scale 1] [--seed 1]``. Borexino's own
Monte-Carlo shapes of 208Tl, 214Bi and 40K outside the scintillator are not public; these are modelled. How
gammas travel is in ``gamma_transport``; what the detector makes of visible energy is in the plugin.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gamma_attenuation import attenuation, tables
from gamma_transport import Sphere, annihilate, illuminate
from numpy.typing import NDArray

from nurecoil.detectors.quenching import Quenching
from nurecoil.errors import NurecoilError
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.write import write_histograms

__all__ = ["BOREXINO", "EDGES", "NUCLIDES", "Nuclide", "Shape", "combine", "simulate", "smoothing"]

Array = NDArray[np.float64]

OUTPUT = Path(__file__).resolve().parents[1] / "plugins/nurecoil_borexino/data/external_gammas.root"
BOREXINO = Sphere(scintillator=425.0, source=685.0, fiducial=302.1, half_height=167.0)
"""Borexino in cm: inner vessel and steel sphere after NIM A 600 (2009) 568, fiducial volume of Phase II."""
QUENCHING = Quenching(birks=0.0109)
EDGES: Array = np.linspace(0.0, 3.2, 321)
"""Edges of the bins of visible energy [MeV]."""
BELOW_PEAK = 0.13
"""A gamma's spectrum is smoothed up to this far below the light of one electron with all its energy [MeV];
its full-energy peak, made of several electrons, is 0.06 MeV below that light and narrower than 0.1 MeV."""
KERNEL = 0.03
"""Standard deviation of the Gaussian that smooths [MeV]; the detector's own is 0.06 MeV at 1 MeV."""
BATCHES = 50
_CITATIONS = {
    "Compton scattering": "O. Klein and Y. Nishina, Z. Phys. 52 (1929) 853",
    "photoelectric effect, pair production": "M. J. Berger and J. H. Hubbell, XCOM, NIST SRD 8, version 3.1",
    "geometry": "Borexino collaboration, Nucl. Instrum. Meth. A 600 (2009) 568, arXiv:0806.2400",
    "fiducial volume": "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355, section II",
    "quenching": "kB = 0.0109 cm/MeV, Borexino collaboration, Phys. Rev. D 89 (2014) 112007",
}


@dataclass(frozen=True, slots=True)
class Nuclide:
    """A source outside the scintillator.

    Args:
        name: of the histogram.
        title: of the nuclide.
        lines: energy [MeV] and gammas per 100 decays.
        citation: where these are from.
        histories: number of gammas that the line which matters most gets at ``scale`` 1.
    """

    name: str
    title: str
    lines: tuple[tuple[float, float], ...]
    citation: str
    histories: int


# Every line of ENSDF (September 2023) that makes 0.04 % of the events or more, and the strong ones > 1.1 MeV;
# 0.6 % of the events are left out. The buffer favours the weak lines of high energy.
_BI214 = (
    *((1.120294, 14.90), (1.238122, 5.830), (1.280976, 1.435), (1.377669, 3.985), (1.385310, 0.8007)),
    *((1.401515, 1.333), (1.407988, 2.388), (1.415495, 0.5089), (1.509211, 2.127), (1.538530, 0.4362)),
    *((1.543330, 0.3090), (1.583203, 0.7075), (1.594750, 0.2726), (1.599560, 0.3272), (1.661274, 1.046)),
    *((1.684012, 0.2181), (1.729595, 2.872), (1.764491, 15.29), (1.838360, 0.3499), (1.847433, 2.027)),
    *((1.873160, 0.2136), (1.890300, 0.08361), (1.896050, 0.1500), (1.898680, 0.04998), (1.935580, 0.03045)),
    *((2.010800, 0.04408), (2.021520, 0.02136), (2.052960, 0.06862), (2.089650, 0.04544)),
    *((2.109980, 0.08543), (2.118513, 1.156), (2.148000, 0.01363), (2.192580, 0.03908), (2.204100, 4.917)),
    *((2.251550, 0.005453), (2.260320, 0.008634), (2.266520, 0.01681), (2.284330, 0.004998)),
    *((2.287650, 0.004544), (2.293380, 0.3085), (2.312450, 0.009088), (2.331380, 0.02317)),
    *((2.376890, 0.009088), (2.423320, 0.004998), (2.444700, 0.007725), (2.447690, 1.545)),
    *((2.505460, 0.005635), (2.694660, 0.02999), (2.699210, 0.002772), (2.719320, 0.001772)),
    *((2.769920, 0.02454), (2.785930, 0.005453), (2.826960, 0.002408), (2.880350, 0.009997)),
    *((2.893590, 0.005907), (2.921970, 0.01363), (2.928530, 0.001091), (2.940000, 0.003635)),
    *((2.978940, 0.01363), (3.000000, 0.008634), (3.053900, 0.02090), (3.081790, 0.005907)),
    *((3.094000, 0.0005907), (3.142600, 0.001227), (3.160700, 0.0005453), (3.183600, 0.001363)),
)
NUCLIDES = (
    Nuclide(
        "tl208",
        "208Tl",
        ((2.614511, 99.754),),
        "M. J. Martin, Nucl. Data Sheets 108 (2007) 1583; its gammas below 2 MeV, which do not get through "
        "the buffer, and those above 3 MeV, 0.017 % together, are left out",
        13_000_000,
    ),
    Nuclide(
        "bi214", "214Bi", _BI214, "S. Zhu and E. A. McCutchan, Nucl. Data Sheets 175 (2021) 1", 2_800_000
    ),
    Nuclide("k40", "40K", ((1.460820, 10.66),), "J. Chen, Nucl. Data Sheets 140 (2017) 1", 8_000_000),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A spectrum of visible energy, normalised to one event.

    Args:
        density: [1/MeV], shape (bins,).
        variance: of it, statistical, shape (bins,).
        about: what else is known about it, plain values.
    """

    density: Array
    variance: Array
    about: dict[str, Any]


def smoothing(energy: float, edges: Array) -> Array:
    """The matrix that smooths the spectrum of one gamma below its full-energy peak.

    A bin below the peak is spread with a Gaussian of ``KERNEL``, reflected at both ends of that region, so
    that nothing leaves it and a flat spectrum stays flat.

    Args:
        energy: of the gamma [MeV], at least 0.5.
        edges: of the bins [MeV], equidistant from 0.

    Returns:
        Shape (bins, bins), to be applied from the left; its columns sum to one.

    Example:
        >>> bool(np.allclose(smoothing(1.46, EDGES).sum(axis=0), 1))
        True
    """
    centres = (edges[1:] + edges[:-1]) / 2
    region = float(QUENCHING.visible(np.array(energy))) - BELOW_PEAK
    count = int(np.searchsorted(edges, region, side="right")) - 1
    end, points = edges[count], centres[:count]
    kernel = sum(
        np.exp(-0.5 * ((points[:, np.newaxis] - image) / KERNEL) ** 2)
        for image in (points, -points, 2 * end - points)
    )
    matrix = np.eye(centres.size)
    matrix[:count, :count] = kernel / np.sum(kernel, axis=0)
    return matrix


def combine(
    nuclide: Nuclide, scale: float, seed: int, liquid: Array, sphere: Sphere = BOREXINO, edges: Array = EDGES
) -> Shape:
    """The spectrum of a nuclide on the surface of the sphere: its lines, weighted with their intensities.

    Args:
        nuclide: the source.
        scale: factor on the number of histories.
        seed: of the random numbers; each line has its own stream.
        liquid: what ``gamma_attenuation.tables`` gives.
        sphere: the detector.
        edges: bins of visible energy [MeV].

    Returns:
        Density and statistical variance (as a ratio: what all bins of a batch share cancels).
    """
    lines = np.array(nuclide.lines)
    counts = _histories(nuclide, scale, sphere)
    runs, weights = [], []
    for (energy, intensity), count in zip(lines, counts, strict=True):
        rng = np.random.default_rng([seed, round(1e6 * energy)])
        run = illuminate(liquid, sphere, float(energy), count, edges, rng, batches=BATCHES)
        runs.append(run)
        weights.append(intensity * run.weights @ smoothing(float(energy), edges).T)
    batches = np.array(weights)
    rates = batches.mean(axis=1).sum(axis=1)
    rate, share = float(rates.sum()), rates / rates.sum()
    content = batches.mean(axis=1).sum(axis=0) / rate
    residuals = batches - content * batches.sum(axis=2, keepdims=True)
    variance = residuals.var(axis=1, ddof=1).sum(axis=0) / BATCHES / rate**2
    width = edges[1] - edges[0]
    effective = 1 / np.sum(share**2 / np.array([run.effective for run in runs]))
    strongest = sorted(zip(share, lines[:, 0], strict=True), reverse=True)[:8]
    about = {
        "gammas_started": sum(counts),
        "events": sum(run.events for run in runs),
        "effective_events": round(float(effective)),
        "events_per_inward_gamma": rate / float(lines[:, 1].sum()),
        "mean_visible_energy_MeV": float(share @ np.array([run.mean for run in runs])),
        "full_energy_fraction": float(share @ np.array([run.full for run in runs])),
        "largest_energy_imbalance_MeV": max(run.imbalance for run in runs),
        "strongest_lines": {f"{energy:.6f} MeV": round(float(part), 4) for part, energy in strongest},
        "lines": [[float(energy), float(intensity)] for energy, intensity in nuclide.lines],
        "line_citation": nuclide.citation,
    }
    return Shape(content / width, variance / width**2, about)


def _histories(nuclide: Nuclide, scale: float, sphere: Sphere) -> list[int]:
    """Gammas to start per line: as the root of the expected events, a multiple of the batches."""
    energy, intensity = np.array(nuclide.lines).T
    events = intensity * np.exp(-attenuation(energy).total * (sphere.source - sphere.fiducial))
    wanted = scale * nuclide.histories * np.maximum(np.sqrt(events / events.max()), 0.02)
    return [max(2, round(float(count) / BATCHES)) * BATCHES for count in wanted]


def simulate(scale: float = 1.0, seed: int = 1) -> tuple[list[Histogram], dict[str, Any]]:
    """Everything that the file holds.

    Args:
        scale: factor on the number of histories; 1 takes some minutes.
        seed: of the random numbers. The same seed, scale and versions of the libraries give the same numbers.

    Returns:
        The histograms ``h_tl208``, ``h_bi214`` and ``h_k40`` [1/MeV against MeV], and what is said about all.
    """
    liquid = tables(QUENCHING)
    about = {"provenance": "modelled", "seed": seed, "scale": scale, "citations": _CITATIONS}
    about |= {
        "geometry_cm": {
            "scintillator_radius": BOREXINO.scintillator,
            "source_radius": BOREXINO.source,
            "fiducial_radius": BOREXINO.fiducial,
            "fiducial_half_height": BOREXINO.half_height,
        },
        "assumptions": "gammas start evenly and isotropically on a sphere; pseudocumene, 0.88 g/cm3, up to "
        "there; no light from outside the inner vessel, a sphere; electrons, all free, stop and radiate "
        "where they are made; fiducial cut on the mean position of the light, without resolution",
        "smoothing": f"each line, up to {1e3 * BELOW_PEAK:g} keV below the light of one electron of "
        f"its energy: Gaussian, {1e3 * KERNEL:g} keV, reflected at the ends; neighbouring bins there are "
        "correlated",
    }
    positrons = annihilate(
        liquid,
        Sphere(BOREXINO.scintillator, BOREXINO.source, np.inf, np.inf),
        max(1, round(2e4 * scale)) * BATCHES,
        EDGES,
        np.random.default_rng([seed, 0]),
        batches=BATCHES,
    )
    about["annihilation_gammas"] = {
        "what": "visible energy of the two gammas of a positron at rest, centre of the detector",
        "mean_MeV": positrons.mean,
        "standard_deviation_MeV": positrons.spread,
    }
    found = []
    for nuclide in NUCLIDES:
        shape = combine(nuclide, scale, seed, liquid)
        found.append(
            Histogram(
                f"h_{nuclide.name}",
                EDGES,
                shape.density,
                shape.variance,
                observable="E_v",
                observable_unit="MeV",
                counts_unit="1/MeV",
                metadata={
                    "title": f"external gammas of {nuclide.title}, visible energy, one event",
                    "additive": False,
                    **about,
                    **shape.about,
                },
            )
        )
    return found, about


def main(argv: Sequence[str] | None = None) -> int:
    """The command line: simulate, write, say what came out; gives the exit status."""
    parser = argparse.ArgumentParser(description="Simulate Borexino's external gammas.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file to write (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of histories")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    arguments = parser.parse_args(argv)
    try:
        histograms, about = simulate(arguments.scale, arguments.seed)
        write_histograms(arguments.output, histograms, about)
    except NurecoilError as problem:
        parser.exit(problem.exit_status, f"{parser.prog}: {problem}\n")
    for histogram in histograms:
        print(histogram.name)
        for key in ("gammas_started", "events", "effective_events", "events_per_inward_gamma"):
            print(f"  {key}: {histogram.metadata[key]:.6g}")
        for key in ("mean_visible_energy_MeV", "full_energy_fraction", "largest_energy_imbalance_MeV"):
            print(f"  {key}: {histogram.metadata[key]:.4g}")
        print(f"  strongest_lines: {histogram.metadata['strongest_lines']}")
    print("annihilation gammas:", about["annihilation_gammas"])
    print(f"wrote {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
