"""What each parameter of a model becomes in HistFactory: a norm factor, a pull, a constant.

Every choice that has no exact form ends in an error here. How the choices are spelt is the business of
:mod:`nurecoil.bridges.histfactory.spelling`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass

from nurecoil.bridges._coordinates import Coordinate, coordinates
from nurecoil.bridges._normal import Block, blocks
from nurecoil.bridges.histfactory.kept import LUMI, Kept, keep
from nurecoil.errors import ModelError
from nurecoil.model.modifiers import HistoSys
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["Roles", "assign", "reach"]

_REMEDY = "Fix it, or write HS3 (--to hs3), which says it as it is."


@dataclass(frozen=True)
class Roles:
    """The parameters of a model, sorted by what becomes of them.

    Args:
        factors: norm factors.
        pulls: blocks written as straight lines in pulls.
        measured: blocks whose parameters are norm factors and measured in a channel of their own.
        logs: log-normal parameters, written as ``normsys``.
        counts: Poisson constraints, measured in a channel of their own; their parameters are factors.
        folded: fixed parameters multiplied into the templates.
        unused: parameters that no sample and no template uses any more.
        kept: parameters of modifiers.
        lumi: whether a factor of that name keeps its normal constraint, as pyhf allows.
    """

    factors: Mapping[str, Coordinate]
    pulls: tuple[Block, ...]
    measured: tuple[Block, ...]
    logs: Mapping[str, LogNormalConstraint]
    counts: Mapping[str, PoissonConstraint]
    folded: tuple[str, ...]
    unused: tuple[str, ...]
    kept: Kept
    lumi: bool


def assign(model: SpectralModel, bent: Set[tuple[str, str]], widths: Mapping[str, float]) -> Roles:
    """Decide what becomes of every parameter.

    Fixed parameters stay, fixed, under their names where they have one power; others are folded in. A
    Gaussian constraint is written as a straight line in a pull where every sample has at most one such
    factor, otherwise its parameter is a norm factor that a channel of its own measures.

    Args:
        model: a model whose templates are arrays.
        bent: (channel, sample) that have a straight line already, in response parameters.
        widths: spread of every free parameter.

    Returns:
        The roles.

    Raises:
        ModelError: where a parameter has no exact form in HistFactory; the message says which and why.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> roles = assign(counting(3.0, 1.0, background_error=0.2), set(), {})
        >>> list(roles.factors), roles.pulls[0].names
        (['signal'], ('background',))
    """
    kept = keep(model)
    powers = _powers(model)
    lumi = _is_lumi(model, powers)
    normal = blocks(model, set(powers) - {LUMI} if lumi else set(powers))
    in_block = {name for block in normal for name in block.names}
    shifted = {
        (channel.name, sample.name)
        for channel in model.channels
        for sample in channel.samples
        if any(isinstance(modifier, HistoSys) for modifier in sample.modifiers)
    }
    straight = _straight(model, normal, {*bent, *shifted})
    factors: dict[str, int] = {}
    logs: dict[str, LogNormalConstraint] = {}
    counts: dict[str, PoissonConstraint] = {}
    folded: list[str] = []
    unused: list[str] = []
    for name, parameter in model.parameters.items():
        found = powers.get(name, set())
        constraint = parameter.constraint
        other = isinstance(constraint, LogNormalConstraint | PoissonConstraint)
        if other and not parameter.fixed and any(name in joint.names for joint in model.constraints):
            raise _no_form(name, "it has a constraint of its own beside a joint one", "one constraint")
        if name in kept.written:
            continue
        if not found:
            unused.append(name)
        elif name == LUMI and lumi:
            factors[name] = 1
        elif parameter.fixed:
            if len(found) == 1:
                factors[name] = min(found)
            else:
                folded.append(name)
        elif name in in_block:
            if any(name in block.names for block in straight):
                continue
            if found != {1}:
                raise _no_form(
                    name,
                    f"it has a Gaussian constraint and enters in power {_listed(found)}",
                    "constrained parameters in power 1",
                )
            factors[name] = 1
        elif isinstance(constraint, LogNormalConstraint):
            logs[name] = constraint
        elif isinstance(constraint, PoissonConstraint) and found != {1}:
            raise _no_form(
                name,
                f"it has a Poisson constraint and enters in power {_listed(found)}",
                "constrained parameters in power 1",
            )
        elif len(found) > 1:
            raise _no_form(
                name,
                f"it enters in powers {_listed(found)}; a repeated norm factor is silently dropped by pyhf",
                "one power in all samples",
            )
        else:
            factors[name] = min(found)
            if isinstance(constraint, PoissonConstraint):
                counts[name] = constraint
    measured = tuple(block for block in normal if block not in straight)
    crossing = coordinates(model, factors, widths)
    return Roles(crossing, tuple(straight), measured, logs, counts, tuple(folded), tuple(unused), kept, lumi)


def _is_lumi(model: SpectralModel, powers: Mapping[str, Set[int]]) -> bool:
    """Whether pyhf's luminosity modifier says what the parameter of that name is."""
    parameter = model.parameters.get(LUMI)
    if parameter is None or any(LUMI in joint.names for joint in model.constraints):
        return False
    return isinstance(parameter.constraint, GaussianConstraint) and powers.get(LUMI) == {1}


def _powers(model: SpectralModel) -> dict[str, set[int]]:
    """The different powers in which each factor enters."""
    found: dict[str, set[int]] = {}
    for channel in model.channels:
        for sample in channel.samples:
            for name, power in sample.powers.items():
                found.setdefault(name, set()).add(int(power))
    return found


def _straight(model: SpectralModel, normal: tuple[Block, ...], bent: Set[tuple[str, str]]) -> list[Block]:
    """Blocks whose parameters can be lines: linear, and never two lines in one sample."""
    taken = set(bent)
    chosen = []
    for block in normal:
        own: set[tuple[str, str]] = set()
        fits = True
        for channel in model.channels:
            for sample in channel.samples:
                members = [(n, p) for n, p in sample.powers.items() if n in block.names]
                if not members:
                    continue
                place = (channel.name, sample.name)
                fits = fits and len(members) == 1 and members[0][1] == 1 and place not in taken
                own.add(place)
        if fits:
            chosen.append(block)
            taken |= own
    return chosen


def _no_form(name: str, got: str, allowed: str) -> ModelError:
    return ModelError(f"parameter {name!r} in HistFactory", got, allowed, _REMEDY)


def _listed(powers: set[int]) -> str:
    return " and ".join(str(power) for power in sorted(powers))


def reach(lower: float, upper: float, value: float, width: float) -> tuple[float, float]:
    """Finite bounds for a norm factor, as JSON and pyhf's minimisers want them.

    Args:
        lower: the bound, maybe infinite.
        upper: the other one.
        value: starting value.
        width: one standard deviation.

    Returns:
        The bounds; an infinite one is replaced by one far beyond what the data allow, at a round distance, so
        that rounding in ``width`` does not change what is written.

    Example:
        >>> reach(0.0, math.inf, 1.0, 0.1)
        (0.0, 21.0)
    """
    far = 10 * abs(value) + 100 * width or 10.0
    digit = 10.0 ** math.floor(math.log10(far))
    far = digit * math.ceil(far / digit * (1 - 1e-6))
    return (
        lower if math.isfinite(lower) else value - far,
        upper if math.isfinite(upper) else value + far,
    )
