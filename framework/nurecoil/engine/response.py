"""Compiling the detector response: exact templates become morphs about the best fit.

The closure of the compiled model on the exact one is measured here and stored with the model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph, compile_morph
from nurecoil.engine.compiled import CompiledModel, channel_nll
from nurecoil.engine.silent import silent_parameters
from nurecoil.engine.solve import Solution, solve
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

__all__ = [
    "MORPH_RANGE",
    "Closure",
    "compile_response",
    "needs_recompiling",
    "out_of_range",
    "response_closure",
]

Array = NDArray[np.float64]

MORPH_RANGE = 4.0
"""How far, in steps of the morph, a response parameter may move before it is compiled anew."""


@dataclass(frozen=True)
class Closure:
    """How far a compiled response is from the exact one.

    Args:
        per_bin: largest difference in one bin over directions of two sigma, in units of the bin's own
            statistical error.
        chi2: largest sum over bins of its square.
        nll: largest difference of the negative log-likelihood, relative to the centre.

    Example:
        >>> Closure(0.01, 0.001, 0.002).per_bin
        0.01
    """

    per_bin: float
    chi2: float
    nll: float


def compile_response(
    model: SpectralModel,
    at: Solution | None = None,
    held: Collection[str] = (),
    like: SpectralModel | None = None,
) -> SpectralModel:
    """A copy of the model in which every exact response is a morph about the best fit.

    Args:
        model: a model with exact templates; one without comes back as it is.
        at: the exact model's minimum, where it is known already.
        held: parameters that stay at their starting values in the fit that places the morph.
        like: a compiled model: its expansion point, steps, starting values and closure are taken over, and
            so are its morphs of templates that both have. One that lacks a response parameter is of no use.

    Returns:
        The compiled model; its metadata have ``response`` with the centre and the closure.

    Raises:
        FitError: where the exact model cannot be fitted.
    """
    exact = _exact(model)
    if exact is model and not any(_is_exact(s) for c in model.channels for s in c.samples):
        return model
    if like is not None and _needed(exact) <= set(like.metadata.get("response", {}).get("centre", ())):
        return _compile_like(exact, like)
    compiled = CompiledModel(exact)
    fixed = np.array([name in held for name in compiled.names])
    solution = at if at is not None else solve(compiled, fixed=fixed)
    fisher = compiled.evaluate(solution.position)[2]
    covariance = _covariance(compiled, solution, fisher)
    step = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    fallback = 1 / np.sqrt(np.maximum(np.diag(fisher), 1e-300))
    with np.errstate(invalid="ignore"):
        span = compiled.upper - compiled.lower
    unknown = np.where(np.isfinite(span), 0.01 * span, 1.0)
    step = np.where(step > 0, step, np.where(np.diag(fisher) > 0, fallback, unknown))
    channels = []
    for channel in exact.channels:
        samples = tuple(_compile(sample, compiled, solution.position, step) for sample in channel.samples)
        channels.append(dataclasses.replace(channel, samples=samples))
    values = compiled.values(solution.position)
    started = {
        name: dataclasses.replace(parameter, value=values[name]) if not parameter.fixed else parameter
        for name, parameter in exact.parameters.items()
    }
    new = dataclasses.replace(exact, channels=tuple(channels), parameters=started)
    closure = response_closure(exact, new, solution.position, covariance)
    names = sorted({n for c in new.channels for s in c.samples if _is_morph(s) for n in s.template.names})  # type: ignore[union-attr]
    note: dict[str, Any] = {
        "form": "compiled",
        "centre": {name: values[name] for name in names},
        "step": {name: float(step[compiled.index[name]]) for name in names},
        "closure": dataclasses.asdict(closure),
    }
    return dataclasses.replace(new, metadata={**model.metadata, "response": note})


def _needed(exact: SpectralModel) -> set[str]:
    """The response parameters of a model's exact templates."""
    return {n for c in exact.channels for s in c.samples if _is_exact(s) for n in s.template.names}  # type: ignore[union-attr]


def _compile_like(exact: SpectralModel, like: SpectralModel) -> SpectralModel:
    """Compile with the expansion point of another model; what both have is compiled once."""
    note = like.metadata["response"]
    known = {id(s.template.exact): s.template for c in like.channels for s in c.samples if _has_exact(s)}  # type: ignore[union-attr]
    channels = []
    for channel in exact.channels:
        samples = []
        for sample in channel.samples:
            template: Any = sample.template
            if id(template) in known:
                template = known[id(template)]
            elif _is_exact(sample):
                centre = np.array([note["centre"][name] for name in template.names])
                step = np.array([note["step"][name] for name in template.names])
                template = compile_morph(template, centre, step)
            samples.append(dataclasses.replace(sample, template=template))
        channels.append(dataclasses.replace(channel, samples=tuple(samples)))
    started = {
        name: {"value": like.parameters[name].value}
        for name, parameter in exact.parameters.items()
        if name in like.parameters and not parameter.fixed
    }
    new = dataclasses.replace(exact.with_parameters(**started), channels=tuple(channels))
    return dataclasses.replace(new, metadata={**exact.metadata, "response": note})


