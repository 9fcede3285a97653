"""Models as files: workspaces, HS3 documents, histograms. How each looks is its own module's business."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from nurecoil.atomic import check_file, replacing, write_text
from nurecoil.errors import OptionError, unknown_name
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["FORMATS", "SIDECAR_SUFFIX", "sidecar_path", "write"]

SIDECAR_SUFFIX = ".nurecoil.json"
"""What follows the workspace's stem in the sidecar's name."""


def write(
    model: SpectralModel, path: str | os.PathLike[str], format: str = "pyhf", response: str = "frozen"
) -> None:
    """Write a model to a file.

    - ``pyhf``: a workspace, and beside it a sidecar ``NAME.nurecoil.json`` with units, references,
      provenance, options, the public name of every parameter with its power and scale, what was approximated
      and by how much, and the SHA-256 digest of the workspace's canonical JSON (``pyhf digest`` computes it).
    - ``hs3``: one file to the HEP Statistics Serialization Standard, with the same under ``misc.nurecoil``.
    - ``root``: histograms of data, samples and their variations, for plots and as inputs.

    All files appear whole, or none does.

    Args:
        model: the model.
        path: the file, best ``NAME.json`` or ``NAME.root``; an older one is replaced.
        format: ``pyhf``, ``hs3`` or ``root``.
        response: what to do with a detector response that moves: ``frozen``, ``histosys`` or
            ``refuse``, see :func:`nurecoil.bridges.pyhf.to_pyhf`; histograms are of the starting values.

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
    FORMATS[format](model, Path(os.fsdecode(path)).expanduser(), response)


def _write_pyhf(model: SpectralModel, target: Path, response: str) -> None:
    from nurecoil.bridges.histfactory.sidecar import sidecar
    from nurecoil.bridges.pyhf import document

    beside = sidecar_path(target)
    made = document(model, response)
    words = sidecar(made, model, target.name)
    before = beside.read_bytes() if beside.is_file() else None
    placed = False
    try:
        with replacing(target, where="workspace") as main, replacing(beside, where="sidecar") as side:
            main.write_text(json.dumps(made.workspace, allow_nan=False), encoding="utf-8")
            side.write_text(json.dumps(words, allow_nan=False, indent=2), encoding="utf-8")
        placed = True
    finally:
        if not placed:
            _restore(beside, before)


def _write_hs3(model: SpectralModel, target: Path, response: str) -> None:
    from nurecoil.bridges.hs3.writing import hs3_document

    check_file(target, where="workspace")
    made = hs3_document(rooted(model), response)
    write_text(target, json.dumps(made.document, allow_nan=False, indent=1) + "\n", where="workspace")


def _write_root(model: SpectralModel, target: Path, response: str) -> None:
    from nurecoil.bridges._response import RESPONSES
    from nurecoil.bridges.root_histograms import write_root

    if response not in RESPONSES:
        raise unknown_name(OptionError, "response", response, RESPONSES)
    write_root(model, target)


FORMATS: Mapping[str, Callable[[SpectralModel, Path, str], None]] = MappingProxyType(
    {"pyhf": _write_pyhf, "hs3": _write_hs3, "root": _write_root}
)
"""Every format by name: a function that writes a model to a file in it."""


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


def _restore(path: Path, before: bytes | None) -> None:
    """Put an older sidecar back, or take a new one away, after its workspace could not be placed."""
    if before is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != before:
        with replacing(path, where="sidecar") as temporary:
            temporary.write_bytes(before)
