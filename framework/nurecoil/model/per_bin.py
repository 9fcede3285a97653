"""Names of per-bin parameters: which belong to one set, and one label for all of them.

``staterror_SR[0]``, ``staterror_SR[1]`` ... are a set, so are ``gamma_stat_SR_bin_0`` and its like. What a
set does is said by the modifiers (:mod:`nurecoil.model.modifiers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nurecoil.model.modifiers import BinFactors
from nurecoil.model.spectral import SpectralModel

__all__ = ["bin_sets", "set_label", "stem"]

_MEMBER = re.compile(r"(.*?)(?:\[(\d{1,9})\]|(\d{1,9}))\Z", re.DOTALL)


def stem(name: str) -> str:
    """What the members of a set have in common: the name with ``[*]`` or ``*`` for its number.

    Args:
        name: name of a per-bin parameter.

    Returns:
        The stem; the name itself where it carries no number.

    Example:
        >>> stem("staterror_SR[12]"), stem("gamma_bin_7"), stem("gamma")
        ('staterror_SR[*]', 'gamma_bin_*', 'gamma')
    """
    found = _MEMBER.match(name)
    if found is None:
        return name
    return f"{found[1]}[*]" if found[2] is not None else f"{found[1]}*"


def set_label(names: Sequence[str]) -> str:
    """One label for members of a set.

    Args:
        names: at least one name, all of one stem.

    Returns:
        The stem with the first and the last number; the number of members where some between are missing.

    Example:
        >>> set_label(["gamma[0]", "gamma[1]", "gamma[2]"]), set_label(["gamma[2]"])
        ('gamma[0..2]', 'gamma[2]')
        >>> set_label(["gamma_bin_0", "gamma_bin_4"])
        'gamma_bin_{0..4} (2 of them)'
    """
    if len(names) == 1:
        return names[0]
    numbers = sorted(_number(name) for name in names)
    span = f"{numbers[0]}..{numbers[-1]}"
    common = stem(names[0])
    made = common.removesuffix("[*]") + f"[{span}]" if common.endswith("[*]") else common[:-1] + f"{{{span}}}"
    whole = numbers[-1] - numbers[0] + 1 == len(names)
    return made if whole else f"{made} ({len(names)} of them)"


def bin_sets(model: SpectralModel) -> dict[str, tuple[str, ...]]:
    """The sets of per-bin parameters that stand in modifiers, of at least two members.

    Args:
        model: the model.

    Returns:
        Label to members, in the order of the model's parameters.

    Example:
        >>> import numpy as np
        >>> from nurecoil.model.parameters import Parameter
        >>> from nurecoil.model.spectral import PoissonChannel, Sample
        >>> free = {f"shape[{i}]": Parameter(f"shape[{i}]", "1", 1.0, lower=0.0) for i in range(2)}
        >>> factors = BinFactors(tuple(free), "shapefactor")
        >>> part = Sample("part", np.ones(2), modifiers=(factors,))
        >>> channel = PoissonChannel("SR", "x", "1", np.arange(3.0), (part,), np.ones(2))
        >>> bin_sets(SpectralModel((channel,), free))
        {'shape[0..1]': ('shape[0]', 'shape[1]')}
    """
    used = set(_members(model))
    found: dict[str, list[str]] = {}
    for name in model.parameters:
        if name in used and stem(name) != name:
            found.setdefault(stem(name), []).append(name)
    return {set_label(names): tuple(names) for names in found.values() if len(names) > 1}


def _number(name: str) -> int:
    found = _MEMBER.match(name)
    return -1 if found is None else int(found[2] or found[3])


def _members(model: SpectralModel) -> Iterable[str]:
    for channel in model.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, BinFactors):
                    yield from modifier.parameters
