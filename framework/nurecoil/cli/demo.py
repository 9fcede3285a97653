"""``nurecoil demo``: the main job from end to end, both limits on the magnetic moment with plots and JSON."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["demo"]

_SEARCH = "magnetic-moment"
_MODELS = {"Borexino": ["borexino"], "Borexino + gallium": ["borexino", "gallium"]}


def demo(
    out: Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where plots and JSON go.")] = "out",
) -> None:
    """Fit Borexino's public spectrum and set both limits on the magnetic moment.

    Leaves fit.png, profile.png and limits.json in the folder.

    \b
    Example:
      nurecoil demo --out out
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil import atomic
    from nurecoil.cli.request import build_model, scanning, working
    from nurecoil.cli.words import console, goodness_without, print_fit
    from nurecoil.documents import encode
    from nurecoil.inference.fit import fit
    from nurecoil.inference.limits import limits
    from nurecoil.report.fit_plot import plot_fit
    from nurecoil.report.profile_plot import plot_profiles
    from nurecoil.report.style import save
    from nurecoil.report.tables import limits_table, published_limits_table

    atomic.check_folder(out, where="--out")
    found = {}
    for label, experiments in _MODELS.items():
        model = build_model(experiments, _SEARCH, None)
        with scanning(f"{label}: profile of {model.poi}") as progress:
            found[label] = limits(model, progress=progress)
    by_area = {label: rows[0] for label, rows in found.items()}
    combined = by_area["Borexino + gallium"]
    without = {}
    for label, experiments in _MODELS.items():
        meta = by_area[label].model.metadata
        without[label] = goodness_without(meta["options"], experiments, _SEARCH, meta["alternatives"])
    with working("drawing"):
        at_limit = fit(combined.model, fix={combined.poi: combined.value})
        folder = atomic.make_folder(out, where="--out")
        save(plot_fit(combined.best_fit, overlay=at_limit), folder / "fit.png")
        save(plot_profiles(by_area), folder / "profile.png")
    document = {label: {**rows.to_json(), "without": without[label]} for label, rows in found.items()}
    atomic.write_text(folder / "limits.json", encode(document), where="--out")
    output = console()
    output.print("Borexino + gallium, best fit")
    print_fit(combined.best_fit, without["Borexino + gallium"])
    for label, rows in found.items():
        output.print(f"\n{label}")
        output.print(limits_table(rows))
    output.print(published_limits_table(by_area))
    output.print(
        f"Written: {folder / 'fit.png'}, {folder / 'profile.png'}, {folder / 'limits.json'}", soft_wrap=True
    )
