"""The neutral model as a zfit loss: the same likelihood in TensorFlow, with gradients.

Every Poisson channel is one binned PDF over the model's expected counts (:mod:`nurecoil.bridges._tensors`),
not a sum of zfit pieces; Gaussian channels and constraints are zfit constraints. zfit and TensorFlow are
imported when :func:`to_zfit` is called, not before.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges._coordinates import Coordinate, coordinates, spreads
from nurecoil.bridges._tensors import expectation
from nurecoil.detectors.morph import Morph
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response
from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, SpectralModel

__all__ = ["ZfitLikelihood", "to_zfit"]

Array = NDArray[np.float64]
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


@dataclass(frozen=True)
class ZfitLikelihood:
    """A zfit loss with its parameters. ``loss, parameters = to_zfit(model)`` works too.

    Args:
        loss: the loss, for any of zfit's minimisers. Its value is ``-log L`` with all constants, as
            :func:`nurecoil.inference.fit.nll` gives it.
        parameters: public name to zfit parameter. One that is fitted in a power has that power's
            name and unit (``mu2`` for ``mu_eff``): :attr:`coordinates` has both.
        coordinates: public name to name, power and scale in zfit.
        model: the model it was made from, its response compiled.
    """

    loss: Any
    parameters: Mapping[str, Any]
    coordinates: Mapping[str, Coordinate]
    model: SpectralModel

    def __getattr__(self, name: str) -> Any:
        """Whatever the loss offers: ``value``, ``gradient``, ``get_params``, ``errordef`` and so on."""
        if name.startswith("__") or name == "loss":
            raise AttributeError(name)
        return getattr(self.loss, name)

    def __iter__(self) -> Iterator[Any]:
        """The loss, then the parameters."""
        return iter((self.loss, self.parameters))

    def set_values(self, values: Mapping[str, float]) -> None:
        """Set parameters by their public names and values; the others stay.

        Args:
            values: public name to value, in the parameter's own unit.

        Raises:
            ModelError: for an unknown parameter or a value outside the bounds.
        """
        for name, value in values.items():
            if name not in self.parameters:
                raise unknown_name(ModelError, "parameter", name, self.parameters)
            definition = self.model.parameters[name]
            if not definition.lower <= value <= definition.upper:
                raise ModelError(
                    f"parameter {name!r}",
                    f"{value}",
                    f"a value in [{definition.lower:g}, {definition.upper:g}] {definition.unit}",
                )
        for name, value in values.items():
            self.parameters[name].assign(self.coordinates[name].across(value))

    def values(self) -> dict[str, float]:
        """Every parameter's public value, after a fit the best one."""
        return {
            name: self.coordinates[name].back(float(parameter.value()))
            for name, parameter in self.parameters.items()
        }


def to_zfit(model: SpectralModel) -> ZfitLikelihood:
    """The model as a zfit loss.

    An exact detector response is compiled first, about the best fit, which then is the starting point.

    Args:
        model: the model.

    Returns:
        The loss and its parameters. Each call makes parameters of its own: losses of two calls do not share
        any, and one loss cannot hold parameters of both.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where a template is of a kind that TensorFlow cannot evaluate.

    Example:
        >>> from nurecoil.inference.fit import nll
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=12.0, background=10.0)
        >>> likelihood = to_zfit(model)
        >>> likelihood.set_values({"signal": 3.0})
        >>> difference = float(likelihood.loss.value(full=True)) - nll(model, {"signal": 3.0})
        >>> abs(difference) < 1e-9
        True
    """
    import zfit

    if any(not isinstance(s.template, np.ndarray | Morph) for c in model.channels for s in c.samples):
        model = compile_response(model)
    compiled = CompiledModel(model)
    powers = {name: int(power) for name, power in zip(compiled.names, compiled.powers, strict=True)}
    widths = spreads(model, compiled)
    crossing = coordinates(model, powers, widths)
    names = _allowed_names([one.name for one in crossing.values()])
    parameters = {
        public: _parameter(model, one, names[one.name], widths.get(public, 0.0))
        for public, one in crossing.items()
    }
    units = {name: one.scale**one.power for name, one in crossing.items()}
    places = _allowed_names([channel.name for channel in model.channels])
    models, data, constraints = [], [], []
    offset = 0.0
    for channel in model.channels:
        members, contents = expectation(channel, compiled, units)
        own = {name: parameters[name] for name in members}
        if isinstance(channel, PoissonChannel):
            pdf = _counts_class()(_space(channel, places[channel.name]), own, contents, channel.name)
            models.append(pdf)
            data.append(zfit.data.BinnedData.from_tensor(pdf.space, channel.observed))
            offset += _stirling_error(channel.observed)
        else:
            constraints.append(_gaussian_channel(channel, places[channel.name], own, contents))
    constraints += _constraints(model, parameters)
    loss = _loss(models, data, constraints, parameters, offset)
    return ZfitLikelihood(loss, parameters, crossing, model)


def _parameter(model: SpectralModel, one: Coordinate, name: str, width: float) -> Any:
    import zfit

    definition = model.parameters[one.public]
    lower, upper = one.across(definition.lower), one.across(definition.upper)
    step = abs(one.across(width)) if width > 0 else None
    return zfit.Parameter(
        name,
        one.across(definition.value),
        lower if math.isfinite(lower) else None,
        upper if math.isfinite(upper) else None,
        stepsize=step,
        floating=not definition.fixed,
        label=f"{one.name} [{one.label}]",
    )


