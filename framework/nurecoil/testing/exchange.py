"""Rules of exchange: what a model says is the same after a way through each format there is.

Histograms go through ROOT and UHI JSON, likelihoods through pyhf's workspace (as a file with its sidecar) and
zfit's loss. What a bridge refuses with a reason counts as kept.
"""

from __future__ import annotations

import importlib.util
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy

from nurecoil.bridges._coordinates import spreads
from nurecoil.errors import NurecoilError
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import read_histograms
from nurecoil.histograms.write import write_histograms
from nurecoil.inference.fit import nll
from nurecoil.model.spectral import PoissonChannel, SpectralModel
from nurecoil.testing.rules import Kept, told

if TYPE_CHECKING:
    from nurecoil.testing.cases import ExperimentCase, SearchCase

__all__ = ["TOLERANCE", "histograms", "points", "pyhf", "zfit"]

TOLERANCE = 1e-9
"""How far two likelihoods may be apart in the change from the start, as a share of it (of 1 where it is
less); what a bridge's own sidecar states of an approximation, and rounding, come on top."""
_POINTS = 4


def histograms(case: ExperimentCase) -> Iterator[str]:
    """Data and templates of every spectrum through ROOT and UHI JSON, bit by bit."""
    model = case.model
    spectra = [channel for channel in model.channels if isinstance(channel, PoissonChannel)]
    for channel in spectra:
        words: dict[str, Any] = {
            "observable": channel.observable,
            "observable_unit": channel.unit,
            "counts_unit": "events",
        }
        made = [Histogram("observed", channel.edges, channel.observed, **words)]
        for sample in channel.samples:
            made.append(Histogram(f"samples/{sample.name}", channel.edges, _contents(sample, model), **words))
        with tempfile.TemporaryDirectory() as folder:
            for suffix in (".root", ".json"):
                path = Path(folder) / f"spectrum{suffix}"
                write_histograms(path, made)
                found = read_histograms(path, expect=Expectation(allow_negative=True))
                for one in made:
                    two = found.get(one.name)
                    if two is None or not _alike(one, two):
                        yield f"{one.name} of {channel.name} comes back from {suffix} changed"
    yield Kept(f"{len(spectra)} spectra" if spectra else "no spectrum to write")


def pyhf(case: ExperimentCase | SearchCase) -> Iterator[str]:
    """The workspace as a file, read again and evaluated by pyhf."""
    from nurecoil.bridges.files import sidecar_path, write
    from nurecoil.bridges.pyhf import document

    model = case.model
    forms = ("frozen", "histosys") if _moves(model) else ("refuse",)
    for form in forms:
        try:
            made = document(model, form)
        except NurecoilError as error:
            if error.got and (error.allowed or error.remedy):
                yield Kept(f"{form} is refused: {error.where}: {error.got}")
            else:
                yield f"pyhf refuses {form} without saying what to do: {told(error)}"
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            write(model, path, response=form)
            workspace = json.loads(path.read_text())
            beside = json.loads(sidecar_path(path).read_text())
        said = [one["what"] for one in beside["approximations"]]
        if made.response != "none" and "detector response" not in said:
            yield f"the sidecar of {form} does not say that the response is approximated"
        if beside["metadata"]["references"] != list(model.metadata["references"]):
            yield "the sidecar lacks the references"
        if made.response == "frozen" and not _close(
            nll(made.model), nll(model, _bounded(made.model)), 0.0, model
        ):
            yield "the frozen model is not the model where it is frozen"
        allowed = sum(
            one["largest_nll_difference"]["within_3_sigma"]
            for one in beside["approximations"]
            if "largest_nll_difference" in one
        )
        other = _pyhf_nll(workspace, beside["modifier_settings"], made.coordinates)
        yield from _compared(f"pyhf ({form})", made.model, other, allowed)


