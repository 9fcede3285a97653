"""Which likelihood, data and parameters of an HS3 file count: its analyses and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nurecoil.bridges.hs3._read_place import Place
from nurecoil.bridges.hs3._read_quantities import Points
from nurecoil.errors import OptionError, unknown_name

__all__ = ["Choice", "Pair", "choose"]

_ANALYSIS = (
    "name",
    "likelihood",
    "domains",
    "parameters_of_interest",
    "init",
    "prior",
    "aux_likelihood_terms",
)
_LIKELIHOOD = ("name", "distributions", "data", "aux_distributions")
_TOP = (
    "analyses", "data", "distributions", "domains", "functions", "likelihoods", "metadata", "misc",
    "parameter_points",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A distribution and its data.

    Args:
        distribution: the distribution.
        data: its data, an object of the file or a number; ``None`` for an auxiliary distribution.
    """

    distribution: Place
    data: Place | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What counts of a file.

    Args:
        name: name of the analysis (of the likelihood, where there are no analyses).
        others: names of the others.
        pairs: distributions with data, auxiliary ones behind.
        distributions: every distribution of the file.
        functions: every function of the file.
        points: values and bounds.
        poi: the place of the parameter of interest, ``None`` where there is none.
        further: names of further parameters of interest.
        notes: what was chosen, in sentences.
    """

    name: str
    others: list[str]
    pairs: list[Pair]
    distributions: Mapping[str, Place]
    functions: Mapping[str, Place]
    points: Points
    poi: Place | None
    further: list[str]
    notes: list[str]


def choose(document: Place, analysis: str | None) -> Choice:
    """Find out what counts.

    Without a wish the first analysis counts; where its data stand in for data (``asimov`` in their names)
    and another analysis has the same distributions and other data, that one.

    Args:
        document: the whole file.
        analysis: name of the analysis, ``None`` for the file's own choice.

    Returns:
        The choice.

    Raises:
        InputError: for whatever is missing or not understood.
        OptionError: for an analysis that does not exist; the nearest names are offered.
    """
    document.only(_TOP)
    lists = {key: _named(document, key) for key in _TOP if key not in ("metadata", "misc")}
    for name, place in lists["functions"].items():
        if name in lists["distributions"]:
            raise place.fail(f"{name!r} is a distribution, too", "each name once")
    likelihoods, analyses = lists["likelihoods"], lists["analyses"]
    if not likelihoods:
        raise document.fail(
            "no likelihoods", "an HS3 file with a likelihood of histfactory_dist distributions"
        )
    known = analyses or likelihoods
    if analysis is not None and analysis not in known:
        raise unknown_name(OptionError, f"{document.where}: analysis", analysis, known)
    notes: list[str] = []
    name = analysis or next(iter(known))
    if analysis is None:
        for better in known:
            if _asimov(_likelihood(known[name], likelihoods)) and _instead(
                known[better], known[name], likelihoods
            ):
                notes.append(f"analysis {better!r} read; {name!r}, which stands first, has Asimov data")
                name = better
                break
    chosen = known[name]
    likelihood = _likelihood(chosen, likelihoods)
    interest: list[Place] = []
    points, domains = list(lists["parameter_points"].items()), list(lists["domains"].items())
    if analyses:
        chosen.only(_ANALYSIS)
        for key in ("prior", "aux_likelihood_terms"):
            if chosen.get(key) is not None:
                raise chosen.need(key).fail(f"a {key} is not understood here", "analyses without one")
        listed = chosen.get("parameters_of_interest")
        interest = [] if listed is None else listed.items()
        init = chosen.get("init")
        asked = chosen.get("domains")
        first = [] if init is None else [_one(init, lists["parameter_points"])]
        points = _sorted(points, [*first, "default_values"])
        wanted = [] if asked is None else [_one(item, lists["domains"]) for item in asked.items()]
        domains = _sorted(domains, [*wanted, "default_domain"], only=True)
    else:
        points, domains = _sorted(points, ["default_values"]), _sorted(domains, ["default_domain"])
    return Choice(
        name,
        [one for one in known if one != name],
        _pairs(likelihood, lists["distributions"], lists["data"]),
        lists["distributions"],
        lists["functions"],
        Points.read([place for _, place in points], [place for _, place in domains]),
        interest[0] if interest else None,
        [place.text() for place in interest[1:]],
        notes,
    )


def _named(document: Place, key: str) -> dict[str, Place]:
    listed = document.get(key)
    return {} if listed is None else listed.named()


def _one(place: Place, known: Mapping[str, Place]) -> str:
    """A name that has to be there."""
    if place.text() not in known:
        raise place.unknown(place.text(), list(known))
    return place.text()


def _sorted(pairs: list[tuple[str, Place]], first: list[str], only: bool = False) -> list[tuple[str, Place]]:
    """Some in front; ``only`` leaves the others out."""
    found = dict(pairs)
    front = [(name, found[name]) for name in dict.fromkeys(first) if name in found]
    return front if only else [*front, *(pair for pair in pairs if pair[0] not in first)]


def _likelihood(place: Place, likelihoods: Mapping[str, Place]) -> Place:
    """The likelihood of an analysis, or the likelihood itself."""
    named = place.get("likelihood")
    found = place if named is None else likelihoods[_one(named, likelihoods)]
    if named is None and place.get("distributions") is None:
        raise place.fail("no 'likelihood'", "the name of a likelihood")
    found.only(_LIKELIHOOD)
    return found


def _asimov(likelihood: Place) -> bool:
    """Whether data of a likelihood stand in for data, as far as their names tell."""
    return any(
        isinstance(item.value, str) and "asimov" in item.value.lower()
        for item in likelihood.need("data").items()
    )


def _instead(other: Place, place: Place, likelihoods: Mapping[str, Place]) -> bool:
    """Whether another analysis is the same one with observed data."""
    one, another = _likelihood(place, likelihoods), _likelihood(other, likelihoods)
    same = one.need("distributions").value == another.need("distributions").value
    interest = place.mapping().get("parameters_of_interest") == other.mapping().get("parameters_of_interest")
    return same and interest and not _asimov(another)


def _pairs(likelihood: Place, distributions: Mapping[str, Place], data: Mapping[str, Place]) -> list[Pair]:
    """Distributions of a likelihood with their data, each once."""
    names = likelihood.need("distributions").items()
    listed = likelihood.need("data").items()
    if len(names) != len(listed):
        raise likelihood.fail(f"{len(names)} distributions and {len(listed)} data", "as many")
    pairs = []
    for name, item in zip(names, listed, strict=True):
        found = data[_one(item, data)] if isinstance(item.value, str) else item
        pairs.append(Pair(distributions[_one(name, distributions)], found))
    extra = likelihood.get("aux_distributions")
    for name in [] if extra is None else extra.items():
        pairs.append(Pair(distributions[_one(name, distributions)], None))
    seen: set[str] = set()
    for pair in pairs:
        if pair.distribution.path in seen:
            raise pair.distribution.fail(f"listed twice by {likelihood.path}", "each distribution once")
        seen.add(pair.distribution.path)
    return pairs
