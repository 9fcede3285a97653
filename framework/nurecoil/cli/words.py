"""What fitting commands print for people: tables on standard output, in one place for all commands."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from nurecoil.inference.limits import Limit
    from nurecoil.inference.results import FitResult

__all__ = ["console", "goodness_without", "print_fit", "print_limits", "print_notes"]


def console(width: int = 160) -> Console:
    """The console for words.

    Args:
        width: columns where output is no terminal.

    Returns:
        A new console on standard output, without highlighting and markup.
    """
    from rich.console import Console

    made = Console(file=sys.stdout, highlight=False, markup=False)
    if not made.is_terminal:
        made.width = width
    return made


def goodness_without(model_options: Mapping[str, Any], experiments: Sequence[str], search: str | None,
                     alternatives: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:  # fmt: skip
    """Fit again without each borrowed input and report the goodness of fit.

    Args:
        model_options: options of the model, by owner.
        experiments: its experiments.
        search: its search.
        alternatives: label and options of each alternative.

    Returns:
        Label and goodness of each.
    """
    from nurecoil.analysis import build
    from nurecoil.cli.request import working
    from nurecoil.inference.fit import fit
    from nurecoil.options import merged

    rows = []
    for other in alternatives:
        with working(f"fitting {other['label']}"):
            exact = {
                name: {"response": "exact"} for name in other["options"] if "response" in model_options[name]
            }
            changed = merged(merged(model_options, other["options"]), exact)
            result = fit(build(experiments, search, changed))
        rows.append({"label": other["label"], "goodness": result.goodness.to_json()})
    return rows


def print_fit(result: FitResult, without: Sequence[Mapping[str, Any]] = ()) -> None:
    """Parameters, rates beside the published ones, goodness of fit, notes.

    Args:
        result: a fit.
        without: goodness of fit without borrowed inputs.
    """
    from nurecoil.report.tables import goodness_line, parameters_table, rates_table

    out = console()
    out.print(parameters_table(result))
    rates = rates_table(result)
    if rates is not None:
        out.print(rates)
    out.print(goodness_line(result), soft_wrap=True)
    for row in without:
        good = row["goodness"]
        p_value = "" if good["p_value"] is None else f", p = {good['p_value']:.2g}"
        out.print(
            f"{row['label']}: chi2/ndf = {good['statistic']:.1f}/{good['ndf']}{p_value}", soft_wrap=True
        )
    print_notes(result)


def print_limits(limits: Sequence[Limit], without: Sequence[Mapping[str, Any]] = ()) -> None:
    """Limits, the fit they rest on, published limits.

    Args:
        limits: limits by several rules on one scan.
        without: goodness of fit without borrowed inputs.
    """
    from nurecoil.report.tables import limits_table

    out = console()
    print_fit(limits[0].best_fit, without)
    out.print(limits_table(limits))
    for one in limits:
        expected = {n: v for n, v in one.details.get("expected", {}).items() if v is not None}
        if expected:
            shown = ", ".join(
                f"{n} sigma {v:.3g}" if n != "0" else f"median {v:.3g}" for n, v in expected.items()
            )
            unit = "" if one.unit == "1" else f" {one.unit}"
            out.print(f"{one.method}: expected without signal: {shown}{unit}", soft_wrap=True)
        for note in one.notes:
            out.print(f"note: {one.method}: {note}", soft_wrap=True)
    for row in limits[0].published:
        out.print(
            f"published: {limits[0].poi} < {row['value']:.3g} {row['unit']} at {100 * row['cl']:g} % "
            f"({row['method']}; {row['remark']}), {row['citation']}",
            soft_wrap=True,
        )


def print_notes(result: FitResult) -> None:
    """Conventions and borrowed inputs that the result must state.

    Args:
        result: a fit.
    """
    out = console()
    closure = result.model.metadata.get("response", {}).get("closure")
    if closure:
        out.print(
            f"note: compiled response, closure at 2 sigma: {closure['per_bin']:.2g} sigma in the worst bin, "
            f"{closure['nll']:.2g} in -log L",
            soft_wrap=True,
        )
    waiting = [channel.name for channel in result.model.channels if channel.asimov]
    if waiting:
        out.print(f"note: no data: Asimov data of the starting values stand in for {', '.join(waiting)}",
                  soft_wrap=True)  # fmt: skip
    for note in result.model.metadata.get("notes", ()):
        out.print(f"note: {note}", soft_wrap=True)
