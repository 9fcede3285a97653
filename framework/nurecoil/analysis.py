"""From what a user asks for to a model: names are resolved, options validated, and the parts put together.

The way of the data goes down from here: plugins are loaded, asked and folded
(:mod:`nurecoil.assembly`), and a neutral model comes out. No inference here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from nurecoil import plugins
from nurecoil._blame import Blame
from nurecoil.assembly import Assembly, ask
from nurecoil.errors import NurecoilError, OptionError, unknown_name
from nurecoil.experiment import Experiment
from nurecoil.folding import channel_parameters
from nurecoil.model.parameters import Parameter, merge_parameters
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import make_options
from nurecoil.search import Search
from nurecoil.shared import SHARED, Sources

__all__ = ["Request", "build", "declared_parameters"]


def build(
    experiments: Sequence[str],
    search: str | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> SpectralModel:
    """Build the model of one or several experiments, with a search or without.

    Args:
        experiments: names of experiment plugins, each once.
        search: name of a search plugin, or ``None`` for the Standard Model alone.
        options: by experiment, by search and by shared source (``solar``, ``isodar``): option to value.

    Returns:
        The model, its response exact or compiled as the experiments' options say. Channels without
        data hold the Asimov data of the starting values.

    Raises:
        FitError: where a response is to be compiled and the exact model cannot be fitted.
        InputError: where an input cannot be used.
        ModelError: where parts contradict each other.
        OptionError: for an unknown or impossible option.
        PluginError: for an unknown or broken plugin; the message names it.

    Example:
        >>> build(["gallium"], options={"solar": {"ssm": "B16-AGSS09"}})
        <SpectralModel: gallium/rate (1 bins); 8 parameters, 2 free; POI None>
    """
    return Request.of(experiments, search, options).model()


@dataclasses.dataclass(frozen=True)
class Request:
    """What was asked for, with every name resolved and every option validated; nothing is built yet.

    Args:
        experiments: classes by name.
        search: name and class of the search, or ``None``.
        options: validated options of every experiment, of the search and of the shared sources.

    Example:
        >>> Request.of(["gallium"], None, {"gallium": {"rate": 70.0}}).options["gallium"].rate
        70.0
    """

    experiments: Mapping[str, type[Experiment]]
    search: tuple[str, type[Search]] | None
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        experiments: Sequence[str],
        search: str | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Request:
        """Resolve names and validate options; the arguments and errors are those of :func:`build`."""
        names = [experiments] if isinstance(experiments, str) else list(experiments)
        if not names or len(set(names)) != len(names):
            raise OptionError("experiments", ", ".join(names) or "none", "at least one, each once")
        classes = {name: plugins.load_experiment(name) for name in names}
        searched = None if search is None else (search, plugins.load_search(search))
        given = {owner: dict(values) for owner, values in (options or {}).items()}
        owners = {**{name: c.Options for name, c in classes.items()}, **SHARED}
        if searched is not None:
            owners[searched[0]] = searched[1].Options
        for owner in given:
            if owner not in owners:
                raise _no_owner(owner, owners)
        made = {owner: make_options(owner, kind, given.get(owner)) for owner, kind in owners.items()}
        return cls(classes, searched, made)

    def assembly(self) -> Assembly:
        """The experiments, asked and folded.

        Raises:
            NurecoilError: as :class:`Assembly`.
        """
        parts = []
        for name, kind in self.experiments.items():
            with Blame("experiment", name):
                parts.append(kind(self.options[name]))
        return Assembly(parts, Sources(**{owner: self.options[owner] for owner in SHARED}))

    def theory(self) -> Search | None:
        """The search, or ``None``.

        Raises:
            PluginError: where it cannot be made.
        """
        if self.search is None:
            return None
        name, kind = self.search
        with Blame("search", name):
            return kind(self.options[name])

    def model(self) -> SpectralModel:
        """The model, with the options it was made with in its metadata.

        Raises:
            NurecoilError: as :func:`build`.
        """
        model = self.assembly().model(self.theory())
        return dataclasses.replace(model, metadata={**model.metadata, "options": self.plain_options()})

    def plain_options(self) -> dict[str, dict[str, Any]]:
        """Every option by owner and name, as plain data."""
        return {owner: dataclasses.asdict(value) for owner, value in self.options.items()}


def _no_owner(owner: str, owners: Mapping[str, type]) -> NurecoilError:
    """The error for options of something that the model does not have."""
    kinds = {entry.name: entry.kind for entry in plugins.installed()}
    if owner not in kinds:
        return unknown_name(OptionError, "options", owner, owners)
    remedy = f"Add the {kinds[owner]} {owner}, or leave its options out."
    return OptionError(f"options of {owner}", "the model does not use it", ", ".join(sorted(owners)), remedy)


def declared_parameters(experiment: str) -> list[Parameter]:
    """The parameters of an experiment under its default options, without folding anything.

    Args:
        experiment: name of an experiment plugin.

    Returns:
        Its own and the shared parameters, in the order of its channels.

    Raises:
        InputError: where a shipped input cannot be used.
        PluginError: for an unknown or broken plugin.

    Example:
        >>> [parameter.name for parameter in declared_parameters("gallium")][:2]
        ['solar.flux.pp', 'solar.flux.pep']
    """
    kind = plugins.load_experiment(experiment)
    found = kind(make_options(experiment, kind.Options))
    channels = ask(found, Sources())
    return list(
        merge_parameters((channel.name, channel_parameters(channel)) for channel in channels).values()
    )
