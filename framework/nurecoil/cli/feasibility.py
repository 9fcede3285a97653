"""``nurecoil feasibility``: expected limits of an experiment against threshold and background rejection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import PlotOption, SetOption

if TYPE_CHECKING:
    from nurecoil.studies.feasibility_result import Feasibility, Options

__all__ = ["feasibility"]


def feasibility(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT", help="An experiment with options threshold and rejection, such as dune."
        ),
    ],
    search: Annotated[
        str, typer.Option("--search", metavar="NAME", help="The search; see `nurecoil list`.")
    ] = "magnetic-moment",
    thresholds: Annotated[
        str, typer.Option("--thresholds", metavar="MEV,MEV", help="Thresholds, in MeV or with a unit.")
    ] = "0.2,0.6,1,2,3.6",
    rejections: Annotated[
        str,
        typer.Option(
            "--rejections",
            metavar="LOW:HIGH",
            help="Range of the background rejection, or values with commas.",
        ),
    ] = "1:1e12",
    points: Annotated[
        int | None,
        typer.Option(
            "--points", min=2, help="Rejections in the range [one per power of ten].", show_default=False
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            "--target", help="The limit to beat [magnetic moment: Borexino's 2.8e-11].", show_default=False
        ),
    ] = None,
    curves: Annotated[
        list[str] | None,
        typer.Option(
            "--curve",
            metavar="OWNER.OPTION=VALUE;...",
            help="A curve of its own with these options; repeatable. Without: one curve per isotope of the "
            "experiment's option isotopes, added one after the other.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method", help="area, area-squared, delta-chi2-one-sided (the slides') or delta-chi2-two-sided."
        ),
    ] = "delta-chi2-one-sided",
    cl: Annotated[float, typer.Option("--cl", help="Confidence level.")] = 0.90,
    settings: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Expected limit against background rejection and threshold, and the rejection that beats a limit.

    \b
    Examples:
      nurecoil feasibility dune --plot out
      nurecoil feasibility dune --thresholds 0.2,1,3.6 --rejections 1:1e8 --points 17 --json -
      nurecoil feasibility dune --curve dune.isotopes=K42 --set dune.k42_decays=1.45e11
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import scanning
    from nurecoil.options import parse_number, parse_settings
    from nurecoil.studies.feasibility import feasibility as study

    with reserved(json, plot):
        cuts = [parse_number("--thresholds", part, "MeV") for part in thresholds.split(",")]
        grid = _grid(rejections, points)
        chosen = _curves(curves) if curves else None
        options = parse_settings(settings or [])
        with scanning(f"expected limits of {experiment}") as progress:
            found = study(
                experiment, search, thresholds=cuts, rejections=grid, options=options, curves=chosen,
                method=method, cl=cl, target=target, progress=progress,
            )  # fmt: skip
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.feasibility_plot import plot_feasibility
            from nurecoil.report.style import save

            save(plot_feasibility(found), make_folder(plot, where="--plot") / "feasibility.png")
    deliver(found.to_json(), json, lambda: _print(found))


def _grid(text: str, points: int | None) -> list[float]:
    """The rejections that ``--rejections`` and ``--points`` mean: equal steps in the logarithm."""
    import math

    from nurecoil.errors import OptionError
    from nurecoil.options import parse_number

    low, colon, high = text.partition(":")
    if not colon:
        if points is not None:
            raise OptionError("--points", f"{points} with --rejections {text}", "a range LOW:HIGH")
        return [parse_number("--rejections", part, "1") for part in text.split(",")]
    first, last = (parse_number("--rejections", part, "1") for part in (low, high))
    if not 0 < first < last:
        raise OptionError("--rejections", repr(text), "LOW:HIGH, two positive numbers, the lower first")
    steps = points - 1 if points is not None else max(1, round(math.log10(last / first)))
    inside = [float(f"{first * (last / first) ** (i / steps):.12g}") for i in range(1, steps)]
    return [first, *inside, last]


def _curves(texts: list[str]) -> dict[str, Options]:
    """The curves that ``--curve`` asks for, named as they were typed."""
    from nurecoil.options import parse_settings

    return {text.strip(): parse_settings(text.split(";")) for text in texts}


def _print(found: Feasibility) -> None:
    from nurecoil.cli.words import console
    from nurecoil.report.feasibility_plot import feasibility_table

    out = console()
    out.print(feasibility_table(found))
    for line in found.lines:
        out.print(found.sentence(line), soft_wrap=True)
    for reason in dict.fromkeys(row.reason for row in found.rows if row.reason):
        out.print(f"no limit: {reason}", soft_wrap=True)
    out.print(f"rule: {found.method}: {found.convention}; {100 * found.cl:g} %, Asimov data", soft_wrap=True)
    if found.target is not None and found.citation:
        unit = "" if found.unit == "1" else f" {found.unit}"
        out.print(f"target: {found.target:g}{unit}, {found.citation}", soft_wrap=True)
    for note in found.metadata.get("notes", ()):
        out.print(f"note: {note}", soft_wrap=True)
