"""Our own experiments as files: the same likelihood for the peers and back here, and the same limit.

What small models show of every modifier is in ``tests/framework/bridges/peers``, what RooFit and pyhs3 say of
HS3 in ``tests/framework/bridges/hs3``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.bridges.files import FORMATS, write
from nurecoil.bridges.loading.documents import digest, load_json
from nurecoil.bridges.reading import read
from nurecoil.inference.fit import fit, nll
from nurecoil.inference.limits import limit
from nurecoil.model.spectral import SpectralModel

POINTS = 20
SPREADS = 1.5

EXPERIMENTS = {"borexino": ("borexino", "gallium"), "juno": ("juno",)}
JSON_FORMATS = [name for name in FORMATS if name != "root"]


@pytest.fixture(scope="module", params=EXPERIMENTS)
def model(request: pytest.FixtureRequest) -> SpectralModel:
    return build(EXPERIMENTS[request.param], "magnetic-moment")


@pytest.fixture(scope="module")
def written(model: SpectralModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("written")
    files = {}
    for name in JSON_FORMATS:
        files[name] = folder / f"{name}.json"
        write(model, files[name], name)
    return files


def points(model: SpectralModel) -> list[dict[str, float]]:
    """Places about the minimum, within bounds, every free parameter moved."""
    best = fit(model)
    rng = np.random.default_rng(20)
    found = []
    for _ in range(POINTS):
        point = {}
        for name in model.free:
            parameter, estimate = model.parameters[name], best.parameters[name]
            size = estimate.error if np.isfinite(estimate.error) else 0.1 * max(abs(parameter.upper), 1.0)
            moved = estimate.value + SPREADS * min(size, 10.0) * rng.normal()
            point[name] = float(np.clip(abs(moved) if parameter.lower >= 0 else moved,
                                        parameter.lower, parameter.upper))  # fmt: skip
        found.append(point)
    return found


def test_a_pyhf_file_has_pyhfs_value(written: dict[str, Path]) -> None:
    import pyhf

    ours = read(written["pyhf"])
    workspace = pyhf.Workspace(json.loads(written["pyhf"].read_text()))
    theirs = workspace.model()
    data = workspace.data(theirs)
    for point in points(ours):
        values = {**ours.values, **point}
        pars = [values[name] for name in theirs.config.par_names]
        assert nll(ours, point) == pytest.approx(-float(theirs.logpdf(pars, data)[0]), rel=1e-9)


def test_an_hs3_file_has_the_models_value(model: SpectralModel, written: dict[str, Path]) -> None:
    from nurecoil.bridges.hs3.writing import hs3_document

    frozen = hs3_document(model).model
    ours = read(written["hs3"])
    differences = [nll(ours, point) - nll(frozen, point) for point in points(ours)]
    assert np.ptp(differences) < 1e-9 * abs(nll(ours))


@pytest.mark.parametrize("form", JSON_FORMATS)
def test_written_again_it_is_the_same_file(written: dict[str, Path], tmp_path: Path, form: str) -> None:
    again = tmp_path / "again.json"
    write(read(written[form]), again, form)
    assert digest(load_json(again, where="again")) == digest(load_json(written[form], where="first"))


@pytest.mark.parametrize("form", JSON_FORMATS)
def test_through_the_other_format_and_back(written: dict[str, Path], tmp_path: Path, form: str) -> None:
    between, back = tmp_path / "between.json", tmp_path / "back.json"
    other = next(name for name in JSON_FORMATS if name != form)
    write(read(written[form]), between, other)
    write(read(between), back, form)
    assert limit(read(back), points=11).value == pytest.approx(limit(read(written[form]), points=11).value,
                                                               rel=1e-4)  # fmt: skip


def test_the_limit_is_that_of_the_frozen_model(model: SpectralModel, written: dict[str, Path]) -> None:
    from nurecoil.bridges.hs3.writing import hs3_document

    frozen = limit(hs3_document(model).model, points=11)
    for form in JSON_FORMATS:
        found = limit(read(written[form]), points=11)
        assert found.poi == frozen.poi == "mu_eff"
        assert found.value == pytest.approx(frozen.value, rel=1e-5), form
