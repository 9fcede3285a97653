"""The parts of a combination: each is fitted and scanned once, and says why where it cannot be."""

from __future__ import annotations

import pytest

from nurecoil.errors import FitError
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies import combination as module
from nurecoil.studies.combination import Combination
from nurecoil.studies.parts import part

from .conftest import measured, model_of

METHOD = ("area", 0.9, 21)


def sums() -> SpectralModel:
    """Two experiments that feel ``g``, the second without data, and one that does not, nor can be fitted."""
    return model_of(
        measured("one", [1.2, 1.0], 0.3, {"g": [1, 0], "a": [1, 1]}),
        measured("two", [1.0, 1.0], 0.2, {"g": [1, 0], "a": [1, 1]}, asimov=True),
        measured("sum", 3.0, 0.2, {"a": 1, "b": 1}),
        poi="g",
        search="moment",
    )


def test_limits_of_the_parts_are_limits_of_their_models() -> None:
    made = Combination(sums(), *METHOD, None, 1)
    found = made.limit(("one", "two"))
    wanted = limit(part(sums(), ["one", "two"]), 0.9, "area", points=21)
    assert isinstance(found, Limit)
    assert found.value == pytest.approx(wanted.value, rel=1e-9)
    assert made.limit(("one", "two")) is found
    assert made.fit(("one", "two")) is found.best_fit


def test_reasons_in_words() -> None:
    made = Combination(sums(), *METHOD, None, 1)
    assert made.limit(("sum",)) == "no recoils that moment acts on"
    said = made.fit(("sum",))
    assert isinstance(said, str) and "the data cannot tell a and b apart" in said


def test_a_signal_that_reaches_no_bin_is_no_limit_but_a_fit() -> None:
    model = model_of(
        measured("one", [1.2, 1.0], 0.3, {"g": [1, 0], "a": [1, 1]}),
        measured("two", [1.0, 1.1], 0.2, {"g": [0, 0], "a": [1, 1]}),
        poi="g",
        search="moment",
    )
    made = Combination(model, *METHOD, None, 1)
    assert made.limit(("two",)) == "no recoils that moment acts on"
    found = made.fit(("two",))
    assert isinstance(found, FitResult)
    assert found.parameters["a"].value == pytest.approx(1.05)
    assert found.parameters["g"].fixed


def test_data_that_do_not_constrain_the_coupling_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Limit:
        raise FitError("profile of 'g'", "-log L does not rise")

    monkeypatch.setattr(module, "limit", refuse)
    made = Combination(sums(), *METHOD, None, 1)
    assert made.limit(("one",)) == "profile of 'g': -log L does not rise."
    with pytest.raises(FitError):
        made.limit(("one", "two", "sum"))


def test_who_has_no_data() -> None:
    made = Combination(sums(), *METHOD, None, 1)
    assert [made.without_data(name) for name in ("one", "two", "sum")] == [False, True, False]


def test_progress_runs_through_all_scans() -> None:
    told: list[tuple[int, int]] = []
    made = Combination(sums(), *METHOD, lambda done, total: told.append((done, total)), 3)
    for group in (("one",), ("sum",), ("two",)):
        made.limit(group)
    done = [one for one, _ in told]
    assert {total for _, total in told} == {63}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (1, 63)
