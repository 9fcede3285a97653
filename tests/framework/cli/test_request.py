"""What commands ask for in common: a model, settings, progress that stays off standard output."""

from __future__ import annotations

from typing import Any

import pytest

from nurecoil.cli.request import build_model, scanning, split_settings, stated, with_basis, working
from nurecoil.errors import OptionError, PluginError

from .conftest import spectrum


def test_a_model_is_built_from_words(tiny: list[tuple[Any, ...]]) -> None:
    made = build_model(["toy"], None, ["toy.x=1,2", "solar.ssm = B16-AGSS09 "])
    assert tiny == [(["toy"], None, {"toy": {"x": "1,2"}, "solar": {"ssm": "B16-AGSS09"}})]
    assert set(stated(made.metadata)) <= set(made.metadata)


def test_without_settings_there_are_no_options(tiny: list[tuple[Any, ...]]) -> None:
    build_model(["toy"], "moment", None)
    assert tiny == [(["toy"], "moment", {})]


@pytest.mark.parametrize("setting", ["range=1", "borexino.range", "=", ".=", ".x=1", "a.=1", "", "a.b"])
def test_settings_that_are_none(setting: str) -> None:
    with pytest.raises(OptionError, match=r"no OWNER\.OPTION=VALUE") as error:
        build_model(["gallium"], None, [setting])
    assert error.value.where == f"--set {setting}"


def test_a_basis_is_for_searches_that_have_one() -> None:
    assert with_basis(["a.b=1"], "magnetic-moment", "flavour") == ["a.b=1", "magnetic-moment.basis=flavour"]
    with pytest.raises(OptionError, match="flavour with light-vector, which has no choice of basis"):
        with_basis(None, "light-vector", "flavour")


def test_what_the_framework_refuses_passes_through() -> None:
    with pytest.raises(PluginError, match="Did you mean 'gallium'"):
        build_model(["galium"], None, None)


def test_progress_is_silent_where_standard_error_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with working("thinking"), scanning("profile of kappa") as progress:
        progress(1, 41)
        progress(41, 41)
    assert capsys.readouterr() == ("", "")


def test_progress_in_a_terminal_stays_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with working("thinking"):
        pass
    with scanning("profile of kappa") as progress:
        progress(41, 41)
    out, err = capsys.readouterr()
    assert out == ""
    assert "profile of kappa" in err


def test_the_fixture_is_a_model_with_a_signal() -> None:
    made = spectrum(["toy"], "moment")
    assert made.poi == "kappa"
    assert made.channels[0].samples[0].powers == {"kappa": 2}


def test_every_combination_gets_the_settings_it_can_take() -> None:
    settings = {"a": {"x": 1}, "b": {"y": 2}, "find": {"z": 3}, "isodar": {"w": 4}, "typo": {"v": 5}}
    first, alone, other = split_settings(settings, [["a", "b"], ["a"], ["c"]], "find")
    assert first == settings
    assert alone == {"a": {"x": 1}, "find": {"z": 3}, "isodar": {"w": 4}}
    assert other == {"find": {"z": 3}, "isodar": {"w": 4}}
