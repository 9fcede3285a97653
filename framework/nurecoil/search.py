"""The contract of a search plugin: the terms that new physics adds to electron recoils.

A search says which cross section it adds and how its coupling enters. It knows no detector and no
data. This module imports nothing heavy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from nurecoil.experiment import NoOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

    Array = NDArray[np.float64]

__all__ = ["Search", "Term"]


@dataclass(frozen=True)
class Term:
    """One term that a search adds to the recoil spectrum of a source.

    Args:
        name: appended to the source's name to name the sample (``be7.em``).
        cross_section: ``(T, E, flavour, antineutrino)`` to [cm2/MeV] with every coupling at one; T and
            E in MeV, broadcast.
        powers: pairs of a search parameter and its power, ``(("mu_eff", 2),)``.
        signed: whether the term may be negative.

    Example:
        >>> Term("em", lambda T, E, flavour, antineutrino: 0 * T, (("mu_eff", 2),)).powers
        (('mu_eff', 2),)
    """

    name: str
    cross_section: Callable[[Array, Array, str, bool], Array]
    powers: tuple[tuple[str, int], ...]
    signed: bool = False


class Search(ABC):
    """One search for new physics. Subclass it and register it under ``nurecoil.searches``.

    Attributes:
        name: the plugin's name, equal to its entry point's.
        title: one line for ``nurecoil list``.
        citations: the papers to cite with any result.
        Options: a frozen dataclass of :func:`nurecoil.experiment.option` fields.

    Example:
        >>> class Nothing(Search):
        ...     name, title = "nothing", "no new physics"
        ...     poi = "kappa"
        ...     def parameters(self):
        ...         return []
        ...     def terms(self, source):
        ...         return []
        >>> Nothing(NoOptions()).terms(None)
        []
    """

    name: ClassVar[str]
    title: ClassVar[str]
    citations: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type] = NoOptions

    def __init__(self, options: Any) -> None:
        """Keep the validated options."""
        self.options = options

    @property
    @abstractmethod
    def poi(self) -> str:
        """Name of the parameter of interest."""

    @abstractmethod
    def parameters(self) -> Sequence[Parameter]:
        """The couplings, the parameter of interest among them."""

    @abstractmethod
    def terms(self, source: Source) -> Sequence[Term]:
        """The terms that this source feels; empty where it feels none."""

    @property
    def of_one_source(self) -> bool:
        """Whether the parameter of interest belongs to the neutrinos of one source, not to nature.

        An effective moment is a mean over the flavours that arrive from one source. Neutrinos that are a
        background of the experiment (``RecoilChannel.spectators``) then do not feel it.
        """
        return False

    def check_sources(self, sources: Sequence[Source]) -> None:  # noqa: B027  (nothing to check by default)
        """Refuse options that do not fit the sources of a model.

        Args:
            sources: every source of every channel that sees recoils, spectators left out.

        Raises:
            OptionError: for example where a named source is not there.
        """

    def notes(self) -> Sequence[str]:
        """The conventions that every result must name."""
        return ()

    def __repr__(self) -> str:
        """Name and options."""
        return f"<Search {self.name}: {self.options!r}>"
