"""``nurecoil fit``: a maximum-likelihood fit of experiments, with a search or without."""

from __future__ import annotations

from typing import Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, PlotOption, SearchOption, SetOption
from nurecoil.cli.workspace import (
    InterpolationOption,
    MaybeExperimentsArgument,
    MeasurementOption,
    PatchOption,
    WorkspaceOption,
    asked_model,
)

__all__ = ["fit"]


def fit(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix", metavar="PARAMETER=VALUE", help="Hold a parameter; repeatable.", show_default=False
        ),
    ] = None,
    minimiser: Annotated[str, typer.Option(help="newton, or minuit as a cross-check.")] = "newton",
    minos: Annotated[
        bool, typer.Option("--minos", help="Asymmetric errors too, from where -log L has risen by 1/2.")
    ] = False,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Fit experiments to their data and print every parameter beside its published value.

    \b
    Examples:
      nurecoil fit borexino
      nurecoil fit borexino gallium --search magnetic-moment --fix mu_eff=2.8e-11 --plot out
      nurecoil fit borexino --set borexino.range=95,900 --set borexino.response=exact --json -
      nurecoil fit --workspace ws.json --plot out
      nurecoil fit borexino gallium --search magnetic-moment --minos
      nurecoil fit --workspace BkgOnly.json --patch patchset.json:C1N2_300_0 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import scanning, working
    from nurecoil.cli.words import goodness_without, print_fit
    from nurecoil.inference.fit import fit as fit_model

    with reserved(json, plot, inputs=[workspace]):
        fixed = dict(assignment(text) for text in fix or [])
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation
        )
        with working("fitting"):
            result = fit_model(model, fix=fixed, minimiser=minimiser)
        if minos:
            from nurecoil.inference.minos import minos as asymmetric

            with scanning("asymmetric errors") as progress:
                result = asymmetric(result, progress=progress)
        meta = model.metadata
        without = goodness_without(meta["options"], experiments or (), search, meta["alternatives"])
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.fit_plot import save_fits

            save_fits(result, make_folder(plot, where="--plot"))
        document = {**_document(result), "without": without}
    deliver(document, json, lambda: print_fit(result, without))


def assignment(text: str) -> tuple[str, float]:
    """Read ``PARAMETER=VALUE``.

    Args:
        text: what was typed.

    Returns:
        Name and value.

    Raises:
        OptionError: where it is not of that form.

    Example:
        >>> assignment("mu_eff=2.8e-11")
        ('mu_eff', 2.8e-11)
    """
    from nurecoil.errors import OptionError

    name, equals, value = text.partition("=")
    try:
        if not equals:
            raise ValueError
        return name.strip(), float(value)
    except ValueError:
        raise OptionError(f"--fix {text}", "no PARAMETER=NUMBER", "such as --fix mu_eff=2.8e-11") from None


def _document(result: object) -> dict[str, object]:
    from nurecoil._version import __version__
    from nurecoil.cli.request import stated
    from nurecoil.inference.limits import comparison
    from nurecoil.inference.results import FitResult

    assert isinstance(result, FitResult)
    meta = result.model.metadata
    return {
        **result.to_json(),
        "rates": comparison(result),
        **stated(meta),
        "version": __version__,
    }