def zfit(case: ExperimentCase | SearchCase) -> Iterator[str]:
    """The loss, where zfit is asked for and installed."""
    if not case.zfit:
        yield Kept("not asked for")
        return
    if importlib.util.find_spec("zfit") is None:
        yield Kept("zfit is not installed")
        return
    from nurecoil.bridges.zfit import to_zfit

    try:
        likelihood = to_zfit(case.model)
    except NurecoilError as error:
        yield Kept(f"refused: {told(error)}")
        return

    def evaluate(values: Mapping[str, float]) -> float:
        likelihood.set_values({**likelihood.model.values, **values})
        return float(likelihood.loss.value(full=True))

    yield from _compared("zfit", likelihood.model, evaluate, 0.0)


def points(model: SpectralModel, count: int = _POINTS) -> Iterator[dict[str, float]]:
    """Points about a model's start, its free parameters up to about one standard deviation away.

    Args:
        model: the model.
        count: how many.

    Yields:
        Public name to value, inside the bounds; at every point the likelihood is finite.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> len(list(points(counting(observed=12.0, background=10.0))))
        4
    """
    rng = np.random.default_rng(1)
    widths = spreads(model)
    for _ in range(count):
        drawn = rng.uniform(-1, 1, len(widths))
        for size in (1.0, 0.3, 0.1):
            point = {}
            for (name, width), pull in zip(widths.items(), drawn, strict=True):
                parameter = model.parameters[name]
                value = parameter.value + size * width * float(pull)
                if value < parameter.lower:
                    value = 2 * parameter.lower - value
                point[name] = float(min(value, parameter.upper))
            if math.isfinite(nll(model, point)):
                yield point
                break


def _compared(
    what: str, model: SpectralModel, other: Callable[[Mapping[str, float]], float], allowed: float
) -> Iterator[str]:
    """Differences of the likelihood from the start, ours and a peer's."""
    ours, theirs, worst, tried = nll(model), other({}), 0.0, 0
    for point in points(model):
        change, changed = nll(model, point) - ours, other(point) - theirs
        tried += 1
        worst = max(worst, abs(changed - change) / max(abs(change), 1.0))
        if not _close(change, changed, allowed, model):
            yield f"{what}: -log L changes by {changed:.12g} where ours changes by {change:.12g}"
            return
    yield Kept(f"{what}: {worst:.0e} at {tried} points") if tried else f"{what}: no point to compare at"


def _close(one: float, two: float, allowed: float, model: SpectralModel) -> bool:
    terms = sum(float(np.abs(xlogy(c.observed, c.observed)).sum()) for c in model.channels if _counts(c))
    rounding = 2 * np.finfo(float).eps * terms
    return bool(abs(one - two) <= TOLERANCE * max(abs(one), 1.0) + 2 * allowed + rounding)


def _pyhf_nll(
    workspace: dict[str, Any], settings: dict[str, Any], coordinates: Callable[..., dict[str, float]]
) -> Callable[[Mapping[str, float]], float]:
    import pyhf

    read = pyhf.Workspace(workspace)
    model = read.model(modifier_settings=settings) if settings else read.model()
    data, names = np.array(read.data(model)), model.config.par_names

    def evaluate(values: Mapping[str, float]) -> float:
        at = coordinates(values)
        return -float(model.logpdf([at[name] for name in names], data)[0])

    return evaluate


def _bounded(model: SpectralModel) -> dict[str, float]:
    return {n: min(max(p.value, p.lower), p.upper) for n, p in model.parameters.items()}


def _moves(model: SpectralModel) -> bool:
    names = {n for c in model.channels for s in c.samples for n in getattr(s.template, "names", ())}
    return any(not model.parameters[name].fixed for name in names)


def _counts(channel: object) -> bool:
    return isinstance(channel, PoissonChannel)


def _contents(sample: Any, model: SpectralModel) -> Any:
    if isinstance(sample.template, np.ndarray):
        return sample.template
    return sample.template.evaluate([model.parameters[name].value for name in sample.template.names])[0]


def _alike(one: Histogram, two: Histogram) -> bool:
    same = np.array_equal(one.counts, two.counts) and np.array_equal(one.edges, two.edges)
    return same and (one.observable, one.observable_unit) == (two.observable, two.observable_unit)
