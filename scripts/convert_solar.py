"""Convert the published solar neutrino tables to the ROOT file that the product ships.

Usage: ``python scripts/convert_solar.py RAW_FOLDER``. Spectra are cut after their first zero at the
high end, get the point (0, 0) where they start above it, and are normalised with the trapezoidal
rule (see each table's note); fluxes become cm-2 s-1. Physics with these tables lives in
:mod:`nurecoil.physics.solar`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from raw_tables import Paper, digest, raw_path, read_numbers, run_conversion

from nurecoil.errors import InputError
from nurecoil.physics.tables import Table

__all__ = ["convert"]

OUTPUT = Path(__file__).resolve().parents[1] / "framework/nurecoil/physics/data/solar.root"

FLUXES = ("pp", "pep", "hep", "be7", "b8", "n13", "o15", "f17")
COMPOSITIONS = ("GS98", "AGSS09", "C11", "AAG21", "MB22m", "MB22p")

BAHCALL_1997 = Paper(
    "J. N. Bahcall, Phys. Rev. C 56 (1997) 3391", "10.1103/PhysRevC.56.3391", "hep-ph/9710491"
)
BAHCALL_1994 = Paper(
    "J. N. Bahcall, Phys. Rev. D 49 (1994) 3923", "10.1103/PhysRevD.49.3923", "astro-ph/9401024"
)
BAHCALL_ULRICH = Paper(
    "J. N. Bahcall and R. K. Ulrich, Rev. Mod. Phys. 60 (1988) 297", "10.1103/RevModPhys.60.297"
)
WINTER = Paper(
    "W. T. Winter et al., Phys. Rev. C 73 (2006) 025503", "10.1103/PhysRevC.73.025503", "nucl-ex/0406019"
)
ORTIZ = Paper(
    "C. E. Ortiz et al., Phys. Rev. Lett. 85 (2000) 2909", "10.1103/PhysRevLett.85.2909", "nucl-ex/0003006"
)
B16 = Paper("N. Vinyoles et al., Astrophys. J. 835 (2017) 202", "10.3847/1538-4357/835/2/202", "1611.09867")
SF3 = Paper(
    "Y. Herrera and A. Serenelli, Standard Solar Models B23 / SF-III, Zenodo (2023)",
    "10.5281/zenodo.10822316",
)


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """A spectrum among the raw files: table, title, file, columns of it, paper, remark."""

    name: str
    title: str
    file: str
    columns: int
    paper: Paper
    note: str = ""


SPECTRA = (
    _Spectrum("spectra_pp", "spectrum of pp neutrinos", "pp_shape.csv", 2, BAHCALL_1997),
    _Spectrum("spectra_hep", "spectrum of hep neutrinos", "hep_shape.csv", 2, BAHCALL_1997),
    _Spectrum(
        "spectra_b8_winter",
        "spectrum of 8B neutrinos after Winter et al.",
        "8B_shape_Winter_et_al.csv",
        3,
        WINTER,
        "Raw columns: energy, density in 1e-3/MeV, and its uncertainty, which is not carried along.",
    ),
    _Spectrum(
        "spectra_b8_ortiz",
        "spectrum of 8B neutrinos after Ortiz et al.",
        "8B_shape_Ortiz_et_al.csv",
        2,
        ORTIZ,
        "The energies are irregular, as if read off a figure; the raw integral is 0.4 % below one.",
    ),
    _Spectrum("spectra_n13", "spectrum of 13N neutrinos", "n13_shape.csv", 2, BAHCALL_ULRICH),
    _Spectrum(
        "spectra_o15",
        "spectrum of 15O neutrinos",
        "o15_shape.csv",
        2,
        BAHCALL_ULRICH,
        "The raw file's own header says N13; its endpoint, 1.732 MeV, is that of 15O.",
    ),
    _Spectrum("spectra_f17", "spectrum of 17F neutrinos", "f17_shape.csv", 2, BAHCALL_ULRICH),
)
LINES = (
    _Spectrum(
        "lines_be7_ground", "shape of the 861.8 keV line of 7Be", "be7ground_shape.csv", 2, BAHCALL_1994
    ),
    _Spectrum(
        "lines_be7_excited", "shape of the 384.3 keV line of 7Be", "be7excited_shape.csv", 2, BAHCALL_1994
    ),
)
PRODUCTION_COLUMNS = 12
B16_UNITS = np.array([1e10, 1e8, 1e3, 1e9, 1e6, 1e8, 1e8, 1e6])


def convert(folder: Path) -> list[Table]:
    """Make every table of the solar file.

    Args:
        folder: the folder of raw data, with ``solar/`` in it.

    Returns:
        Spectra, shapes of the 7Be lines, production profiles, fluxes and their correlations.

    Raises:
        InputError: where a file is missing or not as expected.
    """
    tables = [_spectrum(folder, entry, beta=True) for entry in SPECTRA]
    tables += [_spectrum(folder, entry, beta=False) for entry in LINES]
    tables += [_production(folder, composition) for composition in ("gs98", "agss09")]
    tables += _fluxes_b16(folder)
    for composition in COMPOSITIONS:
        tables += _fluxes_sf3(folder, composition)
    return tables


def _spectrum(folder: Path, entry: _Spectrum, beta: bool) -> Table:
    name = f"solar/{entry.file}"
    path = raw_path(folder, name)
    energy, density = read_numbers(path, entry.columns)[:, :2].T
    if np.any(np.diff(energy) <= 0) or np.any(density < 0):
        raise InputError(str(path), "energies that do not increase or densities below zero", "a spectrum")
    remarks = [entry.note] if entry.note else []
    if beta:
        last = int(np.flatnonzero(density)[-1]) + 2
        if last < len(energy):
            remarks.append(f"{len(energy) - last} zeros beyond {energy[last - 1]:g} MeV left out.")
        energy, density = energy[:last], density[:last]
        if energy[0] > 0:
            energy, density = np.append(0.0, energy), np.append(0.0, density)
            remarks.append("The point (0, 0) is added.")
    norm = float(np.trapezoid(density, energy))
    remarks.append(f"Divided by the raw trapezoidal integral, {norm:.7g}.")
    return _table(
        path,
        name,
        entry.paper,
        name=entry.name,
        title=entry.title,
        columns={"energy": energy, "density": density / norm},
        units={"energy": "MeV", "density": "1/MeV"},
        note=" ".join(remarks),
    )


def _production(folder: Path, composition: str) -> Table:
    name = f"solar/nudistr_b16_{composition}.dat"
    path = raw_path(folder, name)
    numbers = read_numbers(path, PRODUCTION_COLUMNS)
    radius = numbers[:, 0]
    columns = {"radius": radius, "log10_electron_density": numbers[:, 2]}
    widths = np.diff(radius, prepend=0.0)
    for index, flux in enumerate(FLUXES):
        weight = numbers[:, 4 + index] * widths
        columns[flux] = weight / weight.sum()
    units = {"radius": "R_sun", "log10_electron_density": "log10(mol/cm3)"} | dict.fromkeys(FLUXES, "1")
    return _table(
        path,
        name,
        B16,
        name=f"production_{composition}",
        title=f"electron density and production fractions in the B16-{composition.upper()} model",
        columns=columns,
        units=units,
        note="Raw fractions are per solar radius; here each column is the share of its zone and sums to 1. "
        "The electron density is log10 of n_e over Avogadro's number, per cm3.",
    )


def _fluxes_b16(folder: Path) -> list[Table]:
    name = "solar/fluxes_b16.dat"
    path = raw_path(folder, name)
    numbers = read_numbers(path, 4)
    if len(numbers) != len(FLUXES):
        raise InputError(str(path), f"{len(numbers)} fluxes", f"{len(FLUXES)}: {', '.join(FLUXES)}")
    tables = []
    for composition, first in (("gs98", 0), ("agss09", 2)):
        flux, error = B16_UNITS * numbers[:, first], numbers[:, first + 1]
        tables.append(
            _table(
                path,
                name,
                B16,
                name=f"fluxes_b16_{composition}",
                title=f"solar neutrino fluxes of the B16-{composition.upper()} model at the Earth",
                note="Errors are fractional, without correlations.",
                **_flux_columns(flux, error),
            )
        )
    return tables


def _fluxes_sf3(folder: Path, composition: str) -> list[Table]:
    name = f"solar/sfiii/fluxes_SF3_{composition}.dat"
    path = raw_path(folder, name)
    flux, error, correlation = _parse_sf3(path)
    key = composition.lower()
    return [
        _table(
            path,
            name,
            SF3,
            name=f"fluxes_sf3_{key}",
            title=f"solar neutrino fluxes of the SF-III {composition} model at the Earth",
            note=f"Errors are fractional; their correlations are in correlations_sf3_{key}.",
            **_flux_columns(flux, error),
        ),
        _table(
            path,
            name,
            SF3,
            name=f"correlations_sf3_{key}",
            title=f"correlations of the fluxes of the SF-III {composition} model",
            columns={column: correlation[:, i].copy() for i, column in enumerate(FLUXES)},
            units=dict.fromkeys(FLUXES, "1"),
            rows=FLUXES,
        ),
    ]


def _parse_sf3(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Flux, fractional error and correlation matrix of a file whose lines end in a label."""
    labelled: dict[str, list[float]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        *words, label = line.split() or [""]
        if len(words) != len(FLUXES):
            continue
        try:
            labelled[label] = [float(word) for word in words]
        except ValueError:
            continue
    wanted = ["Flux", "Fract.Err", "pp", "pep", "hep", "7Be", "8B", "13N", "15O", "17F"]
    missing = [label for label in wanted if label not in labelled]
    if missing:
        raise InputError(
            str(path), f"no line of {len(FLUXES)} numbers for {', '.join(missing)}", "an SF-III flux file"
        )
    matrix = np.array([labelled[label] for label in wanted[2:]])
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-12) or not np.allclose(np.diag(matrix), 1.0):
        raise InputError(str(path), "a matrix that is no correlation matrix", "symmetric, with ones across")
    return np.array(labelled["Flux"]), np.array(labelled["Fract.Err"]), matrix


def _flux_columns(flux: NDArray[np.float64], error: NDArray[np.float64]) -> dict[str, object]:
    return {
        "columns": {"flux": flux, "fractional_error": error},
        "units": {"flux": "cm-2 s-1", "fractional_error": "1"},
        "rows": FLUXES,
    }


def _table(path: Path, raw_file: str, paper: Paper, **fields: object) -> Table:
    return Table(
        citation=paper.citation,
        doi=paper.doi,
        arxiv=paper.arxiv,
        provenance="published",
        raw_file=raw_file,
        sha256=digest(path),
        **fields,  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    raise SystemExit(run_conversion(__doc__, OUTPUT, convert))
