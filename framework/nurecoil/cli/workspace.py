"""Where a fitting command's model comes from: experiments by name, or a workspace from a file.

The options for the second are here; those for the first are in :mod:`nurecoil.cli.request`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.request import build_model, with_basis, working

if TYPE_CHECKING:
    from nurecoil.model.spectral import SpectralModel

__all__ = [
    "InterpolationOption",
    "MaybeExperimentsArgument",
    "MeasurementOption",
    "PatchOption",
    "PoiOption",
    "WorkspaceOption",
    "asked_model",
    "interpolation_codes",
    "read_workspace",
]

MaybeExperimentsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EXPERIMENT...",
        help="Experiments to fit together; see `nurecoil list`. None with --workspace.",
        show_default=False,
    ),
]
"""Experiments, where a file may stand in their place."""
WorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        metavar="FILE",
        help="Take the model from FILE: a pyhf workspace, HS3 or HistFactory XML.",
        show_default=False,
    ),
]
"""The file."""
MeasurementOption = Annotated[
    str | None,
    typer.Option(
        "--measurement",
        metavar="NAME",
        help="Measurement (pyhf, XML) or analysis (HS3) of the workspace; by default its first.",
        show_default=False,
    ),
]
"""Which of its measurements."""
PatchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--patch",
        metavar="[FILE:]NAME",
        help="Apply a patch of a pyhf patch set to the workspace; repeatable. FILE may be left out where one "
        "*patchset*.json lies beside it.",
        show_default=False,
    ),
]
"""Patches."""
InterpolationOption = Annotated[
    list[str] | None,
    typer.Option(
        "--interpolation",
        metavar="KIND=CODE",
        help="Interpolation of a pyhf workspace: normsys=code1 or code4, histosys=code0 or code4p; "
        "repeatable.",
        show_default=False,
    ),
]
"""Interpolation codes, which pyhf's format has no place for."""
PoiOption = Annotated[
    str | None,
    typer.Option(
        "--poi",
        metavar="NAME",
        help="Parameter of interest of the workspace, in place of its own.",
        show_default=False,
    ),
]
"""Another parameter of interest."""


def asked_model(
    experiments: Sequence[str] | None,
    search: str | None,
    settings: Sequence[str] | None,
    basis: str | None,
    workspace: str | None,
    measurement: str | None = None,
    patches: Sequence[str] | None = None,
    interpolation: Sequence[str] | None = None,
    poi: str | None = None,
) -> SpectralModel:
    """The model that a command line asks for: experiments folded with a search, or a file read.

    Args:
        experiments: names of experiments.
        search: name of a search, or ``None``.
        settings: values of ``--set``.
        basis: value of ``--basis``.
        workspace: value of ``--workspace``.
        measurement: value of ``--measurement``.
        patches: values of ``--patch``.
        interpolation: values of ``--interpolation``.
        poi: value of ``--poi``.

    Returns:
        The model.

    Raises:
        OptionError: where both or none are asked for, or an option belongs to the other.
        NurecoilError: whatever else the request gets wrong.
    """
    from nurecoil.errors import OptionError

    ours = {"EXPERIMENT": experiments, "--search": search, "--set": settings, "--basis": basis}
    theirs = {
        "--measurement": measurement, "--patch": patches, "--interpolation": interpolation, "--poi": poi,
    }  # fmt: skip
    if workspace is None:
        given = [name for name, value in theirs.items() if value]
        if given:
            raise OptionError(given[0], "no workspace for it", "--workspace FILE beside it")
        if not experiments:
            raise OptionError("EXPERIMENT...", "none, and no --workspace", "experiments by name, or a file",
                              "`nurecoil list` shows the experiments.")  # fmt: skip
        return build_model(experiments, search, with_basis(settings, search, basis))
    given = [name for name, value in ours.items() if value]
    if given:
        raise OptionError("--workspace", f"{given[0]} beside it", "experiments or a workspace, not both",
                          "To fit both together, export the one and `nurecoil combine` them.")  # fmt: skip
    return read_workspace(workspace, measurement, patches, interpolation, poi)


def read_workspace(
    workspace: str,
    measurement: str | None = None,
    patches: Sequence[str] | None = None,
    interpolation: Sequence[str] | None = None,
    poi: str | None = None,
) -> SpectralModel:
    """Read a workspace as the options say; the arguments and errors are those of :func:`asked_model`."""
    import dataclasses

    from nurecoil.bridges.reading import read

    codes = interpolation_codes(interpolation or [])
    with working(f"reading {workspace}"):
        model = read(workspace, measurement, patches or (), codes)
    if poi is not None:
        held = [
            one.name for one in model.parameters.values() if one.root is not None and one.root.name == poi
        ]
        poi = held[0] if held and poi not in model.parameters else poi
        model.require(poi)
        known = model.metadata if poi == model.poi else {**model.metadata, "published_limits": []}
        model = dataclasses.replace(model, poi=poi, metadata=known)
    return model


def interpolation_codes(texts: Sequence[str]) -> dict[str, dict[str, str]] | None:
    """Values of ``--interpolation`` as pyhf's ``modifier_settings``; ``None`` where there are none.

    Raises:
        OptionError: where one is not of the form ``KIND=CODE``.

    Example:
        >>> interpolation_codes(["normsys=code1"])
        {'normsys': {'interpcode': 'code1'}}
    """
    from nurecoil.errors import OptionError

    found: dict[str, dict[str, str]] = {}
    for text in texts:
        kind, equals, code = text.partition("=")
        if not equals:
            raise OptionError("--interpolation", repr(text), "KIND=CODE, such as normsys=code1")
        if kind.strip() in found:
            raise OptionError("--interpolation", f"{kind.strip()} twice", "one code of each kind")
        found[kind.strip()] = {"interpcode": code.strip()}
    return found or None
