"""A distribution of its own, installed with pip as anybody's is; and plugins that break, which harm no other.

Everything runs in processes of their own, as on a user's machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Site

SOURCE = Path(__file__).parents[1] / "outside_plugin"
Call = Callable[..., subprocess.CompletedProcess[str]]
GROUP = (
    "import sys; from nurecoil.cli.guard import run; from nurecoil.cli.plugin import application; "
    "sys.exit(run(lambda: application()(args=sys.argv[1:], prog_name='nurecoil plugin')))"
)


def caller(site: Path, work: Path) -> Call:
    """A terminal with a folder of distributions: ``call("list")``, ``call("plugin", "check", NAME)``."""
    work.mkdir(exist_ok=True)
    paths = os.pathsep.join([str(site), *(path for path in sys.path if path)])

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        code = ["-c", GROUP, *words[1:]] if words[0] == "plugin" else ["-m", "nurecoil", *words]
        return subprocess.run(
            [sys.executable, *code],
            env={**os.environ, "PYTHONPATH": paths},
            cwd=work,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """A terminal with ``tests/outside_plugin`` installed by pip, without a network."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(SOURCE, folder / "source")
    site = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    install += ["--no-deps", "--no-build-isolation", "--target", str(site), str(folder / "source")]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return caller(site, folder / "work")


def test_it_is_listed_like_any_other(outside: Call) -> None:
    listed = json.loads(outside("list", "--json", "-").stdout)
    rows = {row["name"]: row for row in (*listed["experiments"], *listed["searches"])}
    for name in ("cellar", "steep-tail"):
        assert (rows[name]["distribution"], rows[name]["version"]) == ("nurecoil-cellar", "1.2.0")
        assert rows[name]["status"] == "ok"
    assert rows["borexino"]["status"] == "ok"


@pytest.mark.parametrize("words", [("cellar",), ("steep-tail", "--on", "cellar")], ids=" ".join)
def test_it_keeps_every_rule(outside: Call, words: tuple[str, ...]) -> None:
    done = outside("plugin", "check", *words, "--json", "-")
    found = json.loads(done.stdout)
    assert [row for row in found["rules"] if not row["passed"]] == []
    assert (done.returncode, found["kept"], done.stderr) == (0, True, "")


def test_its_limit_stands_beside_ours(outside: Call) -> None:
    limits = {}
    for words in (("cellar", "steep-tail"), ("cellar", "magnetic-moment")):
        done = outside("limit", words[0], "--search", words[1], "--json", "-")
        assert done.returncode == 0, done.stderr
        limits[words[1]] = json.loads(done.stdout)
    assert 0 < limits["steep-tail"]["value"] < 10
    assert 1e-12 < limits["magnetic-moment"]["value"] < 1e-9
    assert "A. Nobody, J. Toy Phys. 7 (2026) 1" in limits["steep-tail"]["references"]
    assert "B. Nobody, J. Toy Phys. 7 (2026) 2" in limits["steep-tail"]["references"]


SPOILED = '''
"""An experiment that is spoiled in one place."""

from nurecoil.experiment import Background, Experiment, RecoilChannel


class {plugin}(Experiment):
    """Spoiled."""

    name, title, citations = "{name}", "a spoiled experiment", ("none",)

    def channels(self, shared):
        import numpy as np
        from nurecoil.model.parameters import Parameter

        class Flat:
            names = ("{name}.shape",)
            calls = 0

            def evaluate(self, values):
                counts, slopes = np.full({bins}, 50.0 + values[0]), np.ones((1, {bins}))
                {evaluate}
                return counts, slopes

        class Response:
            def template(self, spectrum):
                return Flat()

        {channels}
        shape = Parameter("{name}.shape", "1", 1.0, 0.0, 100.0, description="of the spectrum")
        source = shared.solar.source("be7")
        return [
            RecoilChannel(
                "{name}/energy", "T", "MeV", np.linspace(0.1, 1.0, 6), np.full(5, 60.0), 1e30, 1e7, (source,),
                Response(), (shape,), (), (0.1, 1.0), provenance=("toy",),
            )
        ]
'''
FAULTS = {
    "bad-shape": {"bins": "7"},
    "bad-channels": {"channels": "raise RuntimeError('no detector today')"},
    "bad-nan": {"evaluate": "counts[3] = np.nan"},
    "bad-fit": {"evaluate": "if values[0] != 1.0: raise ZeroDivisionError('lost the light yield')"},
    "bad-exit": {"channels": "raise SystemExit(7)"},
}
SAID = {
    "bad-shape": ["template of 'be7' has shape (7,)", "shape (5,)"],
    "bad-channels": ["RuntimeError: no detector today"],
    "bad-nan": ["template of 'be7' is nan", "bin 3"],
    "bad-fit": ["ZeroDivisionError: lost the light yield"],
    "bad-exit": ["SystemExit: 7"],
}


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """A terminal with one plugin of every fault."""
    folder = tmp_path_factory.mktemp("spoiled")
    site = Site(folder / "site")
    for name, fault in FAULTS.items():
        parts = {"bins": "5", "evaluate": "pass", "channels": "pass", **fault}
        module = f"made_up_{name}".replace("-", "_")
        source = SPOILED.format(name=name, plugin="Plugin", **parts)
        site.add(f"nurecoil-{name}", {name: f"{module}:Plugin"}, modules={module: source})
    return caller(site.folder, folder / "work")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_clear_error_that_names_the_plugin(spoiled: Call, name: str) -> None:
    done = spoiled("fit", name, "--json", "out.json")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, done.stderr
    assert name in done.stderr
    for text in SAID[name]:
        assert text in done.stderr
    assert done.returncode == 2


def test_the_others_go_on_working(spoiled: Call) -> None:
    listed = json.loads(spoiled("list", "--json", "-").stdout)
    assert set(FAULTS) <= {row["name"] for row in listed["experiments"]}
    assert spoiled("describe", "gallium").returncode == 0
    assert spoiled("fit", "gallium", "--fix", "solar.flux.be7=1").returncode == 0
    assert "bad-channels" in spoiled("fit", "gallium", "bad-channels").stderr


@pytest.mark.parametrize("name", FAULTS)
def test_the_check_says_which_rule_is_broken(spoiled: Call, name: str) -> None:
    done = spoiled("plugin", "check", name, "--json", "-")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    broken = [row for row in json.loads(done.stdout)["rules"] if not row["passed"]]
    judged = {row["rule"]: row["message"] for row in broken if not row["message"].startswith("not judged")}
    first = "templates" if name == "bad-fit" else "builds alone"
    assert all(text in judged[first] for text in SAID[name]), judged
