"""The contract of an experiment: what its parts are, what a plugin need not say, and that it is light."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from nurecoil.experiment import (
    Alternative,
    Background,
    CountingChannel,
    Experiment,
    NoOptions,
    Published,
    PublishedLimit,
    RecoilChannel,
    option,
)


class Quiet(Experiment):
    """An experiment that says no more than it must."""

    name = "quiet"
    title = "says little"

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        return []


def test_what_need_not_be_said_is_empty() -> None:
    made = Quiet(NoOptions())
    assert repr(made) == "<Experiment quiet: NoOptions()>"
    assert made.options == NoOptions()
    assert Quiet.Options is NoOptions
    assert made.citations == ()
    for answer in (
        made.constraints(None),  # type: ignore[arg-type]
        made.published(None),  # type: ignore[arg-type]
        made.published_limits(),
        made.alternatives(),
        made.notes(),
    ):
        assert tuple(answer) == ()


def test_channels_must_be_said() -> None:
    class Silent(Experiment):
        name, title = "silent", "says nothing"

    with pytest.raises(TypeError, match="abstract"):
        Silent(NoOptions())  # type: ignore[abstract]


def test_options_carry_their_words() -> None:
    @dataclasses.dataclass(frozen=True)
    class Options:
        threshold: float = option(0.2, unit="MeV", help="lowest energy")
        word: str = option("a", help="a word")

    threshold, word = dataclasses.fields(Options)
    assert Options() == Options(0.2, "a")
    assert dict(threshold.metadata) == {"unit": "MeV", "help": "lowest energy"}
    assert dict(word.metadata) == {"unit": "1", "help": "a word"}


@pytest.mark.parametrize(
    "part",
    [
        Published("a", 1.0, None, "1"),
        PublishedLimit("s", ("a",), 1.0, "1", 0.9, "area"),
        Alternative("without", {}),
        Background("b", None, None),  # type: ignore[arg-type]
    ],
)
def test_parts_are_frozen(part: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        part.name = "b"


def test_defaults_of_a_channel() -> None:
    fields = {field.name: field for field in dataclasses.fields(RecoilChannel)}
    assert fields["exposure_parameter"].default is None
    assert fields["compiled"].default is False
    assert fields["provenance"].default == ()
    assert fields["weak_templates"].default_factory() == {}  # type: ignore[misc]


@pytest.mark.parametrize("module", ["nurecoil.experiment", "nurecoil.search"])
def test_the_contract_imports_nothing_heavy(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "print(sorted({'numpy', 'scipy', 'pydantic', 'matplotlib', 'rich', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
