"""``nurecoil plugin``: write a new plugin, and check an installed one against the contract.

The rules are in :mod:`nurecoil.testing.check`, the writing in :mod:`nurecoil.testing.scaffold`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.guard import GuardedGroup
from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import SetOption

if TYPE_CHECKING:
    from nurecoil.plugins import PluginEntry
    from nurecoil.testing.rules import Finding

__all__ = ["Kind", "application", "check", "new"]

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The plugin's name.")]
"""The plugin."""


class Kind(StrEnum):
    """What a new plugin is."""

    experiment = "experiment"
    search = "search"


def application() -> typer.Typer:
    """The group of commands ``nurecoil plugin``.

    Returns:
        The group, ready to be added to another application or to be called on its own.

    Example:
        >>> [command.name for command in application().registered_commands]
        ['new', 'check']
    """
    group = typer.Typer(
        name="plugin",
        cls=GuardedGroup,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        help="Write a new plugin, or check an installed one.",
    )
    group.command("new")(new)
    group.command("check")(check)
    return group


def new(
    name: NameArgument,
    folder: Annotated[
        str, typer.Option("--folder", metavar="DIR", help="Where the folder nurecoil-NAME is made.")
    ] = ".",
    kind: Annotated[Kind, typer.Option("--kind", help="What the plugin is.")] = Kind.experiment,
) -> None:
    """Write a working plugin as a distribution of its own: package, data, tests, citation file.

    \b
    Examples:
      nurecoil plugin new xenon
      nurecoil plugin new dark-photon --kind search --folder ~/plugins
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    import shlex

    from nurecoil.testing.scaffold import write_plugin

    made = write_plugin(name, folder, kind.value)
    print(f"The {kind.value} {name} is in {made}. Next:")
    print(f"  pip install -e {shlex.quote(str(made))}")
    print(f"  nurecoil plugin check {name}")
    print(f"  open {made / 'README.md'}: it says what to change, and that a licence is yours to choose")


def check(
    name: NameArgument,
    experiment: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="EXPERIMENT", help="Of a search: the experiment to put it on.", show_default=False
        ),
    ] = None,
    settings: SetOption = None,
    json: JsonOption = None,
) -> None:
    """Check an installed experiment or search against the rules of the contract.

    \b
    Examples:
      nurecoil plugin check xenon
      nurecoil plugin check magnetic-moment --on borexino --json -
    \b
    Exit status: 0 every rule is kept, 1 some rule is broken, 2 there is no such plugin.
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil import plugins
    from nurecoil._version import __version__
    from nurecoil.cli.request import working
    from nurecoil.errors import OptionError
    from nurecoil.options import parse_settings
    from nurecoil.testing.check import check_plugin

    with reserved(json):
        entry = plugins.find(name)
        chosen = parse_settings(settings or [])
        if experiment is not None:
            if entry.kind == "experiment":
                raise OptionError("--on", f"{experiment} for {name}, an experiment", "a search to put on it",
                                  "Leave --on out.")  # fmt: skip
            plugins.load_experiment(experiment)
        with working(f"checking {name}"):
            findings = check_plugin(name, chosen, experiment=experiment)
    kept = all(finding.passed for finding in findings)
    document = {
        "name": entry.name,
        "kind": entry.kind,
        "distribution": {"name": entry.distribution, "version": entry.version},
        "kept": kept,
        "rules": [finding.to_json() for finding in findings],
        "version": __version__,
    }
    deliver(document, json, lambda: _print(entry, findings))
    if not kept:
        sys.stdout.flush()
        raise typer.Exit(1)


def _print(entry: PluginEntry, findings: Sequence[Finding]) -> None:
    width = max(len(finding.rule) for finding in findings)
    print(f"{entry.kind} {entry.name} of {entry.distribution} {entry.version}".rstrip())
    for finding in findings:
        state = "kept" if finding.passed else "broken"
        print(f"  {finding.rule:<{width}}  {state:<6}  {finding.message}".rstrip())
    broken = sum(not finding.passed for finding in findings)
    print(f"{len(findings)} rules, " + (f"{broken} broken" if broken else "all kept"))
