"""``nurecoil toys``: an ensemble of drawn data, every toy fitted free and with parameters held."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, SearchOption, SetOption
from nurecoil.cli.workspace import (
    InterpolationOption,
    MaybeExperimentsArgument,
    MeasurementOption,
    PatchOption,
    WorkspaceOption,
    asked_model,
)

if TYPE_CHECKING:
    from rich.table import Table

    from nurecoil.inference.toy_results import Toys

__all__ = ["toys"]

_FAILED = 1
"""Exit status where no toy could be fitted, as of every failed fit."""
_SHOWN = 3
"""How many failures are told in words; the documents have all."""


def toys(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    n: Annotated[int, typer.Option("-n", "--toys", metavar="N", help="How many toys.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")] = 1,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix",
            metavar="PARAMETER=VALUE",
            help="Draw the toys at this value, and hold it in the second fit; repeatable. By default the "
            "parameter of interest at its starting value.",
            show_default=False,
        ),
    ] = None,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write every toy to FILE, as JSON.", show_default=False
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Draw toys at a known truth, fit each free and with the parameter of interest held, and sum them up.

    A toy depends on the seed and its own number alone. One that cannot be fitted is counted and named.

    \b
    Examples:
      nurecoil toys borexino gallium --search magnetic-moment -n 200 --seed 1
      nurecoil toys borexino gallium --search magnetic-moment -n 500 --fix mu_eff=4e-11 -o toys.json
      nurecoil toys gallium -n 100 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.fit import assignment
    from nurecoil.inference.toys import check_ensemble
    from nurecoil.inference.toys import toys as draw

    with reserved(json, inputs=[workspace], outputs={"-o": output}):
        held = dict(assignment(text) for text in fix or []) or None
        check_ensemble(n, seed)
        if output is not None:
            from nurecoil.atomic import check_file

            check_file(output, where="-o")
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation
        )
        with _drawing() as progress:
            found = draw(model, n, seed, held, progress=progress)
        document = found.to_json()
        if output is not None:
            from nurecoil.atomic import write_text
            from nurecoil.documents import encode

            write_text(output, encode(document), where="-o")
    summary = {key: value for key, value in document.items() if key != "toys"}
    deliver(summary, json, lambda: _print(found))
    if len(found.failures) == len(found):
        raise typer.Exit(_FAILED)


def _print(found: Toys) -> None:
    """Table, fits and notes."""
    from nurecoil.cli.words import console

    out = console()
    out.print(_table(found))
    held = ", ".join(f"{name} = {value:g}" for name, value in found.fixed.items())
    fits = f"each fitted free and with {held}" if held else "each fitted free"
    out.print(f"{len(found)} toys, {fits}; {len(found.failures)} failed", soft_wrap=True)
    for failure in found.failures[:_SHOWN]:
        out.print(f"toy {failure.toy}, {failure.step}: {failure.reason}", soft_wrap=True)
    for note in (*found.metadata.get("notes", ()), *found.notes):
        out.print(f"note: {note}", soft_wrap=True)


def _table(found: Toys) -> Table:
    """What the toys were drawn at and what came out, one row for every parameter."""
    from nurecoil.report.tables import significant, titled_table, unit_word

    sides = ("left", *("right",) * 6, "left")
    heads = ("parameter", "truth", "mean", "spread", "mean pull", "width of pull", "pulls", "unit")
    table = titled_table(f"toys, seed {found.seed}", *zip(heads, sides, strict=True))
    for name, one in found.summary().items():
        pulls = [significant(value, 0.01) for value in (one.pull_mean, one.pull_width)]
        table.add_row(
            name,
            significant(one.truth, one.spread),
            significant(one.mean, one.spread),
            significant(one.spread, one.spread),
            *pulls,
            str(one.pulls),
            unit_word(one.unit),
        )
    return table


@contextlib.contextmanager
def _drawing() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error with rate and time left, where that is a terminal; yields what counts toys."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("toys", total=None, rate="")
        began = time.monotonic()

        def done(number: int, total: int) -> None:
            rate = number / max(time.monotonic() - began, 1e-9)
            bar.update(task, completed=number, total=total, rate=f"{rate:.3g} a second")

        yield done
