"""Model the antineutrino spectrum of 8Li from that of 8B and write the ROOT file that the product ships.

Usage: ``python scripts/convert_lithium8.py RAW_FOLDER``. The raw folder holds ``solar/``, of which only the
spectrum of 8B neutrinos after Winter et al. is read. The model is :mod:`nurecoil.physics.mirror_decay`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from convert_solar import WINTER
from numpy.typing import NDArray
from raw_tables import digest, raw_path, read_numbers, run_conversion

from nurecoil.physics.mirror_decay import (
    BORON8,
    LITHIUM8,
    Strength,
    closure,
    decay_spectrum,
    final_states,
    fit_strength,
)
from nurecoil.physics.tables import Table

__all__ = ["convert"]

OUTPUT = Path(__file__).resolve().parents[1] / "framework/nurecoil/physics/data/lithium8.root"
RAW = "solar/8B_shape_Winter_et_al.csv"
STEP = 0.02
NEGLIGIBLE = 1e-5
MODEL = "Allowed spectra to a continuum of 8Be states, masses of AME2020, without terms of recoil order."


def convert(folder: Path) -> list[Table]:
    """Make every table of the 8Li file.

    Args:
        folder: the folder of raw data, with ``solar/8B_shape_Winter_et_al.csv`` in it.

    Returns:
        The antineutrino spectrum, the strength of 8Be and how well the strength closes on 8B.

    Raises:
        InputError: where the file is missing or not as expected.
        PhysicsError: where its numbers are no spectrum of 8B.
    """
    path = raw_path(folder, RAW)
    energy, density = read_numbers(path, 3)[:, :2].T
    strength = fit_strength(energy, density)
    found = closure(strength, energy, density)
    closes = (
        f"The 8B spectrum folded from the strength is within {100 * found.deviation:.3f} % of the peak of "
        f"the published one, its mean {found.mean:.4f} MeV (published {found.published_mean:.4f} MeV)."
    )
    folded, folded_density, cut = _spectrum(strength)
    return [
        _table(
            path,
            name="spectrum",
            title="spectrum of the antineutrinos of 8Li",
            columns={"energy": folded, "density": folded_density},
            units={"energy": "MeV", "density": "1/MeV"},
            note=f"Folded from the strength of 8Be. {MODEL} {closes} Set to 0 from {folded[-1]:g} MeV, above "
            f"which {cut:.1g} of the antineutrinos lie, and divided by the trapezoidal integral.",
        ),
        _table(
            path,
            name="strength",
            title="strength of the transitions to 8Be",
            columns={
                "excitation": strength.excitation,
                "strength": strength.strength,
                "decays_b8": final_states(strength.excitation, strength, BORON8),
            },
            units={"excitation": "MeV", "strength": "1/MeV", "decays_b8": "1/MeV"},
            note="Fitted to the spectrum of 8B neutrinos: decays of 8B per excitation energy of 8Be and "
            "phase space (in units of the electron mass); decays_b8 is the share of the decays of 8B per "
            f"excitation energy. {MODEL} Above 15 MeV the phase space is small and the strength uncertain; "
            "it rises where the 2+ state of 16.6 MeV is, which 8Li cannot reach.",
        ),
        _table(
            path,
            name="closure",
            title="8B neutrinos of the strength against the published ones",
            columns={name: np.array([value]) for name, value in asdict(found).items()},
            units={"deviation": "1", "mean": "MeV", "published_mean": "MeV"},
            note=f"{closes} The deviation is the largest one.",
        ),
    ]


def _spectrum(strength: Strength) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Energies and densities of the antineutrinos, and the share beyond the last energy."""
    energy = np.append(np.arange(0, int(LITHIUM8.endpoint / STEP) + 1) * STEP, LITHIUM8.endpoint)
    density = decay_spectrum(energy, strength, LITHIUM8)
    last = int(np.flatnonzero(density > NEGLIGIBLE * density.max())[-1]) + 1
    beyond = float(np.trapezoid(density[last:], energy[last:]))
    energy, density = energy[: last + 1], np.append(density[:last], 0.0)
    return energy, density / np.trapezoid(density, energy), beyond


def _table(path: Path, **fields: object) -> Table:
    return Table(
        citation=WINTER.citation,
        doi=WINTER.doi,
        arxiv=WINTER.arxiv,
        provenance="modelled",
        raw_file=RAW,
        sha256=digest(path),
        **fields,  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    raise SystemExit(run_conversion(__doc__, OUTPUT, convert))
