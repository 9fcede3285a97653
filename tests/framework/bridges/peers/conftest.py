"""Workspaces on disk, read by us and by pyhf; each is made and read once."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nurecoil.bridges.reading import read
from nurecoil.model.spectral import SpectralModel

from .histfactory_parts import Json
from .large_workspaces import EVERY
from .pyhf_peer import CODES, PyhfPeer

Pair = tuple[SpectralModel, PyhfPeer]


@pytest.fixture(scope="session")
def document() -> Callable[[str], Json]:
    """A workspace by its name; not to be changed."""
    return functools.cache(lambda name: EVERY[name]())


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A document as a file."""

    def write(document: Json, name: str = "workspace.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def pair(document: Callable[[str], Json], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pair]:
    """A workspace's model in the engine and in pyhf, by default or with the other interpolation codes."""
    folder = tmp_path_factory.mktemp("workspaces")

    @functools.cache
    def make(name: str, measurement: str | None = None, other: bool = False) -> Pair:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(document(name)), encoding="utf-8")
        settings = {"modifier_settings": CODES} if other else {}
        ours = read(path, measurement=measurement, **settings)
        return ours, PyhfPeer(document(name), measurement, **settings)

    return make
