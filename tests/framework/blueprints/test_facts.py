"""A number without a source is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from nurecoil.blueprints.facts import RECALLED, Fact
from nurecoil.errors import InputError


def test_recalled_numbers_say_so() -> None:
    assert Fact(1.0, "m", "a paper", "published").checked
    assert not Fact(1.0, "m", "a paper" + RECALLED, "published").checked


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"value": float("nan")}, "a value of nan"),
        ({"unit": " "}, "empty unit or citation"),
        ({"citation": ""}, "empty unit or citation"),
        ({"status": "guessed"}, "status 'guessed'.*published, derived, assumed"),
        ({"error": -1.0}, "an error of -1.0"),
        ({"error": float("nan")}, "an error of nan"),
    ],
)
def test_incomplete_facts(words: dict[str, Any], message: str) -> None:
    whole: dict[str, Any] = {"value": 1.0, "unit": "m", "citation": "a paper", "status": "published"}
    with pytest.raises(InputError, match=message):
        Fact(**{**whole, **words})


def test_facts_are_frozen() -> None:
    fact = Fact(1.0, "m", "a paper", "published")
    with pytest.raises(FrozenInstanceError):
        fact.value = 2.0  # type: ignore[misc]
