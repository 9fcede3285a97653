"""Which limit methods there are: the rules that a profile alone answers, and those that need more.

The rules are in :mod:`nurecoil.inference.rules`, the others in files of their own, which are imported when
they are asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import cast

from nurecoil.errors import OptionError, unknown_name
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import RULES

__all__ = ["BEYOND", "METHODS", "Beyond", "available", "check_method"]


@dataclass(frozen=True, slots=True)
class Beyond:
    """A method that takes more than a profile.

    Args:
        name: what users ask for.
        place: ``module:function`` of what computes it.
        needs: a module outside that it needs, empty for none; ``extra`` names the extra that installs it.
        extra: see ``needs``.

    Example:
        >>> BEYOND["cls"].place
        'nurecoil.inference.cls:cls_limit'
    """

    name: str
    place: str
    needs: str = ""
    extra: str = ""

    def compute(self, best: FitResult, scan: Scan, cl: float, options: MethodOptions) -> MethodLimit:
        """The limit, from the free fit, the profile and whatever the method adds."""
        module, _, function = self.place.partition(":")
        found = getattr(importlib.import_module(module), function)
        made = cast("Callable[[FitResult, Scan, float, MethodOptions], MethodLimit]", found)
        return made(best, scan, cl, options)


BEYOND: Mapping[str, Beyond] = MappingProxyType(
    {
        made.name: made
        for made in (
            Beyond("cls", "nurecoil.inference.cls:cls_limit"),
            Beyond("feldman-cousins", "nurecoil.inference.feldman_cousins:feldman_cousins_limit"),
            Beyond("bayes", "nurecoil.inference.bayes:bayes_limit", "nutpie", "bayes"),
        )
    }
)
"""The methods that take more than a profile, by name."""

METHODS = (*RULES, *BEYOND)
"""Every method by name, in the order of tables."""


def check_method(name: str) -> str:
    """The name of a method, if there is one of that name and what it needs is installed.

    Raises:
        OptionError: where there is none; the known ones are listed. Or where what it needs is missing.

    Example:
        >>> check_method("area")
        'area'
    """
    if name not in METHODS:
        raise unknown_name(OptionError, "limit method", name, METHODS)
    if name in BEYOND and not available(name):
        extra = BEYOND[name].extra
        raise OptionError(
            f"limit method {name!r}", f"{BEYOND[name].needs} is not installed", f"the extra {extra!r}",
            f"Install it: python -m pip install 'nurecoil[{extra}]'",
        )  # fmt: skip
    return name


def available(name: str) -> bool:
    """Whether what a method needs is installed.

    Example:
        >>> available("area"), available("cls")
        (True, True)
    """
    method = BEYOND.get(name)
    return method is None or not method.needs or find_spec(method.needs) is not None
