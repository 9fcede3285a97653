"""The public names of ``import nurecoil as nr`` and the module class that finds them when they are used.

Only the table and the mechanism live here. What the names do lives in the modules that the table points to,
and none of these is imported before its name is asked for: ``import nurecoil`` costs nothing.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType, ModuleType

__all__ = ["FACE", "Face"]

FACE = MappingProxyType(
    {
        "__version__": "nurecoil._version:__version__",
        "build": "nurecoil.analysis:build",
        "combine": "nurecoil.combining.combination:combine",
        "contour": "nurecoil.inference.contours:contour",
        "coverage": "nurecoil.inference.coverage:coverage",
        "errors": "nurecoil.errors",
        "experiments": "nurecoil.plugins:experiments",
        "fit": "nurecoil.inference.fit:fit",
        "goodness": "nurecoil.inference.goodness_toys:goodness",
        "impacts": "nurecoil.inference.impacts:impacts",
        "limit": "nurecoil.inference.limits:limit",
        "limits": "nurecoil.inference.limits:limits",
        "minos": "nurecoil.inference.minos:minos",
        "nll": "nurecoil.inference.fit:nll",
        "profile": "nurecoil.inference.profile:profile",
        "read": "nurecoil.bridges.reading:read",
        "searches": "nurecoil.plugins:searches",
        "sensitivity": "nurecoil.inference.sensitivity:sensitivity",
        "significance": "nurecoil.inference.significance:significance",
        "to_pyhf": "nurecoil.bridges.pyhf:to_pyhf",
        "to_zfit": "nurecoil.bridges.zfit:to_zfit",
        "toys": "nurecoil.inference.toys:toys",
        "write": "nurecoil.bridges.files:write",
    }
)
"""Public name -> ``module`` or ``module:attribute`` where it lives."""


class Face(ModuleType):
    """The class of the module ``nurecoil``: names of :data:`FACE` are looked up at their first use.

    A subpackage never hides a public name. Python binds an imported subpackage to its parent, so importing
    ``nurecoil.searches.magnetic_moment`` would put the package ``searches`` where the function ``searches``
    is promised; that one binding is left out, and ``from nurecoil.searches.magnetic_moment import ...`` works
    as everywhere.

    Example:
        >>> face = Face("nurecoil")
        >>> dir(face)[:3], face.errors.__name__
        (['__version__', 'build', 'combine'], 'nurecoil.errors')
    """

    def __getattr__(self, name: str) -> object:
        """The object behind a public name, imported now and kept.

        Raises:
            AttributeError: the name is not public.
        """
        try:
            target = FACE[name]
        except KeyError:
            raise AttributeError(
                f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self
            ) from None
        module_name, _, attribute = target.partition(":")
        module = importlib.import_module(module_name)
        value = getattr(module, attribute) if attribute else module
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        """Bind a name, except where a subpackage would take the place of a public function."""
        if isinstance(value, ModuleType) and ":" in FACE.get(name, ""):
            return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """The public names, sorted."""
        return sorted(FACE)
