"""The contract of an experiment plugin: what an experiment declares and what it must answer.

An experiment says which neutrinos arrive, how its detector turns recoil energy into the observable,
which backgrounds it has and what it saw. It holds no theory of new physics and no inference. This
module imports nothing heavy, so that listing the plugins stays instant; plugins do their own heavy
imports inside :meth:`Experiment.channels`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nurecoil.detectors.spectrum import Spectrum
    from nurecoil.model.parameters import CovarianceConstraint, Parameter
    from nurecoil.model.spectral import Template
    from nurecoil.physics.decay_at_rest import IsodarSource
    from nurecoil.physics.solar import SolarNeutrinos
    from nurecoil.physics.source import Source
    from nurecoil.variation import Variation

    Array = NDArray[np.float64]

__all__ = [
    "Alternative",
    "Background",
    "CountingChannel",
    "Experiment",
    "NoOptions",
    "Published",
    "PublishedLimit",
    "RecoilChannel",
    "Response",
    "SharedSources",
    "option",
]


def option(default: Any, *, help: str, unit: str = "1") -> Any:
    """A field of an ``Options`` dataclass, with the words that the command line shows.

    Args:
        default: the default value.
        help: what the option does, in a sentence part.
        unit: the unit its value is given in, ``"1"`` for a pure number or a word.

    Returns:
        A dataclass field.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Options:
        ...     threshold: float = option(0.2, unit="MeV", help="lowest recoil energy")
        >>> Options().threshold
        0.2
    """
    return field(default=default, metadata={"unit": unit, "help": help})


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin that has none.

    Example:
        >>> NoOptions()
        NoOptions()
    """


class SharedSources(Protocol):
    """The neutrino sources that several experiments see; ``analysis`` hands them to each experiment.

    Example:
        >>> hasattr(SharedSources, "solar")
        True
    """

    @property
    def solar(self) -> SolarNeutrinos:
        """The Sun, with the options under ``solar``."""
        ...

    @property
    def isodar(self) -> IsodarSource:
        """The 8Li decay-at-rest source, with the options under ``isodar``."""
        ...


class Response(Protocol):
    """How a detector folds a spectrum of electron recoils into its bins."""

    def template(self, spectrum: Spectrum) -> Template | Array:
        """The expected counts of a recoil spectrum [events/MeV]; a template where nuisances move them."""
        ...


@dataclass(frozen=True)
class Published:
    """A published value that results are printed beside.

    Args:
        parameter: the model parameter it belongs to.
        value: the published central value, in ``unit``.
        error: its uncertainty, or ``None``.
        unit: its unit.
        scale: published value per unit of the parameter (a flux in SSM units times the nominal rate).
        citation: where it was published.
        remark: why a fit to the public data may differ, where it does.

    Example:
        >>> Published("borexino.rate.kr85", 6.8, 1.8, "cpd/100 t", citation="arXiv:1707.09279").value
        6.8
    """

    parameter: str
    value: float
    error: float | None
    unit: str
    scale: float = 1.0
    citation: str = ""
    remark: str = ""


@dataclass(frozen=True)
class PublishedLimit:
    """A published limit that a limit of the same search and experiments is printed beside.

    Args:
        search: the search's name.
        experiments: the experiments that went into it.
        value: the limit.
        unit: its unit.
        cl: its confidence level.
        method: the rule it was made with.
        citation: where it was published.
        remark: the configuration it belongs to.
        parameter: the parameter of interest it limits; where it is given, limits on others are not printed
            beside it.

    Example:
        >>> PublishedLimit("magnetic-moment", ("borexino",), 4.0e-11, "mu_B", 0.9, "area").cl
        0.9
    """

    search: str
    experiments: tuple[str, ...]
    value: float
    unit: str
    cl: float
    method: str
    citation: str = ""
    remark: str = ""
    parameter: str = ""


@dataclass(frozen=True)
class Alternative:
    """Options that undo a borrowed input, so that results can state the goodness of fit without it.

    Args:
        label: what is left out, in words.
        options: option to value.

    Example:
        >>> Alternative("without the comb", {"comb": False}).label
        'without the comb'
    """

    label: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Background:
    """A background of a channel: a template times its rate.

    Args:
        name: sample name, unique in its channel.
        template: expected counts for a rate of one.
        rate: the parameter that scales it, or ``None`` for a fixed background.
        parameters: further parameters that the template depends on and that only it needs.
        title: for plots and tables.
        provenance: ``published``, ``digitised``, ``modelled`` or ``toy``, with the source.

    Example:
        >>> Background.__dataclass_fields__["rate"].name
        'rate'
    """

    name: str
    template: Template | Array
    rate: Parameter | None
    parameters: tuple[Parameter, ...] = ()
    title: str = ""
    provenance: str = ""


