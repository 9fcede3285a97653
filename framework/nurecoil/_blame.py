"""Asking plugins: what one of them raises comes back as an error that names it.

What they are asked for, and what is made of the answers, is in :mod:`nurecoil.analysis`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from nurecoil.errors import NurecoilError, PluginError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nurecoil.model.spectral import Template
    from nurecoil.physics.source import Source
    from nurecoil.search import Search, Term

__all__ = ["Blame", "BlamedTemplate", "terms_of"]

_CONTRACTS = MappingProxyType(
    {"experiment": "nurecoil.experiment.Experiment", "search": "nurecoil.search.Search"}
)


class Blame:
    """A context in which a plugin's code runs: our own errors pass, others become a PluginError.

    Args:
        kind: what the plugin is.
        name: its name.

    Raises:
        PluginError: on leaving, where the code inside raised anything but our own errors.

    Example:
        >>> with Blame("search", "unicorns"):
        ...     {}["horn"]
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: search 'unicorns': KeyError: 'horn'. Allowed: a plugin that keeps ...
    """

    def __init__(self, kind: Literal["experiment", "search"], name: str) -> None:
        self.kind, self.name = kind, name

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Name the plugin."""
        if isinstance(error, Exception | SystemExit) and not isinstance(error, NurecoilError):
            raise PluginError(
                f"{self.kind} {self.name!r}",
                f"{type(error).__name__}: {error}",
                f"a plugin that keeps the contract of {_CONTRACTS[self.kind]}",
                "Report this to the plugin's author; the other plugins are not affected.",
            ) from error


@dataclasses.dataclass(frozen=True)
class BlamedTemplate:
    """A plugin's template; what it raises later, in the middle of a fit, is blamed on the plugin too.

    The last answer is kept: a model is checked at its starting values each time it is changed.

    Args:
        experiment: the plugin's name.
        template: what it made.

    Example:
        >>> import types
        >>> def fails(values):
        ...     raise ValueError("no light")
        >>> BlamedTemplate("toy", types.SimpleNamespace(names=("toy.a",), evaluate=fails)).evaluate([1.0])
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: experiment 'toy': ValueError: no light. Allowed: a plugin that keeps ...
    """

    experiment: str
    template: Template
    _last: dict[tuple[float, ...], tuple[NDArray[np.float64], NDArray[np.float64]]] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters it depends on."""
        return tuple(self.template.names)

    def evaluate(
        self, values: Sequence[float] | NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Contents ``(bins,)`` and derivatives ``(len(names), bins)``.

        Raises:
            PluginError: where the plugin raises, or its derivatives do not fit its contents.
        """
        key = tuple(float(value) for value in values)
        if key in self._last:
            return self._last[key]
        with Blame("experiment", self.experiment):
            contents, slopes = self.template.evaluate(values)
            expected = (len(self.names), *contents.shape)
            if slopes.shape != expected:
                raise PluginError(
                    f"experiment {self.experiment!r}",
                    f"a template gives derivatives of shape {slopes.shape}",
                    f"shape {expected}, one row a parameter",
                )
        kept = contents.copy(), slopes.copy()
        for array in kept:  # they are handed out again
            array.setflags(write=False)
        self._last.clear()
        self._last[key] = kept
        return kept


def terms_of(search: Search | None, source: Source) -> list[Term]:
    """What a search adds to a source; what its cross sections raise later is blamed on it too.

    Args:
        search: the search, or ``None``.
        source: the source.

    Returns:
        Its terms; none without a search.

    Raises:
        PluginError: where the search raises.

    Example:
        >>> from nurecoil.physics.solar import SolarNeutrinos
        >>> terms_of(None, SolarNeutrinos().source("pp"))
        []
    """
    if search is None:
        return []
    name = search.name

    def guarded(cross_section: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            with Blame("search", name):
                return cross_section(*arguments)

        return called

    with Blame("search", name):
        found = list(search.terms(source))
        return [dataclasses.replace(term, cross_section=guarded(term.cross_section)) for term in found]
