"""Draw the counts that are shipped from the model itself; run it where the distribution is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nurecoil as nr
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.write import write_histograms

DATA = Path(__file__).parents[1] / "src" / "nurecoil_cellar" / "data" / "counts.root"


def main() -> None:
    """One Poisson draw, seed 71, of what the starting values expect."""
    (channel,) = nr.build(["cellar"], options={"cellar": {"data": "asimov"}}).channels
    assert hasattr(channel, "edges")
    counts = np.random.default_rng(71).poisson(channel.observed).astype(float)
    drawn = Histogram(
        "observed",
        channel.edges,
        counts,
        observable="recoil energy",
        observable_unit="keV",
        counts_unit="events",
        metadata={"title": "counts of the cellar", "provenance": "toy", "citation": "drawn, seed 71"},
    )
    write_histograms(DATA, [drawn], {"script": "scripts/make_data.py"})


if __name__ == "__main__":
    main()
