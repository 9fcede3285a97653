"""Systematic variations: every member is built, fitted and scanned, and the profiles are summed with weights.

Axes and members are made in :mod:`nurecoil.studies.variation_members`, their data in
:mod:`nurecoil.studies.variation_data`; the sum is :func:`nurecoil.inference.variations.summed_profile`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence

from nurecoil.analysis import Request
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.limits import Limit, limits
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import RULES, check_level, rule
from nurecoil.inference.variations import SummedProfile, summed_profile
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.systematics_result import AxisRow, MemberRow, Systematics
from nurecoil.studies.variation_data import Expected, excess_nll
from nurecoil.studies.variation_members import Member, axes_of, chosen_axes, member_model, members_of
from nurecoil.variation import Variation

__all__ = ["MOST_MEMBERS", "systematics"]

MOST_MEMBERS = 2000
"""More members than this are refused: some axes are to be left out."""
_ONE_SIDED = 0.5
"""Below, one of the rules is not defined, and the asked one stands alone."""


def systematics(
    request: Request,
    method: str = "area",
    cl: float = 0.90,
    *,
    axes: Sequence[str] | None = None,
    variations: Sequence[Variation] | None = None,
    asimov: bool = False,
    points: int = 41,
    progress: Progress | None = None,
) -> Systematics:
    """The sum of the profiles of all configurations of a fit, and its limits.

    After arXiv:1707.09355, section III: ``L(mu) = sum_k prior_k L_k(mu)`` with ``L_k`` the profile
    likelihood of member k, so that a member's weight is its prior times its maximum likelihood. All members
    describe the same data. Where a channel has none, these are the Asimov data of the standard member (of
    each choice of an axis whose choices have data of their own); likelihoods of different data are compared
    relative to that of a perfect description, :func:`~nurecoil.studies.variation_data.excess_nll`.

    Args:
        request: experiments, search and options; the options are the standard member's.
        method: the limit rule of the ratio; limits by all rules are in the result.
        cl: confidence level.
        axes: names of the axes to vary; all by default.
        variations: axes in place of those that the experiments declare.
        asimov: put Asimov data without signal in place of measured data too.
        points: points of every profile.
        progress: called with members done and members in all.

    Returns:
        Members, sum and limits. A member that fails has its reason in its row, is left out of the sum, and a
        note says so.

    Raises:
        FitError: where the standard member fails.
        ModelError: where the model has no parameter of interest.
        OptionError: without a search, for an unknown axis, rule or level, or too many members.
        PluginError: where an experiment's axes contradict each other.

    Example:
        >>> systematics(Request.of(["gallium"]))
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: --search: no search. Allowed: the name of one. ...
    """
    began = time.perf_counter()
    first_rule = rule(method).name
    check_level(cl)
    if request.search is None:
        raise OptionError("--search", "no search", "the name of one", "`nurecoil list` shows them.")
    methods = (first_rule, *(name for name in RULES if name != first_rule and cl > _ONE_SIDED))
    assembly = request.assembly()
    model = assembly.model(request.theory())
    declared = axes_of(assembly, model) if variations is None else tuple(variations)
    chosen = chosen_axes(declared, axes)
    members = members_of(chosen)
    if len(members) > MOST_MEMBERS:
        raise OptionError(
            "axes", f"{len(members)} members", f"at most {MOST_MEMBERS}", "Leave some axes out."
        )
    builder = _Builder(request, model, asimov)
    rows: list[MemberRow] = []
    for number, member in enumerate(members):
        rows.append(_row(builder, member, methods, cl, points))
        if progress is not None:
            progress(number + 1, len(members))
    standard = rows[0].limit
    assert standard is not None  # its failure was raised
    summed = _sum(rows)
    rows = _weighted(rows, summed)
    return Systematics(
        poi=standard.poi,
        unit=standard.unit,
        cl=cl,
        methods=methods,
        axes=chosen,
        rows=tuple(rows),
        scan=summed.scan,
        limits=_limits(summed.scan, methods, cl),
        alone=tuple(_alone(axis.name, rows, first_rule, cl) for axis in chosen if len(chosen) > 1),
        expected=all(channel.asimov for channel in standard.model.channels),
        metadata=standard.model.metadata,
        notes=_notes(chosen, rows, builder.notes),
        seconds=time.perf_counter() - began,
    )


class _Builder:
    """Models of members; each set of options is folded once, each data set made once."""

    def __init__(self, request: Request, standard: SpectralModel, everything: bool) -> None:
        self._request, self._everything = request, everything
        self._models: dict[tuple[tuple[str, str], ...], SpectralModel] = {(): standard}
        self._expected: dict[tuple[str, ...], Expected] = {}
        self.notes: dict[str, None] = {}

    def __call__(self, member: Member) -> SpectralModel:
        """The member's model with its data.

        The members come in the order of the product, so that of each data set the standard one is first.
        """
        model = self._folded(member)
        if member.data not in self._expected:
            self._expected[member.data] = Expected.of(model, self._everything)
        filled = self._expected[member.data].given_to(model)
        moved, notes = member_model(filled, member)
        self.notes.update(dict.fromkeys(notes))
        return _compiled_where_it_starts(moved)

    def _folded(self, member: Member) -> SpectralModel:
        key = tuple(sorted((name, repr(value)) for name, value in member.options.items()))
        if key not in self._models:
            self._models[key] = member.request(self._request).model()
        return self._models[key]


def _compiled_where_it_starts(model: SpectralModel) -> SpectralModel:
    """The model; where a held response parameter left the range of its morph, compiled anew."""
    compiled = CompiledModel(model)
    return compile_response(model) if needs_recompiling(model, compiled, compiled.start) else model


def _row(builder: _Builder, member: Member, methods: Iterable[str], cl: float, points: int) -> MemberRow:
    try:
        found = limits(builder(member), cl, methods, points=points)
    except (FitError, ModelError, OptionError) as error:
        if member.standard:
            raise
        return MemberRow(member, {}, reason=str(error))
    first: Limit = found[0]
    return MemberRow(member, {one.method: one.value for one in found}, first, excess_nll(first.best_fit))


def _sum(rows: Sequence[MemberRow]) -> SummedProfile:
    """The sum over the members that have a profile."""
    good: list[tuple[Scan, float, float]] = [
        (row.limit.scan, row.member.prior, _above(row)) for row in rows if row.limit is not None
    ]
    scans, priors, excess = zip(*good, strict=True)
    return summed_profile(scans, priors, excess)


def _above(row: MemberRow) -> float:
    """-log of the member's largest likelihood: that of the scan where it went below the free fit."""
    assert row.limit is not None and row.excess is not None
    return row.excess + (row.limit.scan.nll - row.limit.best_fit.nll)


