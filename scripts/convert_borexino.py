"""Convert Borexino's public Phase-II spectrum and shapes to the ROOT file that the plugin ships.

Usage: ``python scripts/convert_borexino.py RAW_FOLDER``. Rates become counts with the exposure that makes
all of them whole numbers; Monte-Carlo shapes and the components of Fig. 6a stay in the units they were given
in. What the plugin makes of them lives in the plugin.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from raw_tables import Paper, digest, raw_path, read_numbers

from nurecoil.errors import InputError, NurecoilError
from nurecoil.histograms import Histogram, write_histograms

__all__ = ["EXPOSURE", "convert", "main"]

OUTPUT = Path(__file__).resolve().parents[1] / "plugins/nurecoil_borexino/data/borexino_phase2.root"
SPECTRUM, FIGURE, SHAPES = "Nature2018_Fig2a_DATA.txt", "phase2_fig6a_components_93_419.csv", "mc_shapes"

EXPOSURE = 582.3264
"""Exposure of the public spectrum, in day x 100 t: one over 0.00171725, the printed rate of one event."""
EXPOSURE_ROUNDING = 2e-7
"""Relative: between 582.326306 and 582.326315 all rates are whole within their own printed digits."""
ROUNDING = 3e-4
"""How far a count may be from a whole number, beyond what the printed digits of its rate leave open."""
DIGITS = 6
"""Significant digits of the printed rates."""

NATURE = Paper("Borexino Collaboration, Nature 562 (2018) 505, Fig. 2a", "10.1038/s41586-018-0624-y")
PHASE2 = Paper(
    "Borexino Collaboration, Phys. Rev. D 100 (2019) 082004, Fig. 6a",
    "10.1103/PhysRevD.100.082004",
    "1707.09279",
)
CNO = Paper(
    "Borexino Collaboration, Eur. Phys. J. C 80 (2020) 1091", "10.1140/epjc/s10052-020-08534-2", "2005.12829"
)

RATE = "events/(day 100 t N_h)"
INTERPOLATED = "Read off every fourth bin and interpolated between them."
COMPONENTS = {
    "total": "sum of all components",
    "C14": "14C",
    "pileup": "pile-up; it ends at N_h 200 and holds some 210Po above N_h 150",
    "Po210": "210Po",
    "Kr85_i": "85Kr",
    "Bi210_i": "210Bi",
    "C11_i": "11C",
    "ext_i": "external gamma rays",
    "solar_i": "solar neutrinos",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A Monte-Carlo shape among the raw files: name, what it is, file, rate it was made with [cpd/100 t]."""

    name: str
    title: str
    file: str
    rate: float | None


MC_SHAPES = (
    _Shape("pp", "pp neutrinos", "pp_pdfkeV.csv", 131.1),
    _Shape("be7", "7Be neutrinos", "Be7_pdfkeV.csv", 47.9),
    _Shape("pep", "pep neutrinos", "pep_pdfkeV.csv", 2.74),
    _Shape("cno", "CNO neutrinos", "CNO_pdfkeV.csv", 4.92),
    _Shape("bi210", "210Bi", "Bi210_pdfkeV.csv", 10.0),
    _Shape("kr85", "85Kr", "Kr85_pdfkeV.csv", None),
    _Shape("c11", "11C", "C11_pdfkeV.csv", None),
)


def convert(folder: Path) -> list[Histogram]:
    """Make every histogram of the file.

    Args:
        folder: the folder of raw data, with ``borexino/`` in it.

    Returns:
        The spectrum, the official fit, the energy scale, the components of Fig. 6a, the Monte-Carlo shapes.

    Raises:
        InputError: where a file is missing or not as expected.
    """
    path = raw_path(folder, f"borexino/{SPECTRUM}")
    table = read_numbers(path, 7, skip=("Bin", "Nbins", "N_h", "[keV]"))
    edges = _integer_edges(table[:, 1], path)
    spectrum = _spectrum(table, edges, path)
    return [
        *spectrum,
        *_components(folder, table),
        *(_shape(folder, entry) for entry in MC_SHAPES),
    ]


def _spectrum(table: NDArray[np.float64], edges: NDArray[np.float64], path: Path) -> list[Histogram]:
    """Counts, official fit and energy scale per N_h bin, out of the table of Fig. 2a."""
    hits, energy, width, rate, error, residual = table[:, 1:].T
    counts = _counts(rate, error, path)
    fit = (rate - residual * error) * EXPOSURE
    unknown = (np.arange(len(fit)) == 0) | (counts == 0)
    fit[unknown] = 0.0
    unknown_hits = [int(hit) for hit in hits[unknown]]

    def made(name: str, title: str, values: NDArray[np.float64], unit: str, **more: Any) -> Histogram:
        about = _about(path, f"borexino/{SPECTRUM}", NATURE, "A", title)
        return Histogram(name, edges, values, None, "N_h", "1", unit, {**about, **more})

    return [
        made(
            "h_nhits",
            "Borexino Phase-II spectrum, TFC-subtracted",
            counts,
            "events",
            exposure_day_100t=EXPOSURE,
            note="Published rate times exposure, rounded to the whole numbers that it gives.",
        ),
        made(
            "h_nhits_official_fit",
            "official best fit to the Phase-II spectrum",
            fit,
            "events",
            exposure_day_100t=EXPOSURE,
            unknown_bins=unknown_hits,
            note="(rate - residual * error) * exposure. Zero where it is not known: the first bin was not "
            "fitted, empty bins have neither error nor residual; unknown_bins lists their N_h.",
        ),
        made("h_energy_scale", "energy at the centre of each N_h bin", energy, "keV", additive=False),
        made("h_energy_width", "width of each N_h bin in energy", width, "keV", additive=False),
    ]


