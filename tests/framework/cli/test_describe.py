"""``nurecoil describe``: titles, citations and options, and what it says of plugins that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields

from typer.testing import Result

from nurecoil.physics.solar_options import SolarOptions

from ..conftest import EXPERIMENT, Site

Call = Callable[..., Result]

WITH_OPTIONS = (
    """
from dataclasses import dataclass
from typing import Literal
from nurecoil.experiment import option

@dataclass(frozen=True)
class Choices:
    range: tuple[int, int] = option((100, 900), unit="N_h", help="bins used, [both] ends included")
    response: Literal["exact", "compiled"] = option("exact", help="how the response is evaluated")
"""
    + EXPERIMENT
    + "    Options = Choices\n"
)


def furnish(site: Site) -> None:
    """An experiment with two options."""
    source = WITH_OPTIONS.format(name="juno", title="JUNO, made up")
    site.add("nurecoil-juno", {"juno": "made_up:Plugin"}, modules={"made_up": source}, version="2.0")


def test_words(site: Site, call: Call) -> None:
    furnish(site)
    result = call("describe", "juno")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:6] == [
        "juno: JUNO, made up",
        "experiment of nurecoil-juno 2.0",
        "An experiment made up for a test.",
        "",
        "Cite",
        "  A. Nobody, J. Imag. Phys. 1 (2026) 1",
    ]
    (row,) = (line for line in lines if "juno.range " in line)
    words = "juno.range 100,900 N_h whole number, whole number bins used, [both] ends included"
    assert " ".join(row.split()) == words
    (row,) = (line for line in lines if "juno.response " in line)
    assert "exact | compiled" in row
    assert "Set one with --set juno.range=VALUE" in lines
    assert lines[-1].startswith("Parameters: experiment 'juno': channels []")


def test_json(site: Site, call: Call) -> None:
    furnish(site)
    document = json.loads(call("describe", "juno", "--json", "-").stdout)
    assert document["kind"] == "experiment"
    assert document["distribution"] == {"name": "nurecoil-juno", "version": "2.0"}
    assert document["citations"] == ["A. Nobody, J. Imag. Phys. 1 (2026) 1"]
    assert document["options"][0] == {
        "option": "juno.range",
        "default": "100,900",
        "unit": "N_h",
        "allowed": "whole number, whole number",
        "help": "bins used, [both] ends included",
    }


def test_a_search_without_options(site: Site, call: Call) -> None:
    site.add_search("light-vector", "nurecoil-vector")
    result = call("describe", "light-vector")
    assert result.exit_code == 0
    assert "search of nurecoil-vector 1.0" in result.stdout
    assert result.stdout.rstrip().endswith("Options\n  none")


def test_the_shared_sun_shows_every_option(site: Site, call: Call) -> None:
    document = json.loads(call("describe", "solar", "--json", "-").stdout)
    assert [row["option"] for row in document["options"]] == [
        f"solar.{field.name}" for field in fields(SolarOptions)
    ]
    assert all(row["help"] for row in document["options"])
    words = call("describe", "solar").stdout
    assert all(row["option"] in words for row in document["options"])


def test_a_misspelt_name_offers_the_nearest(site: Site, call: Call) -> None:
    furnish(site)
    result = call("describe", "jono", "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: plugin: 'jono' is not known. Allowed: juno. Did you mean 'juno'?\n"


def test_a_broken_plugin_says_why(site: Site, call: Call) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "raise ImportError('[red]no')"})
    result = call("describe", "bad")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the plugin of nurecoil-bad 1.0 is broken: ImportError: [red]no." in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
