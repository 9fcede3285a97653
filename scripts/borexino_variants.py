"""Print what each choice of the Borexino analysis changes: p-value, both limits, fitted rates.

Usage: ``python scripts/borexino_variants.py [--json FILE] [--markdown FILE] [--only NAME ...]``. Every row is
the fit of the public spectrum and the area-rule limit at 90 %, without and with gallium, with the options
given by ``--set``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nurecoil import atomic
from nurecoil.analysis import build
from nurecoil.documents import encode
from nurecoil.inference.limits import comparison, limit
from nurecoil.options import parse_settings

__all__ = ["VARIANTS", "Variant", "measure", "table"]

SEARCH = "magnetic-moment"
RATES = {
    "pp": "solar.flux.pp",
    "7Be": "solar.flux.be7",
    "85Kr": "borexino.rate.kr85",
    "210Bi": "borexino.rate.bi210",
    "210Po": "borexino.rate.po210",
    "11C": "borexino.rate.c11",
}


@dataclass(frozen=True)
class Variant:
    """One row.

    Args:
        title: what differs from the default.
        settings: the options, as ``--set`` takes them.
    """

    title: str
    settings: Sequence[str] = field(default=())


VARIANTS: Mapping[str, Variant] = {
    "default": Variant("default"),
    "exact": Variant("response evaluated anew in every step", ["borexino.response=exact"]),
    "no-comb": Variant("without the borrowed comb", ["borexino.comb=false"]),
    "from-95": Variant("N_h 95-900", ["borexino.range=95,900"]),
    "from-110": Variant("N_h 110-900", ["borexino.range=110,900"]),
    "to-950": Variant("N_h 100-950", ["borexino.range=100,950"]),
    "pileup-convolution": Variant("pile-up: 14C twice, 137.5 +- 2.8", ["borexino.pileup=convolution"]),
    "pileup-2014": Variant("pile-up: the same, 321 +- 7", ["borexino.pileup=convolution-2014"]),
    "no-pileup": Variant("no pile-up", ["borexino.pileup=none"]),
    "monte-carlo": Variant("Borexino's Monte-Carlo shapes", ["borexino.templates=monte-carlo"]),
    "daniel": Variant("the other shape of 210Bi", ["borexino.bi210_shape=daniel"]),
    "non-uniformity": Variant("non-uniformity free", ["borexino.non_uniformity=free"]),
    "response-fixed": Variant("response fixed", ["borexino.response_parameters=fixed"]),
    "fiducial": Variant(
        "fiducial volume as a nuisance", ["borexino.exposure_error=0.01", "gallium.fiducial_error=0"]
    ),
    "tree": Variant("cross section at tree level", ["solar.cross_section=tree"]),
    "low-metallicity": Variant("low-metallicity Sun", ["solar.ssm=B16-AGSS09"]),
    "sf3": Variant("SF-III MB22m Sun", ["solar.ssm=SF3-MB22m"]),
    "ssm-prior": Variant("all fluxes with the solar model's errors", ["solar.flux_prior=ssm"]),
    "all-sources": Variant("all sources feel the moment", ["magnetic-moment.sources=all"]),
}
"""Every row by name."""


def measure(variant: Variant) -> dict[str, Any]:
    """Fit a variant without and with gallium.

    Args:
        variant: what to set.

    Returns:
        p-value and rates [cpd/100 t] of the fit with gallium, both limits [mu_B].
    """
    found = {}
    for key, experiments in (("alone", ["borexino"]), ("gallium", ["borexino", "gallium"])):
        settings = [s for s in variant.settings if s.partition(".")[0] in (*experiments, "solar", SEARCH)]
        found[key] = limit(build(experiments, SEARCH, parse_settings(settings)))
    fit = found["gallium"].best_fit
    rates = {row["parameter"]: row["fitted"] for row in comparison(fit)}
    return {
        "title": variant.title,
        "settings": list(variant.settings),
        "p_value": fit.goodness.p_value,
        "alone": found["alone"].value,
        "gallium": found["gallium"].value,
        "rates": {name: rates[parameter] for name, parameter in RATES.items()},
    }


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows for the terminal."""
    made = Table(
        title="Borexino's public spectrum: limits in 1e-11 mu_B, rates in cpd/100 t", box=box.SIMPLE_HEAD
    )
    for heading in ("variant", "p", "alone", "with gallium", *RATES):
        made.add_column(heading, justify="left" if heading == "variant" else "right")
    for row in rows:
        made.add_row(*_cells(row))
    return made


def _cells(row: Mapping[str, Any]) -> list[str]:
    limits = [f"{1e11 * row[key]:.2f}" for key in ("alone", "gallium")]
    return [
        row["title"],
        f"{row['p_value']:.2g}",
        *limits,
        *(f"{rate:.4g}" for rate in row["rates"].values()),
    ]


def _markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    heading = ["what", "option", "p-value", "limit, alone", "limit, with gallium", *RATES]
    lines = [
        "Public spectrum, 90 %, area rule; limits in 1e-11 mu_B, p-value and rates with gallium, rates in",
        "cpd/100 t. Made by `python scripts/borexino_variants.py --markdown docs/data/borexino_variants.md`.",
        "",
        "| " + " | ".join(heading) + " |",
        "|" + "---|" * len(heading),
    ]
    for row in rows:
        title, *cells = _cells(row)
        options = ", ".join(f"`{setting}`" for setting in row["settings"]) or "-"
        lines.append("| " + " | ".join([title, options, *cells]) + " |")
    lines += [
        "",
        "Published: 4.0 and 2.6 (2.8 with systematics); pp 134 +- 10, 7Be 48.3 +- 1.1, 85Kr 6.8 +- 1.8,",
        "210Bi 17.5 +- 1.9, 210Po 260 +- 3.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the variants asked for and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the rows as JSON")
    parser.add_argument("--markdown", metavar="FILE", help="write the table of the documents")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME")
    given = parser.parse_args()
    errors = Console(stderr=True)
    rows = [measure(VARIANTS[name]) for name in track(given.only, "variants", console=errors)]
    if given.json:
        atomic.write_text(given.json, encode({"rows": rows}), where="--json")
    if given.markdown:
        atomic.write_text(given.markdown, _markdown(rows), where="--markdown")
    Console(width=150).print(table(rows))


if __name__ == "__main__":
    main()
