"""``nurecoil scan``: limits along an option, as a curve for the plot of a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.limit import LevelOption, OneMethodOption
from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, ExperimentsArgument, PlotOption, SearchOption, SetOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurecoil.studies.exclusion import Exclusion

__all__ = ["scan"]


def scan(
    experiments: ExperimentsArgument,
    over: Annotated[
        str,
        typer.Option(
            "--over",
            metavar="OPTION=LOW:HIGH",
            help="What to scan: an option of the search (mass=0:100MeV) or OWNER.OPTION; or a list A,B,C.",
        ),
    ],
    search: SearchOption = None,
    points: Annotated[int, typer.Option("--points", min=2, help="Values between the two ends.")] = 60,
    spacing: Annotated[
        str | None,
        typer.Option(
            "--spacing", help="log or linear; by default log from 0 or over more than a factor of ten."
        ),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Also every experiment alone, where the search acts on it.")
    ] = False,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="EXPERIMENT[+...]",
            help="Another combination on the same picture, such as juno or borexino+juno; repeatable.",
            show_default=False,
        ),
    ] = None,
    cl: LevelOption = 0.90,
    method: OneMethodOption = "area",
    basis: BasisOption = None,
    settings: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Limits along an option: the exclusion curve.

    \b
    Examples:
      nurecoil scan borexino gallium --search light-vector --over mass=0:100MeV --plot out
      nurecoil scan borexino gallium --search light-vector --over mass=0:100MeV --compare juno --compare kamland
      nurecoil scan juno --search magnetic-moment --over juno.threshold=0.2:5MeV --points 20 --json -
    """  # noqa: D301, E501  (the \b keeps the examples' lines apart)
    from nurecoil._version import __version__
    from nurecoil.analysis import Request
    from nurecoil.cli.request import scanning, split_settings, with_basis
    from nurecoil.errors import OptionError
    from nurecoil.inference.rules import check_level, rule
    from nurecoil.options import parse_settings
    from nurecoil.studies.exclusion import exclusion, option_of, scan_points

    with reserved(json, plot):
        name, equals, text = over.partition("=")
        if not equals or not text.strip():
            raise OptionError("--over", over, "OPTION=LOW:HIGH", "Such as --over mass=0:100MeV.")
        rule(method)
        check_level(cl)
        given = parse_settings(with_basis(settings, search, basis))
        groups = [list(experiments)]
        if each and len(experiments) > 1:
            groups += [[one] for one in experiments]
        asked = [[part.strip() for part in text.split("+")] for text in compare or []]
        shared = split_settings(given, [*groups, *asked], search)
        requests = [
            Request.of(group, search, options)
            for group, options in zip([*groups, *asked], shared, strict=True)
        ]
        name = name.strip()
        units = [option_of(request, name)[2] for request in (requests[0], *requests[len(groups) :])]
        values = scan_points(text.strip(), points, spacing, units[0])
        curves: list[Exclusion] = []
        left_out: list[str] = []
        for number, request in enumerate(requests):
            label = " + ".join(request.experiments)
            with scanning(f"{label}: {name}") as progress:
                try:
                    curves.append(exclusion(request, name, values, method, cl, progress=progress))
                except OptionError as error:
                    if not 0 < number < len(groups):
                        raise
                    left_out.append(f"{label} alone: {error}")
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.exclusion_plot import plot_exclusions
            from nurecoil.report.style import save

            save(plot_exclusions(curves), make_folder(plot, where="--plot") / "exclusion.png")
    document = {
        **curves[0].to_json(),
        "curves": [curve.to_json() for curve in curves],
        "left_out": left_out,
        "version": __version__,
    }
    deliver(document, json, lambda: _print(curves, left_out))


def _print(curves: Sequence[Exclusion], left_out: Sequence[str]) -> None:
    from nurecoil.cli.words import console
    from nurecoil.report.tables import exclusion_table

    out = console()
    out.print(exclusion_table(curves))
    for curve in curves:
        for value, reason in curve.reasons:
            out.print(f"no limit at {value:g} {curve.over_unit} ({curve.label}): {reason}", soft_wrap=True)
    for line in left_out:
        out.print(f"left out: {line}", soft_wrap=True)
    for note in dict.fromkeys(note for curve in curves for note in curve.notes):
        out.print(f"note: {note}", soft_wrap=True)
