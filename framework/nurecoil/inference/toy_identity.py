"""What makes two ensembles of toys one and the same: model, truth, held parameters, version.

Toys are continued and merged only where these agree. Numbers are compared to a relative 1e-9, so that a model
built on another machine, which differs in the last digits, is the same one. Observed data and measured
centres of constraints play no part: toys draw their own.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil._version import __version__
from nurecoil.documents import encode
from nurecoil.inference.ensembles import Ensemble
from nurecoil.model.spectral import GaussianChannel, SpectralModel

__all__ = ["differing", "identity"]

Array = NDArray[np.float64]

_CLOSE = 1e-9
"""Relative difference below which numbers are the same."""
_DRAWN = frozenset({"centre", "count", "source"})
"""Fields of constraints that toys draw anew, or that are words."""
_GOLDEN = (math.sqrt(5) - 1) / 2


def identity(ensemble: Ensemble, fix: Mapping[str, float]) -> dict[str, Any]:
    """All that the toys depend on, seed and number aside, as plain data.

    Beside parameters and constraints it has a fingerprint of the predictions: of every channel at the truth,
    and of all of them with one parameter moved, each as a weighted sum.

    Args:
        ensemble: the toys' ensemble.
        fix: what the second fit holds.

    Returns:
        Plain data for JSON.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = identity(Ensemble(counting(observed=3.0, background=9.0)), {"signal": 4.0})
        >>> found["held"], found["channels"]
        ({'signal': 4.0}, {'toy/count': {'kind': 'PoissonChannel', 'bins': 1, 'width': 0}})
    """
    model = ensemble.model
    found = {
        "version": __version__,
        "parameter of interest": model.poi,
        "held": dict(fix),
        "parameters": {
            name: {
                "unit": one.unit, "truth": one.value, "lower": one.lower, "upper": one.upper,
                "fixed": one.fixed, "constraint": _constraint(one.constraint),
            }
            for name, one in model.parameters.items()
        },
        "joint constraints": [_constraint(one) for one in model.constraints],
        "channels": {
            one.name: {
                "kind": type(one).__name__,
                "bins": one.bins,
                "width": _sum(one.width) if isinstance(one, GaussianChannel) else 0,
            }
            for one in model.channels
        },
        "predictions": _predictions(ensemble),
    }  # fmt: skip
    made: dict[str, Any] = json.loads(encode(found))
    return made


def differing(
    one: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, str] = ("there", "here")
) -> list[str]:
    """In what two identities differ, in words; nothing where they are the same.

    Args:
        one: an identity, for example the one in a file.
        other: another, for example the one asked for.
        names: where the two are.

    Returns:
        One line for every difference: the place, then both.

    Example:
        >>> differing({"held": {"mu_eff": 0.0}}, {"held": {"mu_eff": 4e-11}})
        ['held, mu_eff: 0 there, 4e-11 here']
    """
    return [f"{place}: {a} {names[0]}, {b} {names[1]}" for place, a, b in _differing(one, other, ())]


def _differing(one: Any, other: Any, place: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Place of a difference, what the one has and what the other has."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if list(one) != list(other) and set(one) == set(other):
            yield _place((*place, "order")), ", ".join(one), ", ".join(other)
        for key in {**one, **other}:
            yield from _differing(one.get(key), other.get(key), (*place, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, (*place, str(number)))
    elif not _same(one, other):
        yield _place(place), _told(one), _told(other)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=_CLOSE)
    return bool(one == other)


def _place(place: tuple[str, ...]) -> str:
    return ", ".join(place) or "all"


def _told(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value) if isinstance(value, str | int) else "something else"


def _constraint(constraint: Any) -> dict[str, Any] | None:
    """Kind and widths of a constraint."""
    if constraint is None:
        return None
    fields = [one.name for one in dataclasses.fields(constraint) if one.name not in _DRAWN]
    return {"kind": type(constraint).__name__, **{name: getattr(constraint, name) for name in fields}}


def _predictions(ensemble: Ensemble) -> dict[str, Any]:
    """Predicted contents as a few numbers: at the truth, and with every free parameter moved on its own."""
    model = ensemble.model
    with np.errstate(all="ignore"):
        truth = ensemble.expected({})
        found: dict[str, Any] = {}
        start = 0
        for channel in model.channels:
            found[f"channel {channel.name}"] = _sum(truth[start : start + channel.bins])
            start += channel.bins
        scale = np.where(np.abs(truth) > 0, truth, 1.0)
        for name in model.free:
            found[f"with {name} moved"] = [
                _sum(ensemble.expected({name: value}) / scale) for value in _moved(model, name)
            ]
    return found


def _moved(model: SpectralModel, name: str) -> list[float]:
    """Two values of a parameter that are not the truth, within its bounds, on both sides if there is room."""
    parameter = model.parameters[name]
    value, lower, upper = parameter.value, parameter.lower, parameter.upper
    step = getattr(parameter.constraint, "width", None) or 0.01 * abs(value) or 0.7
    wanted = [value + step, value - 0.6 * step, value + 0.4 * step]
    inside = [one for one in wanted if lower <= one <= upper]
    return (inside or [0.5 * (value + one) for one in (lower, upper) if math.isfinite(one)])[:2]


def _sum(values: Array) -> float:
    """A sum in which every place weighs differently."""
    weights = 0.5 + np.modf(_GOLDEN * np.arange(1, len(values) + 1))[0]
    return float(np.sum(weights * values))
