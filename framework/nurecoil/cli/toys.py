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
    PoiOption,
    WorkspaceOption,
    asked_model,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from nurecoil.inference.toy_results import Toys

__all__ = ["print_toys", "toys"]

_FAILED = 1
"""Exit status where no toy could be fitted, as of every failed fit."""
_SHOWN = 3
"""How many failures are told in words; the documents have all."""
_SILENT = 60.0
"""Seconds between two lines of progress where standard error is no terminal."""


def toys(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    n: Annotated[int, typer.Option("-n", "--toys", metavar="N", help="How many toys.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")] = 1,
    first: Annotated[
        int,
        typer.Option("--first", metavar="N", help="Number of the first toy, to divide a seed among jobs."),
    ] = 0,
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
    poi: PoiOption = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write every toy to FILE: HDF5 (.h5, .hdf5) or JSON (.json). The HDF5 file fills as the "
            "toys are made; the same command goes on with one that was stopped.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Processes on this machine that make the toys.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Let the workers of a Dask scheduler make them, such as tcp://host:8786.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Draw toys at a known truth, fit each free and with the parameter of interest held, and sum them up.

    A toy depends on the seed and its own number alone, not on who makes it. One that cannot be fitted is
    counted and named.

    \b
    Examples:
      nurecoil toys borexino gallium --search magnetic-moment -n 200 --seed 1
      nurecoil toys borexino gallium --search magnetic-moment -n 100000 -o toys.h5 --workers 2
      nurecoil toys borexino gallium --search magnetic-moment -n 500 --fix mu_eff=4e-11 -o toys.json
      nurecoil toys juno --search magnetic-moment -n 100 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.fit import assignment
    from nurecoil.distribution.chunks import check_workers
    from nurecoil.inference.toy_layout import is_toy_file
    from nurecoil.inference.toys import check_ensemble
    from nurecoil.inference.toys import toys as draw

    with reserved(json, inputs=[workspace], outputs={"-o": output}):
        held = dict(assignment(text) for text in fix or []) or None
        check_ensemble(n, seed, first)
        check_workers(workers, scheduler)
        file = output if output is not None and is_toy_file(output) else None
        if output is not None:
            _check_output(output)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with _told_where_it_stands(file), _drawing() as progress:
            found = draw(
                model, n, seed, held, first=first, output=file, workers=workers, scheduler=scheduler,
                progress=progress,
            )  # fmt: skip
        document = found.to_json()
        if output is not None and file is None:
            from nurecoil.atomic import write_text
            from nurecoil.documents import encode

            write_text(output, encode(document), where="-o")
    summary = {key: value for key, value in document.items() if key != "toys"}
    deliver(summary, json, lambda: print_toys(found))
    if len(found.failures) == len(found):
        raise typer.Exit(_FAILED)


def print_toys(found: Toys) -> None:
    """Print what toys came to: table, fits, failures, notes.

    Args:
        found: the toys.
    """
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


def _check_output(output: str) -> None:
    """Refuse a file that cannot be written or gone on with, before anything is built."""
    import os

    from nurecoil.atomic import check_file
    from nurecoil.inference.toy_layout import is_toy_file, opened

    if not (is_toy_file(output) or output.lower().endswith(".json")):
        from nurecoil.errors import OptionError

        raise OptionError("-o", output, "a name that ends in .h5, .hdf5 or .json")
    check_file(output, where="-o")
    if is_toy_file(output) and os.path.lexists(os.path.expanduser(output)):
        with opened(os.path.expanduser(output)):
            pass


def _table(found: Toys) -> Table:
    """What the toys were drawn at and what came out, one row for every parameter."""
    from nurecoil.report.tables import significant, titled_table, unit_word

    sides = ("left", *("right",) * 6, "left")
    heads = ("parameter", "truth", "mean", "spread", "mean pull", "width of pull", "pulls", "unit")
    seeds = dict.fromkeys(run.seed for run in getattr(found, "runs", ())) or {found.seed: None}
    which = f"seed {found.seed}" if len(seeds) == 1 else f"{len(seeds)} seeds"
    table = titled_table(f"toys, {which}", *zip(heads, sides, strict=True))
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
def _told_where_it_stands(file: str | None) -> Iterator[None]:
    """After Ctrl-C, how much of a file is done and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if file is not None:
            import sys

            from nurecoil.inference.toy_view import count_toys

            done, total = count_toys(file)
            if total:
                text = f"{done} of {total} toys are in {file}; the same command goes on with the others."
                sys.stderr.write(f"\n{text}\n")
        raise


@contextlib.contextmanager
def _drawing() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error with rate and time left, or a line now and then where that is no terminal.

    Yields what is told how many toys there are, first with those that were there before.
    """
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
        before: list[int] = []
        lines = _Lines(console)

        def done(number: int, total: int) -> None:
            if not before:
                before.append(number)
            rate = (number - before[0]) / max(time.monotonic() - began, 1e-9)
            bar.update(task, completed=number, total=total, rate=f"{rate:.3g} a second")
            lines.tell(number, total, rate)

        yield done


class _Lines:
    """A line of progress now and then, where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = time.monotonic()

    def tell(self, number: int, total: int, rate: float) -> None:
        """Say how it stands, unless that was said a moment ago."""
        now = time.monotonic()
        if self._console.is_terminal or now - self._told < _SILENT or number == total:
            return
        self._told = now
        left = f", {(total - number) / rate / 60:.0f} min left" if rate > 0 else ""
        self._console.print(f"toys: {number} of {total}, {rate:.3g} a second{left}", soft_wrap=True)
