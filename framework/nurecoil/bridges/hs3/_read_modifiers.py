"""Modifiers of an HS3 sample: what they do to it, and which constraints they bring along.

Samples and channels are :mod:`nurecoil.bridges.hs3._read_channels`'s.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges.hs3._read_constraints import Constraints
from nurecoil.bridges.hs3._read_dialect import Dialect, ambiguous
from nurecoil.bridges.hs3._read_place import Place
from nurecoil.bridges.hs3._read_quantities import Points, Quantities
from nurecoil.errors import NurecoilError
from nurecoil.model.modifiers import BinFactors, BinKind, HistoCode, HistoSys, Modifier, NormCode, NormSys
from nurecoil.model.parameters import Constraint, GaussianConstraint, PoissonConstraint

__all__ = ["Draft", "Reading", "read_modifiers"]

Array = NDArray[np.float64]

Code = TypeVar("Code", bound=str)

_COMMON = ("name", "type", "parameter", "parameters", "constraint", "constraint_name", "constraint_type")
_NORM_CODES: Mapping[object, NormCode] = {1: "1", 4: "4", 5: "4", "code1": "1", "code4": "4", "log": "1"}
_HISTO_CODES: Mapping[object, HistoCode] = {
    0: "0", 4: "4p", "code0": "0", "code4p": "4p", "lin": "0", "poly6": "4p",
}  # fmt: skip
_SMALLEST = float(np.finfo(float).eps)


@dataclass
class Reading:
    """What is needed to read modifiers, and what they find.

    Args:
        dialect: whose reading of the standard counts.
        quantities: what names stand for.
        points: values in the file.
        constraints: terms in the making.
        starts: natural value of every parameter met, 0 for a pull and 1 for a factor.
        released: pulls whose constraint the file takes back.
    """

    dialect: Dialect
    quantities: Quantities
    points: Points
    constraints: Constraints = field(default_factory=Constraints)
    starts: dict[str, float] = field(default_factory=dict)
    released: Collection[str] = ()


@dataclass
class Draft:
    """A sample in the making.

    Args:
        name: its name.
        contents: its template, shape ``(bins,)``.
        errors: statistical errors of it, shape ``(bins,)``, ``None`` where the file has none.
        place: where it stands.
        channel: name of its channel.
        relative: errors of the channel's ``staterror`` relative to the contents, shape ``(bins,)``, by the
            names of the parameters.
        powers: parameter name to power.
        modifiers: its modifiers.
        scale: number in front of everything.
    """

    name: str
    contents: Array
    errors: Array | None
    place: Place
    channel: str
    relative: Mapping[tuple[str, ...], Array] = field(default_factory=dict)
    powers: dict[str, int] = field(default_factory=dict)
    modifiers: list[Modifier] = field(default_factory=list)
    scale: float = 1.0


def read_modifiers(reading: Reading, draft: Draft) -> None:
    """Read the modifiers of a sample into its draft.

    Raises:
        InputError: for what is not understood.
    """
    listed = draft.place.get("modifiers")
    for place in [] if listed is None else listed.items():
        kind = place.need("type").text()
        reader = {
            "normfactor": _normfactor, "normsys": _normsys, "histosys": _histosys,
            "shapesys": _shapesys, "staterror": _staterror, "shapefactor": _shapefactor,
        }.get(kind)  # fmt: skip
        if reader is None:
            raise place.fail(f"type {kind!r} is not a modifier known here",
                             "normfactor, normsys, histosys, shapesys, staterror, shapefactor")  # fmt: skip
        reader(reading, draft, place)


def _normfactor(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data"))
    if place.get("data") is not None:
        raise place.fail("'data' at a normfactor", "no 'data'")
    named, label = place.get("parameter") or place.need("name"), place.get("name")
    if reading.dialect == "root" and label is not None and label.value != named.value:
        raise named.fail(f"{named.value!r:.60} at a normfactor called {label.value!r:.60}",
                         "one name for both", "RooFit takes the name for the parameter.")  # fmt: skip
    term = reading.quantities.product(named)
    draft.scale *= term.coefficient
    for name, power in term.powers.items():
        draft.powers[name] = draft.powers.get(name, 0) + power
        reading.starts.setdefault(name, 1.0)
    asked = place.get("constraint_name")
    if asked is not None:
        for name in term.powers:
            reading.constraints.ask(name, asked.text(), asked)
    elif _said(place) is not None:
        raise place.fail(f"constraint {_said(place)!r} at a normfactor", "'constraint_name', or none",
                         "RooFit and pyhs3 count none here: name a distribution.")  # fmt: skip


def _normsys(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data", "interpolation"))
    data = place.need("data")
    data.only(("hi", "lo", "interpolation"))
    code = _code(reading, place, data, _NORM_CODES, "4")
    name = _pull(reading, place)
    low, high = data.need("lo").number(), data.need("hi").number()
    if reading.dialect == "root" and code == "4":
        low, high = (max(factor, _SMALLEST) if factor <= 0 else factor for factor in (low, high))
    if low <= 0 or high <= 0:
        raise data.fail(f"factors {low:g} and {high:g}", "two positive numbers")
    draft.modifiers.append(NormSys(name, low, high, code))


def _histosys(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data", "interpolation"))
    data = place.need("data")
    data.only(("hi", "lo", "interpolation"))
    code = _code(reading, place, data, _HISTO_CODES, "4p")
    name = _pull(reading, place)
    low, high = (_contents(data.need(key), draft.contents.size) for key in ("lo", "hi"))
    draft.modifiers.append(HistoSys(name, low, high, code))


def _contents(place: Place, bins: int) -> Array:
    place.only(("contents", "errors"))
    return place.need("contents").numbers(bins)


def _code(reading: Reading, place: Place, data: Place, codes: Mapping[object, Code], usual: Code) -> Code:
    """Interpolation code of a modifier: RooFit has a number at the modifier, pyhs3 a word in its data."""
    at, inside = place.get("interpolation"), data.get("interpolation")
    found: dict[str, Code] = {}
    for said in (at, inside):
        if said is None:
            continue
        known = isinstance(said.value, str | int) and not isinstance(said.value, bool) and said.value in codes
        if not known:
            raise said.fail(f"interpolation {said.value!r:.60} cannot be computed here",
                            ", ".join(repr(code) for code in codes))  # fmt: skip
        found[said.path] = codes[said.value]
    if len(set(found.values())) > 1:
        raise data.fail("an interpolation other than the modifier's", "one, or two that agree")
    code = next(iter(found.values()), usual)
    heard = {"root": at if code in ("1", "4") else None, "pyhs3": inside, "standard": at or inside}
    if code != usual and heard[reading.dialect] is None:
        raise (at or inside or place).fail("an interpolation that the tool of this file does not look at",
                                           f"none, which is {usual!r}")  # fmt: skip
    return code


def _pull(reading: Reading, place: Place) -> str:
    """The parameter of a normsys or histosys; what constrains it is noted."""
    named = place.get("parameter")
    name = f"alpha_{place.need('name').text()}" if named is None else named.text()
    _plain(reading, named or place, name)
    reading.starts.setdefault(name, 0.0)
    asked = place.get("constraint_name")
    if asked is not None:
        reading.constraints.ask(name, asked.text(), asked)
        return name
    if name in reading.released:
        return name
    said = _said(place)
    centre = _nominal(reading, name, 0.0)
    if said in (None, "Gauss") or (said == "LogNormal" and reading.dialect == "pyhs3"):
        reading.constraints.imply(name, GaussianConstraint(centre, 1.0), place)
    else:
        raise place.fail(f"constraint {said!r} of a pull", "'Gauss', or 'constraint_name'")
    return name


def _shapesys(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data"))
    data = place.need("data")
    data.only(("vals",))
    errors = np.abs(data.need("vals").numbers(draft.contents.size))
    names = _gammas(reading, place, draft.contents.size, "gamma_{name}_bin_{bin}", draft)
    said = _said(place) or {"root": "Gauss", "pyhs3": "Poisson", "standard": ""}[reading.dialect]
    if said not in ("Gauss", "Poisson", ""):
        raise place.fail(f"constraint {said!r} of a shapesys", "'Gauss', 'Poisson'")
    open_ = not np.any(errors) or place.get("constraint_name") is not None
    if not said and not open_:
        raise ambiguous(place, "a shapesys without constraint, Gaussian for RooFit and Poisson for pyhs3")
    if reading.dialect == "standard" and not open_ and not np.all((draft.contents == 1) | (errors == 0)):
        raise ambiguous(data, "'vals' of a shapesys, relative for RooFit and absolute for pyhs3")
    relative = errors
    if reading.dialect == "pyhs3":
        if said != "Poisson" or np.any(errors == 0) or np.any(draft.contents <= 0):
            raise place.fail("a shapesys that pyhs3 gives no likelihood",
                             "Poisson constraints, contents and vals above 0")  # fmt: skip
        relative = errors / draft.contents
    kind: BinKind = "shapefactor" if not np.any(errors) else "shapesys"
    known = np.empty(0) if kind == "shapefactor" else relative * np.abs(draft.contents)
    draft.modifiers.append(BinFactors(names, kind, known))
    _constrain(reading, place, names, relative, said)


def _staterror(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data"))
    names = stat_names(reading, draft, place)
    said = _said(place) or {"root": "Poisson", "pyhs3": "Gauss", "standard": ""}[reading.dialect]
    if said not in ("Gauss", "Poisson", ""):
        raise place.fail(f"constraint {said!r} of a staterror", "'Gauss', 'Poisson'")
    if not said and place.get("constraint_name") is None:
        raise ambiguous(place, "a staterror without constraint, Poisson for RooFit and Gaussian for pyhs3")
    data = place.get("data") if names in draft.relative else place.need("data")
    if data is None:
        relative, errors = draft.relative[names], draft.errors
    else:
        data.only(("uncertainties",))
        errors = data.need("uncertainties").numbers(draft.contents.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(draft.contents > 0, errors / draft.contents, 1.0 if said == "Gauss" else 0.0)
    known = np.empty(0) if errors is None else errors
    draft.modifiers.append(BinFactors(names, "staterror", known))
    _constrain(reading, place, names, np.asarray(relative), said)


def stat_names(reading: Reading, draft: Draft, place: Place) -> tuple[str, ...]:
    """Parameters of a staterror, which the tools name themselves where the file does not."""
    pattern = "staterror_{channel}_bin{bin}" if reading.dialect == "pyhs3" else "gamma_stat_{short}_bin_{bin}"
    return _gammas(reading, place, draft.contents.size, pattern, draft)


def _shapefactor(reading: Reading, draft: Draft, place: Place) -> None:
    place.only((*_COMMON, "data"))
    names = _gammas(reading, place, draft.contents.size, "gamma_{name}_bin_{bin}", draft)
    if place.get("data") is not None or _said(place) is not None:
        raise place.fail("data or a constraint at a shapefactor", "neither", "Write a shapesys.")
    draft.modifiers.append(BinFactors(names, "shapefactor"))


def _constrain(reading: Reading, place: Place, names: tuple[str, ...], relative: Array, said: str) -> None:
    """Constraint of every bin's parameter; none where its error is zero."""
    asked = place.get("constraint_name")
    if asked is not None:
        raise asked.fail("one distribution for the parameters of several bins", "'constraint'")
    for i, (name, width) in enumerate(zip(names, relative.tolist(), strict=True)):
        if not width > 0:
            reading.constraints.imply(name, None, place)
            continue
        try:
            scale = 1 / width**2
            constraint: Constraint = GaussianConstraint(_nominal(reading, name, 1.0), width)
            if said == "Poisson":
                constraint = PoissonConstraint(_nominal(reading, name, scale), scale)
        except (ArithmeticError, NurecoilError):
            raise place.fail(f"error {width:g} in bin {i}", "errors of a size that can be squared") from None
        if reading.dialect == "pyhs3" and place.get("data") is not None:
            reading.constraints.add(name, constraint, place)
        else:
            reading.constraints.imply(name, constraint, place)


