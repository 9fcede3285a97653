"""The neutral model as a pyhf workspace.

:func:`to_pyhf` gives the workspace, :func:`document` what belongs to it: how values translate and what was
approximated. Files and their sidecars are written in :mod:`nurecoil.bridges.files`.

What HistFactory says exactly stays exact: rates, fluxes and even powers of a coupling are norm factors,
Gaussian constraints are straight lines in a pull (``histosys`` with equal steps up and down), auxiliary
counts are bins, log-normal constraints are ``normsys`` (exact with interpolation code 1), and a Gaussian
channel is a bin with so many counts that its Poisson width vanishes. A detector response that moves has no
exact form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.bridges._coordinates import spreads
from nurecoil.bridges._response import RESPONSES, resolve
from nurecoil.bridges.histfactory.roles import assign
from nurecoil.bridges.histfactory.spelling import MEASUREMENT, Spelling, expected, pull_name, spell
from nurecoil.errors import ModelError
from nurecoil.model.spectral import GaussianChannel, SpectralModel

if TYPE_CHECKING:
    import pyhf

__all__ = ["RESPONSES", "Document", "document", "to_pyhf"]

EXACT_LOG_NORMAL = {"normsys": {"interpcode": "code1"}, "histosys": {"interpcode": "code4p"}}
"""``modifier_settings`` of ``pyhf.Workspace.model`` under which log-normal constraints are exact."""
_DEFAULT_CODES = {"normsys": "code4", "histosys": "code4p"}


@dataclass(frozen=True)
class Document:
    """A workspace and the way between its parameters and the model's.

    Args:
        workspace: the workspace, plain data that pyhf's schema allows.
        model: the model as it was written: templates are arrays, what was frozen is fixed.
        response: ``none``, ``frozen`` or ``histosys``.
        spelling: how every parameter was written.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> made = document(counting(observed=12.0, background=10.0, background_error=2.0))
        >>> made.coordinates({"signal": 3.0, "background": 11.0})
        {'signal': 3.0, 'alpha.background': 0.5}
    """

    workspace: Mapping[str, Any]
    model: SpectralModel
    response: str
    spelling: Spelling

    def coordinates(self, values: Mapping[str, float] | None = None) -> dict[str, float]:
        """Every parameter of the workspace at given public values; the rest stay at their start.

        The pulls that stand for the error of a Gaussian channel are at their conditional minimum, where the
        workspace's likelihood is the model's.

        Raises:
            ModelError: for an unknown parameter, or another value of one that was frozen or folded in.
        """
        public = self._complete(values or {})
        roles = self.spelling.roles
        found = {factor.name: factor.across(public[name]) for name, factor in roles.factors.items()}
        for block in roles.pulls:
            pulls = block.pulls(np.array([public[name] for name in block.names]))
            found.update(zip(map(pull_name, block.names), pulls.tolist(), strict=True))
        for name, constraint in roles.logs.items():
            found[pull_name(name)] = math.log(public[name] / constraint.centre) / math.log(constraint.factor)
        for shift in self.spelling.resolved.shifts:
            found[pull_name(shift.public)] = (public[shift.public] - shift.centre) / shift.width
        for group in roles.kept.sets:
            found.update({f"{group.name}[{i}]": 1.0 for i in range(len(group.members))})
        found.update({written: public[name] for name, written in roles.kept.written.items()})
        for channel in self.model.channels:
            if isinstance(channel, GaussianChannel):
                one = self.spelling.measured[channel.name]
                pulls = one.conditional(expected(self.spelling, channel, public))
                found.update(zip(one.pulls, pulls.tolist(), strict=True))
        for block in roles.measured:
            one = self.spelling.measured["constraint/" + "+".join(block.names)]
            pulls = one.conditional(np.array([public[name] for name in block.names]))
            found.update(zip(one.pulls, pulls.tolist(), strict=True))
        return found

    def public(self, coordinates: Mapping[str, float]) -> dict[str, float]:
        """Public values of every parameter at given parameters of the workspace.

        Raises:
            ModelError: where a parameter of the workspace is missing.

        Example:
            >>> from nurecoil.testing.models import counting
            >>> made = document(counting(observed=12.0, background=10.0, background_error=2.0))
            >>> made.public({"signal": 3.0, "alpha.background": 0.5})
            {'signal': 3.0, 'background': 11.0}
        """
        sets = {group.name for group in self.spelling.roles.kept.sets}
        needed = [e["name"] for e in self.spelling.parameters if e["name"] not in sets]
        needed += self.spelling.roles.kept.written.values()
        missing = [name for name in needed if name not in coordinates]
        if missing:
            raise ModelError("workspace parameters", f"no value of {', '.join(missing)}", "one of each")
        found = self.model.values
        roles = self.spelling.roles
        for name, factor in roles.factors.items():
            found[name] = factor.back(float(coordinates[factor.name]))
        for block in roles.pulls:
            pulls = np.array([float(coordinates[pull_name(name)]) for name in block.names])
            found.update(zip(block.names, block.values(pulls).tolist(), strict=True))
        for name, constraint in roles.logs.items():
            found[name] = constraint.centre * constraint.factor ** float(coordinates[pull_name(name)])
        for shift in self.spelling.resolved.shifts:
            found[shift.public] = shift.centre + shift.width * float(coordinates[pull_name(shift.public)])
        for name, written in roles.kept.written.items():
            found[name] = float(coordinates[written])
        return found

    @property
    def modifier_settings(self) -> dict[str, dict[str, str]]:
        """Interpolation codes that ``pyhf.Workspace.model`` has to be told; empty where its own will do."""
        roles = self.spelling.roles
        chosen = {**({"normsys": "code1"} if roles.logs else {}), **roles.kept.codes}
        if all(_DEFAULT_CODES[kind] == code for kind, code in chosen.items()):
            return {}
        return {kind: {"interpcode": code} for kind, code in {**_DEFAULT_CODES, **chosen}.items()}

    def _complete(self, values: Mapping[str, float]) -> dict[str, float]:
        """All public values, after a check that none is given that the workspace cannot move."""
        still = set(self.spelling.roles.folded) | set(self.spelling.roles.unused)
        still -= {shift.public for shift in self.spelling.resolved.shifts}
        for name, value in values.items():
            start = self.model.require(name).value
            if name in still and value != start:
                raise ModelError(f"parameter {name!r}", f"{value:g}; the workspace holds it", f"{start:g}")
        return {**self.model.values, **values}


def to_pyhf(model: SpectralModel, response: str = "frozen") -> pyhf.Workspace:
    """The model as a pyhf workspace.

    Args:
        model: the model.
        response: what to do with a detector response that moves: ``frozen`` at the starting values (after
            compiling, the best fit), ``histosys`` for straight lines in its parameters (approximate), or
            ``refuse``.

    Returns:
        A workspace with one measurement, ``nurecoil``, that pyhf's schema accepts. The parameter of interest
        is a norm factor; one that enters as a square is called by its stem and the power (``mu2`` for
        ``mu_eff``) and has a unit that makes it of order one. :func:`document` has names, units and scales.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where a part of the model has no form in HistFactory; the message says which and why.
        OptionError: for an unknown ``response``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> workspace = to_pyhf(counting(observed=12.0, background=10.0, background_error=2.0))
        >>> workspace.model().config.par_order
        ['alpha.background', 'signal']
    """
    import pyhf

    return pyhf.Workspace(document(model, response).workspace)


def document(model: SpectralModel, response: str = "frozen") -> Document:
    """The model as a pyhf workspace, with everything that belongs to it.

    Args:
        model: the model.
        response: as in :func:`to_pyhf`.

    Returns:
        Workspace, model as written and translation.

    Raises:
        FitError: as in :func:`to_pyhf`, and ModelError and OptionError likewise.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> document(counting(observed=12.0, background=10.0)).workspace["measurements"][0]["config"]["poi"]
        'signal'
    """
    import pyhf.schema

    resolved = resolve(model, response)
    widths = spreads(resolved.model)
    roles = assign(resolved.model, set(resolved.lines), widths)
    spelling = spell(resolved, roles, widths)
    workspace = {
        "channels": spelling.channels,
        "observations": spelling.observations,
        "measurements": [
            {
                "name": _measurement(model),
                "config": {"poi": _poi(spelling), "parameters": spelling.parameters},
            }
        ],
        "version": "1.0.0",
    }
    pyhf.schema.validate(workspace, "workspace.json")
    return Document(workspace, resolved.model, resolved.form, spelling)


def _measurement(model: SpectralModel) -> str:
    """The measurement's name: that of the workspace the model was read from, or our own."""
    origin = model.metadata.get("origin") or {}
    return str(origin.get("measurement") or MEASUREMENT)


def _poi(spelling: Spelling) -> str:
    """The parameter of interest by its name in the workspace; pyhf's word for none is the empty string."""
    poi = spelling.resolved.model.poi
    if poi is None or poi in spelling.roles.folded:
        return ""
    if poi in spelling.roles.kept.written:
        return spelling.roles.kept.written[poi]
    factor = spelling.roles.factors.get(poi)
    return factor.name if factor is not None else pull_name(poi)
