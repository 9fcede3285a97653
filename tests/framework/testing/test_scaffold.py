"""New plugins: what is written works and is clean, what cannot be written leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import OptionError
from nurecoil.testing import scaffold
from nurecoil.testing.scaffold import KINDS, words_of, write_plugin

from ..conftest import Site

Kind = Literal["experiment", "search"]
LONGEST = "a-name-of-thirty-characters-ok"


def run(folder: Path, *words: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["xenon", "x", "super-k_2", LONGEST])
def test_what_is_written_is_clean(tmp_path: Path, name: str, kind: Kind) -> None:
    made = write_plugin(name, tmp_path, kind)
    assert made == tmp_path / f"nurecoil-{name}"
    assert os.listdir(tmp_path) == [made.name]
    texts = {path.name: path.read_text() for path in made.rglob("*") if path.is_file()}
    assert not any("$" in text for text in texts.values())
    assert not any(file.endswith(".template") for file in texts)
    assert {"pyproject.toml", "README.md", "CITATION.cff", "test_plugin.py", "plugin.py"} <= set(texts)
    assert "licence" in texts["README.md"].lower() and not (made / "LICENSE").exists()
    assert ("background.json" in texts) == (kind == "experiment")
    run(made, "ruff", "check", "--no-cache", ".")


def test_its_types_are_right(tmp_path: Path) -> None:
    for name, kind in (("xenon", "experiment"), ("dark", "search")):
        made = write_plugin(name, tmp_path, kind)  # type: ignore[arg-type]
        run(made, "mypy", "--cache-dir", str(tmp_path / "cache"), MYPYPATH="src")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("made-up-tank", "experiment"), pytest.param("made-up-force", "search", marks=pytest.mark.long)],
)
def test_it_installs_and_its_own_tests_pass(tmp_path: Path, name: str, kind: Kind) -> None:
    made, site = write_plugin(name, tmp_path, kind), tmp_path / "site"
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    run(tmp_path, "pip", "install", *options, "--target", str(site), str(made))
    paths = os.pathsep.join([str(site), *(path for path in sys.path if path)])
    run(made, "pytest", "-q", "-p", "no:cacheprovider", PYTHONPATH=paths)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Xenon", "plugin name: 'Xenon'"),
        ("1000", "plugin name: '1000'"),
        ("super k", "Such as xenon or super-k"),
        ("../up", "lower-case letters"),
        ("", "plugin name: ''"),
        ("xenon-", "ending with a letter or digit"),
        ("x" * 31, "at most 30"),
        ("solar", "'solar' is kept for the parameters 'solar.*'"),
        ("osc", "'osc' is kept"),
        ("isodar", "'isodar' is kept"),
        ("borexino", "'borexino' is installed: the experiment of nurecoil"),
        ("magnetic-moment", "'magnetic-moment' is installed: the search of nurecoil"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        write_plugin(name, tmp_path)
    assert said in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_what_is_installed_under_another_name_is_refused(site: Site, tmp_path: Path) -> None:
    site.add_experiment("juno", "nurecoil-xenon", version="3.1")
    with pytest.raises(OptionError, match=r"the distribution nurecoil-xenon 3\.1 is installed"):
        write_plugin("xenon", tmp_path)
    (site.folder / "nurecoil_argon.py").write_text("")
    with pytest.raises(OptionError, match="a package nurecoil_argon can be imported already"):
        write_plugin("argon", tmp_path)


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"does not exist.*mkdir -p"):
        write_plugin("xenon", tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="is no folder"):
        write_plugin("xenon", tmp_path / "file")
    (tmp_path / "nurecoil-xenon").mkdir()
    with pytest.raises(OptionError, match="is there already"):
        write_plugin("xenon", tmp_path)
    assert os.listdir(tmp_path / "nurecoil-xenon") == []


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")]
)
def test_nothing_is_left_when_something_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(scaffold.runpy, "run_path", fails)
    with pytest.raises(OptionError if isinstance(error, OSError) else type(error)):
        write_plugin("xenon", tmp_path)
    assert os.listdir(tmp_path) == []


@given(st.from_regex(r"[a-z]([a-z0-9_-]{0,28}[a-z0-9])?", fullmatch=True), st.sampled_from(KINDS))
def test_every_word_is_one_that_python_allows(name: str, kind: str) -> None:
    if name in ("solar", "osc", "isodar"):
        return
    words = words_of(name, kind)
    assert all(words[key].isidentifier() for key in ("package", "class_name", "coupling"))
