"""The public face: its names and signatures stand in a file, and change only with it.

After a change that is meant, write the file anew with
``python tests/framework/test_public_api.py`` and put the change into CHANGELOG.md.
"""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import nurecoil
from nurecoil._face import FACE, Face
from nurecoil._version import __version__

FROZEN = Path(__file__).parents[1] / "truth" / "public_api.json"
IMPORTED_BY_THE_FACE = """
import json, sys
import nurecoil
dir(nurecoil)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("nurecoil"))))
"""


def public_api() -> dict[str, object]:
    """Every public name: a function's signature, a module's names, another object's type."""
    described: dict[str, object] = {}
    for name in dir(nurecoil):
        value = getattr(nurecoil, name)
        if isinstance(value, ModuleType):
            described[name] = sorted(value.__all__)
        elif callable(value):
            described[name] = str(inspect.signature(value))
        else:
            described[name] = type(value).__name__
    return described


def test_names_and_signatures_are_the_frozen_ones() -> None:
    assert public_api() == json.loads(FROZEN.read_text())


@pytest.mark.parametrize("name", sorted(FACE))
def test_every_public_function_is_documented_with_an_example(name: str) -> None:
    value = getattr(nurecoil, name)
    if callable(value):
        assert "Example:" in inspect.getdoc(value)  # type: ignore[operator]


def test_type_checkers_see_what_python_finds() -> None:
    tree = ast.parse(Path(nurecoil.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name
            seen[alias.name] = (
                f"{node.module}.errors" if alias.name == "errors" else f"{node.module}:{alias.name}"
            )
    assert seen == dict(FACE)


def test_importing_the_face_imports_nothing_behind_it() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED_BY_THE_FACE],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(nurecoil.__file__).parents[1],
    )
    assert json.loads(run.stdout) == ["nurecoil", "nurecoil._face"]


def test_a_subpackage_does_not_hide_a_public_function() -> None:
    import nurecoil.searches.magnetic_moment  # binds the package `searches` to its parent

    assert isinstance(sys.modules["nurecoil.searches"], ModuleType)
    assert callable(nurecoil.searches)
    assert nurecoil.searches.__module__ == "nurecoil.plugins"


def test_other_names_can_be_bound_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nurecoil, "experiments", len)
    assert nurecoil.experiments is len
    face = Face("face")
    face.physics = sys  # an ordinary submodule
    assert face.physics is sys


def test_a_name_that_is_not_public() -> None:
    with pytest.raises(AttributeError, match="module 'nurecoil' has no attribute 'experimints'"):
        nurecoil.experimints  # noqa: B018
    assert nurecoil.__version__ == __version__


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(public_api(), indent=2, ensure_ascii=False) + "\n")
    print(f"wrote {FROZEN}")
