"""A pyhf workspace as a neutral model: the same channels, samples, modifiers, names and likelihood.

The document has passed pyhf's schema (:mod:`nurecoil.bridges.loading.documents`); what the schema cannot see
is checked here. What parameters the modifiers imply is in :mod:`nurecoil.bridges.histfactory.sets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges.histfactory.sets import ParameterSet, bin_counts, bin_errors, parameters_of
from nurecoil.errors import InputError, OptionError, unknown_name
from nurecoil.model.modifiers import BinFactors, HistoCode, HistoSys, Modifier, NormCode, NormSys
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

__all__ = ["interpolation", "model_from_pyhf"]

Array = NDArray[np.float64]
Kind = Literal["free", "pull", "lumi", "shapesys", "staterror", "shapefactor"]

_KINDS: Mapping[str, Kind] = {
    "normfactor": "free",
    "normsys": "pull",
    "histosys": "pull",
    "lumi": "lumi",
    "shapesys": "shapesys",
    "staterror": "staterror",
    "shapefactor": "shapefactor",
}
_NORM_CODES: Mapping[str, NormCode] = {"code1": "1", "code4": "4"}
_HISTO_CODES: Mapping[str, HistoCode] = {"code0": "0", "code4p": "4p"}


def model_from_pyhf(
    document: Mapping[str, Any],
    where: str,
    *,
    measurement: str | None = None,
    modifier_settings: Mapping[str, Mapping[str, str]] | None = None,
) -> SpectralModel:
    """Read a pyhf workspace.

    Args:
        document: a workspace that pyhf's schema allows.
        where: the file's name, for messages.
        measurement: which measurement's parameter of interest and settings to take; the first one by default.
        modifier_settings: interpolation codes as ``pyhf.Workspace.model`` takes them; pyhf's own defaults
            (code 4 for ``normsys``, 4p for ``histosys``) where left out.

    Returns:
        The model. Names are the workspace's; members of sets are ``name[0]`` and so on.

    Raises:
        InputError: where names are repeated, lengths differ, or data are missing.
        ModelError: where a parameter or a channel contradicts itself.
        OptionError: for an unknown measurement or interpolation code.

    Example:
        >>> import pyhf
        >>> spec = pyhf.simplemodels.uncorrelated_background([5.0], [50.0], [7.0]).spec
        >>> config = {"poi": "mu", "parameters": []}
        >>> document = {**spec, "observations": [{"name": "singlechannel", "data": [53.0]}],
        ...             "measurements": [{"name": "m", "config": config}], "version": "1.0.0"}
        >>> model_from_pyhf(document, "ws.json")
        <SpectralModel: singlechannel (1 bins); 2 parameters, 2 free; POI mu>
    """
    codes = interpolation(modifier_settings or {})
    chosen = _measurement(document, where, measurement)
    settings = _by_name(where, "parameter settings", chosen["config"]["parameters"])
    observations = _by_name(where, "observation", document["observations"])
    channels = _by_name(where, "channel", document["channels"])
    notes: list[str] = []
    for name in observations:
        if name not in channels:
            raise unknown_name(InputError, f"{where}: observation", name, channels)
    for name, channel in channels.items():
        _check_channel(f"{where}: channel {name!r}", channel, observations.get(name))
    modifiers = {
        (name, sample["name"]): _modifiers(f"{where}: channel {name!r}", sample, notes)
        for name, channel in channels.items()
        for sample in channel["samples"]
    }
    sets = _sets(where, channels, modifiers)
    parameters: dict[str, Parameter] = {}
    for one in sets.values():
        for parameter in parameters_of(one, settings.get(one.name, {}), where):
            if parameter.name in parameters:
                raise InputError(where, f"two parameters are called {parameter.name!r}", "different names")
            parameters[parameter.name] = parameter
    idle = [name for name in settings if name not in sets]
    if idle:
        notes.append(f"settings of parameters that no modifier uses were left out: {', '.join(idle)}")
    poi = chosen["config"]["poi"] or None
    made = []
    start: dict[str, int] = {}
    for name in sorted(channels):
        places = {key: start.get(key, 0) for key in sets}
        samples = tuple(
            _sample(sample, modifiers[name, sample["name"]], sets, places, codes, poi)
            for sample in channels[name]["samples"]
        )
        data = np.array(observations[name]["data"], float)
        made.append(PoissonChannel(name, "bin", "1", np.arange(data.size + 1.0), samples, data))
        for key in {m["name"] for s in channels[name]["samples"] for m in modifiers[name, s["name"]]}:
            if sets[key].kind == "staterror":
                start[key] = start.get(key, 0) + data.size
    made.sort(key=lambda one: list(channels).index(one.name))
    if poi is not None and not _acts(poi, made):
        notes.append(
            f"the measurement's parameter of interest {poi!r} acts on no sample (a workspace without signal?)"
        )
        poi = None
    return SpectralModel(tuple(made), parameters, poi=poi, metadata={"notes": notes})


def interpolation(settings: Mapping[str, Mapping[str, str]]) -> tuple[NormCode, HistoCode]:
    """The interpolation codes of ``normsys`` and ``histosys`` that pyhf's ``modifier_settings`` ask for.

    Raises:
        OptionError: for another modifier or a code that does not exist here.

    Example:
        >>> interpolation({"normsys": {"interpcode": "code1"}})
        ('1', '4p')
    """
    for kind in settings:
        if kind not in ("normsys", "histosys"):
            raise unknown_name(OptionError, "interpolation", kind, ("normsys", "histosys"))
    norm = settings.get("normsys", {}).get("interpcode", "code4")
    histo = settings.get("histosys", {}).get("interpcode", "code4p")
    if norm not in _NORM_CODES:
        raise unknown_name(OptionError, "interpolation of normsys", str(norm), _NORM_CODES)
    if histo not in _HISTO_CODES:
        raise unknown_name(OptionError, "interpolation of histosys", str(histo), _HISTO_CODES)
    return _NORM_CODES[norm], _HISTO_CODES[histo]


def _measurement(document: Mapping[str, Any], where: str, name: str | None) -> Mapping[str, Any]:
    known = _by_name(where, "measurement", document["measurements"])
    if name is None:
        return next(iter(known.values()))
    if name not in known:
        raise unknown_name(OptionError, f"{where}: measurement", name, known)
    return known[name]


def _by_name(where: str, what: str, parts: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        if part["name"] in found:
            raise InputError(where, f"{what} {part['name']!r} appears more than once", "different names")
        found[part["name"]] = part
    return found


def _check_channel(where: str, channel: Mapping[str, Any], observed: Mapping[str, Any] | None) -> None:
    """One number of bins everywhere, and data."""
    if observed is None:
        raise InputError(where, "no observation of that name", "an observation for every channel")
    bins = len(observed["data"])
    for sample in _by_name(where, "sample", channel["samples"]).values():
        place = f"{where} sample {sample['name']!r}"
        _check_length(place, "data", sample["data"], bins)
        for modifier in sample["modifiers"]:
            inside = f"{place} {modifier['type']} {modifier['name']!r}"
            data = modifier["data"]
            if modifier["type"] in ("shapesys", "staterror"):
                _check_length(inside, "data", data, bins)
                bad = next((number for number in data if number < 0), None)
                if bad is not None:
                    raise InputError(inside, f"an error of {bad:g}", "0 or more")
            if modifier["type"] == "histosys":
                _check_length(inside, "hi_data", data["hi_data"], bins)
                _check_length(inside, "lo_data", data["lo_data"], bins)


def _check_length(where: str, what: str, numbers: Sequence[float], bins: int) -> None:
    if len(numbers) != bins:
        raise InputError(
            where, f"{len(numbers)} numbers in {what}", f"{bins}, one per bin of the observation"
        )


def _modifiers(where: str, sample: Mapping[str, Any], notes: list[str]) -> list[Mapping[str, Any]]:
    """The modifiers of a sample, each once: pyhf counts a repeated one once, whichever comes last."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for modifier in sample["modifiers"]:
        key = (modifier["type"], modifier["name"])
        text = f"{where} sample {sample['name']!r}: {modifier['type']} {modifier['name']!r}"
        if key in found and found[key] != modifier:
            raise InputError(
                text, "stands there twice, with different data", "one modifier of a type and name"
            )
        if key in found:
            notes.append(f"{text} stands there twice and acts once, as in pyhf")
        found[key] = modifier
    return list(found.values())