def _allowed_names(names: Iterable[str]) -> dict[str, str]:
    """Names that zfit and TensorFlow allow, each once: letters, digits, dots, dashes and underscores."""
    found: dict[str, str] = {}
    for name in names:
        allowed = re.sub(r"[^a-zA-Z0-9_.\-]", "_", name)
        if not allowed[0].isalpha():
            allowed = "p" + allowed
        while allowed in found.values() or allowed.lower() in _RESERVED:
            allowed += "_"
        found[name] = allowed
    return found


def _space(channel: PoissonChannel, obs: str) -> Any:
    import zfit

    edges = np.asarray(channel.edges, float)
    return zfit.Space(obs, binning=zfit.binned.VariableBinning(edges, name=obs))


@functools.cache
def _counts_class() -> type:
    """The PDF class, made when zfit is there to derive it from."""
    import tensorflow as tf
    import zfit

    class ModelCounts(zfit.pdf.BaseBinnedPDF):
        """Expected counts of one channel: extended, and normalised only when asked."""

        def __init__(
            self, space: Any, parameters: Mapping[str, Any], contents: Callable[[Any], Any], name: str
        ) -> None:
            order = list(parameters)

            def total(params: Mapping[str, Any]) -> Any:
                return tf.reduce_sum(contents(tf.stack([params[key] for key in order])))

            self._contents = contents
            self._order = order
            obs = space.obs[0]
            expected = zfit.ComposedParameter(f"{obs}.events", total, params=dict(parameters))
            super().__init__(obs=space, extended=expected, name=obs, params=dict(parameters), label=name)

        def _expected(self) -> Any:
            return self._contents(tf.stack([self.params[key] for key in self._order]))

        @zfit.supports(norm="space")  # type: ignore[untyped-decorator]
        def _counts(self, x: Any, norm: Any = None) -> Any:
            return self._expected()

        @zfit.supports(norm="space")  # type: ignore[untyped-decorator]
        def _rel_counts(self, x: Any, norm: Any = None) -> Any:
            expected = self._expected()
            return expected / tf.reduce_sum(expected)

    return ModelCounts


def _gaussian_channel(
    channel: GaussianChannel, name: str, parameters: Mapping[str, Any], contents: Callable[[Any], Any]
) -> Any:
    """A measured sum: zfit's own Gaussian constraint takes single parameters only."""
    import tensorflow as tf
    import zfit

    order = list(parameters)
    constant = float(np.log(channel.width).sum()) + channel.bins * _HALF_LOG_2PI

    def value(params: Mapping[str, Any]) -> Any:
        expected = contents(tf.stack([params[key] for key in order]))
        pull = (expected - channel.observed) / channel.width
        return 0.5 * tf.reduce_sum(pull * pull) + constant

    return zfit.constraint.SimpleConstraint(value, dict(parameters), name=name)


def _constraints(model: SpectralModel, parameters: Mapping[str, Any]) -> list[Any]:
    """Constraints of single parameters and joint ones; constrained parameters cross in power one."""
    import tensorflow as tf
    import zfit

    found = []
    for name, definition in model.parameters.items():
        constraint, parameter = definition.constraint, parameters[name]
        if isinstance(constraint, GaussianConstraint):
            found.append(
                zfit.constraint.GaussianConstraint(parameter, constraint.centre, sigma=constraint.width)
            )
        elif isinstance(constraint, LogNormalConstraint):
            width = math.log(constraint.factor)
            constant = math.log(width * constraint.centre) + _HALF_LOG_2PI

            def log_normal(
                params: Mapping[str, Any],
                centre: float = math.log(constraint.centre),
                width: float = width,
                constant: float = constant,
            ) -> Any:
                return 0.5 * ((tf.math.log(params["value"]) - centre) / width) ** 2 + constant

            found.append(zfit.constraint.SimpleConstraint(log_normal, {"value": parameter}))
        elif isinstance(constraint, PoissonConstraint):

            def poisson(
                params: Mapping[str, Any], count: float = constraint.count, scale: float = constraint.scale
            ) -> Any:
                expected = scale * params["value"]
                logs = tf.math.xlogy(tf.constant(count, tf.float64), expected)
                return expected - logs + math.lgamma(count + 1)

            found.append(zfit.constraint.SimpleConstraint(poisson, {"value": parameter}))
    for joint in model.constraints:
        members = [parameters[name] for name in joint.names]
        found.append(
            zfit.constraint.GaussianConstraint(
                members, np.array(joint.centre), cov=np.array(joint.covariance)
            )
        )
    return found


def _loss(
    models: list[Any], data: list[Any], constraints: list[Any], parameters: Mapping[str, Any], offset: float
) -> Any:
    import tensorflow as tf
    import zfit

    if models:
        if offset:
            one = next(iter(models[0].get_params(floating=None)))
            term = zfit.constraint.SimpleConstraint(
                lambda params: tf.constant(offset, tf.float64), {"any": one}, name="constant"
            )
            constraints = [*constraints, term]
        return zfit.loss.ExtendedBinnedNLL(models, data, constraints=constraints)

    def value(params: Any) -> Any:
        return tf.add_n([constraint.value() for constraint in constraints])

    def gradient(params: Any) -> Any:
        variables = list(params)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            found = value(variables)
        return tape.gradient(found, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    used = {p: None for constraint in constraints for p in constraint.get_params(floating=None)}
    return zfit.loss.SimpleLoss(value, list(used), errordef=0.5, gradient=gradient, jit=True)


def _stirling_error(observed: Array) -> float:
    """What TensorFlow's Poisson loss leaves out of ``log n!``: Stirling's formula above 1, 0 below."""
    from scipy.special import gammaln

    large = observed[observed > 1]
    stirling = large * np.log(large) - large + 0.5 * np.log(2 * math.pi * large)
    return float(gammaln(observed + 1).sum() - stirling.sum())
