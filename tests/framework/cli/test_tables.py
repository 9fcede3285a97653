"""``nurecoil tables``: names, options, words and documents; one table after another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner, Result

import nurecoil.cli.tables as module
from nurecoil._version import __version__
from nurecoil.cli.guard import GuardedGroup
from nurecoil.cli.tables import Sheet, moments, tables
from nurecoil.studies.moments import moments_table

Call = Callable[..., Result]


@pytest.fixture
def call() -> Call:
    """Call the command as the application does: ``call("moments", "--json", "-")``."""
    app = typer.Typer(cls=GuardedGroup, rich_markup_mode=None)
    app.callback()(lambda: None)
    app.command("tables")(tables)
    return lambda *words: CliRunner().invoke(app, ["tables", *words], prog_name="nurecoil")


def test_words(call: Call) -> None:
    result = call("moments")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("limits on moments [1e-11 mu_B] from mu_eff < 2.8e-11 mu_B")
    rows = {line.split()[1]: line.split() for line in lines if line.lstrip().startswith(("flavour", "mass-"))}
    assert rows["mu_mu"][2:10] == ["5.8", "5.820", "5.761", "5.820", "NH", "5.820", "1.003", "yes"]
    assert rows["mu_33"][2:10] == ["18.7", "19.322", "19.322", "19.322", "either", "19.322", "1.033", "no"]
    assert len(rows) == 9
    starts = [line.split(" ")[0] for line in lines if "is not reproduced: the formula gives" in line]
    assert starts == ["mu_33", "mu_13", "mu_23"]
    assert any(line.startswith("reference: Borexino") for line in lines)


def test_json_on_standard_output_is_one_document_and_nothing_else(call: Call) -> None:
    result = call("moments", "--json", "-")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert set(document) == {"table", "mu_eff", "unit", "rows", "notes", "references", "version"}
    assert (document["table"], document["version"], document["mu_eff"]) == ("moments", __version__, 2.8e-11)
    computed = {row.moment: row.computed for row in moments_table().rows}
    assert {row["moment"]: row["computed"] for row in document["rows"]} == computed


def test_json_in_a_file_leaves_the_words(call: Call, tmp_path: Path) -> None:
    target = tmp_path / "moments.json"
    result = call("moments", "--mu-eff", "3.2e-11", "--json", str(target))
    assert result.exit_code == 0
    assert "mu_eff < 3.2e-11 mu_B" in result.stdout
    assert target.read_text() == call("moments", "--mu-eff", "3.2e-11", "--json", "-").stdout
    assert all(row["reproduced"] is None for row in json.loads(target.read_text())["rows"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("moment",),
            "Error: table: 'moment' is not known. Allowed: isodar, moments. Did you mean 'moments'?",
        ),
        (("moments", "--mu-eff", "-1"), "Error: --mu-eff: -1.0 mu_B. Allowed: a positive number"),
        (("moments", "--mu-eff", "nan"), "Error: --mu-eff: nan mu_B."),
        (("moments", "--mu-eff", "inf"), "Error: --mu-eff: inf mu_B."),
        (("moments", "--json", "no/such/folder/x.json"), "Error: --json: the folder "),
    ],
)
def test_bad_input(call: Call, words: tuple[str, ...], message: str) -> None:
    result = call(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(message)


def test_another_table(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is one function more; options of others are refused by name."""

    def answers() -> Sheet:
        return Sheet({"table": "answers", "rows": [42]}, lambda: print("the answer is 42"))

    both = MappingProxyType({"moments": moments, "answers": answers})
    monkeypatch.setattr(module, "TABLES", both)
    assert call("answers").stdout == "the answer is 42\n"
    assert json.loads(call("answers", "--json", "-").stdout)["rows"] == [42]
    result = call("answers", "--mu-eff", "1e-11")
    assert result.exit_code == 2
    assert "tables answers: --mu-eff, which belongs to another table" in result.stderr
    assert "'answer' is not known. Allowed: answers, moments" in call("answer").stderr
