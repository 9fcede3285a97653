"""Fixtures that several tests of the framework share: a site of made-up plugin distributions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nurecoil import plugins

from .toys import Change, Counter, Moment, Toy

EXPERIMENT = """
from nurecoil.experiment import Experiment

class Plugin(Experiment):
    '''An experiment made up for a test.'''

    name, title = {name!r}, {title!r}
    citations = ("A. Nobody, J. Imag. Phys. 1 (2026) 1",)

    def channels(self, shared):
        return []
"""

SEARCH = """
from nurecoil.search import Search

class Plugin(Search):
    '''A search made up for a test.'''

    name, title = {name!r}, {title!r}
    poi = "kappa"

    def parameters(self):
        return []

    def terms(self, source):
        return []
"""


def _module(distribution: str, name: str) -> str:
    return re.sub(r"\W", "_", f"made_up_{distribution}_{name}")


class Site:
    """A folder of installed distributions, as pip would leave them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self,
        distribution: str,
        experiments: Mapping[str, str] | None = None,
        searches: Mapping[str, str] | None = None,
        *,
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
    ) -> Path:
        """Install a distribution; returns its dist-info folder."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        text = ""
        for group, entries in (("nurecoil.experiments", experiments), ("nurecoil.searches", searches)):
            if entries:
                text += f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        (info / "entry_points.txt").write_text(text)
        for name, source in (modules or {}).items():
            (self.folder / f"{name}.py").write_text(source)
        return info

    def add_experiment(self, name: str, distribution: str, **more: object) -> Path:
        """Install a distribution with one experiment that works."""
        module = _module(distribution, name)
        source = EXPERIMENT.format(name=name, title=f"{name} of {distribution}")
        return self.add(distribution, {name: f"{module}:Plugin"}, modules={module: source}, **more)  # type: ignore[arg-type]

    def add_search(self, name: str, distribution: str, **more: object) -> Path:
        """Install a distribution with one search that works."""
        module = _module(distribution, name)
        source = SEARCH.format(name=name, title=f"{name} of {distribution}")
        return self.add(distribution, None, {name: f"{module}:Plugin"}, modules={module: source}, **more)  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site where nurecoil itself brings no plugins; what a test imports from it is forgotten afterwards."""
    folder = tmp_path / "site"
    made = Site(folder)
    made.add("nurecoil", version="0.1.0")
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield made
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins of this file in place of the installed ones."""
    experiments = {"toy": Toy, "counter": Counter}
    monkeypatch.setattr(plugins, "load_experiment", experiments.__getitem__)
    monkeypatch.setattr(plugins, "load_search", {"moment": Moment}.__getitem__)
    entries = [SimpleNamespace(name=n, kind="experiment") for n in experiments]
    entries.append(SimpleNamespace(name="moment", kind="search"))
    monkeypatch.setattr(plugins, "installed", lambda: entries)


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Change fields of the channel that a made-up experiment declares."""

    def set_(kind: type, **fields: Any) -> None:
        monkeypatch.setattr(kind, "changes", fields)

    return set_
