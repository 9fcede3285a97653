"""The contract of a search: what it must say and what it need not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from nurecoil.experiment import NoOptions
from nurecoil.search import Search, Term


class Quiet(Search):
    """A search that says no more than it must."""

    name = "quiet"
    title = "says little"
    poi = "kappa"  # type: ignore[assignment]

    def parameters(self) -> Sequence[Any]:
        return []

    def terms(self, source: Any) -> Sequence[Term]:
        return []


def test_what_need_not_be_said_is_empty() -> None:
    made = Quiet(NoOptions())
    assert repr(made) == "<Search quiet: NoOptions()>"
    assert made.citations == ()
    assert tuple(made.notes()) == ()
    made.check_sources([])


@pytest.mark.parametrize("missing", ["poi", "parameters", "terms"])
def test_the_rest_must_be_said(missing: str) -> None:
    parts = {"poi": "kappa", "parameters": Quiet.parameters, "terms": Quiet.terms}
    del parts[missing]
    with pytest.raises(TypeError, match=f"abstract.*{missing}"):
        type("Silent", (Search,), {"name": "s", "title": "s", **parts})(NoOptions())


def test_terms_are_frozen() -> None:
    term = Term("em", lambda T, E, flavour, antineutrino: T, (("mu_eff", 2),))
    assert not term.signed
    with pytest.raises(dataclasses.FrozenInstanceError):
        term.name = "other"  # type: ignore[misc]
