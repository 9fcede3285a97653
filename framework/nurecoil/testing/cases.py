"""What the rules of the conformance suite look at: a plugin, what it declares, and models built with it.

Each part is made when the first rule asks for it, and once. What a plugin raises is kept and told to every
rule that needs the part (:class:`nurecoil.testing.rules.NotMadeError`). Nothing is judged here.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nurecoil.errors import PluginError
from nurecoil.testing.rules import NotMadeError, told

if TYPE_CHECKING:
    from nurecoil.assembly import Assembly
    from nurecoil.experiment import CountingChannel, RecoilChannel
    from nurecoil.model.spectral import SpectralModel
    from nurecoil.physics.source import Source
    from nurecoil.plugins import PluginEntry
    from nurecoil.search import Search

__all__ = ["Case", "ExperimentCase", "SearchCase"]

Options = Mapping[str, Mapping[str, Any]]
_Part = TypeVar("_Part")


class Case:
    """A plugin and what is made with it.

    Args:
        name: the plugin's name.
        options: by owner (the plugin, a shared source), option to value.
        zfit: whether the round trip through zfit is asked for.

    Example:
        >>> Case("gallium").entry.kind
        'experiment'
    """

    def __init__(self, name: str, options: Options | None = None, *, zfit: bool = False) -> None:
        self.name = name
        self.options = {owner: dict(values) for owner, values in (options or {}).items()}
        self.zfit = zfit
        self._made: dict[str, tuple[Any, NotMadeError | None]] = {}
        self._printed = io.StringIO()

    @property
    def entry(self) -> PluginEntry:
        """What the registry says of the plugin.

        Raises:
            PluginError: there is no plugin of this name.
        """
        from nurecoil import plugins

        return self._once("entry", "loads", lambda: plugins.find(self.name))

    @property
    def plugin(self) -> type[Any]:
        """The plugin's class."""
        from nurecoil import plugins

        def load() -> type[Any]:
            experiment = self.entry.kind == "experiment"
            return plugins.load_experiment(self.name) if experiment else plugins.load_search(self.name)

        return self._once("plugin", "loads", load)

    @property
    def printed(self) -> str:
        """What the plugin wrote to standard output while the parts were made."""
        return self._printed.getvalue()

    def relevant(self, *owners: str) -> dict[str, dict[str, Any]]:
        """The options of the given owners and of shared sources."""
        from nurecoil.shared import SHARED

        return {owner: values for owner, values in self.options.items() if owner in (*owners, *SHARED)}

    def _once(self, part: str, rule: str, make: Callable[[], _Part]) -> _Part:
        """A part, made at its first use.

        Raises:
            NotMadeError: the plugin raised, now or when the part was first asked for.
        """
        if part not in self._made:
            try:
                with contextlib.redirect_stdout(self._printed):
                    self._made[part] = (make(), None)
            except NotMadeError as error:
                self._made[part] = (None, error)
            except (Exception, SystemExit) as error:  # a stranger's code may raise anything
                self._made[part] = (None, NotMadeError(rule, error))
        value, kept = self._made[part]
        if kept is not None:
            raise kept
        made: _Part = value
        return made


