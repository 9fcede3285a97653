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
from nurecoil.plugins import installed

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
