"""The members of a systematic study: which axes there are, their product, and each member's model.

Axes are declared by experiments (:mod:`nurecoil.variation`); the solar model is one that all experiments
with solar neutrinos share. The data that members describe are in :mod:`nurecoil.studies.variation_data`; they
are fitted and summed in :mod:`nurecoil.studies.systematics`.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nurecoil._blame import Blame
from nurecoil.analysis import Request
from nurecoil.assembly import Assembly
from nurecoil.errors import ModelError, OptionError, PluginError, unknown_name
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import make_options
from nurecoil.variation import Choice, Variation

__all__ = [
    "SOLAR_MODEL",
    "Member",
    "axes_of",
    "chosen_axes",
    "member_model",
    "members_of",
]

SOLAR_MODEL = "solar model"
"""Name of the axis that every experiment with solar neutrinos has."""
_METALLICITY = {"GS98": "AGSS09", "AGSS09": "GS98"}
_WORDS = {"GS98": "high metallicity", "AGSS09": "low metallicity"}


@dataclass(frozen=True)
class Member:
    """One combination of choices.

    Args:
        choices: axis to the label of its choice.
        options: ``owner.option`` to value, on top of the request's.
        factors: held parameters to factors on their values.
        prior: product of the choices' prior weights.
        data: the choices that decide on the data.
        standard: whether every choice is its axis' first.

    Example:
        >>> Member({"pile-up": "figure"}, {}, {}, 0.5, (), True).label
        'figure'
    """

    choices: Mapping[str, str]
    options: Mapping[str, Any]
    factors: Mapping[str, float]
    prior: float
    data: tuple[str, ...]
    standard: bool

    @property
    def label(self) -> str:
        """The choices in words."""
        return ", ".join(self.choices.values()) or "as it is"

    def request(self, base: Request) -> Request:
        """The request with this member's options, validated.

        Raises:
            OptionError: for an owner or an option that the request does not have, or an impossible value.
        """
        changed: dict[str, dict[str, Any]] = {}
        for name, value in self.options.items():
            owner, _, option = name.rpartition(".")
            if owner not in base.options:
                raise unknown_name(OptionError, f"options of {name}", owner, base.options)
            changed.setdefault(owner, {})[option] = value
        made = dict(base.options)
        for owner, values in changed.items():
            current = made[owner]
            given = {field.name: getattr(current, field.name) for field in dataclasses.fields(current)}
            made[owner] = make_options(owner, type(current), {**given, **values})
        return dataclasses.replace(base, options=made)


def axes_of(assembly: Assembly, model: SpectralModel) -> tuple[Variation, ...]:
    """Every axis that the experiments of an assembly declare, and the solar model where they see the Sun.

    Args:
        assembly: the experiments.
        model: their model.

    Returns:
        The axes: those with data of their own first, then the experiments', then the solar model.

    Raises:
        PluginError: where an experiment declares something else, or two declare different axes of one name.

    Example:
        >>> assembly = Request.of(["gallium"]).assembly()
        >>> [axis.name for axis in axes_of(assembly, assembly.model())]
        ['solar model']
    """
    found: dict[str, Variation] = {}
    for experiment in assembly.experiments:
        with Blame("experiment", experiment.name):
            declared = tuple(experiment.variations(assembly.shared))
        for axis in declared:
            if not isinstance(axis, Variation):
                raise PluginError(f"experiment {experiment.name!r}", f"a variation {axis!r}", "a Variation")
            if found.setdefault(axis.name, axis) != axis:
                raise PluginError(f"variation {axis.name!r}", "declared differently by two experiments",
                                  "one axis of that name", "Rename one of them.")  # fmt: skip
    if any(name.startswith("solar.flux.") for name in model.parameters):
        found.setdefault(SOLAR_MODEL, _solar_axis(assembly.shared.solar.options.ssm))
    return tuple(sorted(found.values(), key=lambda axis: not axis.other_data))


def chosen_axes(axes: Sequence[Variation], names: Sequence[str] | None) -> tuple[Variation, ...]:
    """Some of the axes, in their own order.

    Args:
        axes: what there is.
        names: which of them; all by default.

    Returns:
        The axes asked for.

    Raises:
        OptionError: for an unknown name, or where there is no axis at all.

    Example:
        >>> chosen_axes([Variation("pile-up", (Choice("figure"),))], ["pile-up"])[0].name
        'pile-up'
    """
    known = [axis.name for axis in axes]
    for name in names or ():
        if name not in known:
            raise unknown_name(OptionError, "axis", name, known)
    kept = tuple(axis for axis in axes if names is None or axis.name in names)
    if not kept:
        raise OptionError("axes", "none", "an experiment that declares variations, or that sees the Sun",
                          "See Experiment.variations in the plugin contract.")  # fmt: skip
    return kept


def members_of(axes: Sequence[Variation]) -> tuple[Member, ...]:
    """The product of the axes: one member for every combination of choices, the standard one first.

    Args:
        axes: the axes.

    Returns:
        The members; their priors add up to one.

    Raises:
        PluginError: where two axes set one option, or move one parameter.

    Example:
        >>> axis = Variation("pile-up", (Choice("figure"), Choice("none", {"borexino.pileup": "none"})))
        >>> [(member.label, member.prior) for member in members_of([axis])]
        [('figure', 0.5), ('none', 0.5)]
    """
    taken: dict[str, str] = {}
    for axis in axes:
        for key in {key for choice in axis.choices for key in (*choice.options, *choice.factors)}:
            if taken.setdefault(key, axis.name) != axis.name:
                raise PluginError(f"variations {taken[key]!r} and {axis.name!r}", f"both change {key}",
                                  "axes that change different things")  # fmt: skip
    made = []
    for picked in itertools.product(*(zip(axis.choices, axis.priors, strict=True) for axis in axes)):
        choices = [choice for choice, _ in picked]
        made.append(
            Member(
                {axis.name: choice.label for axis, choice in zip(axes, choices, strict=True)},
                {name: value for choice in choices for name, value in choice.options.items()},
                {name: value for choice in choices for name, value in choice.factors.items()},
                math.prod(prior for _, prior in picked),
                tuple(c.label for axis, c in zip(axes, choices, strict=True) if axis.other_data),
                all(choice is axis.choices[0] for axis, choice in zip(axes, choices, strict=True)),
            )
        )
    return tuple(made)


def member_model(model: SpectralModel, member: Member) -> tuple[SpectralModel, tuple[str, ...]]:
    """The model of a member: its held parameters where the member wants them.

    Args:
        model: the model under the member's options.
        member: the member.

    Returns:
        The model, and a note for every parameter that would have gone beyond its bound and stays there.

    Raises:
        ModelError: for an unknown parameter, or one that fits do not hold.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> moved = Member({}, {}, {"background": 1.1}, 1.0, (), False)
        >>> member_model(counting(observed=3.0, background=10.0), moved)[0].parameters["background"].value
        11.0
    """
    changes, notes = {}, []
    for name, factor in member.factors.items():
        parameter = model.require(name)
        if not parameter.fixed:
            raise ModelError(f"variation of {name}", "a parameter that the fit moves", "one that fits hold")
        wanted = factor * parameter.value
        value = min(max(wanted, parameter.lower), parameter.upper)
        if value != wanted:
            notes.append(
                f"{name} stays at its bound {value:g} where {wanted:.3g} {parameter.unit} was wanted"
            )
        changes[name] = {"value": value}
    return model.with_parameters(**changes), tuple(notes)


def _solar_axis(ssm: str) -> Variation:
    """The solar model of the options and the one of the other metallicity, of the same generation."""
    generation, _, composition = ssm.partition("-")
    standard = Choice(f"{_WORDS.get(composition, 'as chosen')} ({ssm})")
    others = [_METALLICITY[composition]] if composition in _METALLICITY else []
    choices = [
        Choice(f"{_WORDS[other]} ({generation}-{other})", {"solar.ssm": f"{generation}-{other}"})
        for other in others
    ]
    return Variation(SOLAR_MODEL, (standard, *choices), source="the two metallicities of arXiv:1707.09355")
