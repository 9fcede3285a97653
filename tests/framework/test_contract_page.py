"""The contract page: its plugins run, its names exist, and no public name of the contract is missing."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nurecoil as nr
from nurecoil import experiment, search
from nurecoil.physics.source import Source
from nurecoil.plugins import installed
from nurecoil.testing.check import check_plugin
from nurecoil.testing.experiment_rules import EXPERIMENT_RULES
from nurecoil.testing.rules import Rule
from nurecoil.testing.search_rules import SEARCH_RULES

from .conftest import Site

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "specs" / "plugin-contract.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
(TOML,) = (code for language, code in BLOCKS if language == "toml")
DOTTED = sorted(set(re.findall(r"`(nurecoil(?:\.\w+)+)(?:\(\))?`", TEXT)))


def find(dotted: str) -> object:
    """The object behind a dotted name: the longest module, then attributes."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(dotted)


@pytest.fixture
def tank(site: Site) -> Site:
    """The distribution of the page, installed as the page says."""
    import tomllib

    project = tomllib.loads(TOML)["project"]
    site.add(
        project["name"],
        project["entry-points"]["nurecoil.experiments"],
        project["entry-points"]["nurecoil.searches"],
        modules=dict(zip(("tank", "tank_response", "long_range"), PYTHON, strict=True)),
        version=project["version"],
        requires=tuple(project["dependencies"]),
    )
    return site


def test_the_experiment_and_the_search_of_the_page_are_listed(tank: Site) -> None:
    states = {(entry.name, entry.kind): (entry.status, entry.reason) for entry in installed()}
    assert states == {("tank", "experiment"): ("ok", ""), ("long-range", "search"): ("ok", "")}


def test_they_give_a_limit(tank: Site) -> None:
    model = nr.build(["tank"], search="long-range", options={"tank": {"threshold": "100keV"}})
    assert model.channels[0].samples[0].name == "pp"
    assert model.channels[0].edges[0] == pytest.approx(0.1)  # type: ignore[union-attr]
    found = nr.limit(model)
    assert found.scan.delta_nll[0] == pytest.approx(0.0, abs=1e-6)
    assert 0.01 < found.value < 1.0
    assert any("toy" in line for line in found.to_json()["provenance"])
    weaker = nr.limit(nr.build(["tank"], search="long-range", options={"tank": {"threshold": 0.4}}))
    assert weaker.value > found.value


def test_their_template_has_the_derivatives_of_its_contents(tank: Site) -> None:
    template = nr.build(["tank"]).channels[0].samples[0].template
    assert not isinstance(template, np.ndarray)
    assert template.names == ("tank.energy_scale",)
    above, below = (template.evaluate([value])[0] for value in (1.0001, 0.9999))
    contents, derivative = template.evaluate([1.0])
    assert contents.shape == (50,) and derivative.shape == (1, 50)
    np.testing.assert_allclose(derivative[0], (above - below) / 2e-4, atol=1e-5 * np.abs(derivative).max())


def test_the_option_of_the_page_is_checked(tank: Site) -> None:
    with pytest.raises(nr.errors.OptionError, match=r"tank\.threshold.*number >= 0.05, <= 1.0 \[MeV\]"):
        nr.build(["tank"], options={"tank": {"threshold": 2.0}})


@pytest.mark.parametrize(("name", "rules"), [("tank", EXPERIMENT_RULES), ("long-range", SEARCH_RULES)])
def test_they_keep_every_rule(tank: Site, name: str, rules: tuple[Rule, ...]) -> None:
    findings = check_plugin(name)
    assert [finding for finding in findings if not finding.passed] == []
    assert [finding.rule for finding in findings] == [rule.name for rule in rules]


def test_the_table_of_rules_is_the_suite() -> None:
    """Each rule is a row, with words in the column of each kind that has it, in the suite's order."""
    rows = re.findall(r"^\| ([a-z ]+) \| (.*?) ?\| (.*?) ?\|$", TEXT.partition("| rule |")[2], re.MULTILINE)
    for column, rules in ((1, EXPERIMENT_RULES), (2, SEARCH_RULES)):
        assert {row[0] for row in rows if row[column]} == {rule.name for rule in rules}


