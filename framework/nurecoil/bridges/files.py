"""Models as files: the workspace and, beside it, the sidecar with what its format has no room for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nurecoil.atomic import replacing
from nurecoil.errors import OptionError, unknown_name
from nurecoil.model.spectral import SpectralModel

__all__ = ["FORMATS", "SIDECAR_SUFFIX", "sidecar_path", "write"]

SIDECAR_SUFFIX = ".nurecoil.json"
"""What follows the workspace's stem in the sidecar's name."""

Contents = tuple[Mapping[str, Any], Mapping[str, Any]]


def write(
    model: SpectralModel, path: str | os.PathLike[str], format: str = "pyhf", response: str = "frozen"
) -> None:
    """Write a model to a file, and a sidecar ``NAME.nurecoil.json`` beside it.

    The sidecar has units, references, provenance, options, the public name of every parameter with its power
    and scale, what was approximated and by how much, and the SHA-256 digest of the workspace's canonical JSON
    (as ``pyhf digest`` computes it). Both files appear whole, or neither does.

    Args:
        model: the model.
        path: the workspace's file, best ``NAME.json``; an older one is replaced.
        format: ``pyhf``.
        response: what to do with a detector response that moves: ``frozen``, ``histosys`` or
            ``refuse``, see :func:`nurecoil.bridges.pyhf.to_pyhf`.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where a part of the model has no form in the format.
        OptionError: for an unknown format or response, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from nurecoil.testing.models import counting
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write(counting(observed=12.0, background=10.0), Path(folder) / "counting.json")
        ...     sorted(os.listdir(folder))
        ['counting.json', 'counting.nurecoil.json']
    """
    if format not in FORMATS:
        raise unknown_name(OptionError, "format", format, FORMATS)
    target = Path(os.fsdecode(path)).expanduser()
    beside = sidecar_path(target)
    workspace, sidecar = FORMATS[format](model, target.name, response)
    before = beside.read_bytes() if beside.is_file() else None
    placed = False
    try:
        with replacing(target, where="workspace") as main, replacing(beside, where="sidecar") as side:
            main.write_text(json.dumps(workspace, allow_nan=False), encoding="utf-8")
            side.write_text(json.dumps(sidecar, allow_nan=False, indent=2), encoding="utf-8")
        placed = True
    finally:
        if not placed:
            _restore(beside, before)


def sidecar_path(path: str | os.PathLike[str]) -> Path:
    """Where the sidecar of a workspace lies.

    Args:
        path: the workspace's file.

    Returns:
        ``NAME.nurecoil.json`` in the same folder.

    Raises:
        OptionError: where ``path`` is a sidecar's name itself, or none.

    Example:
        >>> sidecar_path("out/borexino.json").name
        'borexino.nurecoil.json'
    """
    target = Path(os.fsdecode(path))
    if not target.name or target.name.endswith(SIDECAR_SUFFIX):
        raise OptionError(
            "workspace", f"{str(target)!r}", "a file name such as model.json",
            f"Names that end in {SIDECAR_SUFFIX} are the sidecars'.",
        )  # fmt: skip
    stem = target.stem if target.suffix == ".json" else target.name
    return target.with_name(stem + SIDECAR_SUFFIX)


def _pyhf(model: SpectralModel, name: str, response: str) -> Contents:
    from nurecoil.bridges._sidecar import sidecar
    from nurecoil.bridges.pyhf import document

    made = document(model, response)
    return made.workspace, sidecar(made, model, name)


FORMATS: Mapping[str, Callable[[SpectralModel, str, str], Contents]] = MappingProxyType({"pyhf": _pyhf})
"""Every format by name: a function that makes workspace and sidecar."""


def _restore(path: Path, before: bytes | None) -> None:
    """Put an older sidecar back, or take a new one away, after its workspace could not be placed."""
    if before is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != before:
        with replacing(path, where="sidecar") as temporary:
            temporary.write_bytes(before)
