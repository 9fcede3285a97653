"""Workspaces from files as models: pyhf JSON, HS3 and HistFactory XML, told apart by what is in them.

Bytes become documents in :mod:`nurecoil.bridges.loading.documents`, documents become models in the readers
of each format; what a sidecar knows is added in :mod:`nurecoil.bridges.histfactory.sidecar_reading`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nurecoil.bridges.origins import located, with_origin
from nurecoil.errors import OptionError
from nurecoil.model.spectral import SpectralModel

__all__ = ["read"]

Settings = Mapping[str, Mapping[str, str]]


def read(
    path: str | os.PathLike[str],
    measurement: str | None = None,
    patches: Sequence[str] = (),
    modifier_settings: Settings | None = None,
) -> SpectralModel:
    """Read a model from a file: a pyhf workspace, an HS3 document or HistFactory XML.

    The model has the likelihood that the file's own tool computes, and the file's names; members of sets are
    ``name[0]`` and so on. A sidecar ``NAME.nurecoil.json`` that carries the workspace's digest adds units,
    axes, titles, references and what was approximated. Nothing is written, fetched or run.

    Args:
        path: the file.
        measurement: the measurement (pyhf, XML) or the analysis (HS3) to take; the first one by default.
        patches: ``FILE:NAME`` of patches of pyhf patch sets, applied in that order; ``NAME`` alone where just
            one patch set (``*patchset*.json``) lies beside the workspace. pyhf only.
        modifier_settings: interpolation codes as ``pyhf.Workspace.model`` takes them, for files that do not
            say (pyhf, XML); by default what the sidecar says, else pyhf's own.

    Returns:
        The model; ``metadata["origin"]`` says where it comes from.

    Raises:
        InputError: where the file cannot be used, or says what this framework cannot compute.
        ModelError: where what it says contradicts itself.
        OptionError: for an unknown measurement, patch or interpolation code.

    Example:
        >>> import tempfile
        >>> from nurecoil.bridges.files import write
        >>> from nurecoil.testing.models import counting
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write(counting(observed=12.0, background=10.0), Path(folder) / "counting.json")
        ...     read(Path(folder) / "counting.json").poi
        'signal'
    """
    source = Path(os.fsdecode(path)).expanduser()
    if source.suffix.lower() == ".xml":
        from nurecoil.bridges.xml.reading import model_from_xml

        if patches:
            raise OptionError(source.name, "a patch for HistFactory XML", None, "Export it to pyhf first.")
        return model_from_xml(
            source, where=source.name, measurement=measurement, modifier_settings=modifier_settings
        )
    from nurecoil.bridges.loading.documents import kind_of, load_json

    document = load_json(source, where="workspace")
    if kind_of(document, source.name) == "pyhf":
        return _from_pyhf(source, document, measurement, patches, modifier_settings)
    if patches or modifier_settings:
        what = "a patch" if patches else "interpolation codes"
        raise OptionError(
            source.name, f"{what} for an HS3 file, which says all itself", None, "Leave it out."
        )
    from nurecoil.bridges.hs3.reading import model_from_hs3

    with located(source.name):
        return model_from_hs3(document, source.name, analysis=measurement)


def _from_pyhf(
    source: Path,
    document: Mapping[str, Any],
    measurement: str | None,
    patches: Sequence[str],
    settings: Settings | None,
) -> SpectralModel:
    from nurecoil.bridges.histfactory.reading import model_from_pyhf
    from nurecoil.bridges.histfactory.sidecar_reading import find_sidecar
    from nurecoil.bridges.loading.documents import load_json, patched, validate_pyhf

    where = source.name
    validate_pyhf(document, where)
    beside = find_sidecar(source, document)
    original = document
    for text in patches:
        file, name = _patch(source, text)
        patch_set = load_json(file, where="patch set")
        document = patched(document, patch_set, name, where=file.name, original=original)
        validate_pyhf(document, f"{where} with patch {name!r}")
    if settings is None and beside is not None:
        settings = beside.modifier_settings
    with located(where):
        model = model_from_pyhf(document, where, measurement=measurement, modifier_settings=settings)
    chosen = measurement or document["measurements"][0]["name"]
    others = [one["name"] for one in document["measurements"] if one["name"] != chosen]
    more = {"measurement": chosen, "others": others, "patches": list(patches)}
    model = with_origin(model, document, where, "pyhf", **more)
    return model if beside is None else beside.applied(model)


def _patch(source: Path, text: str) -> tuple[Path, str]:
    """File and name of a patch as a user gives them."""
    file, colon, name = text.rpartition(":")
    if colon:
        given = Path(file).expanduser()
        beside = source.parent / given
        return (given if given.is_file() or not beside.is_file() else beside), name
    found = sorted(one for one in source.parent.glob("*.json") if "patchset" in one.name.lower())
    if len(found) != 1:
        got = ", ".join(one.name for one in found) or "none"
        raise OptionError(f"patch {text!r}", f"{got} beside {source.name}", "one patch set (*patchset*.json)",
                          "Say which: FILE:NAME.")  # fmt: skip
    return found[0], name
