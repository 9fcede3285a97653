"""What an experiment may vary to learn its systematic uncertainty: axes of choices, declared, not done.

A plugin declares them (:meth:`nurecoil.experiment.Experiment.variations`). Members are built from them in
:mod:`nurecoil.studies.variation_members`, their profiles summed in :mod:`nurecoil.inference.variations`.
Plain standard library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nurecoil.errors import PluginError

__all__ = ["Choice", "Variation", "sigma_points"]

_NORMAL = 3.0
"""Fourth over squared second moment of a normal distribution."""


@dataclass(frozen=True)
class Choice:
    """One choice on an axis.

    Args:
        label: what is chosen, in a few words.
        options: ``owner.option`` to value, as ``--set`` names them; none for the options as they are.
        factors: parameters that fits hold, to a factor on the value that they hold them at.
        prior: its prior weight beside the other choices of the axis; any scale.

    Example:
        >>> Choice("low metallicity", {"solar.ssm": "B16-AGSS09"}).prior
        1.0
    """

    label: str
    options: Mapping[str, Any] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    prior: float = 1.0


@dataclass(frozen=True)
class Variation:
    """One axis: choices of which the first is the standard one.

    Args:
        name: what is varied, in a few words.
        choices: at least one, each with a label of its own.
        other_data: whether every choice has data of its own (another estimator of the same events).
        source: where choices and errors come from.

    Raises:
        PluginError: without choices, for a label that comes twice, or priors that are no weights.

    Example:
        >>> axis = Variation("pile-up", (Choice("figure"), Choice("none", {"borexino.pileup": "none"})))
        >>> axis.priors
        (0.5, 0.5)
    """

    name: str
    choices: tuple[Choice, ...]
    other_data: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        """Check labels and priors."""
        where = f"variation {self.name!r}"
        labels = [choice.label for choice in self.choices]
        if not labels or len(set(labels)) != len(labels):
            raise PluginError(where, f"choices {', '.join(labels) or 'none'}", "at least one, each once")
        priors = [choice.prior for choice in self.choices]
        if not all(math.isfinite(prior) and prior >= 0 for prior in priors) or not sum(priors) > 0:
            raise PluginError(where, f"prior weights {priors}", "numbers of at least 0, one of them above")

    @property
    def priors(self) -> tuple[float, ...]:
        """The prior weights of the choices, of sum one."""
        total = sum(choice.prior for choice in self.choices)
        return tuple(choice.prior / total for choice in self.choices)


def sigma_points(
    name: str, held: Mapping[str, Mapping[str, float]], *, standard: str = "as held", source: str = ""
) -> Variation:
    """Held quantities moved one at a time, so that the sum integrates over their normal errors.

    The points are those of the unscented transform (Julier and Uhlmann, Proc. IEEE 92 (2004) 401, eq. 12):
    of ``n`` quantities each is moved by ``+-a`` errors with the weight ``1/(2 a^2)``, and the point in the
    middle has what is left, ``1 - n/a^2``. Mean and covariance are those of the normal errors for every
    ``a``; here ``a^2 = max(3, n + 1)``, with which one or two quantities keep their fourth moments and the
    middle always has a weight. Members at +-1 error with the weight exp(-1/2) have 0.55 of the variance.

    Args:
        name: the axis.
        held: label of a quantity to its parameters, each with its relative error; parameters under one label
            move together.
        standard: label of the point in the middle.
        source: where the errors come from.

    Returns:
        The axis, ``2 n + 1`` choices.

    Raises:
        PluginError: where an error is not positive.

    Example:
        >>> axis = sigma_points("held", {"pep": {"solar.flux.pep": 0.01}})
        >>> [(choice.label, round(choice.prior, 4)) for choice in axis.choices]
        [('as held', 0.6667), ('pep -1.73 sigma', 0.1667), ('pep +1.73 sigma', 0.1667)]
    """
    spread = math.sqrt(max(_NORMAL, len(held) + 1))
    weight = 1 / (2 * spread**2)
    choices = [Choice(standard, prior=1 - 2 * len(held) * weight)]
    for label, parameters in held.items():
        for parameter, error in parameters.items():
            if not (math.isfinite(error) and error > 0):
                raise PluginError(f"variation {name!r}", f"{parameter} with the error {error}", "one above 0")
        for sign in (-1, 1):
            factors = {parameter: 1 + sign * spread * error for parameter, error in parameters.items()}
            choices.append(Choice(f"{label} {sign * spread:+.2f} sigma", {}, factors, weight))
    return Variation(name, tuple(choices), source=source)
