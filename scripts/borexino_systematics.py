"""Print what Borexino's systematic variations do: public data and Asimov data of the paper's exposure.

Usage: ``python scripts/borexino_systematics.py [--json FILE] [--markdown FILE] [--only NAME ...]``; all take
some minutes. Every study is what ``nurecoil systematics borexino gallium --search magnetic-moment`` does with
the settings and axes of its row. For pile-up, on which most depends, the sums under other prior weights are
printed too; they need no further fits.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import track

from nurecoil import atomic
from nurecoil.analysis import Request
from nurecoil.documents import encode
from nurecoil.inference.rules import rule
from nurecoil.inference.variations import summed_profile
from nurecoil.options import parse_settings
from nurecoil.studies.systematics import systematics
from nurecoil.studies.systematics_result import Systematics

__all__ = ["PRIORS", "STUDIES", "Study", "markdown", "measure"]

PILEUP = "pile-up"
PRIORS: Mapping[str, tuple[float, float, float]] = {
    "as declared: 1/2, 1/4, 1/4": (0.5, 0.25, 0.25),
    "three equal": (1.0, 1.0, 1.0),
    "synthetic and 137.5 cpd": (1.0, 1.0, 0.0),
    "synthetic and 321 cpd": (1.0, 0.0, 1.0),
    "synthetic alone": (1.0, 0.0, 0.0),
}
"""Prior weights of the three choices of pile-up."""


@dataclass(frozen=True)
class Study:
    """One study.

    Args:
        title: what it is of.
        settings: as ``--set`` takes them.
        asimov: as ``--asimov``.
        axes: as ``--axis``; none for all.
    """

    title: str
    settings: Sequence[str] = ()
    asimov: bool = False
    axes: Sequence[str] | None = None


_PAPER = ("borexino.setup=paper",)
STUDIES: Mapping[str, Study] = {
    "public": Study("public data"),
    "paper": Study("Asimov data of the paper's exposure", _PAPER, True),
    "paper-fixed": Study(
        "the same, energy scale and resolution held in the standard fit",
        (*_PAPER, "borexino.response_parameters=fixed"),
        True,
        ("estimator", PILEUP, "energy scale", "solar model"),
    ),
}
"""Every study by name."""


def measure(study: Study) -> dict[str, Any]:
    """Carry out a study.

    Args:
        study: what to vary.

    Returns:
        Its document, with the sums under other priors of pile-up under ``priors``.
    """
    request = Request.of(["borexino", "gallium"], "magnetic-moment", parse_settings(study.settings))
    found = systematics(request, axes=study.axes, asimov=study.asimov)
    return {**found.to_json(), "title": study.title, "priors": _other_priors(found)}


def _other_priors(found: Systematics) -> dict[str, float]:
    (axis,) = (axis for axis in found.axes if axis.name == PILEUP)
    labels = [choice.label for choice in axis.choices]
    rows = [row for row in found.rows if row.limit is not None]
    sums = {}
    for words, priors in PRIORS.items():
        weights = []
        for row in rows:
            k = labels.index(row.member.choices[PILEUP])
            weights.append(row.member.prior / axis.priors[k] * priors[k])
        scans = [row.limit.scan for row in rows if row.limit is not None]
        excess = [row.delta for row in rows if row.delta is not None]
        sums[words] = rule("area").upper_limit(summed_profile(scans, weights, excess).scan, found.cl)
    return sums


def markdown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The tables of the documents.

    Args:
        found: documents of studies by name.

    Returns:
        Markdown.
    """
    lines = [
        "With gallium, 90 %, area rule, limits in 1e-11 mu_B. Made by",
        "`python scripts/borexino_systematics.py --markdown docs/data/borexino_systematics.md`.",
        "",
        "| data | varied | members | limits from | to | of their sum | over standard |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found.values():
        lines.append(
            f"| {one['title']} | nothing: the standard member | 1 | | | {_limit(one['standard'])} | 1 |"
        )
        for row in one["alone"]:
            sums = [_limit(row[key]) for key in ("lowest", "highest", "limit")]
            cells = ["", row["axis"], str(row["members"]), *sums, f"{row['ratio']:.3f}"]
            lines.append("| " + " | ".join(cells) + " |")
        limits = [row["limits"]["area"] for row in one["rows"] if not row["reason"]]
        ends = f"{_limit(min(limits))} | {_limit(max(limits))}"
        bold = f"**{_limit(one['limit'])}** | **{one['ratio']:.3f}**"
        lines.append(f"| | **all of them** | {len(limits)} | {ends} | {bold} |")
    lines += ["| published | as arXiv:1707.09355, section III | | | | 2.6 -> 2.8 | 1.08 |", ""]
    heads = [f"{one['title']}" for one in found.values()]
    lines += [
        "All members under other prior weights of pile-up (synthetic; 14C twice at 137.5; at 321 cpd):",
        "",
        "| prior weights | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(heads),
    ]
    for words in PRIORS:
        sums = [(one["priors"][words], one["standard"]) for one in found.values()]
        cells = [f"{_limit(value)} ({value / standard:.3f})" for value, standard in sums]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    for one in found.values():
        lines += ["", *_members(one)]
    return "\n".join([*lines, ""])


def _members(one: Mapping[str, Any]) -> list[str]:
    """The members whose held parameters are as held."""
    axes = [axis["name"] for axis in one["axes"] if axis["name"] != "held parameters"]
    standard = one["rows"][0]["choices"].get("held parameters")
    lines = [
        f"Members of: {one['title']}" + ("; held parameters as held" if standard else ""),
        "",
        "| " + " | ".join([*axes, "prior", "best fit", "limit", "Delta NLL", "weight"]) + " |",
        "|" + "---|" * (len(axes) + 5),
    ]
    for row in one["rows"]:
        if row["reason"] or row["choices"].get("held parameters") != standard:
            continue
        numbers = [f"{row['prior']:.3g}", _limit(row["best_fit"]), _limit(row["limits"]["area"]),
                   f"{row['delta_nll']:.2f}", f"{row['weight']:.4f}"]  # fmt: skip
        lines.append("| " + " | ".join([*(row["choices"][name] for name in axes), *numbers]) + " |")
    return lines


def _limit(value: float) -> str:
    return f"{1e11 * value:.2f}"


def main() -> None:
    """Carry out the studies asked for and print their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the documents")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables of the documents")
    parser.add_argument("--only", nargs="+", choices=list(STUDIES), default=list(STUDIES), metavar="NAME")
    given = parser.parse_args()
    errors = Console(stderr=True)
    found = {name: measure(STUDIES[name]) for name in track(given.only, "studies", console=errors)}
    if given.json:
        atomic.write_text(given.json, encode(found), where="--json")
    if given.markdown:
        atomic.write_text(given.markdown, markdown(found), where="--markdown")
    print(markdown(found))


if __name__ == "__main__":
    main()
