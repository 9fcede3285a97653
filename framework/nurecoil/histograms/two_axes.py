"""Reading histograms with two axes, as response matrices are: TH2 from ROOT, two axes from UHI JSON.

Files are opened with the care of :mod:`nurecoil.histograms.read`, which is for one axis. What the contents
mean is not decided here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError, unknown_name
from nurecoil.histograms._store import DAMAGED, damage_is_input_error
from nurecoil.histograms.locations import Location, file_format, parse_location

__all__ = ["TwoAxes", "read_two_axes"]

Array = NDArray[np.float64]

_NEEDED = "a histogram with two axes (TH2, or UHI with two axes)"


@dataclass(frozen=True, slots=True, eq=False)
class TwoAxes:
    """A histogram with two axes, without its flow bins.

    Args:
        first: edges of the first axis, shape ``(n + 1,)``.
        second: edges of the second axis, shape ``(m + 1,)``.
        contents: shape ``(n, m)``.

    Example:
        >>> TwoAxes(np.arange(3.0), np.arange(2.0), np.ones((2, 1))).contents.shape
        (2, 1)
    """

    first: Array
    second: Array
    contents: Array


def read_two_axes(location: str | os.PathLike[str], *, where: str = "input") -> TwoAxes:
    """Read a histogram with two axes.

    Args:
        location: ``FILE:NAME``, or only the file where it holds a single object.
        where: the place to name in errors.

    Returns:
        Edges and contents; contents are not checked.

    Raises:
        InputError: where the file is missing, damaged or of another kind, or the object is missing or has
            another number of axes.

    Example:
        >>> import tempfile
        >>> import hist, uproot
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with uproot.recreate(f"{folder}/mine.root") as file:
        ...         file["r"] = hist.Hist.new.Reg(3, 0, 3).Reg(2, 0, 1).Double()
        ...     read_two_axes(f"{folder}/mine.root:r").contents.shape
        (3, 2)
    """
    place = parse_location(location, where=where)
    if not place.path.is_file():
        raise InputError(where, f"{place.path} does not exist", "a ROOT or UHI JSON file", "Check the path.")
    try:
        with damage_is_input_error(where, f"{place} cannot be read", DAMAGED):
            found = _of_root(place, where) if file_format(place.path) == ".root" else _of_uhi(place, where)
    except OSError as error:
        raise InputError(
            where, f"{place.path} cannot be read ({error})", None, "Check its permissions."
        ) from error
    shape = (found.first.size - 1, found.second.size - 1)
    if found.contents.shape != shape:
        raise InputError(
            f"{where}, {place}", f"contents of shape {found.contents.shape}", f"{shape}", DAMAGED
        )
    return found


def _of_root(place: Location, where: str) -> TwoAxes:
    from nurecoil.histograms._root_file import check_header, guarded_folder

    with open(place.path, "rb") as raw:
        check_header(raw, str(place.path), where)
        folder = guarded_folder(raw, str(place.path), where)
        classes = dict(folder.iterclassnames(cycle=False))
        name = _named(place, list(classes), where)
        if not classes[name].startswith("TH2"):
            raise InputError(f"{where}, {place.path}:{name}", f"a {classes[name]}", _NEEDED)
        contents, first, second = folder[name].to_numpy()
    return TwoAxes(np.asarray(first, float), np.asarray(second, float), np.asarray(contents, float))


def _of_uhi(place: Location, where: str) -> TwoAxes:
    from boost_histogram.serialization import from_uhi

    from nurecoil.histograms._uhi import uhi_documents

    known = uhi_documents(place.path, where)
    name = _named(place, list(known), where)
    at = f"{where}, {place.path}:{name}"
    document = known[name]
    if not isinstance(document, dict) or "uhi_schema" not in document:
        raise InputError(at, "no UHI histogram", _NEEDED)
    axes = document.get("axes")
    if not isinstance(axes, list) or len(axes) != 2:
        raise InputError(at, f"{len(axes) if isinstance(axes, list) else 'no'} axes", _NEEDED)
    made = from_uhi(document)
    first, second = (np.asarray(axis.edges, float) for axis in made.axes)
    return TwoAxes(first, second, np.asarray(made.values(), float))


def _named(place: Location, known: list[str], where: str) -> str:
    """The object that is meant."""
    if place.name is None:
        if len(known) == 1:
            return known[0]
        got = f"{place.path} holds {len(known)} objects and none is named"
        raise InputError(where, got, ", ".join(known) or "nothing", "Write FILE:NAME.")
    name = place.name.strip("/").partition(";")[0]
    if name not in known:
        raise unknown_name(InputError, f"{where}, {place.path}", name, known)
    return name
