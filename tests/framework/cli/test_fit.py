"""``nurecoil fit``: its document, its words, held parameters, plots."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from nurecoil._version import __version__
from nurecoil.cli.fit import assignment
from nurecoil.errors import OptionError

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]


def document(result: Result) -> dict[str, Any]:
    """The one document on standard output."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_document(call: Call, tiny: Asked) -> None:
    found = document(call("fit", "toy", "--search", "moment", "--json", "-"))
    assert {
        "parameters", "nll", "edm", "covariance", "goodness", "minimiser", "iterations", "seconds", "rates",
        "experiments", "search", "options", "notes", "provenance", "references", "without", "version",
    } <= set(found)  # fmt: skip
    assert found["version"] == __version__
    assert (found["experiments"], found["search"]) == (["toy"], "moment")
    assert set(found["goodness"]) == {"statistic", "ndf", "p_value"}
    rate = found["parameters"]["toy.rate.flat"]
    assert rate["value"] == pytest.approx(50.0, abs=1.0)
    assert rate["error"] == pytest.approx(1 / math.sqrt(20 / 50 + 1 / 25), rel=0.05)
    assert rate["unit"] == "events"
    assert found["rates"][0]["published"] == 51.0
    assert found["references"] == ["A. Author, J. Toy Phys. 1 (2026) 1"]


def test_what_is_asked_for_is_built(call: Call, tiny: Asked) -> None:
    words = ("--set", "a.x=1", "--set", "solar.ssm=SF3-MB22m", "--set", "a.x=2")
    document(call("fit", "a", "b", "--search", "moment", *words, "--json", "-"))
    assert tiny == [(["a", "b"], "moment", {"a": {"x": "2"}, "solar": {"ssm": "SF3-MB22m"}})]


def test_held_parameters(call: Call, tiny: Asked) -> None:
    words = ("--search", "moment", "--fix", "kappa=2e-11", "--fix", "toy.rate.flat=48", "--json", "-")
    found = document(call("fit", "toy", *words))
    kappa = found["parameters"]["kappa"]
    assert kappa.pop("value") == pytest.approx(2e-11, rel=1e-12)
    assert kappa == {"error": None, "unit": "mu_B", "fixed": True, "at_bound": False}
    assert found["parameters"]["toy.rate.flat"]["value"] == 48
    assert found["goodness"]["ndf"] == 20


def test_minuit_as_a_cross_check(call: Call, tiny: Asked) -> None:
    words = ("fit", "toy", "--search", "moment", "--json", "-")
    newton, minuit = document(call(*words)), document(call(*words, "--minimiser", "minuit"))
    assert (newton["minimiser"], minuit["minimiser"]) == ("newton", "minuit")
    assert minuit["nll"] == pytest.approx(newton["nll"], rel=1e-9)


def test_asymmetric_errors_are_one_more_key(call: Call, tiny: Asked) -> None:
    words = ("fit", "toy", "--search", "moment")
    without, found = document(call(*words, "--json", "-")), document(call(*words, "--minos", "--json", "-"))
    assert "minos" not in without
    assert set(found) == {*without, "minos"}
    rate, kappa = found["minos"]["toy.rate.flat"], found["minos"]["kappa"]
    assert rate["lower"] < 0 < rate["upper"]
    assert (kappa["lower"], kappa["lower_at_bound"]) == (0.0, True)
    assert kappa["upper"] > 0
    shown = call(*words, "--minos").stdout
    assert "lower" in shown
    assert "bound" in shown


def test_words_show_parameters_rates_goodness_and_notes(call: Call, tiny: Asked) -> None:
    result = call("fit", "toy", "--search", "moment")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (
        "kappa",
        "at its bound",
        "toy.rate.flat",
        "constrained",
        "51",
        "a remark",
        "chi2/ndf",
        "note: a note",
    ):
        assert text in result.stdout, text


def test_json_in_a_file_leaves_the_words(call: Call, tiny: Asked, tmp_path: Path) -> None:
    target = tmp_path / "fit.json"
    result = call("fit", "toy", "--json", str(target))
    assert "toy.rate.flat" in result.stdout
    assert json.loads(target.read_text())["search"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["fit.json"]


def test_a_plot_is_left_in_a_folder_that_is_made(call: Call, tiny: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "plots"
    result = call("fit", "toy", "--search", "moment", "--plot", str(folder), "--json", "-")
    document(result)
    assert [path.name for path in folder.iterdir()] == ["fit.png"]
    assert (folder / "fit.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_gallium_alone_can_be_fitted(call: Call) -> None:
    """The real plugin, without a spectrum: one measurement, one flux."""
    words = ("fit", "gallium", "--set", "solar.free=pp", "--json", "-")
    found = document(call(*words))
    assert found["goodness"]["ndf"] == 0
    assert found["options"]["solar"]["free"] == ["pp"]
    assert any("66.1 +- 4.13 SNU" in text for text in found["notes"])


@given(st.text(st.characters(exclude_characters="=", exclude_categories=["Cs"])), st.floats(allow_nan=False))
def test_assignments_are_read_back(name: str, value: float) -> None:
    assert assignment(f"{name}={value!r}") == (name.strip(), value)


@pytest.mark.parametrize("text", ["kappa", "kappa=", "=", "kappa=x", "kappa==1", "kappa=1,2", "kappa=1 keV"])
def test_assignments_that_are_none(text: str) -> None:
    with pytest.raises(OptionError, match="no PARAMETER=NUMBER") as error:
        assignment(text)
    assert error.value.where == f"--fix {text}"
