"""Documents given out: whole files, and a standard output that carries nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nurecoil.cli.output import deliver, reserved
from nurecoil.errors import OptionError


def test_a_document_that_cannot_be_written_leaves_the_old_file_and_no_words(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(TypeError):
        deliver({"value": object()}, str(target), words=lambda: pytest.fail("words before the document"))
    assert target.read_text() == "old"
    with pytest.raises(OptionError, match="--json"):
        deliver({}, str(tmp_path), words=lambda: pytest.fail("words before the document"))
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_standard_output_is_kept_for_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    with reserved("-"):
        print("fitting")
    deliver({"a": 1}, "-", words=lambda: pytest.fail("words beside the document"))
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": 1}
    assert err == "fitting\n"


@pytest.mark.parametrize("target", [None, "result.json"])
def test_otherwise_standard_output_is_for_words(
    target: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    with reserved(target):
        assert sys.stdout is before
        print("fitting")
    assert capsys.readouterr().out == "fitting\n"