class ExperimentCase(Case):
    """An experiment, its channels, and its models.

    Args:
        name: the experiment's name.
        options: by owner, option to value.
        zfit: whether the round trip through zfit is asked for.

    Example:
        >>> case = ExperimentCase("gallium")
        >>> case.model
        <SpectralModel: gallium/rate (1 bins); 8 parameters, 2 free; POI None>
        >>> case.channels[0].name
        'gallium/rate'
    """

    @property
    def assembly(self) -> Assembly:
        """The experiment, asked and folded."""
        from nurecoil.analysis import Request

        return self._once(
            "assembly",
            "builds alone",
            lambda: Request.of([self.name], None, self.relevant(self.name)).assembly(),
        )

    @property
    def channels(self) -> Sequence[RecoilChannel | CountingChannel]:
        """The channels as they are declared."""
        from nurecoil.assembly import ask

        return self._once(
            "channels", "builds alone", lambda: ask(self.assembly.experiments[0], self.assembly.shared)
        )

    @property
    def sources(self) -> list[Source]:
        """Every source that arrives, spectators among them."""
        found = [s for c in self.channels for s in (*c.sources, *getattr(c, "spectators", ()))]
        return list({id(source): source for source in found}.values())

    @property
    def model(self) -> SpectralModel:
        """The experiment with the Standard Model alone."""
        return self._once("model", "builds alone", lambda: self.assembly.model())

    @property
    def again(self) -> SpectralModel:
        """The same, built anew from nothing."""
        from nurecoil.analysis import build

        return self._once("again", "builds alone", lambda: build([self.name], None, self.relevant(self.name)))

    def with_search(self, search: str) -> SpectralModel:
        """The experiment with a search; what has been folded and compiled before is used again."""
        from nurecoil.analysis import Request

        theory = Request.of([self.name], search, self.relevant(self.name, search)).theory()
        with contextlib.redirect_stdout(self._printed):
            return self.assembly.model(theory, like=self.model)


class SearchCase(Case):
    """A search, its terms, and its model on an experiment.

    Args:
        name: the search's name.
        experiment: the experiment to put it on; ``None`` takes the first installed one that it acts on.
        options: by owner (the search, the experiment, a shared source), option to value.
        zfit: whether the round trip through zfit is asked for.

    Example:
        >>> SearchCase("magnetic-moment").search.poi
        'mu_eff'
    """

    def __init__(
        self, name: str, experiment: str | None = None, options: Options | None = None, *, zfit: bool = False
    ) -> None:
        super().__init__(name, options, zfit=zfit)
        self._wanted = experiment

    @property
    def search(self) -> Search:
        """The search under its options."""
        from nurecoil.options import make_options

        def make() -> Search:
            made: Search = self.plugin(
                make_options(self.name, self.plugin.Options, self.options.get(self.name))
            )
            return made

        return self._once("search", "options", make)

    @property
    def experiment(self) -> str:
        """The experiment that the search is put on."""
        return self._once("experiment", "acts on recoils", lambda: self._found()[0])

    @property
    def model(self) -> SpectralModel:
        """The search on its experiment."""
        return self._once("model", "acts on recoils", lambda: self._found()[1])

    @property
    def again(self) -> SpectralModel:
        """The same, built anew from nothing."""
        return self._once("again", "acts on recoils", lambda: self._build(self.experiment))

    @property
    def sources(self) -> list[Source]:
        """The sources of the experiment."""
        from nurecoil.analysis import Request

        def ask() -> list[Source]:
            from nurecoil.assembly import ask as channels_of

            assembly = Request.of([self.experiment], None, self.relevant(self.experiment)).assembly()
            channels = channels_of(assembly.experiments[0], assembly.shared)
            found = [s for c in channels for s in (*c.sources, *getattr(c, "spectators", ()))]
            return list({id(source): source for source in found}.values())

        return self._once("sources", "acts on recoils", ask)

    def _found(self) -> tuple[str, SpectralModel]:
        return self._once("found", "acts on recoils", self._first_that_works)

    def _first_that_works(self) -> tuple[str, SpectralModel]:
        from nurecoil import plugins

        if self._wanted is not None:
            return self._wanted, self._build(self._wanted)
        usable = [entry.name for entry in plugins.experiments() if entry.status == "ok"]
        refusals = []
        for name in usable:
            try:
                return name, self._build(name)
            except Exception as error:  # of the search or of the experiment: told if none works
                refusals.append(f"{name}: {told(error)}")
        raise PluginError(
            f"search {self.name!r}",
            "; ".join(refusals) or "no experiment is installed",
            "a search that acts on at least one installed experiment",
        )

    def _build(self, experiment: str) -> SpectralModel:
        from nurecoil.analysis import build

        return build([experiment], self.name, self.relevant(self.name, experiment))
