"""Exchange rules: a peer that says something else is caught, one within what is stated is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nurecoil.inference.fit import nll
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing import exchange
from nurecoil.testing.models import counting
from nurecoil.testing.rules import Kept


@pytest.fixture
def case() -> Any:
    model = counting(observed=12.0, background=10.0, background_error=2.0)
    stated = SpectralModel(
        model.channels, model.parameters, model.constraints, model.poi, {"references": ["J. Toy Phys."]}
    )
    return SimpleNamespace(model=stated, zfit=False)


def test_a_model_goes_through_pyhf_and_histograms(case: Any) -> None:
    for check in (exchange.pyhf, exchange.histograms, exchange.zfit):
        assert all(isinstance(word, Kept) for word in check(case))


def test_a_peer_that_is_off_is_caught(case: Any) -> None:
    def off(values: Any) -> float:
        return nll(case.model, values) + 1e-6 * values.get("signal", 0.0)

    (said,) = exchange._compared("peer", case.model, off, 0.0)
    assert not isinstance(said, Kept) and "where ours changes by" in said
    (kept,) = exchange._compared("peer", case.model, off, 1e-4)
    assert isinstance(kept, Kept)


def test_points_are_inside_the_bounds_and_the_same_each_time(case: Any) -> None:
    first, second = (list(exchange.points(case.model)) for _ in range(2))
    assert first == second and len(first) == 4
    assert all(point["signal"] >= 0 for point in first)
    assert np.ptp([point["background"] for point in first]) > 0


def test_a_workspace_without_its_references_is_caught(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import nurecoil.bridges.histfactory.sidecar as module

    def bare(*words: Any) -> dict[str, Any]:
        found = original(*words)
        return {**found, "metadata": {**found["metadata"], "references": []}}

    original = module.sidecar
    monkeypatch.setattr(module, "sidecar", bare)
    assert "the sidecar lacks the references" in list(exchange.pyhf(case))


def test_a_refusal_without_a_reason_is_no_refusal(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from nurecoil.bridges import pyhf
    from nurecoil.errors import ModelError

    def refuse(*words: Any) -> None:
        raise ModelError("here", "no", allowed, None)

    monkeypatch.setattr(pyhf, "document", refuse)
    allowed: str | None = "one power each"
    assert list(exchange.pyhf(case)) == [Kept("refuse is refused: here: no")]
    allowed = None
    assert not isinstance(next(exchange.pyhf(case)), Kept)