@dataclass(frozen=True)
class RecoilChannel:
    """A spectrum of recoil electrons with Poisson counts.

    Args:
        name: ``experiment/observable``.
        observable: name of the axis.
        observable_unit: unit of the axis.
        edges: bin edges, shape ``(bins + 1,)``.
        observed: observed counts, shape ``(bins,)``, or ``None`` where there are no data: the Asimov
            data of the starting values stand in and say so.
        electrons: target electrons in the fiducial volume.
        live_time: [s].
        sources: the neutrinos that arrive.
        response: folds recoil spectra.
        parameters: the nuisances of the response.
        backgrounds: everything that is not neutrino scattering.
        recoil_range: recoil energies [MeV] that can reach the bins; outside nothing is folded.
        exposure_parameter: a factor on every neutrino sample (an uncertain fiducial mass), or ``None``.
        weak_templates: by source, Standard Model templates at the nominal flux that stand in for the
            folded ones (a collaboration's Monte-Carlo shapes).
        compiled: whether the response is to be compiled to a morph about the best fit.
        provenance: one line per input: what it is and where it comes from.
        spectators: neutrinos that arrive as a background (the Sun's, where a source of its own is what
            the experiment is about). A search for a coupling of nature acts on them as on ``sources``; one
            for an effective quantity of a source's own neutrinos leaves them alone.

    Example:
        >>> RecoilChannel.__dataclass_fields__["electrons"].name
        'electrons'
    """

    name: str
    observable: str
    observable_unit: str
    edges: Array
    observed: Array | None
    electrons: float
    live_time: float
    sources: tuple[Source, ...]
    response: Response
    parameters: tuple[Parameter, ...]
    backgrounds: tuple[Background, ...]
    recoil_range: tuple[float, float]
    exposure_parameter: Parameter | None = None
    weak_templates: Mapping[str, Array | Template] = field(default_factory=dict)
    compiled: bool = False
    provenance: tuple[str, ...] = ()
    spectators: tuple[Source, ...] = ()


@dataclass(frozen=True)
class CountingChannel:
    """One measured sum of rates with a Gaussian error: it does not see recoils, only fluxes.

    Args:
        name: ``experiment/observable``.
        observable: what is counted.
        unit: unit of the measurement.
        observed: the measured value.
        width: one standard deviation, positive.
        sources: the neutrinos that are counted.
        capture: maps a source to its contribution at the nominal flux, in ``unit``.
        provenance: one line per input.

    Example:
        >>> CountingChannel.__dataclass_fields__["width"].name
        'width'
    """

    name: str
    observable: str
    unit: str
    observed: float
    width: float
    sources: tuple[Source, ...]
    capture: Callable[[Source], float]
    provenance: tuple[str, ...] = ()


class Experiment(ABC):
    """One experiment. Subclass it, register the class under ``nurecoil.experiments``, and it is there.

    Attributes:
        name: the plugin's name, equal to its entry point's.
        title: one line for ``nurecoil list``.
        citations: the papers and data releases to cite with any result.
        Options: a frozen dataclass of :func:`option` fields.

    Example:
        >>> class Nothing(Experiment):
        ...     name, title = "nothing", "an experiment that sees nothing"
        ...     def channels(self, shared):
        ...         return []
        >>> Nothing(NoOptions()).channels(None)
        []
    """

    name: ClassVar[str]
    title: ClassVar[str]
    citations: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type] = NoOptions

    def __init__(self, options: Any) -> None:
        """Keep the validated options."""
        self.options = options

    @abstractmethod
    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """The channels under the given options.

        Args:
            shared: the sources shared with other experiments.

        Returns:
            At least one channel.

        Raises:
            InputError: where an input file or histogram cannot be used.
            OptionError: where options contradict each other.
        """

    def constraints(self, shared: SharedSources) -> Sequence[CovarianceConstraint]:
        """Joint constraints on several of the experiment's own parameters."""
        return ()

    def published(self, shared: SharedSources) -> Sequence[Published]:
        """Published values to print results beside."""
        return ()

    def published_limits(self) -> Sequence[PublishedLimit]:
        """Published limits to print a limit beside; empty where there are none."""
        return ()

    def alternatives(self) -> Sequence[Alternative]:
        """Options under which the goodness of fit is stated beside the result's own."""
        return ()

    def variations(self, shared: SharedSources) -> Sequence[Variation]:
        """Axes along which a systematic study varies these options and what fits hold fixed."""
        return ()

    def notes(self) -> Sequence[str]:
        """What every result of these options must say (borrowed inputs, conventions)."""
        return ()

    def __repr__(self) -> str:
        """Name and options."""
        return f"<Experiment {self.name}: {self.options!r}>"
