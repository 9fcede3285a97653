"""``nurecoil tables``: published numbers beside computed ones, one table by its name.

A table is a function in :data:`TABLES`. It takes the options of the command that concern it as keywords and
returns a :class:`Sheet`: the document for programs and the words for people. What is computed lives in
:mod:`nurecoil.studies`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["TABLES", "Sheet", "moments", "tables"]


@dataclass(frozen=True)
class Sheet:
    """A table that is ready to be given out.

    Args:
        document: plain data with ``table``, ``rows``, ``notes``, ``references`` and ``version``.
        words: prints it for people.

    Example:
        >>> Sheet({"table": "empty"}, lambda: print("nothing")).words()
        nothing
    """

    document: Mapping[str, Any]
    words: Callable[[], None]


def moments(mu_eff: float = 2.8e-11) -> Sheet:
    """Limits on the moments of flavours and mass states that follow from one on mu_eff of solar neutrinos.

    Args:
        mu_eff: limit on the effective moment [mu_B].

    Returns:
        The nine published limits beside the computed ones.

    Raises:
        OptionError: where ``mu_eff`` is not a positive number.

    Example:
        >>> moments().document["rows"][0]["published"]
        3.9
    """
    import math

    from nurecoil.errors import OptionError
    from nurecoil.report.tables import titled_table
    from nurecoil.studies.moments import MomentsTable, moments_table

    if not (math.isfinite(mu_eff) and mu_eff > 0):
        raise OptionError("--mu-eff", f"{mu_eff} mu_B", "a positive number of Bohr magnetons")

    def words(found: MomentsTable) -> None:
        table = titled_table(
            f"limits on moments [1e-11 mu_B] from mu_eff < {mu_eff:g} mu_B of solar neutrinos",
            ("basis", "left"), ("moment", "left"), ("published", "right"), ("NH", "right"), ("IH", "right"),
            ("weaker bound", "right"), ("hierarchy", "left"), ("P1 from P2", "right"),
            ("computed/published", "right"), ("reproduced", "left"), ("where", "left"),
        )  # fmt: skip
        says = {True: "yes", False: "no", None: ""}
        for row in found.rows:
            table.add_row(
                row.basis,
                row.moment,
                f"{row.published:.1f}",
                f"{row.normal:.3f}",
                f"{row.inverted:.3f}",
                f"{row.computed:.3f}",
                row.hierarchy,
                f"{row.from_survival:.3f}",
                "" if row.ratio is None else f"{row.ratio:.3f}",
                says[row.reproduced],
                row.where,
            )
        reasons = [f"{row.moment} is not reproduced: {row.reason}" for row in found.rows if row.reason]
        _print(table, [*reasons, *(f"note: {note}" for note in found.notes)], found.references)

    found = moments_table(mu_eff)
    return Sheet(found.to_json(), lambda: words(found))


def isodar() -> Sheet:
    """The IsoDAR slides' limits on the magnetic moment and on a light vector, published beside computed.

    Returns:
        Twelve rows.

    Raises:
        NurecoilError: where an experiment or a search is missing or cannot be fitted.

    Example:
        >>> sorted(TABLES)
        ['isodar', 'moments']
    """
    from nurecoil.cli.request import scanning
    from nurecoil.inference.rules import RULES
    from nurecoil.studies.isodar import BEFORE_CUTS, SEARCHES, isodar_table

    with scanning("limits of the slides") as progress:
        found = isodar_table(progress)

    def words() -> None:
        from nurecoil.cli.words import console
        from nurecoil.report.tables import label_of, titled_table

        for search in SEARCHES:
            rows = [row for row in found.rows if row.search == search]
            limits = label_of("limits", rows[0].unit)
            slides = titled_table(
                f"{search}: 90 % {limits} in the slides' convention",
                ("experiment", "left"), ("above [MeV]", "right"), ("events", "right"),
                ("first principles", "right"), ("published", "right"), ("computed", "right"),
                ("published/computed", "right"), (f"at {BEFORE_CUTS:g} x events", "right"),
                ("published/that", "right"),
            )  # fmt: skip
            ours = titled_table(
                f"{search}: 90 % {limits} with resolution and backgrounds, by rule",
                ("experiment", "left"), ("above [MeV]", "right"), *((name, "right") for name in RULES),
            )  # fmt: skip
            for row in rows:
                count = row.events_first_principles
                where = (row.experiment, f"{row.threshold:g}")
                slides.add_row(
                    *where,
                    f"{row.events:g}",
                    "" if count is None else f"{count:.0f}",
                    f"{row.published:.3g}",
                    f"{row.computed:.3g}",
                    f"{row.ratio:.2f}",
                    f"{row.computed_before_cuts:.3g}",
                    f"{row.ratio_before_cuts:.2f}",
                )
                ours.add_row(*where, *(f"{row.ours[name]:.3g}" for name in RULES))
            console().print(slides)
            console().print(ours)
        lines = [
            f"counts above {one['above']:g} MeV over those above {one['over']:g} MeV at {one['experiment']}: "
            f"quoted {one['quoted']:.2f}, computed {one['computed']:.3f}"
            for one in found.count_ratios
        ]
        lines += [f"note: {note}" for note in found.notes]
        for line in [*lines, *(f"reference: {one}" for one in found.references)]:
            console().print(line, soft_wrap=True)

    return Sheet(found.to_json(), words)


TABLES: Mapping[str, Callable[..., Sheet]] = MappingProxyType({"isodar": isodar, "moments": moments})
"""Name of a table to the function that makes it."""


def tables(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"Which table: {', '.join(TABLES)}.", show_default=False)
    ],
    mu_eff: Annotated[
        float | None,
        typer.Option(
            "--mu-eff",
            help="moments: limit on the effective moment of solar neutrinos, in Bohr magnetons [2.8e-11].",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Published numbers beside computed ones.

    \b
    Examples:
      nurecoil tables isodar
      nurecoil tables moments
      nurecoil tables moments --mu-eff 3.2e-11 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    with reserved(json):
        sheet = _made(name, {"mu_eff": mu_eff})
    deliver(sheet.document, json, sheet.words)


def _made(name: str, options: Mapping[str, Any]) -> Sheet:
    """The table of that name, with the options that were given."""
    from nurecoil.errors import OptionError, unknown_name

    if name not in TABLES:
        raise unknown_name(OptionError, "table", name, TABLES)
    given = {option: value for option, value in options.items() if value is not None}
    known = inspect.signature(TABLES[name]).parameters
    for option in given:
        if option not in known:
            allowed = ", ".join(_flag(one) for one in known) or "no options of its own"
            raise OptionError(f"tables {name}", f"{_flag(option)}, which belongs to another table", allowed)
    return TABLES[name](**given)


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")


def _print(table: Table, lines: list[str], references: tuple[str, ...]) -> None:
    from nurecoil.cli.words import console

    out = console()
    out.print(table)
    for line in [*lines, *(f"reference: {one}" for one in references)]:
        out.print(line, soft_wrap=True)
