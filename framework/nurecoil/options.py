"""Options of plugins: from the words a user typed to a validated dataclass.

Types and bounds are checked by pydantic; names, units and the message are ours. What an option means
is its plugin's business.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from nurecoil.errors import OptionError, unknown_name

__all__ = ["UNITS", "make_options", "parse_settings"]

UNITS: Mapping[str, tuple[str, float]] = types.MappingProxyType(
    {
        "eV": ("energy", 1e-6),
        "keV": ("energy", 1e-3),
        "MeV": ("energy", 1.0),
        "GeV": ("energy", 1e3),
        "s": ("time", 1.0),
        "d": ("time", 86400.0),
        "yr": ("time", 365.25 * 86400.0),
        "kg": ("mass", 1e-3),
        "t": ("mass", 1.0),
        "kt": ("mass", 1e3),
    }
)
"""Units that may follow a number, each with its kind and size."""

_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]+)\s*")


def parse_settings(settings: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read ``OWNER.OPTION=VALUE`` settings.

    Args:
        settings: what was given to ``--set``, in order; a later setting wins.

    Returns:
        Owner (experiment, search or shared source) to option to the value as typed.

    Raises:
        OptionError: where one is not of that form.

    Example:
        >>> parse_settings(["borexino.range=100,900", "solar.ssm=SF3-MB22m"])
        {'borexino': {'range': '100,900'}, 'solar': {'ssm': 'SF3-MB22m'}}
    """
    parsed: dict[str, dict[str, str]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        owner, dot, option = name.strip().partition(".")
        if not equals or not dot or not owner or not option:
            raise OptionError(
                f"--set {setting}", "no OWNER.OPTION=VALUE", "such as --set borexino.range=100,900",
                "`nurecoil describe NAME` lists the options.",
            )  # fmt: skip
        parsed.setdefault(owner, {})[option] = value.strip()
    return parsed


def make_options(owner: str, options: type, given: Mapping[str, Any] | None = None) -> Any:
    """Build and validate the options of a plugin or shared source.

    Args:
        owner: its name, for messages.
        options: its ``Options`` dataclass.
        given: option to value: the right type, or the text a user typed (``"100,900"``, ``"0.2 MeV"``,
            ``"none"``).

    Returns:
        An instance of ``options``.

    Raises:
        OptionError: for an unknown option, a wrong type, a value out of range or a wrong unit.

    Example:
        >>> from nurecoil.physics.solar_options import SolarOptions
        >>> make_options("solar", SolarOptions, {"ssm": "B16-AGSS09", "free": "pp"}).free
        ('pp',)
    """
    import dataclasses
    import typing

    from pydantic import TypeAdapter, ValidationError

    fields = {field.name: field for field in dataclasses.fields(options)}
    hints = typing.get_type_hints(options, include_extras=True)
    values = {}
    for name, value in (given or {}).items():
        if name not in fields:
            raise unknown_name(OptionError, f"option of {owner}", name, fields)
        unit = fields[name].metadata.get("unit", "1")
        where = f"{owner}.{name}"
        typed = _typed(where, value, hints[name], unit) if isinstance(value, str) else value
        try:
            values[name] = TypeAdapter(hints[name]).validate_python(typed)
        except ValidationError as error:
            from nurecoil.cli.allowed import allowed_values

            first = error.errors()[0]
            in_unit = "" if unit == "1" else f" [{unit}]"
            raise OptionError(
                where,
                f"{value!r} ({first['msg'][:1].lower()}{first['msg'][1:]})",
                allowed_values(hints[name]) + in_unit,
                str(fields[name].metadata.get("help", "")).capitalize() + ".",
            ) from None
    return options(**values)


def _typed(where: str, text: str, hint: Any, unit: str) -> Any:
    """A typed text as the Python value that its annotation asks for; pydantic does the rest."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _typed(where, text, get_args(hint)[0], unit)
    if origin in (Union, types.UnionType):
        choices = get_args(hint)
        if text.lower() == "none" and type(None) in choices:
            return None
        return _typed(where, text, next(c for c in choices if c is not type(None)), unit)
    if origin in (tuple, list):
        arguments = get_args(hint)
        item = arguments[0] if arguments else str
        return [_typed(where, part, item, unit) for part in text.split(",") if part.strip()]
    if hint in (float, int):
        return _number(where, text, unit)
    return text.strip()


def _number(where: str, text: str, unit: str) -> Any:
    """A number with an optional unit, converted to the option's own unit; other texts unchanged."""
    found = _QUANTITY.fullmatch(text)
    if not found:
        return text.strip()
    number, given = float(found[1]), found[2]
    if given == unit:
        return number
    known = [name for name, (kind, _) in UNITS.items() if unit in UNITS and kind == UNITS[unit][0]]
    if given not in known:
        raise OptionError(
            where,
            f"unit {given!r} in {text!r}",
            ", ".join(known) or ("a pure number" if unit == "1" else unit),
        )
    return number * UNITS[given][1] / UNITS[unit][1]
