"""Convert the capture cross section of 71Ga to the ROOT file that the gallium plugin ships.

Usage: ``python scripts/convert_gallium.py RAW_FOLDER``. The cross section becomes cm2, its 3 sigma
limits stay beside it. The fold with the solar spectra lives in :mod:`nurecoil.physics.gallium`.
"""

from __future__ import annotations

from pathlib import Path

from raw_tables import Paper, digest, raw_path, read_numbers, run_conversion

from nurecoil.physics.tables import Table

__all__ = ["convert"]

OUTPUT = Path(__file__).resolve().parents[1] / "plugins/nurecoil_gallium/data/gallium.root"
BAHCALL_1997 = Paper(
    "J. N. Bahcall, Phys. Rev. C 56 (1997) 3391", "10.1103/PhysRevC.56.3391", "hep-ph/9710491"
)
UNIT = 1e-46


def convert(folder: Path) -> list[Table]:
    """Make the table ``capture_ga71``.

    Args:
        folder: the folder of raw data, with ``gallium/xsec_ga71.csv`` in it.

    Returns:
        The one table: energy [MeV], cross section and its -3 and +3 sigma limits [cm2].

    Raises:
        InputError: where the file is missing or not as expected.
    """
    name = "gallium/xsec_ga71.csv"
    path = raw_path(folder, name)
    energy, best, low, high = read_numbers(path, 4, skip=("E,",)).T
    return [
        Table(
            name="capture_ga71",
            title="absorption of electron neutrinos by 71Ga",
            columns={
                "energy": energy,
                "cross_section": UNIT * best,
                "minus_3_sigma": UNIT * low,
                "plus_3_sigma": UNIT * high,
            },
            units={"energy": "MeV", "cross_section": "cm2", "minus_3_sigma": "cm2", "plus_3_sigma": "cm2"},
            citation=BAHCALL_1997.citation,
            doi=BAHCALL_1997.doi,
            arxiv=BAHCALL_1997.arxiv,
            provenance="published",
            raw_file=name,
            sha256=digest(path),
            note="Official numbers, retyped; raw unit 1e-46 cm2. The threshold, 0.233 MeV, lies below the "
            "first point.",
        )
    ]


if __name__ == "__main__":
    raise SystemExit(run_conversion(__doc__, OUTPUT, convert))
