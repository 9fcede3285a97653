"""Combinations: what is one, what is apart, what is refused, labels and metadata."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nurecoil.analysis import build
from nurecoil.combining.combination import combination, combine, labels_of_files
from nurecoil.combining.correlations import Relation
from nurecoil.detectors.morph import Morph
from nurecoil.errors import ModelError
from nurecoil.inference.fit import nll
from nurecoil.model.modifiers import BinFactors, NormSys
from nurecoil.model.parameters import (
    GaussianConstraint,
    Parameter,
    Root,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

from .combining import make, mu, pull, same_models, staterror


def test_equal_names_with_equal_definitions_are_one_parameter_and_its_constraint_counts_once() -> None:
    one = make("A", parameters=[pull("jes")], modifiers=[NormSys("jes", 0.9, 1.1)], file="a.json")
    two = make("B", (4.0, 5.0), [pull("jes")], [NormSys("jes", 0.8, 1.3)], file="b.json")
    both = combine([one, two])
    assert list(both.parameters) == ["mu", "jes"]
    assert [c.name for c in both.channels] == ["A", "B"]
    at = {"mu": 1.4, "jes": 0.7}
    assert nll(both, at) == pytest.approx(
        nll(one, at) + nll(two, at) + stats.norm.logpdf(0.7), rel=1e-13
    )  # fmt: skip


CHANGES: list[dict[str, Any]] = [
    {"upper": 20.0},
    {"lower": -1.0},
    {"unit": "pb"},
    {"constraint": GaussianConstraint(1.0, 0.1)},
    {"root": Root("coupling", "1", 1.0, 2)},
    {"fixed": True},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda change: next(iter(change)))
def test_a_conflict_shows_both_definitions_their_files_the_field_and_the_remedies(
    changes: dict[str, Any],
) -> None:
    one = make("A", parameters=[mu(name="k")], powers={"k": 1}, file="x/a.json")
    two = make("B", parameters=[mu(name="k", **changes)], powers={"k": 1}, file="b.json")
    with pytest.raises(ModelError) as caught:
        combine([two, one])
    field = next(iter(changes))
    assert caught.value.where == "shared parameter 'k'"
    assert "a (x/a.json) has 1.0, in [0.0, 10.0], free; b (b.json) has 1.0" in caught.value.got
    assert f"They differ in {field} (" in caught.value.got
    assert caught.value.remedy is not None
    for text in ('["k"]\nmembers = ["a:k", "b:k"]\nindependent = true', 'same = true\nkeep = "a:k"',
                 'members = ["b:k"]\nrenamed = true'):  # fmt: skip
        assert text in caught.value.remedy


def test_definitions_that_differ_in_the_last_digit_differ() -> None:
    near = math.nextafter(0.1, 1.0)
    one = make("A", parameters=[pull("k", constraint=GaussianConstraint(0.0, 0.1))], powers={"k": 1})
    two = make("B", parameters=[pull("k", constraint=GaussianConstraint(0.0, near))], powers={"k": 1})
    with pytest.raises(ModelError, match="They differ in constraint"):
        combine([one, two])


def test_where_fits_start_is_no_part_of_a_definition_unless_the_parameter_is_fixed() -> None:
    one, two = (
        make(c, parameters=[mu(name="k", value=v)], powers={"k": 1}) for c, v in (("A", 1.0), ("B", 4.0))
    )
    made = combination([one, two], ["a", "b"])
    assert made.model.parameters["k"].value == 2.5
    assert made.shared[1]["remark"] == "starts at the mean of a 1, b 4"
    one, two = (
        make(c, parameters=[mu(name="k", value=v, fixed=True)], powers={"k": 1})
        for c, v in (("A", 1.0), ("B", 4.0))
    )
    with pytest.raises(ModelError, match=r"They differ in value \(1.0 and 4.0\)"):
        combine([one, two], ["a", "b"])


def test_pulls_that_say_they_move_different_things_differ() -> None:
    one, two = (
        make(c, parameters=[pull("k", description=f"rate = 1 + {w} times this pull")], powers={"k": 1})
        for c, w in (("A", 0.02), ("B", 0.05))
    )
    with pytest.raises(ModelError, match="They differ in description"):
        combine([one, two], ["a", "b"])
    silent = make("B", parameters=[pull("k")], powers={"k": 1})
    assert combine([one, silent], ["a", "b"]).parameters["k"].description == "rate = 1 + 0.02 times this pull"


def test_descriptions_and_sources_are_joined() -> None:
    one = make("A", parameters=[mu(name="k", description="x", source="paper")], powers={"k": 1})
    two = make("B", parameters=[mu(name="k", description="y", source="paper")], powers={"k": 1})
    made = combine([two, one], ["b", "a"]).parameters["k"]
    assert (made.description, made.source) == ("x; y", "paper")


def test_per_bin_parameters_and_channels_of_equal_names_get_the_label_before_them() -> None:
    gammas, factors = staterror()
    others, more = staterror(3, 0.2)
    one = make("SR", (12.0, 7.0), gammas, [factors], file="a.json")
    two = make("SR", (3.0, 4.0, 5.0), others, [more], file="b.json")
    made = combination([one, two])
    assert [c.name for c in made.model.channels] == ["a/SR", "b/SR"]
    assert list(made.model.parameters) == [
        "mu", *(f"a.staterror_SR[{i}]" for i in range(2)), *(f"b.staterror_SR[{i}]" for i in range(3))
    ]  # fmt: skip
    assert made.model.parameters["b.staterror_SR[2]"].constraint == GaussianConstraint(1.0, 0.2 * 3)
    background = made.model.channel("b/SR").samples[1].modifiers[0]
    assert background.parameters == tuple(f"b.staterror_SR[{i}]" for i in range(3))
    assert {
        "what": "bins",
        "input": "b",
        "was": "staterror_SR[*]",
        "name": "b.staterror_SR[*]",
        "count": 3,
    } in (made.renamed)
    at = {"staterror_SR[0]": 1.1, "staterror_SR[1]": 0.9}
    apart = {f"a.{name}": value for name, value in at.items()} | {"b.staterror_SR[0]": 0.7}
    expected = nll(one, at) + nll(two, {"staterror_SR[0]": 0.7})
    assert nll(made.model, apart) == pytest.approx(expected, rel=1e-13)


def test_per_bin_parameters_that_do_not_collide_keep_their_names() -> None:
    gammas, factors = staterror(stem="staterror_A")
    one, two = make("A", (12.0, 7.0), gammas, [factors]), make("B")
    assert "staterror_A[0]" in combine([one, two], ["a", "b"]).parameters


def test_unconstrained_bins_are_shared_by_name_and_must_be_as_many() -> None:
    def shaped(channel: str, bins: int) -> SpectralModel:
        names = tuple(f"shape[{i}]" for i in range(bins))
        free = [Parameter(name, "1", 1.0, 0.0, 10.0) for name in names]
        return make(channel, (5.0,) * bins, free, [BinFactors(names, "shapefactor")])

    both = combine([shaped("A", 2), shaped("B", 2)], ["a", "b"])
    assert list(both.parameters) == ["mu", "shape[0]", "shape[1]"]
    with pytest.raises(ModelError, match="sets of different bins: 2 bins in a and 3 bins in b"):
        combine([shaped("A", 2), shaped("B", 3)], ["a", "b"])
    apart = Relation("shape[*]", "independent", ("a:shape[*]", "b:shape[*]"))
    names = list(combine([shaped("A", 2), shaped("B", 3)], ["a", "b"], [apart]).parameters)
    assert names == ["mu", "a.shape[0]", "a.shape[1]", "b.shape[0]", "b.shape[1]", "shape[2]"]


def test_a_channel_is_not_counted_twice() -> None:
    one, two = make("SR", file="a.json"), make("SR", file="b.json")
    with pytest.raises(ModelError, match="would be counted twice") as caught:
        combine([one, two])
    assert caught.value.where == "channel 'SR'"
    assert "a (a.json) and b (b.json) have the same one" in caught.value.got


def test_equal_data_under_different_samples_are_remarked() -> None:
    one = make("SR", parameters=[mu(name="k")], powers={"k": 1}, file="a.json")
    made = combination([one, make("SR", file="b.json")])
    assert made.notes == ("a/SR and b/SR have the same observed contents: are they the same events?",)
    assert made.notes[0] in made.model.metadata["notes"]


def test_names_of_templates_move_too() -> None:
    exact = Morph(("scale",), np.zeros(1), np.ones(2), np.array([[0.1, -0.1]]), np.zeros((1, 1, 2)))
    outer = dataclasses.replace(exact, exact=exact)

    class Exact:
        names = ("scale",)

        def evaluate(self, values: Any) -> Any:
            return exact.evaluate(values)

    for template in (outer, Exact()):
        models = []
        for channel, counts in (("A", (3.0, 4.0)), ("B", (2.0, 2.0))):
            sample = Sample("s", template, {"mu": 1})
            data = PoissonChannel(channel, "x", "1", np.arange(3.0), (sample,), np.array(counts))
            models.append(SpectralModel((data,), {"mu": mu(), "scale": pull("scale")}, poi="mu"))
        apart = Relation("scale", "independent", ("a:scale", "b:scale"))
        both = combine(models, ["a", "b"], [apart])
        assert both.channels[0].samples[0].depends_on == ("mu", "a.scale")
        found = nll(both, {"a.scale": 0.3, "b.scale": -0.2})
        assert found == pytest.approx(
            nll(models[0], {"scale": 0.3}) + nll(models[1], {"scale": -0.2}), rel=1e-13
        )
    moved = combine(models, ["a", "b"], [apart]).channels[0].samples[0].template
    assert not isinstance(moved, np.ndarray)
    assert moved.evaluate([0.5])[0] == pytest.approx(exact.evaluate([0.5])[0])


def test_the_common_parameter_of_interest_or_the_one_asked_for() -> None:
    one = make("A")
    two = dataclasses.replace(make("B", parameters=[mu(name="g")], powers={"g": 1}), poi="g")
    assert combine([one, dataclasses.replace(two, poi=None)], ["a", "b"]).poi == "mu"
    assert combine([one, two], ["a", "b"], poi="g").poi == "g"
    with pytest.raises(ModelError, match=r"'mu' of a and 'g' of b.*--poi mu") as caught:
        combine([two, one], ["b", "a"])
    assert caught.value.where == "parameter of interest"
    with pytest.raises(ModelError, match="'gg' is not known"):
        combine([one, two], ["a", "b"], poi="gg")
    apart = Relation("mu", "independent", ("a:mu", "b:mu"))
    with pytest.raises(ModelError, match=r"'a.mu' of a and 'b.mu' of b"):
        combine([one, make("B", (1.0, 2.0))], ["a", "b"], [apart])


def test_metadata_are_joined_and_say_what_went_in() -> None:
    one, two = make("A", file="a.json"), make("B", file="b.json")
    limit = {"experiments": ["x", "y"], "value": 1.0}
    alone = {"experiments": ["x"], "value": 2.0}
    more = {"experiments": ["x"], "search": "moment", "approximations": [{"what": "x"}],
            "response": {"form": "morph"},
            "published_limits": [limit, alone], "options": {"solar": {"o": 1}},
            "published": [{"parameter": "mu", "value": 3}, {"parameter": "gone", "value": 1}]}  # fmt: skip
    one = dataclasses.replace(one, metadata={**one.metadata, **more})
    more = {"experiments": ["y"], "options": {"solar": {"o": 2}}, "approximations": [{"what": "y"}]}
    two = dataclasses.replace(two, metadata={**two.metadata, **more, "response": {"form": "exact"}})
    meta = combine([two, one], correlations=[Relation("nu", "same", ("a:mu", "b:mu"))]).metadata
    assert meta["references"] == ["paper of a.json", "paper of b.json"]
    assert (meta["experiments"], meta["search"], meta["published_limits"]) == (["x", "y"], "moment", [limit])
    assert meta["published"] == [{"parameter": "nu", "value": 3}]
    assert meta["options"] == {"a:solar": {"o": 1}, "b:solar": {"o": 2}}
    assert meta["approximations"] == [{"what": "x"}, {"what": "y"}]
    assert meta["response"] == {"a": {"form": "morph"}, "b": {"form": "exact"}}
    origin = meta["origin"]
    assert set(origin) == {"made_by", "inputs", "correlations"}
    assert [(row["label"], row["file"], row["sha256"]) for row in origin["inputs"]] == [
        ("a", "a.json", "digest of a.json"),
        ("b", "b.json", "digest of b.json"),
    ]
    assert origin["correlations"] == [{"name": "nu", "members": ["a:mu", "b:mu"], "same": True}]


def test_labels_come_from_files_and_experiments() -> None:
    named = make("A", file="out/run 1.v2.json")
    built = dataclasses.replace(make("B"), metadata={"experiments": ["borexino", "gallium"]})
    bare = dataclasses.replace(make("C"), metadata={})
    assert combination([named, built, bare]).labels == ("borexino+gallium", "model", "run_1_v2")
    assert labels_of_files([p.with_name("ws.json") for p in map(_path, ("a/x", "b/x"))]) == ["a-ws", "b-ws"]
    with pytest.raises(ModelError, match="Name each file once"):
        labels_of_files([_path("a/x.json"), _path("a/x.json")])


def _path(text: str) -> Any:
    from pathlib import PurePosixPath

    return PurePosixPath(text)


def test_equal_stems_are_numbered_in_an_order_of_their_own() -> None:
    models = [make("SR", counts, file="ws.json") for counts in ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0))]
    results = [combine(order) for order in itertools.permutations(models)]
    assert {c.name for c in results[0].channels} == {f"ws-{i}/SR" for i in (1, 2, 3)}
    assert all(same_models(results[0], other) for other in results[1:])


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a"], "1 for 2 models"),
        (["a", "a"], "'a' more than once"),
        (["a", "b:c"], "'b:c'"),
        (["a", "b.c"], "'b.c'"),
    ],
)
def test_labels_must_fit(labels: list[str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        combine([make("A"), make("B")], labels)


def test_one_model_is_no_combination() -> None:
    with pytest.raises(ModelError, match="1 models"):
        combine([make("A")])


def test_prefixed_names_that_exist_already_are_refused() -> None:
    gammas, factors = staterror()
    one = make("SR", (12.0, 7.0), [*gammas, mu(name="a.staterror_SR[0]")], [factors])
    two = make("CR", (3.0, 4.0), gammas, [factors])
    with pytest.raises(ModelError, match=r"'a.staterror_SR\[0\]' would name both"):
        combine([one, two], ["a", "b"])
    three = dataclasses.replace(make("a/SR", (1.0, 1.0)))
    with pytest.raises(ModelError, match="two channels named 'a/SR'"):
        combine([make("SR"), make("SR", (2.0, 2.0)), three], ["a", "b", "c"])


def test_a_gaussian_channel_is_combined_as_any_other() -> None:
    part = Sample("pp", np.array([38.0]), {"mu": 1})
    rate = GaussianChannel("rate", "rate", "SNU", (part,), np.array([66.0]), np.array([4.0]))
    one = SpectralModel((rate,), {"mu": mu()})
    both = combine([one, make("A")], ["a", "b"])
    assert nll(both, {"mu": 1.3}) == pytest.approx(
        nll(one, {"mu": 1.3}) + nll(make("A"), {"mu": 1.3}), rel=1e-13
    )


def test_experiments_built_apart_are_the_ones_built_together() -> None:
    exact = {"borexino": {"response": "exact"}}
    apart = [build(["borexino"], "magnetic-moment", exact), build(["gallium"])]
    both, together = combine(apart), build(["borexino", "gallium"], "magnetic-moment", exact)
    assert both.parameters == together.parameters
    assert [channel.name for channel in both.channels] == [channel.name for channel in together.channels]
    assert (both.poi, both.metadata["experiments"]) == ("mu_eff", ["borexino", "gallium"])
    at = {"mu_eff": 2e-11, "solar.flux.pp": 1.1, "solar.flux.be7": 0.95, "borexino.rate.bi210": 15.0}
    assert nll(both, at) == pytest.approx(nll(together, at), rel=1e-13)


def test_fluxes_under_one_covariance_are_constrained_once() -> None:
    """Gallium sees one flux more than Borexino: the larger covariance says it all."""
    options = {"solar": {"ssm": "SF3-GS98", "flux_prior": "ssm"}}
    apart = [
        build(["borexino"], None, options | {"borexino": {"response": "exact"}}),
        build(["gallium"], None, options),
    ]
    both = combine(apart)
    assert [set(one.names) for one in apart[0].constraints] < [set(one.names) for one in apart[1].constraints]
    assert both.constraints == apart[1].constraints


@pytest.mark.parametrize("scales", [(1e-11, 1e-12), (1e-11, None), (1e-11, 1e-11)])
def test_powers_in_different_units_are_combined_in_their_root(scales: tuple[float, float | None]) -> None:
    models = []
    for channel, scale in zip("AB", scales, strict=True):
        signal = Parameter("m", "mu_B", 1e-11, 0.0)
        power, size = {"m": 2}, 1e22
        if scale is not None:
            root = Root("m", "mu_B", scale, 2)
            signal = Parameter("m2", f"({scale:g} mu_B)^2", (1e-11 / scale) ** 2, 0.0, root=root)
            power, size = {"m2": 1}, 1e22 * scale**2
        samples = (Sample("signal", np.array([3.0, 1.0]) * size, power), Sample("rest", np.full(2, 5.0)))
        data = PoissonChannel(channel, "x", "1", np.arange(3.0), samples, np.array([9.0, 6.0]))
        models.append(SpectralModel((data,), {signal.name: signal}, poi=signal.name))
    made = combination(models, ["a", "b"])
    assert made.model.poi == ("m2" if scales[0] == scales[1] else "m")
    assert bool(made.notes) == (scales[0] != scales[1])
    at = 2.5e-11
    values = [{"m": at} if scale is None else {"m2": (at / scale) ** 2} for scale in scales]
    expected = sum(nll(model, value) for model, value in zip(models, values, strict=True))
    assert nll(made.model, {"m": at} if made.notes else values[0]) == pytest.approx(expected, rel=1e-12)
    assert same_models(made.model, combine(models[::-1], ["b", "a"]))
