"""Options in words: the values that a type allows and a default as ``--set`` would spell it.

Only words are made here. Options are checked in :mod:`nurecoil.options`; :mod:`nurecoil.cli.describe`
prints them.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

__all__ = ["allowed_values", "option_hints", "option_rows", "spelt"]

_PLAIN_NAMES = types.MappingProxyType(
    {
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "text",
        Path: "file",
        type(None): "none",
    }
)
_BOUNDS = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="), ("multiple_of", "multiple of"))


def option_rows(name: str, options: type) -> list[dict[str, object]]:
    """The options of a plugin, one row each.

    Args:
        name: the plugin's name; options are keyed ``name.option``.
        options: its ``Options`` dataclass, fields made with :func:`nurecoil.experiment.option`.

    Returns:
        Rows with ``option`` (the key for ``--set``), ``default`` (as ``--set`` spells it), ``unit``,
        ``allowed`` and ``help``.

    Example:
        >>> from dataclasses import dataclass
        >>> from nurecoil.experiment import option
        >>> @dataclass(frozen=True)
        ... class Options:
        ...     threshold: float = option(0.2, unit="MeV", help="lowest recoil energy")
        >>> option_rows("juno", Options)[0]["option"], option_rows("juno", Options)[0]["unit"]
        ('juno.threshold', 'MeV')
    """
    hints = option_hints(options)
    return [
        {
            "option": f"{name}.{field.name}",
            "default": _default(field),
            "unit": str(field.metadata.get("unit", "1")),
            "allowed": allowed_values(hints.get(field.name, field.type)),
            "help": str(field.metadata.get("help", "")),
        }
        for field in fields(options)
    ]


def option_hints(options: type) -> dict[str, Any]:
    """The types of a plugin's options, bounds included.

    Names of ``annotated_types`` count as known, so that a plugin may import them under ``TYPE_CHECKING``:
    importing them takes as long as a good part of ``nurecoil list``.

    Args:
        options: an ``Options`` dataclass.

    Returns:
        Option to type; empty where an annotation names something that only type checkers see.

    Example:
        >>> from nurecoil.physics.solar_options import SolarOptions
        >>> option_hints(SolarOptions)["delta_m21_sq"]
        <class 'float'>
    """
    import annotated_types

    module = vars(sys.modules[options.__module__])
    bounds = {name: getattr(annotated_types, name) for name in annotated_types.__all__ if name not in module}
    try:
        return typing.get_type_hints(options, localns=bounds, include_extras=True)
    except NameError:
        return {}


def allowed_values(annotation: Any) -> str:
    """The values that a type annotation allows, in words.

    Args:
        annotation: a type, a ``Literal``, a union, a tuple, or any of these ``Annotated`` with bounds of
            ``annotated_types``.

    Returns:
        The words; the annotation as written where it is none of these.

    Example:
        >>> import annotated_types
        >>> allowed_values(Annotated[float, annotated_types.Interval(gt=0, le=2)])
        'number > 0, <= 2'
        >>> allowed_values(Literal["exact", "compiled"] | None)
        'exact | compiled | none'
        >>> allowed_values(tuple[int, int])
        'whole number, whole number'
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bounds = ", ".join(_bounds(annotation.__metadata__))
        return f"{allowed_values(arguments[0])} {bounds}".rstrip()
    if origin is Literal:
        return " | ".join(spelt(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(allowed_values(argument) for argument in arguments)
    if origin in (tuple, list):
        several = origin is list or (len(arguments) == 2 and arguments[1] is Ellipsis)
        if several:
            return f"{allowed_values(arguments[0])}, any number of them"
        return ", ".join(allowed_values(argument) for argument in arguments)
    if isinstance(annotation, type) and annotation in _PLAIN_NAMES:
        return _PLAIN_NAMES[annotation]
    return getattr(annotation, "__name__", None) or str(annotation)


def spelt(value: object) -> str:
    """A value as ``--set`` spells it.

    Args:
        value: an option's value.

    Returns:
        Its spelling.

    Example:
        >>> spelt((100.0, 900.5)), spelt(True), spelt(None)
        ('100,900.5', 'true', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return ",".join(spelt(item) for item in value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return spelt(field.default)
    if field.default_factory is not MISSING:
        return spelt(field.default_factory())
    return "required"


def _bounds(metadata: Iterable[object]) -> Iterable[str]:
    for constraint in metadata:
        nested = getattr(constraint, "metadata", None)  # pydantic's Field keeps the same objects in a list
        if isinstance(nested, (list, tuple)):
            yield from _bounds(nested)
        for attribute, sign in _BOUNDS:
            bound = getattr(constraint, attribute, None)
            if bound is not None:
                yield f"{sign} {bound}"