def _weighted(rows: Sequence[MemberRow], summed: SummedProfile) -> list[MemberRow]:
    lowest = min(_above(row) for row in rows if row.limit is not None)
    found, place = [], 0
    for row in rows:
        if row.limit is None:
            found.append(row)
            continue
        weight, share = float(summed.weights[place]), float(summed.shares[place])
        found.append(dataclasses.replace(row, delta=_above(row) - lowest, weight=weight, share=share))
        place += 1
    return found


def _alone(axis: str, rows: Sequence[MemberRow], method: str, cl: float) -> AxisRow:
    """The members that differ from the standard one in this axis at most."""
    standard = rows[0].member.choices
    kept = [
        row
        for row in rows
        if row.limit is not None
        and all(label == standard[name] for name, label in row.member.choices.items() if name != axis)
    ]
    single = [row.limits[method] for row in kept]
    value = rule(method).upper_limit(_sum(kept).scan, cl)
    return AxisRow(axis, len(kept), value, min(single), max(single))


def _limits(scan: Scan, methods: Iterable[str], cl: float) -> dict[str, float]:
    return {name: rule(name).upper_limit(scan, cl) for name in methods}


def _notes(axes: Sequence[Variation], rows: Sequence[MemberRow], held: Iterable[str]) -> tuple[str, ...]:
    notes = []
    failed = [row for row in rows if row.reason]
    if failed:
        prior = sum(row.member.prior for row in failed)
        notes.append(
            f"{len(failed)} of {len(rows)} members with {100 * prior:.2g} % of the prior weight failed and "
            f"are not in the sum, the first {failed[0].member.label}: {failed[0].reason}"
        )
    if any(axis.other_data for axis in axes):
        names = ", ".join(axis.name for axis in axes if axis.other_data)
        notes.append(f"each choice of {names} has data of its own; likelihoods are relative to a perfect fit")
    if any(choice.factors for axis in axes for choice in axis.choices):
        notes.append("held parameters are moved one at a time, with weights that give their variance")
    return (*notes, *held)