def _counts(rate: NDArray[np.float64], error: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Rates to whole counts; refuses what is none, or whose error is not its square root."""
    exact = rate * EXPOSURE
    counts = np.rint(exact)
    leading = np.floor(np.log10(np.where(rate > 0, rate, 1.0)))
    printed = 0.5 * 10.0 ** (leading - DIGITS + 1) * EXPOSURE
    wrong = (np.abs(exact - counts) > ROUNDING + printed + EXPOSURE_ROUNDING * counts) | (counts < 0)
    wrong |= np.abs(error * EXPOSURE - np.sqrt(counts)) > 1e-3
    if np.any(wrong):
        row = int(np.argmax(wrong))
        got = f"row {row + 1}: rate {rate[row]:g} and error {error[row]:g} give {exact[row]:.6g} counts"
        raise InputError(str(path), got, "whole counts with errors sqrt(N)")
    return counts


def _components(folder: Path, spectrum: NDArray[np.float64]) -> list[Histogram]:
    """The components of Fig. 6a, once its own data column is found to be the public spectrum."""
    name = f"borexino/{FIGURE}"
    path = raw_path(folder, name)
    header = path.read_text(encoding="utf-8").partition("\n")[0].strip().split(",")
    wanted = ["N_h", "energy_keV", "data", "error", *COMPONENTS]
    if header != wanted:
        raise InputError(str(path), f"columns {', '.join(header)}", ", ".join(wanted))
    table = read_numbers(path, len(header), skip=("N_h",))
    edges = _integer_edges(table[:, 0], path)
    rows = np.isin(spectrum[:, 1], table[:, 0])
    if rows.sum() != len(table) or not np.array_equal(spectrum[rows][:, [2, 4, 5]], table[:, 1:4]):
        raise InputError(str(path), f"other energies, data or errors than {SPECTRUM}", "the same spectrum")
    made = []
    for column, (raw, title) in enumerate(COMPONENTS.items(), start=4):
        about = _about(path, name, PHASE2, "B", f"Fig. 6a, best fit: {title}")
        about |= {"additive": False, "accuracy": 0.02}
        if raw.endswith("_i"):
            about["note"] = INTERPOLATED
        short = raw.removesuffix("_i").lower()
        made.append(Histogram(f"h_fig6a_{short}", edges, table[:, column], None, "N_h", "1", RATE, about))
    return made


def _shape(folder: Path, entry: _Shape) -> Histogram:
    """A Monte-Carlo shape, its bins checked to follow one another without gap or overlap."""
    name = f"borexino/{SHAPES}/{entry.file}"
    path = raw_path(folder, name)
    low, high, density = read_numbers(path, 3, skip=("E_lo",)).T
    apart = np.flatnonzero(low[1:] != high[:-1])
    if len(apart):
        row = int(apart[0])
        got = f"a bin ends at {high[row]:g} keV and the next begins at {low[row + 1]:g} keV"
        raise InputError(str(path), got, "bins that follow one another")
    about = _about(path, name, CNO, "A*", f"Monte-Carlo shape of {entry.title}, detector response included")
    about |= {
        "additive": False,
        "note": "Density per keV of reconstructed energy; official numbers, retyped.",
    }
    if entry.rate is None:
        about["normalisation"] = "arbitrary: divide by the integral"
    else:
        about["zero_threshold_rate"] = entry.rate
        about["zero_threshold_rate_unit"] = "cpd/100t"
    edges = np.append(low, high[-1])
    return Histogram(f"h_mc_{entry.name}", edges, density, None, "E_rec", "keV", "cpd/100t/keV", about)


def _integer_edges(centres: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    """Edges of bins centred on consecutive whole numbers."""
    if not np.array_equal(centres, np.rint(centres)) or np.any(np.diff(centres) != 1):
        raise InputError(
            str(path), "values of N_h that do not follow one another", "consecutive whole numbers"
        )
    return np.append(centres - 0.5, centres[-1] + 0.5)


def _about(path: Path, raw_file: str, paper: Paper, trust: str, title: str) -> dict[str, Any]:
    """What every histogram tells about its source; trust: A official, A* retyped, B read off a figure."""
    words = {
        "title": title,
        "citation": paper.citation,
        "doi": paper.doi,
        "arxiv": paper.arxiv,
        "provenance": "digitised" if trust == "B" else "published",
        "trust": trust,
        "raw_file": raw_file,
        "raw_sha256": digest(path),
    }
    return {key: word for key, word in words.items() if word}


def main(argv: Sequence[str] | None = None) -> int:
    """The command line: ``convert_borexino.py RAW_FOLDER [--output FILE]``.

    Args:
        argv: arguments, those of the process by default.

    Returns:
        The exit status: 0 written, else the error's own (its message goes to standard error).
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path, help="folder with the raw data, borexino/ in it")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file to write (default: %(default)s)")
    arguments = parser.parse_args(argv)
    try:
        histograms = convert(arguments.raw)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        about = {
            "title": "Borexino Phase-II, public data and shapes",
            "script": "scripts/convert_borexino.py",
        }
        write_histograms(arguments.output, histograms, about)
    except NurecoilError as problem:
        parser.exit(problem.exit_status, f"{parser.prog}: {problem}\n")
    for histogram in histograms:
        print(histogram)
    print(f"wrote {arguments.output}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
