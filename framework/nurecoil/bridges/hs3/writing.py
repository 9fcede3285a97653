"""Models as HS3 documents that RooFit and pyhs3 read with the same likelihood.

HS3 is the HEP Statistics Serialization Standard, version 0.2 (its home on GitHub has that name).
Counts are ``histfactory_dist``, powers of parameters ``product`` functions, normal measurements of sums a
``gaussian_dist`` over a ``sum``, constraints distributions of their own; the private modules here
spell each. Our units, names and citations stand under ``misc.nurecoil``. Reading is
:mod:`nurecoil.bridges.hs3.reading`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurecoil._version import __version__
from nurecoil.bridges.hs3._channels import Channels
from nurecoil.bridges.hs3._constraints import Constraints
from nurecoil.bridges.hs3._functions import Functions
from nurecoil.bridges.hs3._misc import approximations, ours, outside_misc, roofit
from nurecoil.bridges.hs3._names import ANALYSIS, Names
from nurecoil.bridges.hs3._response import Still, still
from nurecoil.model.spectral import SpectralModel

__all__ = ["VERSION", "Hs3Document", "hs3_document"]

VERSION = "0.2"
"""The version of the standard that documents are written to."""

_DOMAIN = "default_domain"
_POINT = "default_values"


@dataclass(frozen=True)
class Hs3Document:
    """A document and what it was made from.

    Args:
        document: plain data for JSON.
        still: the model it holds, and the way there.
        names: how everything is called in it.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> made = hs3_document(counting(observed=12.0, background=10.0, background_error=2.0))
        >>> made.coordinates({"signal": 3.0})
        {'signal': 3.0, 'background': 10.0}
    """

    document: Mapping[str, Any]
    still: Still
    names: Names

    @property
    def model(self) -> SpectralModel:
        """The model as written: its templates are arrays, what has no effect is left out."""
        return self.still.model

    @property
    def approximations(self) -> list[dict[str, Any]]:
        """What the document says otherwise than the model it was made from."""
        return approximations(self.still)

    def coordinates(self, values: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every parameter of the document at given values of the model's; the rest stay at their start.

        Args:
            values: public name to value. A response parameter written as a pull goes by its own name and
            unit.

        Returns:
            Written name to value.

        Raises:
            ModelError: for an unknown parameter, or another value of one that the document holds.
        """
        found = self.still.values(values or {})
        return {self.names.parameter(name): value for name, value in found.items()}


def hs3_document(model: SpectralModel, response: str = "frozen") -> Hs3Document:
    """The model as an HS3 document.

    Args:
        model: the model.
        response: what to do with a detector response that moves: ``frozen`` at the starting values (after
            compiling, the best fit), ``histosys`` for straight lines in its parameters (approximate), or
            ``refuse``.

    Returns:
        The document with one analysis, ``nurecoil``, the model as written, and the way to its parameters. The
        same model gives the same document, and so does the model that is read back from it.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where a part of the model has no form that both tools read; the message says which and
        why. OptionError: for an unknown ``response``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> made = hs3_document(counting(observed=12.0, background=10.0, background_error=2.0))
        >>> made.document["likelihoods"][0]["aux_distributions"]
        ['background_constraint']
    """
    held = still(model, response)
    written = held.model
    names = Names([channel.name for channel in written.channels], written.parameters)
    functions = Functions(names)
    together = names.fresh("asimov" if all(c.asimov for c in written.channels) else "observed")
    channels = Channels(written, names, functions, together)
    channels.write()
    constraints = Constraints(written, names, functions)
    constraints.write()
    beside = [*channels.measured, *constraints.written]
    document: dict[str, Any] = {
        "metadata": {"hs3_version": VERSION, "packages": [{"name": "nurecoil", "version": __version__}]},
        "distributions": [*channels.counted, *beside],
        "functions": functions.written,
        "data": channels.data,
        "likelihoods": [
            {
                "name": ANALYSIS,
                "distributions": [one["name"] for one in channels.counted],
                "data": [one["name"] for one in channels.data],
                "aux_distributions": [one["name"] for one in beside],
            }
        ],
        "analyses": [
            {
                "name": ANALYSIS,
                "likelihood": ANALYSIS,
                "parameters_of_interest": [] if written.poi is None else [names.parameter(written.poi)],
                "domains": [_DOMAIN],
                "init": _POINT,
            }
        ],
        "domains": [{"name": _DOMAIN, "type": "product_domain", "axes": _axes(written, names)}],
        "parameter_points": [{"name": _POINT, "parameters": _points(written, names, functions)}],
        "misc": {
            "nurecoil": ours(held, names, channels, constraints),
            "ROOT_internal": roofit(channels),
        },
    }
    document["misc"]["nurecoil"]["digest"] = {"sha256": outside_misc(document)}
    return Hs3Document(document, held, names)


def _axes(model: SpectralModel, names: Names) -> list[dict[str, Any]]:
    """Bounds of every parameter, as far as it has any."""
    axes: list[dict[str, Any]] = []
    for name, parameter in model.parameters.items():
        ends = {"min": float(parameter.lower), "max": float(parameter.upper)}
        finite = {key: end for key, end in ends.items() if math.isfinite(end)}
        axes.append({"name": names.parameter(name), **finite})
    return axes


def _points(model: SpectralModel, names: Names, functions: Functions) -> list[dict[str, Any]]:
    """Values of every parameter, fixed ones constant, and numbers that are constants."""
    points: list[dict[str, Any]] = []
    for name, parameter in model.parameters.items():
        state = {"const": True} if parameter.fixed else {}
        points.append({"name": names.parameter(name), "value": float(parameter.value), **state})
    points += [{"name": name, "value": value, "const": True} for name, value in functions.constants.items()]
    return points
