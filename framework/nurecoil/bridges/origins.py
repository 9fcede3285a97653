"""Where a model that came from a file comes from: in its metadata, and in its errors."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nurecoil.errors import NurecoilError
from nurecoil.model.spectral import SpectralModel

__all__ = ["APPROXIMATELY", "located", "with_origin"]

APPROXIMATELY = "written approximately"
"""How the notes begin that repeat a file's approximations."""


def with_origin(
    model: SpectralModel, document: Mapping[str, Any], where: str, kind: str, **more: Any
) -> SpectralModel:
    """The model with the metadata that every model has, and where it comes from.

    Args:
        model: what a reader made; metadata it has already stay.
        document: the document it was made from.
        where: name of the file.
        kind: ``pyhf``, ``hs3`` or ``histfactory-xml``.
        **more: further entries of the origin.

    Returns:
        The model.
    """
    from nurecoil.bridges.loading.documents import digest

    empty: dict[str, Any] = {
        "experiments": [], "search": None, "options": {}, "references": [], "provenance": [], "notes": [],
        "published": [], "published_limits": [], "alternatives": [],
    }  # fmt: skip
    known = {**model.metadata, "alternatives": []}  # these are other builds of experiments
    origin = {"file": where, "format": kind, "sha256": digest(document), **known.pop("origin", {}), **more}
    return dataclasses.replace(model, metadata={**empty, **known, "origin": origin})


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Put a file's name in front of errors that do not name it; numbers that overflow end in such errors."""
    try:
        with np.errstate(all="ignore"):
            yield
    except NurecoilError as error:
        if where in error.where:
            raise
        raise type(error)(f"{where}: {error.where}", error.got, error.allowed, error.remedy) from error
