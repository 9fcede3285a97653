"""Correlation maps as files: what is read, what is refused, and that what is written says what holds."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil.bridges.correlation_map import LARGEST, map_text, read_map, write_map
from nurecoil.combining._words import entry_text, quoted
from nurecoil.combining.combination import combine
from nurecoil.combining.correlations import Relation
from nurecoil.errors import InputError, ModelError, OptionError
from nurecoil.model.modifiers import BinFactors, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

EXAMPLE = """
["luminosity"]
members = ["run1:lumi", "run2:lumi"]
correlated = 0.5

["alpha.scale"]
members = ["run1:alpha.scale", "run2:scale_2"]
same = true
keep = "run1:alpha.scale"

[background]
members = ["run1:bkg", "run2:bkg"]
independent = true

["tilt.run1"]
members = ["run1:tilt"]
renamed = true

[three]
members = ["run1:a", "run2:a", "run2:b"]
correlated = [[1, 0.5, 0.0], [0.5, 1, -0.25], [0.0, -0.25, 1]]
"""


def model(channel: str, upper: float = 5.0, bins: int = 2, start: float = 0.0) -> SpectralModel:
    """A signal over a background with a pull and a free shape."""
    shape = tuple(f"shape[{i}]" for i in range(bins))
    parameters = [
        Parameter("mu", "1", 1.0, 0.0, 10.0, description="strength"),
        Parameter("jes", "1", start, -5.0, upper, GaussianConstraint(0.0, 1.0)),
        *(Parameter(name, "1", 1.0, 0.0, 10.0) for name in shape),
    ]
    modifiers = (NormSys("jes", 0.9, 1.1), BinFactors(shape, "shapefactor"))
    samples = (
        Sample("signal", np.ones(bins), {"mu": 1}),
        Sample("rest", np.ones(bins), {}, modifiers=modifiers),
    )
    data = PoissonChannel(channel, "x", "1", np.arange(bins + 1.0), samples, np.full(bins, 3.0))
    return SpectralModel((data,), {p.name: p for p in parameters}, poi="mu")


def read_text(folder: Path, text: str) -> tuple[Relation, ...]:
    (folder / "map.toml").write_text(text, encoding="utf-8")
    return read_map(folder / "map.toml")


def test_the_words_of_a_map(tmp_path: Path) -> None:
    assert read_text(tmp_path, EXAMPLE) == (
        Relation("luminosity", "correlated", ("run1:lumi", "run2:lumi"), correlation=0.5),
        Relation("alpha.scale", "same", ("run1:alpha.scale", "run2:scale_2"), keep="run1:alpha.scale"),
        Relation("background", "independent", ("run1:bkg", "run2:bkg")),
        Relation("tilt.run1", "renamed", ("run1:tilt",)),
        Relation("three", "correlated", ("run1:a", "run2:a", "run2:b"),
                 correlation=((1.0, 0.5, 0.0), (0.5, 1.0, -0.25), (0.0, -0.25, 1.0))),
    )  # fmt: skip
    assert read_text(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [", "it is no TOML"),
        ("x = 3", "entry 'x': 3. Allowed: a table"),
        ("[x]\nsame = true", "members = None"),
        ('[x]\nmembers = "a:x"\nsame = true', "members = 'a:x'"),
        ('[x]\nmembers = ["a:x", 3]\nsame = true', "members = ['a:x', 3]"),
        ('[x]\nmembers = ["a:x", "b:x"]', "no relation. Allowed: exactly one of same = true"),
        ('[x]\nmembers = ["a:x", "b:x"]\nsame = true\ncorrelated = 0.5', "same and correlated"),
        ('[x]\nmembers = ["a:x", "b:x"]\nsame = false', "same = False"),
        ('[x]\nmembers = ["a:x", "b:x"]\nindependant = true', "Did you mean 'independent'?"),
        ('[x.y]\nmembers = ["a:x", "b:x"]\nsame = true', "A heading with a dot needs quotes."),
        ('[x]\nmembers = ["a:x", "b:x"]\nsame = true\nkeep = 1', "keep = 1"),
        ('[x]\nmembers = ["a:x", "b:x"]\ncorrelated = true', "correlated = True"),
        ('[x]\nmembers = ["a:x", "b:x"]\ncorrelated = "0.5"', "correlated = '0.5'"),
        ('[x]\nmembers = ["a:x", "b:x"]\ncorrelated = [[1, "0"], [0, 1]]', "correlated = [[1, '0'"),
        ('[x]\nmembers = ["a:x", "b:x"]\ncorrelated = []', "correlated = []"),
        (f'[x]\nmembers = ["a:x", "b:x"]\ncorrelated = 1{"0" * 400}', "correlated = 1000"),
        ('[x]\nmembers = ["a:x"]\nsame = true\n[x]', "it is no TOML"),
        ("x = " + "[" * 20000, "it is no TOML"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.where.startswith("correlation map map.toml")


def test_statements_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="entry 'x': a correlation matrix with the smallest eigenvalue"):
        read_text(tmp_path, '[x]\nmembers = ["a:x", "b:x"]\ncorrelated = 2.0')
    with pytest.raises(ModelError, match="no finite number"):
        read_text(tmp_path, '[x]\nmembers = ["a:x", "b:x"]\ncorrelated = nan')


def test_files_that_are_no_maps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_map(tmp_path / "none.toml")
    with pytest.raises(InputError, match="no such file"):
        read_map(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="it cannot be read"):
        read_map(tmp_path / "bytes.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(InputError, match="at most"):
        read_map(tmp_path / "large.toml")


def test_the_default_map_lists_every_shared_name_and_changes_nothing(tmp_path: Path) -> None:
    models = [model("A"), model("B", start=1.0)]
    write_map(tmp_path / "map.toml", models, ["a", "b"])
    text = (tmp_path / "map.toml").read_text()
    assert '# 1.0, in [0.0, 10.0], free\nmembers = ["a:mu", "b:mu"]\nsame = true\n' in text
    assert '["shape[*]"]\n# 1.0, in [0.0, 10.0], free\n# and so on for 2 bins\n' in text
    assert "# a: 0.0, in [-5.0, 5.0], Gaussian 0.0 +- 1.0\n# b: 1.0" in text
    assert "# input a: made in memory, sha256 " in text
    relations = read_map(tmp_path / "map.toml")
    assert [relation.name for relation in relations] == ["mu", "jes", "shape[*]"]
    plain, mapped = combine(models, ["a", "b"]), combine(models, ["a", "b"], relations)
    assert plain.parameters == mapped.parameters
    assert [repr(channel) for channel in plain.channels] == [repr(channel) for channel in mapped.channels]


def test_the_default_map_names_the_files() -> None:
    origin = {"file": 'odd "name".json', "sha256": "0123"}
    one = dataclasses.replace(model("A"), metadata={"origin": origin})
    assert r'# input odd_name: "odd \"name\".json", sha256 0123' in map_text([one, model("B")])


def test_a_conflict_is_written_undecided_and_not_accepted(tmp_path: Path) -> None:
    models = [model("A"), model("B", upper=8.0)]
    write_map(tmp_path / "map.toml", models, ["a", "b"])
    text = (tmp_path / "map.toml").read_text()
    assert "# DECIDE: the definitions differ in upper." in text
    with pytest.raises(InputError, match="entry 'jes': no relation"):
        read_map(tmp_path / "map.toml")
    decided = text.replace('"b:jes"]', '"b:jes"]\nsame = true\nkeep = "b:jes"')
    assert combine(models, ["a", "b"], read_text(tmp_path, decided)).parameters["jes"].upper == 8.0


def test_statements_given_stay_and_the_rest_is_added(tmp_path: Path) -> None:
    tie = Relation("scale", "correlated", ("a:jes", "b:jes"), correlation=0.5)
    write_map(tmp_path / "map.toml", [model("A"), model("B")], ["a", "b"], [tie])
    relations = read_map(tmp_path / "map.toml")
    assert relations[0] == tie
    assert [relation.name for relation in relations] == ["scale", "mu", "shape[*]"]


def test_sets_that_are_not_shared_whole_are_listed_bin_by_bin() -> None:
    apart = Relation("x", "independent", ("a:shape[0]", "b:shape[0]"))
    text = map_text([model("A"), model("B")], ["a", "b"], [apart])
    assert '["shape[1]"]' in text
    assert "[*]" not in text


def test_a_map_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="correlation map"):
        write_map(tmp_path / "none" / "map.toml", [model("A"), model("B")], ["a", "b"])


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda s: s == s.strip()
)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_quoted_for_toml(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=NAMES,
    members=st.lists(NAMES, min_size=2, max_size=4, unique=True),
    kind=st.sampled_from(["same", "independent", "correlated"]),
    coefficient=st.floats(-0.3, 0.99),
    keep=st.booleans(),
)
def test_entries_come_back_as_they_were_written(
    tmp_path: Path, name: str, members: list[str], kind: str, coefficient: float, keep: bool
) -> None:
    relation = Relation(
        name, kind, tuple(members),  # type: ignore[arg-type]
        keep=members[-1] if keep and kind == "same" else None,
        correlation=coefficient if kind == "correlated" else None,
    )  # fmt: skip
    assert read_text(tmp_path, entry_text(relation)) == (relation,)
    rows = tuple(
        tuple(float(x) for x in row) for row in np.full((2, 2), coefficient) + (1 - coefficient) * np.eye(2)
    )
    if all(math.isclose(rows[i][i], 1.0, rel_tol=0.0) for i in range(2)):
        matrix = Relation(name, "correlated", tuple(members[:2]), correlation=rows)
        assert read_text(tmp_path, entry_text(matrix)) == (matrix,)
