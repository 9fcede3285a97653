"""Tables for the terminal: fits, limits, fitted rates beside the published ones; the look of every table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nurecoil.inference.limits import Limit, comparison
from nurecoil.inference.results import FitResult

if TYPE_CHECKING:
    from rich.table import Table

    from nurecoil.inference.sensitivity import Sensitivity
    from nurecoil.studies.exclusion import Exclusion

__all__ = [
    "bands_table",
    "exclusion_table",
    "goodness_line",
    "label_of",
    "limit_error",
    "limits_table",
    "parameters_table",
    "published_limits_table",
    "rates_table",
    "scan_table",
    "significant",
    "titled_table",
    "unit_word",
]

_WRAPPED = ("remark", "convention")
"""Columns whose words may run over several lines."""


def significant(value: float | None, error: float | None = None) -> str:
    """A number with as many digits as its error justifies; two digits of the error are kept.

    Args:
        value: the number, ``None`` or NaN for none.
        error: its error, if it has one.

    Returns:
        The text; empty where there is no number.

    Example:
        >>> significant(255.8231, 0.76), significant(4.0163e-11), significant(None)
        ('255.82', '4.016e-11', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    if error is None or not math.isfinite(error) or error <= 0 or abs(value) < 1e-4:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{min(digits, 9)}f}"


def titled_table(title: str, *columns: tuple[str, Any]) -> Table:
    """An empty table with the look that all of them have.

    Args:
        title: its title, kept on one line.
        columns: heading and side (``left`` or ``right``) of each column; remarks and conventions wrap, the
            others do not.

    Returns:
        The table, to which rows are added.

    Example:
        >>> table = titled_table("fluxes", ("source", "left"), ("flux", "right"))
        >>> [column.header for column in table.columns]
        ['source', 'flux']
    """
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False,
                  min_width=len(title))  # fmt: skip
    for name, justify in columns:
        table.add_column(name, justify=justify, no_wrap=name not in _WRAPPED)
    return table


def unit_word(unit: str) -> str:
    """A unit as it is shown: nothing for a number without one.

    Example:
        >>> unit_word("1"), unit_word("cpd")
        ('', 'cpd')
    """
    return "" if unit == "1" else unit


def parameters_table(result: FitResult) -> Table:
    """Every parameter with value, error, both sides of its asymmetric error where known, unit and state."""
    sides = (("lower", "right"), ("upper", "right")) if result.minos else ()
    columns = (
        ("parameter", "left"),
        ("value", "right"),
        ("error", "right"),
        *sides,
        ("unit", "left"),
        ("state", "left"),
    )
    table = titled_table("parameters", *columns)
    for name, estimate in result.parameters.items():
        state = "fixed" if estimate.fixed else "at its bound" if estimate.at_bound else ""
        constraint = result.model.parameters[name].constraint
        if constraint is not None and not estimate.fixed:
            state = "constrained"
        if not state and math.isnan(estimate.error):
            state = "without effect"
        unit = unit_word(estimate.unit)
        error = significant(estimate.error, estimate.error)
        ends = _ends(result, name) if result.minos else ()
        table.add_row(name, significant(estimate.value, estimate.error), error, *ends, unit, state)
    return table


def _ends(result: FitResult, name: str) -> tuple[str, str]:
    """Both sides of a parameter's asymmetric error; a side that ends at a bound says so."""
    found = result.minos.get(name)
    if found is None:
        return "", ""
    lower = "bound" if found.lower_at_bound else significant(found.lower, abs(found.lower))
    upper = "bound" if found.upper_at_bound else significant(found.upper, abs(found.upper))
    return lower, f"+{upper}" if upper and not found.upper_at_bound else upper


def rates_table(result: FitResult) -> Table | None:
    """Fitted beside published values, or ``None`` where the model carries none."""
    rows = comparison(result)
    if not rows:
        return None
    table = titled_table(
        "fitted and published", ("parameter", "left"), ("fitted", "right"), ("error", "right"),
        ("published", "right"), ("error", "right"), ("unit", "left"), ("remark", "left"),
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row["parameter"],
            significant(row["fitted"], row["error"]),
            significant(row["error"], row["error"]),
            f"{row['published']:g}",
            "" if row["published_error"] is None else f"{row['published_error']:g}",
            row["unit"],
            row["remark"],
        )
    return table


