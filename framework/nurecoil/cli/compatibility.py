"""``nurecoil compatibility``: whether the experiments of a combination agree.

What is computed lives in :mod:`nurecoil.studies.compatibility`; here it is asked for and printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.limit import LevelOption, OneMethodOption
from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, ExperimentsArgument, PlotOption, SearchOption, SetOption

if TYPE_CHECKING:
    from rich.table import Table

    from nurecoil.inference.results import Estimate
    from nurecoil.studies.compatibility import Compatibility
    from nurecoil.studies.parameter_goodness import ParameterGoodness

__all__ = ["compatibility"]


def compatibility(
    experiments: ExperimentsArgument,
    search: SearchOption = None,
    cl: LevelOption = 0.90,
    method: OneMethodOption = "area",
    points: Annotated[int, typer.Option("--points", min=5, help="Points of every scan.")] = 41,
    basis: BasisOption = None,
    settings: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Do experiments agree: limits of each and without each, shared parameters, goodness of the combination.

    \b
    Examples:
      nurecoil compatibility borexino gallium --search magnetic-moment
      nurecoil compatibility borexino gallium --search magnetic-moment --method area-squared --plot out
      nurecoil compatibility borexino gallium --search magnetic-moment
        --set solar.ssm=SF3-GS98 --set solar.flux_prior=ssm --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import build_model, scanning, with_basis
    from nurecoil.studies.compatibility import compare

    with reserved(json, plot):
        _check(experiments, search, method, cl)
        model = build_model(experiments, search, with_basis(settings, search, basis))
        with scanning("limits of the parts") as progress:
            found = compare(model, method, cl, points=points, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.compatibility_plot import plot_compatibility
            from nurecoil.report.style import save

            save(plot_compatibility(found), make_folder(plot, where="--plot") / "compatibility.png")
    deliver(found.to_json(), json, lambda: _print(found))


def _check(experiments: list[str], search: str | None, method: str, cl: float) -> None:
    """Refuse what cannot be compared before anything is built."""
    from nurecoil.errors import OptionError
    from nurecoil.inference.rules import check_level, rule

    if len(experiments) < 2:
        raise OptionError("experiments", ", ".join(experiments), "at least two, to be compared")
    if search is None:
        raise OptionError("--search", "no search", "the name of one", "`nurecoil list` shows them.")
    rule(method)
    check_level(cl)


def _print(found: Compatibility) -> None:
    from nurecoil.cli.words import console

    out = console()
    out.print(_limits_table(found))
    for one in found.limits:
        if one.reason:
            out.print(f"{' + '.join(one.experiments)}: {one.reason}", soft_wrap=True)
    if found.shared:
        out.print(_shared_table(found))
    else:
        out.print("no free parameter is shared")
    reasons = {
        f"{name} alone: {lone.reason}": None
        for row in found.shared
        for name, lone in row.alone.items()
        if lone.reason
    }
    for line in reasons:
        out.print(line, soft_wrap=True)
    for row in found.constraints:
        out.print(
            f"joint constraint of {', '.join(row.names)} ({', '.join(row.experiments)}); largest correlation "
            + (f"{row.correlation:+.2f} between {' and '.join(row.between)}" if row.between else "none")
            + (f"; {row.source}" if row.source else ""),
            soft_wrap=True,
        )
    for line in _goodness_lines(found.goodness):
        out.print(line, soft_wrap=True)
    for note in found.metadata.get("notes", ()):
        out.print(f"note: {note}", soft_wrap=True)


def _goodness_lines(good: ParameterGoodness) -> list[str]:
    """The test of the shared parameters in words."""
    lines = [f"parameter goodness of fit: not defined, {good.reason}"]
    if good.statistic is not None:
        sets = ", ".join(f"{one.name} {one.shared}" for one in good.data_sets)
        lines = [
            f"parameter goodness of fit: chi2/ndf = {good.statistic:.2f}/{good.ndf}, p = {good.p_value:.3g} "
            f"(shared parameters measured: {sets})"
        ]
    return lines + [f"remark: {remark}" for remark in good.remarks]


def _limits_table(found: Compatibility) -> Table:
    from nurecoil.report.tables import titled_table, unit_word

    unit = unit_word(found.unit)
    table = titled_table(
        f"upper limits at {100 * found.cl:g} % ({found.method})",
        ("experiments", "left"), ("without", "left"), ("limit", "right"), ("unit", "left"),
        ("to the combined", "right"), ("data", "left"),
    )  # fmt: skip
    whole = found.combined.value
    for row in found.limits:
        there = row.value is not None
        ratio = f"{row.value / whole:.3f}" if row.value is not None and whole else ""
        table.add_row(
            " + ".join(row.experiments),
            row.left_out or "",
            f"{found.poi} < {row.value:.4g}" if there else "none",
            unit if there else "",
            ratio,
            "" if not there else "expected" if row.expected else "observed",
        )
    return table


def _shared_table(found: Compatibility) -> Table:
    """One line per parameter and experiment, the combined one last."""
    from nurecoil.report.tables import significant, titled_table, unit_word

    table = titled_table(
        "shared parameters, from each experiment alone and combined",
        ("parameter", "left"), ("from", "left"), ("value", "right"), ("error", "right"), ("unit", "left"),
        ("difference/combined error", "right"), ("pull", "right"), ("from its constraint", "right"),
    )  # fmt: skip
    for row in found.shared:
        unit = unit_word(row.unit)
        lines: list[tuple[str, Estimate | None, float | None, float | None, float | None]] = [
            *((name, one.estimate, one.difference, one.pull, None) for name, one in row.alone.items()),
            ("combined", row.combined, None, None, row.constraint_pull),
        ]
        for number, (name, one, difference, pull, centre) in enumerate(lines):
            table.add_row(
                row.parameter if number == 0 else "",
                name,
                "none" if one is None else significant(one.value, one.error),
                _error(one),
                "" if one is None else unit,
                *("" if number is None else f"{number:+.2f}" for number in (difference, pull, centre)),
            )
    return table


def _error(one: Estimate | None) -> str:
    from nurecoil.report.tables import significant

    if one is None:
        return ""
    return "at its bound" if one.at_bound else significant(one.error, one.error)
