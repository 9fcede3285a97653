"""Judging: complaints, remarks, what a plugin raises, and what cannot be judged."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import ModelError
from nurecoil.testing.rules import Finding, Kept, NotMadeError, Rule, judge, judge_all, told


def rule(*said: str, name: str = "rule") -> Rule:
    return Rule(name, "Do it.", lambda case: list(said))


def test_no_word_and_remarks_are_kept() -> None:
    assert judge(rule(), None) == Finding("rule", True, "")
    assert judge(rule(Kept("one"), Kept("two")), None) == Finding("rule", True, "one; two")


def test_complaints_end_with_what_to_do_and_drop_remarks() -> None:
    assert judge(rule(Kept("fine"), "it is wrong."), None).message == "it is wrong. Do it."


@given(st.integers(1, 50))
def test_many_complaints_are_cut_and_counted(count: int) -> None:
    message = judge(rule(*(f"wrong {i}" for i in range(count))), None).message
    assert message.count("wrong") == min(count, 4)
    assert (f"and {count - 4} more" in message) == (count > 4)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("no"), "ZeroDivisionError: no. Do it."),
        (ModelError("here", "bad"), "here: bad. Do it."),
    ],
)
def test_what_is_raised_is_a_complaint(error: Exception, said: str) -> None:
    def raises(case: object) -> Iterator[str]:
        yield Kept("before")
        raise error

    assert judge(Rule("rule", "Do it.", raises), None) == Finding("rule", False, said)


def test_what_is_missing_is_told_by_the_rule_that_it_belongs_to() -> None:
    def raises(case: object) -> list[str]:
        raise NotMadeError("builds", ValueError("no light"))

    first, second = judge_all([Rule("builds", "Build.", raises), Rule("other", "Do it.", raises)], None)
    assert first.message == "ValueError: no light. Build."
    assert second == Finding("other", False, "not judged, since the rule 'builds' is broken")


def test_errors_in_one_line() -> None:
    assert told(ValueError("two\n  lines")) == "ValueError: two lines"
    assert told(KeyError()) == "KeyError"
    assert json.loads(json.dumps(Finding("a", False, "b").to_json())) == {
        "rule": "a", "passed": False, "message": "b",
    }  # fmt: skip
