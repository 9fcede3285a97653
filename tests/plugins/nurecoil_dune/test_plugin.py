"""DUNE as users get it: what argon's own decays leave of a limit, and what may be replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.errors import NurecoilError
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.spectral import SpectralModel
from nurecoil.plugins import load_experiment
from nurecoil_dune import DUNE, Options

from ..isodar import REFERENCE, expected


def made(**options: Any) -> SpectralModel:
    return build(["dune"], "magnetic-moment", {"dune": options})


def contents(model: SpectralModel) -> dict[str, Any]:
    return {one.name: np.asarray(one.template) for one in model.channels[0].samples}


def test_it_is_found_by_its_entry_point() -> None:
    assert load_experiment("dune") is DUNE
    assert DUNE.Options is Options


@pytest.mark.parametrize(
    "row", REFERENCE["dune"]["rows"], ids=lambda row: f"{row['threshold']}-{row['rejection']:g}"
)
def test_limits_under_42k_alone(row: dict[str, float]) -> None:
    found = expected(
        "dune", "magnetic-moment", threshold=row["threshold"], rejection=row["rejection"], ar39_decays=0,
        solar=False, resolution=0, k42_shape="allowed",
    )  # fmt: skip
    assert found == pytest.approx(row["mu"], rel=REFERENCE["dune"]["tolerance"])


def test_the_counts_are_those_of_the_options() -> None:
    found = contents(made(resolution=0, threshold=0.01, live_time=2.5, solar=False))
    assert found["li8"].sum() == pytest.approx(125_000, rel=0.01)
    assert found["k42"].sum() == pytest.approx(0.5e10, rel=0.02)
    assert found["ar39"].sum() == pytest.approx(0.5e15, rel=0.03)
    suppressed = contents(made(resolution=0, threshold=0.01, live_time=2.5, solar=False, rejection=1e3))
    for name, factor in (("li8", 1.0), ("k42", 1e-3), ("ar39", 1e-3)):
        np.testing.assert_allclose(suppressed[name], factor * found[name], rtol=1e-9)


def test_39ar_ends_at_565_kev() -> None:
    found = contents(made(resolution=0, bin_width=0.1, threshold=0.5))
    assert found["ar39"][0] > 0 and not found["ar39"][1:].any()
    assert "ar39" not in contents(made(resolution=0, threshold=0.6))
    assert {"li8", "k42", "b8"} <= set(contents(made(threshold=0.6)))


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_files_replace_counts_and_backgrounds(tmp_path: Path, suffix: str) -> None:
    edges, path = np.linspace(1.0, 4.0, 7), tmp_path / f"mine{suffix}"
    histograms = [
        Histogram(name, edges, np.full(6, size)) for name, size in (("data", 9), ("k42", 4), ("x", 5))
    ]
    write_histograms(path, histograms)
    write_histograms(tmp_path / f"back{suffix}", histograms[1:])
    model = made(
        data=f"{path}:data", background_file=str(tmp_path / f"back{suffix}"), threshold=1.0, rejection=2
    )
    assert model.channels[0].observed.tolist() == [9] * 6
    found = contents(model)
    assert (found["k42"].tolist(), found["x"].tolist()) == ([2] * 6, [5] * 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 14}, r"dune\.threshold: recoils above 14 MeV"),
        ({"rejection": 0.5}, r"dune\.rejection"),
        ({"live_time": 0}, r"dune\.live_time"),
        ({"mass": -1}, r"dune\.mass"),
        ({"events": 0}, r"dune\.events"),
        ({"k42_shape": "round"}, r"dune\.k42_shape"),
        ({"data": "no.root:h"}, r"dune\.data: no\.root does not exist"),
        ({"response": "no.root:h"}, r"dune\.response: no\.root does not exist"),
        ({"background_file": "no.root"}, r"dune\.background_file: no\.root does not exist"),
    ],
)
def test_what_cannot_be_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NurecoilError, match=message) as caught:
        made(**options)
    assert caught.value.exit_status == 2
