"""Errors: the four answers in every message, the nearest names, crossing process borders."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil import errors
from nurecoil.errors import (
    FitError,
    InputError,
    ModelError,
    NurecoilError,
    OptionError,
    PhysicsError,
    PluginError,
    nearest,
    unknown_name,
)

KINDS = [PluginError, OptionError, InputError, ModelError, PhysicsError, FitError]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_one_root_and_a_status(kind: type[NurecoilError]) -> None:
    assert issubclass(kind, NurecoilError)
    assert kind.exit_status == (1 if kind is FitError else 2)
    assert kind.__name__ in errors.__all__
    assert kind.__doc__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("here", "this"), "here: this."),
        (("here", "this."), "here: this."),
        (("here", "this", "that"), "here: this. Allowed: that."),
        (("here", "this", "that."), "here: this. Allowed: that."),
        (("here", "this", None, "Do it."), "here: this. Do it."),
        (("here", "this", "that", "Do it."), "here: this. Allowed: that. Do it."),
    ],
)
def test_messages_are_sentences(arguments: tuple[str, ...], message: str) -> None:
    error = InputError(*arguments)
    assert str(error) == message
    assert (error.where, error.got) == arguments[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_pickling(kind: type[NurecoilError]) -> None:
    error = kind("here", "this", "that", "Do it.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert (copy.where, copy.got, copy.allowed, copy.remedy) == ("here", "this", "that", "Do it.")


def test_nearest_names() -> None:
    known = ["borexino", "gallium", "kamland", "juno"]
    assert nearest("borexno", known) == ["borexino"]
    assert nearest("BOREXINO", known) == ["borexino"]
    assert nearest("zzz", known) == []
    assert nearest("a", []) == []
    assert nearest("rate.1", ["rate.1", "rate.10", "rate.2", "rate.3"], most=2)[0] == "rate.1"
    assert len(nearest("rate", ["rate.1", "rate.2", "rate.3", "rate.4"])) == 3
    assert nearest("kr85", ["Kr85"]) == ["Kr85"]


@given(name=st.text(max_size=10), known=st.lists(st.text(max_size=10), max_size=8))
def test_only_names_that_exist_are_offered(name: str, known: list[str]) -> None:
    found = nearest(name, known)
    assert set(found) <= set(known)
    assert len(found) <= 3


def test_unknown_names_list_what_there_is() -> None:
    error = unknown_name(OptionError, "experiment", "juna", ["juno", "borexino"])
    assert isinstance(error, OptionError)
    assert str(error) == ("experiment: 'juna' is not known. Allowed: borexino, juno. Did you mean 'juno'?")
    assert str(unknown_name(ModelError, "channel", "x", [])) == "channel: 'x' is not known. Allowed: nothing."
    two = unknown_name(ModelError, "p", "rate", ["rates", "rated"])
    assert two.remedy in ("Did you mean 'rates' or 'rated'?", "Did you mean 'rated' or 'rates'?")


def test_names_from_files_neither_flood_a_message_nor_steer_a_terminal() -> None:
    message = str(unknown_name(InputError, "ws.json", "\x1b[31m" + "x" * 100_000, ["y" * 100_000, "mu\n"]))
    assert message.isprintable()
    assert "\\x1b[31m" in message
    assert len(message) < 5000
