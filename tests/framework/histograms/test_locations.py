"""Taking ``file:object`` apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import InputError
from nurecoil.histograms.locations import FORMATS, Location, file_format, parse_location


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        ("mine.root:h_nhits", "mine.root", "h_nhits"),
        ("mine.root", "mine.root", None),
        ("mine.json", "mine.json", None),
        ("mine.json:data", "mine.json", "data"),
        ("mine.json.gz:data", "mine.json.gz", "data"),
        ("mine.zip", "mine.zip", None),
        ("MINE.ROOT:h;2", "MINE.ROOT", "h;2"),
        ("in/puts.d/mine.root:backgrounds/kr85", "in/puts.d/mine.root", "backgrounds/kr85"),
        ("run:3/mine.root:h", "run:3/mine.root", "h"),
        ("C:\\data\\mine.root:h", "C:\\data\\mine.root", "h"),
        ("C:/data/mine.root", "C:/data/mine.root", None),
        ("mine.root:a:b", "mine.root", "a:b"),
        ("mine.rooted.root:x", "mine.rooted.root", "x"),
    ],
)
def test_path_and_name(text: str, path: str, name: str | None) -> None:
    assert parse_location(text) == Location(Path(path), name)
    assert str(parse_location(text)) == text


def test_a_path_and_a_location_are_taken_as_they_are() -> None:
    assert parse_location(Path("a/mine.root")) == Location(Path("a/mine.root"), None)
    assert parse_location(Location(Path("odd.txt"), "h")) == Location(Path("odd.txt"), "h")


def test_the_home_folder() -> None:
    assert parse_location("~/mine.root").path == Path.home() / "mine.root"


def test_a_folder_that_looks_like_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "old.root:copies"
    folder.mkdir()
    text = f"{folder}/mine.root:h"
    assert parse_location(text).path == tmp_path / "old.root"
    (folder / "mine.root").touch()
    assert parse_location(text) == Location(folder / "mine.root", "h")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine.txt:h", r"borexino.data: 'mine.txt:h' names no histogram file. Allowed: .*\.root \(ROOT\)"),
        ("mine.rot:h", "Did you mean '.root'"),
        ("", "names no histogram file"),
        (".root", "names no histogram file"),
        ("h_nhits", "Write FILE:NAME"),
        ("a\0.root:h", "names no histogram file"),
        ("mine.root:", "ends with a colon"),
        ("https://example.org/mine.root:h", "an address on the net.*Fetch it"),
        ("root://example.org//mine.root:h", "an address on the net"),
    ],
)
def test_what_names_no_file(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_location(text, where="borexino.data")


@given(text=st.text())
def test_any_text_is_taken_or_refused_clearly(text: str) -> None:
    try:
        found = parse_location(text)
    except InputError:
        return
    assert file_format(found.path) is not None
    assert found.name != ""


@given(
    folder=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    suffix=st.sampled_from(sorted(FORMATS)),
    name=st.from_regex(r"[a-z][a-z0-9_/]{0,9}", fullmatch=True),
)
def test_what_is_put_together_comes_apart(folder: str, suffix: str, name: str) -> None:
    path = f"./{folder}/file{suffix}"
    assert parse_location(f"{path}:{name}") == Location(Path(path), name)