def _gammas(reading: Reading, place: Place, bins: int, pattern: str, draft: Draft) -> tuple[str, ...]:
    """Parameters of a modifier that has one in every bin."""
    listed, named = place.get("parameters"), place.get("parameter")
    if listed is not None and named is not None:
        raise place.fail("'parameter' and 'parameters'", "one of them")
    if listed is not None:
        names = listed.texts(bins)
    elif named is not None and reading.dialect != "root":
        names = tuple(f"{named.text()}[{i}]" for i in range(bins))
    else:
        short = draft.channel.removeprefix("model_")
        label = place.get("name") or place.get("type")
        assert label is not None
        known = {"name": label.text(), "channel": draft.channel, "short": short}
        names = tuple(pattern.format(**known, bin=i) for i in range(bins))
    for name in names:
        _plain(reading, place, name)
        reading.starts.setdefault(name, 1.0)
    return names


def _said(place: Place) -> str | None:
    """Type of the constraint that a modifier names: ``constraint_type`` is RooFit's word for it."""
    one, other = place.get("constraint"), place.get("constraint_type")
    if one is not None and other is not None and one.text() != other.text():
        raise other.fail(f"{other.value!r}, but 'constraint' is {one.value!r}", "one of them")
    said = one or other
    if said is None:
        return None
    words = {"gauss": "Gauss", "gaussian": "Gauss", "poisson": "Poisson", "lognormal": "LogNormal"}
    found = words.get(said.text().lower())
    if found is None:
        raise said.fail(f"{said.text()!r:.60} is no constraint known here", "Gauss, Poisson, LogNormal")
    return found


def _nominal(reading: Reading, name: str, usual: float) -> float:
    """Measured value of an auxiliary measurement: RooFit keeps it in a parameter ``nom_NAME``."""
    found = reading.points.value(f"nom_{name}") if reading.dialect == "root" else None
    return usual if found is None or math.isnan(found) else found


def _plain(reading: Reading, place: Place, name: str) -> None:
    if reading.quantities.is_function(name):
        raise place.fail(f"{name!r} is a function", "a parameter", "Only a normfactor may take a product.")
