"""Systematic studies of a made-up experiment: members, sum, failures, and what the result says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import Request
from nurecoil.errors import ModelError, OptionError, PluginError
from nurecoil.inference.limits import limit
from nurecoil.inference.variations import summed_profile
from nurecoil.studies import systematics as module
from nurecoil.studies.systematics import systematics
from nurecoil.studies.systematics_result import Systematics
from nurecoil.variation import Choice, Variation

from .varied import Varied, asked, varied

__all__ = ["varied"]

Study = Callable[..., Systematics]


@pytest.fixture
def study(varied: type[Varied]) -> Study:
    def run(request: Request | None = None, **words: Any) -> Systematics:
        return systematics(request or asked(), points=words.pop("points", 15), **words)

    return run


def test_every_combination_is_a_member_and_the_first_is_the_standard(study: Study) -> None:
    told: list[tuple[int, int]] = []
    found = study(progress=lambda *numbers: told.append(numbers))
    assert [row.member.label for row in found.rows][:2] == ["flat, as held", "flat, held -1.73 sigma"]
    assert len(found.rows) == 6 and told == [(n, 6) for n in range(1, 7)]
    alone = limit(asked().model(), points=15)
    assert found.standard.limits["area"] == pytest.approx(alone.value, rel=1e-6)
    assert found.standard.member.standard and found.failures == ()


def test_the_sum_is_that_of_the_members_profiles(study: Study) -> None:
    found = study()
    scans = [row.limit.scan for row in found.rows if row.limit is not None]
    priors = [row.member.prior for row in found.rows]
    excess = [row.excess for row in found.rows if row.excess is not None]
    wanted = summed_profile(scans, priors, excess)
    np.testing.assert_allclose(found.scan.delta_nll, wanted.scan.delta_nll, atol=1e-9)
    assert [row.weight for row in found.rows] == pytest.approx(wanted.weights.tolist())
    assert [row.share for row in found.rows] == pytest.approx(wanted.shares.tolist())
    assert min(row.delta for row in found.rows if row.delta is not None) == 0.0
    single = [row.limits["area"] for row in found.rows]
    assert min(single) < found.limit < max(single)
    assert found.ratio == pytest.approx(found.limit / found.standard.limits["area"])


def test_what_members_assume_moves_their_likelihood(study: Study) -> None:
    """The data fall, so the rising background fits worse; the same data give the same constant."""
    found = study(axes=["shape"])
    flat, rising = found.rows
    assert rising.delta is not None and rising.delta > 1 and rising.weight < 0.3
    models = [asked(shape=shape).model() for shape in ("flat", "rising")]
    nll = [limit(model, points=15).best_fit.nll for model in models]
    assert rising.excess - flat.excess == pytest.approx(nll[1] - nll[0], abs=1e-6)  # type: ignore[operator]


def test_axes_alone_and_together(study: Study) -> None:
    found = study()
    shape, held = found.alone
    assert (shape.axis, shape.members, held.axis, held.members) == ("shape", 2, "held", 3)
    assert shape.limit == pytest.approx(study(axes=["shape"]).limit, rel=1e-6)
    assert held.lowest <= held.limit <= held.highest
    assert study(axes=["held"]).alone == ()


def test_asimov_data_are_the_standard_members_for_all(study: Study) -> None:
    found = study(asimov=True, axes=["shape"])
    flat, rising = (row.limit for row in found.rows)
    assert flat is not None and rising is not None and found.expected
    one, other = (row.model.channels[0].observed for row in (flat, rising))
    np.testing.assert_array_equal(one, other)
    assert found.standard.excess == pytest.approx(0.0, abs=1e-6) and found.rows[1].delta > 0.01  # type: ignore[operator]


def test_each_choice_of_other_data_has_asimov_data_of_its_own(study: Study) -> None:
    found = study(asked(data=False), axes=["exposure", "shape"])
    assert [row.member.data for row in found.rows] == [("single",)] * 2 + [("double",)] * 2
    sums = [row.limit.model.channels[0].observed.sum() for row in found.rows if row.limit is not None]
    assert sums == pytest.approx([sums[0], sums[0], 2 * sums[0], 2 * sums[0]])
    single, _, double, _ = found.rows
    assert single.excess == pytest.approx(0.0, abs=1e-6) and double.excess == pytest.approx(0.0, abs=1e-6)
    assert single.weight == pytest.approx(double.weight, rel=1e-5)
    assert double.limits["area"] < single.limits["area"]
    assert any("exposure has data of its own" in note for note in found.notes)


def test_a_member_that_fails_is_named_and_left_out(study: Study, varied: type[Varied]) -> None:
    bad = Variation("shape", (Choice("flat"), Choice("bad", {"toy.shape": "impossible"}, prior=0.5)))
    found = study(variations=[bad])
    good, failed = found.rows
    assert failed.limit is None and failed.reason and failed.weight == failed.share == 0.0
    assert found.failures == (failed,) and good.weight == 1.0
    assert found.limit == pytest.approx(good.limits["area"], rel=1e-6)
    assert found.notes[0].startswith("1 of 2 members with 33 % of the prior weight failed")
    assert "1 failed" in repr(found) and json.dumps(found.to_json())


def test_a_standard_member_that_fails_is_an_error(study: Study) -> None:
    with pytest.raises(ModelError):
        study(variations=[Variation("held", (Choice("a", {}, {"toy.rate.flat": 2.0}),))])


def test_held_parameters_at_their_bounds_are_told(study: Study) -> None:
    axis = Variation("held", (Choice("as held"), Choice("far down", {}, {"toy.rate.held": -1.0})))
    assert any("toy.rate.held stays at its bound 0" in note for note in study(variations=[axis]).notes)


def test_the_document_and_the_words(study: Study) -> None:
    found = study(method="delta-chi2-one-sided", cl=0.95)
    document = json.loads(json.dumps(found.to_json()))
    assert document["method"] == "delta-chi2-one-sided" == next(iter(document["limits"]))
    assert document["limit"] == found.limit and document["ratio"] == found.ratio
    assert len(document["rows"]) == 6 and len(document["alone"]) == 2
    row = document["rows"][1]
    assert row["factors"] == {"toy.rate.held": pytest.approx(1 - 0.3 * 3**0.5)}
    assert set(row) >= {"choices", "prior", "best_fit", "limits", "delta_nll", "weight", "scan", "p_value"}
    assert document["axes"][0]["choices"][1]["options"] == {"toy.shape": "rising"}
    assert sum(choice["prior"] for choice in document["axes"][1]["choices"]) == pytest.approx(1.0)
    assert "a note of the search" in document["notes"]
    assert repr(found).startswith("<Systematics of 6 members: mu_eff < ") and "at 95 %" in repr(found)


def test_a_level_below_one_half_leaves_the_asked_rule(study: Study) -> None:
    assert study(cl=0.4, axes=["shape"]).methods == ("area",)


def test_what_is_refused(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in ({"method": "areas"}, {"cl": 90.0}, {"axes": ["form"]}):
        with pytest.raises(OptionError):
            study(**words)
    with pytest.raises(OptionError, match="no search"):
        study(Request.of(["toy"]))
    monkeypatch.setattr(module, "MOST_MEMBERS", 5)
    with pytest.raises(OptionError, match=r"6 members\. Allowed: at most 5"):
        study()
    monkeypatch.setattr(Varied, "variations", lambda self, shared: [0])
    with pytest.raises(PluginError, match="a variation 0"):
        study()