def _sets(
    where: str,
    channels: Mapping[str, Mapping[str, Any]],
    modifiers: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
) -> dict[str, ParameterSet]:
    """Every parameter name with its kind, in the order in which the names appear."""
    uses: dict[str, list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]] = {}
    for name, channel in channels.items():
        for sample in channel["samples"]:
            for modifier in modifiers[name, sample["name"]]:
                uses.setdefault(modifier["name"], []).append((name, sample, modifier))
    found = {}
    for name, places in uses.items():
        kinds = {_KINDS[modifier["type"]] for _, _, modifier in places}
        types = sorted({modifier["type"] for _, _, modifier in places})
        if len(kinds) > 1:
            raise InputError(f"{where}: modifier {name!r}", f"is a {' and a '.join(types)}", "one of them",
                             "Rename one.")  # fmt: skip
        kind = kinds.pop()
        if kind == "shapesys" and len(places) > 1:
            shared = ", ".join(f"{channel}/{sample['name']}" for channel, sample, _ in places)
            raise InputError(f"{where}: shapesys {name!r}", f"stands in several samples ({shared})",
                             "a name of its own for each shapesys")  # fmt: skip
        found[name] = ParameterSet(name, kind, _widths(f"{where}: {types[0]} {name!r}", kind, places))
    return found


