"""Which tool's reading of HS3 a file was written for.

The tools agree on most of the standard, but not on all of it: uncertainties of a ``shapesys`` are relative
for RooFit and absolute for pyhs3, a ``staterror`` that names no constraint is a Poisson one for RooFit and a
Gaussian one for pyhs3 (both measured, with ROOT 6.40 and pyhs3 0.4). What only one of them means is read as
that one does; what nobody says is an error, not a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from nurecoil.bridges.hs3._read_place import Place
from nurecoil.errors import InputError

__all__ = ["Dialect", "ambiguous", "dialect_of"]

Dialect = Literal["root", "pyhs3", "standard"]
"""RooFit's, pyhs3's, or what both understand alike."""


def dialect_of(document: Place) -> Dialect:
    """Tell from a file who wrote it.

    What ``metadata.packages`` says counts first, then words that only one of the tools uses. Our
    own files use none that they understand differently.

    Args:
        document: the whole file.

    Returns:
        ``root``, ``pyhs3``, or ``standard`` where nothing tells.

    Raises:
        InputError: where the packages are not understood.

    Example:
        >>> dialect_of(Place({"metadata": {"packages": [{"name": "ROOT", "version": "6.40"}]}}, "ws.json"))
        'root'
    """
    metadata = document.get("metadata")
    packages = metadata.get("packages") if metadata is not None else None
    makers = [] if packages is None else [item.need("name").text().lower() for item in packages.items()]
    if "nurecoil" in makers:
        return "standard"
    if "root" in makers or "roofit" in makers:
        return "root"
    if "pyhs3" in makers:
        return "pyhs3"
    misc = document.mapping().get("misc")
    if isinstance(misc, Mapping) and "ROOT_internal" in misc:
        return "root"
    words = set(_words(document.mapping().get("distributions")))
    return "root" if "root" in words else "pyhs3" if "pyhs3" in words else "standard"


def ambiguous(place: Place, what: str) -> InputError:
    """The error for a word that the tools understand differently, in a file that does not name its tool."""
    return place.fail(
        f"{what}, and the file does not say which tool wrote it",
        "metadata.packages with 'ROOT' or 'pyhs3' among the names",
        'Add the tool\'s name, for example {"name": "ROOT", "version": "6.40"}.',
    )


def _words(distributions: Any) -> list[Dialect]:
    """Signs of one of the tools, found without complaint about anything else."""
    found: list[Dialect] = []
    for distribution in _objects(distributions):
        if "barlow_beeston_method" in distribution:
            found.append("pyhs3")
        for sample in _objects(distribution.get("samples")):
            for modifier in _objects(sample.get("modifiers")):
                data = modifier.get("data")
                if "constraint_name" in modifier or "constraint_type" in modifier:
                    found.append("root")
                if isinstance(modifier.get("interpolation"), int):
                    found.append("root")
                if isinstance(data, Mapping) and "interpolation" in data:
                    found.append("pyhs3")
    return found


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
