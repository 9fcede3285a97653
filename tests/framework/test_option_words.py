"""Options in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import annotated_types
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.experiment import NoOptions, option
from nurecoil.option_words import allowed_values, option_rows, spelt

if TYPE_CHECKING:
    from decimal import Decimal

    from annotated_types import Interval


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bool, "true or false"),
        (int, "whole number"),
        (float, "number"),
        (str, "text"),
        (Path, "file"),
        (Literal["a", 2, True, None], "a | 2 | true | none"),
        (float | None, "number | none"),
        (Optional[Literal["x"]], "x | none"),  # noqa: UP045  (the old spelling has to work, too)
        (tuple[float, ...], "number, any number of them"),
        (list[str], "text, any number of them"),
        (tuple[int, str], "whole number, text"),
        (Annotated[int, annotated_types.Ge(0)], "whole number >= 0"),
        (Annotated[float, annotated_types.Gt(0), annotated_types.Lt(1)], "number > 0, < 1"),
        (Annotated[float, annotated_types.Interval(ge=0, le=1)], "number >= 0, <= 1"),
        (Annotated[float, pydantic.Field(gt=0, le=2)], "number > 0, <= 2"),
        (Annotated[int, annotated_types.MultipleOf(5)], "whole number multiple of 5"),
        (Annotated[str, "a remark"], "text"),
        (Annotated[float, annotated_types.Ge(0)] | None, "number >= 0 | none"),
        (complex, "complex"),
        ("Decimal", "Decimal"),
    ],
    ids=str,
)
def test_types_in_words(annotation: Any, words: str) -> None:
    assert allowed_values(annotation) == words


@dataclass(frozen=True)
class Options:
    """Options of every make."""

    threshold: Annotated[float, annotated_types.Ge(0)] = option(0.2, unit="MeV", help="lowest energy")
    exact: Decimal = option(None, help="a type that only type checkers see")
    several: tuple[str, ...] = field(default_factory=lambda: ("pp", "be7"))
    plain: int = field(kw_only=True)


def test_rows() -> None:
    rows = {row["option"]: row for row in option_rows("juno", Options)}
    assert list(rows) == ["juno.threshold", "juno.exact", "juno.several", "juno.plain"]
    assert rows["juno.threshold"]["unit"] == "MeV"
    assert rows["juno.exact"]["allowed"] == "Decimal"
    assert rows["juno.several"]["default"] == "pp,be7"
    assert rows["juno.plain"]["default"] == "required"
    assert rows["juno.plain"] | {"unit": "1", "help": ""} == rows["juno.plain"]
    assert option_rows("juno", NoOptions) == []


def test_annotations_that_resolve_are_words_even_as_strings() -> None:
    @dataclass(frozen=True)
    class Resolvable:
        threshold: float = option(0.2, help="")

    assert Resolvable.__annotations__ == {"threshold": "float"}
    assert option_rows("juno", Resolvable)[0]["allowed"] == "number"


@dataclass(frozen=True)
class Bounded:
    """Options with a bound that only type checkers import."""

    share: Annotated[float, Interval(ge=0, lt=1)] = option(0.0, help="a share")


def test_bounds_need_no_import_where_the_options_are() -> None:
    assert "Interval" not in globals()
    assert option_rows("juno", Bounded)[0]["allowed"] == "number >= 0, < 1"


@given(st.floats(allow_nan=False))
def test_numbers_are_spelt_so_that_reading_gives_them_back(value: float) -> None:
    assert float(spelt(value)) == value
