"""The words of a feasibility study."""

from __future__ import annotations

import pytest

from nurecoil.studies.feasibility_result import Feasibility, Line, Row

ROWS = (Row("a", 1.0, 1.0, 5.0), Row("a", 1.0, 100.0, None, "no minimum"))


def study(line: Line, target: float | None = 4.0, unit: str = "1") -> Feasibility:
    return Feasibility("toy", "s", "x", unit, 0.9, "area", "c", target, "", {"a": {}}, (line,), {}, 1.0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Line("a", 1.0, ROWS, 3.0, "needed", 25.0), "a rejection of 25 gives 4 mu_B, a larger one beats it"),
        (Line("a", 1.0, ROWS, 3.0, "none needed"), "4 mu_B is beaten at a rejection of 1 already"),
        (Line("a", 1.0, ROWS, 4.5, "never"), "no rejection beats 4 mu_B"),
        (Line("a", 1.0, ROWS, None, "out of range"), "4 mu_B needs a rejection of more than 100"),
        (Line("a", 1.0, ROWS, None, "not known"), "what 4 mu_B needs is not known"),
        (Line("a", 1.0, ROWS, None, "never", same_as="b"), "the same as b, which is all that reaches"),
    ],
)
def test_every_verdict_in_words(line: Line, said: str) -> None:
    words = study(line, unit="mu_B").sentence(line)
    assert words.startswith("a, threshold 1 MeV: ") and said in words
    assert ("with none of the background left 3 mu_B" in words) is (line.floor == 3.0)


def test_without_a_target() -> None:
    line = Line("a", 1.0, ROWS, None, "not known")
    assert study(line, None).sentence(line) == "a, threshold 1 MeV: no limit"


def test_lines_by_curve_and_threshold() -> None:
    line = Line("a", 1.0, ROWS, None, "not known")
    made = study(line)
    assert made.line("a", 1.0) is line and made.rows == ROWS
    assert made.to_json()["rows"][1]["reason"] == "no minimum"
    with pytest.raises(KeyError):
        made.line("b", 1.0)
    assert repr(made).startswith("<Feasibility of toy for s: 2 expected limits on x at 90 %")