def _widths(
    where: str, kind: Kind, places: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> Array:
    if kind == "shapesys":
        _, sample, modifier = places[0]
        return bin_counts(np.array(sample["data"], float), np.array(modifier["data"], float))
    if kind == "shapefactor":
        sizes = {len(sample["data"]) for _, sample, _ in places}
        if len(sizes) > 1:
            raise InputError(where, f"stands in channels of {' and '.join(map(str, sorted(sizes)))} bins",
                             "channels of as many bins")  # fmt: skip
        return np.ones(sizes.pop())
    if kind == "staterror":
        parts = []
        for name in sorted({channel for channel, _, _ in places}):
            own = [(sample, modifier) for channel, sample, modifier in places if channel == name]
            nominal = [np.array(sample["data"], float) for sample, _ in own]
            parts.append(bin_errors(nominal, [np.array(modifier["data"], float) for _, modifier in own]))
        return np.concatenate(parts)
    return np.ones(1)


def _sample(
    sample: Mapping[str, Any],
    modifiers: Sequence[Mapping[str, Any]],
    sets: Mapping[str, ParameterSet],
    places: Mapping[str, int],
    codes: tuple[NormCode, HistoCode],
    poi: str | None,
) -> Sample:
    contents = np.array(sample["data"], float)
    powers: dict[str, int] = {}
    found: list[Modifier] = []
    for modifier in modifiers:
        name, kind, data = modifier["name"], modifier["type"], modifier["data"]
        if kind in ("normfactor", "lumi"):
            powers[name] = 1
        elif kind == "normsys":
            found.append(NormSys(name, float(data["lo"]), float(data["hi"]), codes[0]))
        elif kind == "histosys":
            low, high = np.array(data["lo_data"], float), np.array(data["hi_data"], float)
            found.append(HistoSys(name, low, high, codes[1]))
        else:
            members = sets[name].members[places[name] : places[name] + contents.size]
            errors = np.empty(0) if data is None else np.array(data, float)
            found.append(BinFactors(members, kind, errors))
    return Sample(
        sample["name"],
        contents,
        powers,
        signed=bool(np.any(contents < 0)),
        group="signal" if poi is not None and poi in powers else "background",
        modifiers=tuple(found),
    )


def _acts(poi: str, channels: Sequence[PoissonChannel]) -> bool:
    """Whether a parameter changes anything."""
    samples = [sample for channel in channels for sample in channel.samples if poi in sample.depends_on]
    return any(isinstance(s.template, np.ndarray) and np.any(s.template) for s in samples)