def response_closure(
    exact: SpectralModel, compiled: SpectralModel, centre: Array, covariance: Array
) -> Closure:
    """Compare the compiled with the exact response along the axes of the fit's covariance.

    Args:
        exact: the exact model.
        compiled: the compiled one, with the same parameters.
        centre: internal coordinates of the expansion point.
        covariance: covariance of the internal coordinates; its principal axes within the response
            parameters are walked by two sigma both ways.

    Returns:
        The largest differences found.
    """
    slow, fast = CompiledModel(exact), CompiledModel(compiled)
    names = {n for c in compiled.channels for s in c.samples if _is_morph(s) for n in s.template.names}  # type: ignore[union-attr]
    index = np.array([slow.index[n] for n in slow.names if n in names and not slow.fixed[slow.index[n]]])
    if not index.size:
        return Closure(0.0, 0.0, 0.0)
    variance, axes = np.linalg.eigh(covariance[np.ix_(index, index)])
    base = slow.value(centre) - fast.value(centre)
    worst = [0.0, 0.0, 0.0]
    for size, axis in zip(np.sqrt(np.maximum(variance, 0.0)), axes.T, strict=True):
        for sigma in (-2.0, 2.0):
            position = centre.copy()
            position[index] = np.clip(
                position[index] + sigma * size * axis, slow.lower[index], slow.upper[index]
            )
            change = -base
            for channel, one, two in zip(
                exact.channels, slow.expected(position), fast.expected(position), strict=True
            ):
                observed = channel.observed
                change += channel_nll(channel, one, observed) - channel_nll(channel, two, observed)
                if isinstance(channel, PoissonChannel):
                    pull = (two - one) / np.sqrt(np.maximum(one, 1e-9))
                    worst[0] = max(worst[0], float(np.max(np.abs(pull))))
                    worst[1] = max(worst[1], float(pull @ pull))
            worst[2] = max(worst[2], abs(change))
    return Closure(*worst)


def needs_recompiling(model: SpectralModel, compiled: CompiledModel, position: Array) -> bool:
    """Whether a response parameter has left the range in which the morph was measured."""
    return bool(out_of_range(model, compiled, position[None])[0])


def out_of_range(
    model: SpectralModel, compiled: CompiledModel, position: Array, reach: float = MORPH_RANGE
) -> NDArray[np.bool_]:
    """At which of many places a response parameter has left the range in which its morph was measured.

    Args:
        model: the model.
        compiled: its compiled form.
        position: internal coordinates, shape ``(n, parameters)``.
        reach: the range, in steps of the morph.

    Returns:
        Shape ``(n,)``; false where a response cannot be compiled anew.
    """
    beyond = np.zeros(len(position), dtype=bool)
    seen: set[tuple[tuple[str, ...], bytes, bytes]] = set()
    for channel in model.channels:
        for sample in channel.samples:
            morph = sample.template
            if not isinstance(morph, Morph) or morph.exact is None or not morph.step.size:
                continue
            key = (tuple(morph.names), morph.centre.tobytes(), morph.step.tobytes())
            if key not in seen:
                seen.add(key)
                values = position[:, [compiled.index[name] for name in morph.names]]
                beyond |= np.any(np.abs(values - morph.centre) > reach * morph.step, axis=1)
    return beyond


def _covariance(compiled: CompiledModel, solution: Solution, fisher: Array) -> Array:
    """Inverse of the Fisher matrix of what is free and off its bounds: good enough to place a morph."""
    silent = silent_parameters(compiled, solution.position)
    index = np.flatnonzero(solution.free & ~solution.at_bound & ~silent & (np.diag(fisher) > 0))
    unit = 1 / np.sqrt(np.diag(fisher)[index])
    scaled = fisher[np.ix_(index, index)] * np.outer(unit, unit)
    covariance = np.zeros_like(fisher)
    inverse = np.linalg.pinv(scaled, rcond=1e-12, hermitian=True)
    covariance[np.ix_(index, index)] = inverse * np.outer(unit, unit)
    return covariance


def _exact(model: SpectralModel) -> SpectralModel:
    """The model with morphs replaced by the exact templates they stand for, where these are known."""
    if not any(_has_exact(sample) for channel in model.channels for sample in channel.samples):
        return model
    channels = [
        dataclasses.replace(
            channel,
            samples=tuple(
                dataclasses.replace(s, template=s.template.exact) if _has_exact(s) else s  # type: ignore[union-attr]
                for s in channel.samples
            ),
        )
        for channel in model.channels
    ]
    return dataclasses.replace(model, channels=tuple(channels))


def _compile(sample: Sample, compiled: CompiledModel, position: Array, step: Array) -> Sample:
    if not _is_exact(sample):
        return sample
    template = sample.template
    assert not isinstance(template, np.ndarray)
    index = [compiled.index[name] for name in template.names]
    return dataclasses.replace(sample, template=compile_morph(template, position[index], step[index]))


def _is_morph(sample: Sample) -> bool:
    return isinstance(sample.template, Morph)


def _is_exact(sample: Sample) -> bool:
    return not isinstance(sample.template, np.ndarray | Morph)


def _has_exact(sample: Sample) -> bool:
    return isinstance(sample.template, Morph) and sample.template.exact is not None
