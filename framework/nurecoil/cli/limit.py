"""``nurecoil limit`` and ``nurecoil sensitivity``: observed and expected upper limits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, PlotOption, SearchOption, SetOption
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
    from pathlib import Path

    from nurecoil.inference.limits import Limits

__all__ = ["limit", "needs_search", "sensitivity"]

LevelOption = Annotated[float, typer.Option("--cl", help="Confidence level.")]
MethodOption = Annotated[
    str,
    typer.Option(
        "--method",
        help="area, area-squared, delta-chi2-one-sided, delta-chi2-two-sided, cls, feldman-cousins, bayes; "
        "several with commas; or all.",
    ),
]
OneMethodOption = Annotated[
    str,
    typer.Option(
        "--method",
        help="One of area, area-squared, delta-chi2-one-sided, delta-chi2-two-sided, cls, feldman-cousins "
        "and bayes.",
    ),
]
ToysOption = Annotated[
    int,
    typer.Option("--toys", metavar="N", help="Median and bands from N toys, at least 20; 0 for Asimov data."),
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")]
MethodToysOption = Annotated[
    int,
    typer.Option(
        "--toys",
        metavar="N",
        help="Toys of each hypothesis for cls (0: formulas of large samples) and of each value for "
        "feldman-cousins (0: as many as needed).",
    ),
]
PointsOption = Annotated[int, typer.Option("--points", min=5, help="Points of the scan.")]


def limit(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    cl: LevelOption = 0.90,
    method: MethodOption = "area",
    points: PointsOption = 41,
    toys: MethodToysOption = 0,
    seed: SeedOption = 1,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    poi: PoiOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Upper limit on a search's coupling, beside the published one.

    \b
    Examples:
      nurecoil limit borexino gallium --search magnetic-moment
      nurecoil limit borexino --search magnetic-moment --method all --plot out
      nurecoil limit borexino --search magnetic-moment --method cls,feldman-cousins --toys 1000 --seed 7
      nurecoil limit borexino gallium --search magnetic-moment --set borexino.data=mine.root:h --json -
      nurecoil limit --workspace ws.json --poi mu --cl 0.95
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import scanning
    from nurecoil.cli.words import goodness_without, print_limits
    from nurecoil.inference.limits import limits
    from nurecoil.inference.rules import check_level

    with reserved(json, plot, inputs=[workspace]):
        chosen = _methods(method)
        check_level(cl)
        needs_search(search, workspace)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning(f"profile of {model.poi}") as progress:
            found = limits(model, cl, chosen, points=points, toys=toys, seed=seed, progress=progress)
        meta = model.metadata
        without = goodness_without(meta["options"], experiments or (), search, meta["alternatives"])
        if plot is not None:
            from nurecoil.atomic import make_folder

            _plot(found, make_folder(plot, where="--plot"))
        document = found[0].to_json() if len(found) == 1 else found.to_json()
        document["without"] = without
    deliver(document, json, lambda: print_limits(found, without))


def sensitivity(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    cl: LevelOption = 0.90,
    method: OneMethodOption = "area",
    toys: ToysOption = 0,
    seed: SeedOption = 1,
    points: PointsOption = 41,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    poi: PoiOption = None,
    json: JsonOption = None,
) -> None:
    """Expected upper limit of the model without signal, with bands of one and two standard deviations.

    \b
    Examples:
      nurecoil sensitivity juno --search light-vector --set juno.threshold=0.2
      nurecoil sensitivity borexino gallium --search magnetic-moment --set borexino.setup=paper
      nurecoil sensitivity dune --search magnetic-moment --toys 500 --seed 7 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import scanning
    from nurecoil.cli.words import console
    from nurecoil.errors import OptionError
    from nurecoil.inference.rules import check_level
    from nurecoil.inference.sensitivity import check_toys
    from nurecoil.inference.sensitivity import sensitivity as expected
    from nurecoil.report.tables import bands_table

    with reserved(json, inputs=[workspace]):
        chosen = _methods(method)
        if len(chosen) != 1:
            raise OptionError("--method", method, "one method for an expected limit")
        check_level(cl)
        needs_search(search, workspace)
        check_toys(toys, seed)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning(f"expected limits on {model.poi}") as progress:
            found = expected(model, chosen[0], cl, toys=toys, seed=seed, points=points, progress=progress)

    def words() -> None:
        unit = "" if found.unit == "1" else f" {found.unit}"
        data = f"{toys} toys, seed {seed}" if toys else "Asimov data"
        out = console()
        out.print(
            f"expected {found.limit.poi} < {found.median:.4g}{unit} at {100 * cl:g} % "
            f"({found.limit.method}: {found.limit.convention}; {data})",
            soft_wrap=True,
        )
        out.print(bands_table(found))
        for note in found.limit.model.metadata["notes"]:
            out.print(f"note: {note}", soft_wrap=True)

    deliver(found.to_json(), json, words)


def _methods(text: str) -> list[str]:
    """The methods that ``--method`` names, each checked before anything is built."""
    from nurecoil.inference.methods import METHODS, available, check_method

    if text.strip() != "all":
        return list(dict.fromkeys(check_method(part.strip()) for part in text.split(",")))
    missing = [name for name in METHODS if not available(name)]
    for name in missing:
        print(f"without {name}: python -m pip install 'nurecoil[{name}]'", file=sys.stderr)
    return [name for name in METHODS if name not in missing]


def needs_search(search: str | None, workspace: str | None) -> None:
    """Refuse a command about a coupling that names neither a search nor a file.

    Args:
        search: the value of ``--search``.
        workspace: the value of ``--workspace``.

    Raises:
        OptionError: where both are missing.

    Example:
        >>> needs_search("magnetic-moment", None)
    """
    if search is None and workspace is None:
        from nurecoil.errors import OptionError

        raise OptionError(
            "--search",
            "no search",
            "the name of one",
            "`nurecoil list` shows them; try --search magnetic-moment.",
        )


def _plot(found: Limits, folder: Path) -> None:
    from nurecoil.inference.fit import fit
    from nurecoil.report.fit_plot import save_fits
    from nurecoil.report.limits_plot import plot_limits
    from nurecoil.report.profile_plot import plot_profiles
    from nurecoil.report.style import save

    first = found[0]
    at_limit = fit(first.model, fix={first.poi: first.value})
    save_fits(first.best_fit, folder, overlay=at_limit)
    meta = first.model.metadata
    label = " + ".join(meta.get("experiments", ())) or meta.get("origin", {}).get("file", "model")
    save(plot_profiles({label: first}), folder / "profile.png")
    if len(found) > 1:
        save(plot_limits(found, label), folder / "limits.png")
    _plot_methods(found, folder)


def _plot_methods(found: Limits, folder: Path) -> None:
    """What single methods have to show: CLs against the parameter, the belt, the posterior."""
    from nurecoil.inference.method_results import MethodLimit
    from nurecoil.report.belt_plot import plot_belt
    from nurecoil.report.cls_plot import plot_cls
    from nurecoil.report.posterior_plot import plot_marginal
    from nurecoil.report.style import save

    for one in found:
        made = MethodLimit(one.value, one.convention, one.details, one.notes)
        if one.method == "cls":
            save(plot_cls(made), folder / "cls.png")
        elif one.method == "feldman-cousins":
            save(plot_belt(made, one.scan), folder / "feldman-cousins.png")
        elif one.method == "bayes":
            figure = plot_marginal(one.details["marginal"], one.scan, one.value, one.cl)
            save(figure, folder / "posterior.png")
