"""One channel at a time: a declared channel and the terms of a search become samples.

What arrives is folded with what a term says and with what the detector does. Which experiments and which
search there are is decided in :mod:`nurecoil.analysis`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil._blame import Blame, BlamedTemplate, terms_of
from nurecoil.detectors.morph import Morph
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import PluginError, unknown_name
from nurecoil.experiment import CountingChannel, RecoilChannel
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample
from nurecoil.physics._piecewise import piecewise
from nurecoil.physics.recoil import recoil_spectrum
from nurecoil.physics.scattering import maximum_recoil
from nurecoil.physics.source import CrossSection, Source
from nurecoil.search import Search, Term

__all__ = ["channel_parameters", "fold_counting", "fold_recoils", "with_signal"]

Array = NDArray[np.float64]

_ACCURACY, _ACCURACY_OF_SPECTATORS = 1e-6, 1e-5
"""Of recoil spectra between their breaks, relative to the largest value nearby; oscillated spectra of
reactors are rough and known to some percent."""
_UNSEEN = 1e-6
"""The share of a signal below which its far tail in the bins is taken for none."""


def fold_recoils(channel: RecoilChannel) -> PoissonChannel:
    """A channel with its Standard Model and its backgrounds, without any search.

    Args:
        channel: what an experiment declares.

    Returns:
        The channel; zero counts, marked as Asimov, where it has no data.

    Raises:
        PluginError: where a template is given for a source that the channel does not have, or there are
            no electrons or no live time.

    Example:
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> kamland = load_experiment("kamland")
        >>> (channel,) = kamland(kamland.Options(backgrounds=("none",))).channels(Sources())
        >>> [sample.name for sample in fold_recoils(channel).samples]
        ['li8']
    """
    for field in ("electrons", "live_time"):
        if not (np.isfinite(size := getattr(channel, field)) and size > 0):
            raise PluginError(f"Channel {channel.name!r}", f"{field} is {size}", "a finite number above 0")
    arriving = (*channel.sources, *channel.spectators)
    known = [source.name for source in arriving]
    for name in channel.weak_templates:
        if name not in known:
            raise unknown_name(PluginError, f"weak templates of {channel.name}", name, known)
    samples = []
    for source in arriving:
        template = channel.weak_templates.get(source.name)
        if template is None:
            template = channel.response.template(_recoils(channel, source, source.weak))
        cited = "; ".join(source.citations)
        samples.append(
            Sample(
                source.name,
                _blamed(channel, template),
                _yields(channel, source),
                False,
                source.title,
                "neutrino",
                cited,
            )
        )
    for background in channel.backgrounds:
        samples.append(
            Sample(
                background.name,
                _blamed(channel, background.template),
                {background.rate.name: 1} if background.rate is not None else {},
                title=background.title or background.name,
                provenance=background.provenance,
            )
        )
    edges = np.asarray(channel.edges, float)
    observed = channel.observed
    return PoissonChannel(
        channel.name,
        channel.observable,
        channel.observable_unit,
        edges,
        tuple(samples),
        np.zeros(edges.size - 1) if observed is None else np.asarray(observed, float),
        asimov=observed is None,
    )


def with_signal(folded: PoissonChannel, channel: RecoilChannel, search: Search) -> PoissonChannel:
    """A folded channel with the samples of a search, each beside that of its source.

    Args:
        folded: what :func:`fold_recoils` made of the channel.
        channel: what the experiment declares.
        search: the search.

    Returns:
        The channel with more samples; the others are the same objects.

    Raises:
        PluginError: where the search raises, or a term is no number.

    Example:
        >>> from nurecoil.plugins import load_experiment, load_search
        >>> from nurecoil.shared import Sources
        >>> kamland, moment = load_experiment("kamland"), load_search("magnetic-moment")
        >>> (channel,) = kamland(kamland.Options(backgrounds=("none",))).channels(Sources())
        >>> seen = with_signal(fold_recoils(channel), channel, moment(moment.Options()))
        >>> [sample.name for sample in seen.samples]
        ['li8', 'li8.em']
    """
    arriving = {source.name: source for source in (*channel.sources, *channel.spectators)}
    alone = {source.name for source in channel.spectators} if search.of_one_source else set()
    samples: list[Sample] = []
    for sample in folded.samples:
        samples.append(sample)
        source = arriving.get(sample.name)
        if source is not None and source.name not in alone:
            terms = terms_of(search, source)
            samples += [_signal(channel, source, term, search.name) for term in terms]
    return dataclasses.replace(folded, samples=tuple(samples))


def fold_counting(channel: CountingChannel) -> GaussianChannel:
    """A measured sum of rates.

    Args:
        channel: what an experiment declares.

    Returns:
        The channel, one sample a source.

    Example:
        >>> fold_counting(CountingChannel("toy/rate", "rate", "SNU", 66.1, 4.1, (), lambda source: 1.0))
        <GaussianChannel toy/rate: 66.1 +- 4.1 SNU, 0 samples>
    """
    samples = tuple(
        Sample(
            source.name,
            np.array([float(channel.capture(source))]),
            {source.parameter.name: 1},
            title=source.title,
            group="neutrino",
            provenance="; ".join(source.citations),
        )
        for source in channel.sources
    )
    return GaussianChannel(
        channel.name,
        channel.observable,
        channel.unit,
        samples,
        np.array([float(channel.observed)]),
        np.array([float(channel.width)]),
    )


def channel_parameters(channel: RecoilChannel | CountingChannel) -> Sequence[Parameter]:
    """Every parameter that a channel's samples can depend on, those of a search left out.

    Args:
        channel: what an experiment declares.

    Returns:
        The parameters; shared ones may appear more than once.

    Example:
        >>> channel_parameters(CountingChannel("toy/rate", "rate", "SNU", 66.1, 4.1, (), lambda source: 1.0))
        []
    """
    found = [source.parameter for source in channel.sources]
    if isinstance(channel, RecoilChannel):
        found += [source.parameter for source in channel.spectators]
        found += channel.parameters
        if channel.exposure_parameter is not None:
            found.append(channel.exposure_parameter)
        for background in channel.backgrounds:
            found += background.parameters
            if background.rate is not None:
                found.append(background.rate)
    return found


def _blamed(channel: RecoilChannel, template: Any) -> Any:
    """A template that moves, such that the experiment is named if it fails in the middle of a fit."""
    if isinstance(template, np.ndarray | Morph) or not callable(getattr(template, "evaluate", None)):
        return template
    return BlamedTemplate(channel.name.partition("/")[0], template)


def _yields(channel: RecoilChannel, source: Source) -> dict[str, int]:
    exposure = channel.exposure_parameter
    return {source.parameter.name: 1, **({exposure.name: 1} if exposure is not None else {})}


def _recoils(channel: RecoilChannel, source: Source, cross_section: CrossSection) -> Spectrum:
    """The recoils [events/MeV] of one source and one term, with breaks at the edges of lines."""
    low, high = channel.recoil_range
    scale = channel.electrons * channel.live_time
    ends = [float(maximum_recoil(energy)) for energy, _ in source.lines]
    inside = [end for end in (*ends, source.maximum_recoil) if low < end < high]
    last = max(inside) if inside and source.maximum_recoil < high else high
    breaks = tuple(sorted({low, *inside, last}))

    def density(T: Array) -> Array:
        return scale * recoil_spectrum(source, cross_section, T)

    # lines cost nothing, and radiative corrections have a logarithm at their edge that no polynomial follows
    if not source.energy.size:
        return Spectrum(density, breaks)
    accuracy = _ACCURACY if source in channel.sources else _ACCURACY_OF_SPECTATORS
    return Spectrum(piecewise(density, breaks, accuracy), breaks)


def _signal(channel: RecoilChannel, source: Source, term: Term, search: str) -> Sample:
    """The sample of a search's term; zero where only the far tail of the resolution reaches the bins."""
    recoils = _recoils(channel, source, term.cross_section)
    template: Any = _blamed(channel, channel.response.template(recoils))
    values = {parameter.name: parameter.value for parameter in channel.parameters}
    contents = np.asarray(
        template
        if isinstance(template, np.ndarray)
        else template.evaluate([values[name] for name in template.names])[0]
    )
    with Blame("search", search):
        if not np.all(np.isfinite(contents)):
            bin_ = int(np.argmin(np.isfinite(contents)))
            raise PluginError(
                f"search {search!r}",
                f"its term {term.name!r} of {source.name} gives {contents[bin_]} in bin {bin_} of "
                f"{channel.name}",
                "finite cross sections",
            )
    if np.abs(contents).sum() < _UNSEEN * abs(recoils.integral()):
        template = np.zeros(contents.shape)
    powers = _yields(channel, source)
    for factor, power in term.powers:
        powers[factor] = powers.get(factor, 0) + power
    title = f"{source.title} ({term.name})"
    cited = "; ".join(source.citations)
    return Sample(f"{source.name}.{term.name}", template, powers, term.signed, title, "signal", cited)
