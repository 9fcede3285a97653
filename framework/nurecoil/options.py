"""Options of plugins: from the words a user typed to a validated dataclass.

Types and bounds are checked by pydantic; names, units and the message are ours. What an option means
is its plugin's business.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nurecoil.errors import OptionError, PluginError, unknown_name
from nurecoil.option_words import allowed_values, option_hints, spelt

__all__ = ["UNITS", "ends_in_unit", "make_options", "merged", "parse_number", "parse_settings"]

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


def merged(
    options: Mapping[str, Mapping[str, Any]], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Options by owner with some of them changed.

    Args:
        options: owner to option to value.
        changes: the same; these values win.

    Returns:
        New options.

    Example:
        >>> merged({"a": {"x": 1, "y": 2}}, {"a": {"x": 3}})
        {'a': {'x': 3, 'y': 2}}
    """
    return {owner: {**options.get(owner, {}), **changes.get(owner, {})} for owner in {**options, **changes}}


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
        OptionError: for an unknown option, a wrong type, a value out of range or a wrong unit; numbers
            must be finite.
        PluginError: where the type of a given option cannot be resolved.

    Example:
        >>> from nurecoil.physics.solar_options import SolarOptions
        >>> make_options("solar", SolarOptions, {"ssm": "B16-AGSS09", "free": "pp"}).free
        ('pp',)
    """
    import dataclasses

    from pydantic import TypeAdapter, ValidationError

    fields = {field.name: field for field in dataclasses.fields(options)}
    hints = option_hints(options)
    values = {}
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in (given or {}):
            raise OptionError(
                f"{owner}.{name}",
                "no value, and it has no default",
                None,
                f"Give one: --set {owner}.{name}=VALUE",
            )
    for name, value in (given or {}).items():
        if name not in fields:
            raise unknown_name(OptionError, f"option of {owner}", name, fields)
        unit = fields[name].metadata.get("unit", "1")
        where = f"{owner}.{name}"
        if name not in hints:
            raise PluginError(
                where,
                f"its type {fields[name].type!r} cannot be resolved",
                "types that are imported where the options are defined",
                "Report this to the plugin's author.",
            )
        typed = _typed(where, value, hints[name], unit) if isinstance(value, str) else value
        try:
            values[name] = TypeAdapter(hints[name], config={"allow_inf_nan": False}).validate_python(typed)
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "literal_error":
                raise unknown_name(OptionError, where, str(value), _choices(hints[name])) from None
            in_unit = "" if unit == "1" else f" [{unit}]"
            help_text = str(fields[name].metadata.get("help", ""))
            raise OptionError(
                where,
                f"{spelt(value)!r} ({_complaint(first['type'], first['msg'])})",
                allowed_values(hints[name]) + in_unit,
                f"{help_text[:1].upper()}{help_text[1:]}." if help_text else None,
            ) from None
    return options(**values)


def parse_number(where: str, text: str, unit: str) -> float:
    """A number that a user typed, with a unit or without.

    Args:
        where: the place to name in an error.
        text: such as ``100keV``.
        unit: the unit of the result, and of a plain number.

    Returns:
        The number in ``unit``.

    Raises:
        OptionError: where the text is no finite number or its unit is of another kind.

    Example:
        >>> parse_number("--over", "100 keV", "MeV")
        0.1
    """
    value = _number(where, text, unit)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(where, repr(text), "a number" + ("" if unit == "1" else f" [{unit}]"))
    return number


def ends_in_unit(text: str) -> str:
    """The unit that a number carries as it was typed, known or not; empty where it carries none.

    Example:
        >>> ends_in_unit("100 keV"), ends_in_unit("1e3"), ends_in_unit("ten")
        ('keV', '', '')
    """
    found = _QUANTITY.fullmatch(text)
    return found[2] if found else ""


def _complaint(kind: str, message: str) -> str:
    """What pydantic has against a value, in words that do not presume Python."""
    known = {"missing": "too few values", "too_long": "too many values"}
    return known.get(kind, f"{message[:1].lower()}{message[1:]}")


def _choices(hint: Any) -> list[str]:
    """The words that an annotation with a ``Literal`` in it allows."""
    if get_origin(hint) is Literal:
        return [spelt(value) for value in get_args(hint)]
    if hint is type(None):
        return ["none"]
    return [word for argument in get_args(hint) for word in _choices(argument)]


def _typed(where: str, text: str, hint: Any, unit: str) -> Any:
    """A typed text as the Python value that its annotation asks for; pydantic does the rest."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _typed(where, text, get_args(hint)[0], unit)
    if origin is Literal:
        return next((value for value in get_args(hint) if spelt(value) == text.strip()), text.strip())
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