def limits_table(limits: Sequence[Limit]) -> Table:
    """Limits by several rules side by side."""
    level = f"{100 * limits[0].cl:g} %" if limits else ""
    waiting = [channel.name for channel in limits[0].model.channels if channel.asimov] if limits else []
    expected = f" (expected: Asimov data of {', '.join(waiting)})" if waiting else ""
    title = f"upper limits at {level}{expected}"
    table = titled_table(
        title, ("method", "left"), ("limit", "right"), ("error", "right"), ("unit", "left"),
        ("convention", "left"),
    )  # fmt: skip
    for one in limits:
        error = limit_error(one)
        shown, plus = (f"{one.value:.4g}", "") if not error else (f"{one.value:.3g}", f"{error:.1g}")
        table.add_row(one.method, f"{one.poi} < {shown}", plus, unit_word(one.unit), one.convention)
    return table


def limit_error(limit: Limit) -> float:
    """What the number of toys or draws leaves open of a limit, in its unit; 0 where there is nothing random.

    Args:
        limit: a limit.

    Returns:
        One standard deviation.

    Example:
        >>> from nurecoil.inference.limits import limit
        >>> from nurecoil.testing.models import counting
        >>> limit_error(limit(counting(observed=0.0, background=1.0)))
        0.0
    """
    details = limit.details
    ends = details.get("interval_error") or (None, None)
    return float(details.get("limit_error") or details.get("error") or ends[1] or 0.0)


def published_limits_table(limits: Mapping[str, Limit]) -> Table:
    """Computed beside published limits, one row per model."""
    columns = (
        ("model", "left"),
        ("computed", "right"),
        ("published", "right"),
        ("unit", "left"),
        ("method", "left"),
        ("remark", "left"),
    )
    table = titled_table("limits, computed and published", *columns)
    for label, one in limits.items():
        rows: Sequence[Mapping[str, Any]] = one.published or ({},)
        for number, row in enumerate(rows):
            published = f"{row['value']:.2g}" if row else ""
            computed = f"{one.poi} < {one.value:.3g}" if number == 0 else ""
            shown = label if number == 0 else ""
            table.add_row(shown, computed, published, unit_word(one.unit), one.method if number == 0 else "",
                          row.get("remark", ""))  # fmt: skip
    return table


def scan_table(scan: Mapping[str, Any]) -> Table:
    """A profile, point by point, from its JSON form."""
    unit = unit_word(scan["unit"])
    table = titled_table(f"profile of {scan['parameter']}, best at {scan['best']:.4g} {unit}".rstrip(),
                         ("value", "right"), ("unit", "left"), ("2 Delta NLL", "right"))  # fmt: skip
    for value, delta in zip(scan["values"], scan["delta_nll"], strict=True):
        table.add_row(f"{value:.5g}", unit, f"{2 * delta:.4f}")
    return table


def bands_table(found: Sensitivity) -> Table:
    """The expected limit between the edges of its bands."""
    source = "Asimov data" if found.toys is None else f"{found.toys.asked} toys, seed {found.toys.seed}"
    level = f"{100 * found.limit.cl:g} %"
    title = f"expected {level} upper limits on {label_of(found.limit.poi, found.unit)} ({source})"
    table = titled_table(title, ("data", "left"), ("limit", "right"))
    rows = sorted([*found.bands.items(), (0, found.median)])
    for sigma, value in rows:
        table.add_row(f"{sigma:+d} sigma" if sigma else "median", f"{value:.4g}")
    return table


def exclusion_table(curves: Sequence[Exclusion]) -> Table:
    """Limits along an option, one column a curve; all of one option, at the same values.

    A limit that could not be had is an empty field.
    """
    first = curves[0]
    option = first.over.partition(".")[2]
    columns = [(label_of(option, first.over_unit), "right"), *((one.label, "right") for one in curves)]
    title = f"{100 * first.cl:g} % upper limits on {label_of(first.poi, first.unit)} ({first.method})"
    table = titled_table(title, *columns)
    for row, value in enumerate(first.values):
        found = [one.limits[row] for one in curves]
        table.add_row(f"{value:.4g}", *("" if limit is None else f"{limit:.4g}" for limit in found))
    return table


def label_of(name: str, unit: str) -> str:
    """A name with its unit in brackets.

    Example:
        >>> label_of("mass", "MeV"), label_of("g", "1")
        ('mass [MeV]', 'g')
    """
    return f"{name} [{unit}]" if unit_word(unit) else name


def goodness_line(result: FitResult) -> str:
    """Goodness of fit, minimum and effort in one line.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> goodness_line(fit(counting(observed=12.0, background=10.0))).split(",")[0]
        'chi2/ndf = 0.0/0'
    """
    good = result.goodness
    return (
        f"chi2/ndf = {good.statistic:.1f}/{good.ndf}, p = {good.p_value:.3g}, -log L = {result.nll:.3f}, "
        f"EDM {result.edm:.1e} ({result.minimiser}, {result.iterations} iterations)"
    )