@pytest.mark.parametrize("module", [experiment, search], ids=lambda module: module.__name__)
def test_every_public_name_is_on_the_page(module: ModuleType) -> None:
    missing = [name for name in module.__all__ if not re.search(rf"`[\w.]*\b{name}\b[^`]*`", TEXT)]
    assert not missing


def members() -> Iterator[tuple[str, str]]:
    """Public members of the classes of the contract: fields, methods, properties."""
    for module in (experiment, search):
        for name in module.__all__:
            value = getattr(module, name)
            if not isinstance(value, type) or name == "NoOptions":
                continue
            fields = getattr(value, "__dataclass_fields__", {})
            declared = {*vars(value), *fields, *getattr(value, "__annotations__", {})}
            yield from ((name, member) for member in sorted(declared) if not member.startswith("_"))


@pytest.mark.parametrize(("owner", "member"), list(members()))
def test_every_member_of_the_contract_is_on_the_page(owner: str, member: str) -> None:
    assert re.search(rf"`[^`\n]*\b{member}\b[^`\n]*`", TEXT), f"{owner}.{member}"


FIELDS = re.compile(r"^\| (`.*?`) \|", re.MULTILINE)


@pytest.mark.parametrize("owner", ["RecoilChannel", "CountingChannel", "Background"])
def test_the_table_of_a_channel_has_its_fields_and_no_others(owner: str) -> None:
    """The fields stand under the heading of their class, in the order of nothing in particular."""
    section = TEXT.partition(f"### {owner}\n")[2].partition("\n#")[0]
    rows = {name for row in FIELDS.findall(section) for name in re.findall(r"`(\w+)`", row)}
    assert rows == set(getattr(experiment, owner).__dataclass_fields__)


@pytest.mark.parametrize("owner", ["Experiment", "Search"])
def test_the_table_of_a_plugin_has_its_members_and_no_others(owner: str) -> None:
    module = experiment if owner == "Experiment" else search
    section = TEXT.partition(f"\n## {owner}\n")[2].partition("\n#")[0]
    rows = {name for row in FIELDS.findall(section) for name in re.findall(r"`(\w+)", row)}
    value = getattr(module, owner)
    members = {*vars(value), *value.__annotations__}
    assert rows == {member for member in members if not member.startswith("_")}


def test_fields_of_sources_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`Source\.(\w+)`", TEXT))
    assert "mass_shares" in named
    assert named <= set(Source.__dataclass_fields__)


@pytest.mark.parametrize("dotted", DOTTED)
def test_every_name_on_the_page_exists(dotted: str) -> None:
    assert find(dotted) is not None


def test_the_page_names_something() -> None:
    assert len(DOTTED) > 15
    assert len(PYTHON) == 3
    with pytest.raises(AttributeError):
        find("nurecoil.experiment.Reactor")


BAD = """
from nurecoil.experiment import Experiment

class Other: ...
class Nameless(Experiment):
    name, title = "tank", "a tank"
    def channels(self, shared): return []
class Untitled(Nameless):
    name, title = "untitled", None
class Abstract(Experiment):
    name, title = "abstract", "without channels"
class Optionless(Nameless):
    name, Options = "optionless", 3
"""


def test_every_reason_in_the_table_is_what_the_list_says(site: Site) -> None:
    """Each row of the page's table, made up and listed."""
    bad = {
        "importless": "importless:X",
        "other": "bad:Other",
        "wrong-name": "bad:Nameless",
        "untitled": "bad:Untitled",
        "abstract": "bad:Abstract",
        "optionless": "bad:Optionless",
    }
    site.add("bad", bad, modules={"bad": BAD, "importless": "import nonexistent_thing\n"})
    site.add_experiment("future", "late", requires=("nurecoil>=7",))
    site.add_experiment("borexino", "impostor")
    (site.folder / "own.py").write_text(BAD.replace("untitled", "borexino").replace("None", "'first'"))
    own = site.folder / "nurecoil-0.1.0.dist-info" / "entry_points.txt"
    own.write_text("[nurecoil.experiments]\nborexino = own:Untitled\n")
    said = {(entry.status, entry.reason) for entry in installed()}
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| `(.+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 8
    for status, reason in rows:
        assert (status, reason.replace("this is 0.1.0", f"this is {nr.__version__}")) in said
