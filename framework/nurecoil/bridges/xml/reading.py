"""HistFactory's XML and ROOT inputs as a pyhf workspace, through pyhf's own reader.

A collaboration's top-level XML (a ``Combination``) names channel XMLs, these name histograms in ROOT files
(Cranmer et al., CERN-OPEN-2012-016, section 3). ROOT is not needed, nothing is fetched and nothing written.
Safe reading of XML is in :mod:`nurecoil.bridges.xml._documents`, what channels and measurements say in
:mod:`nurecoil.bridges.xml._channels` and :mod:`nurecoil.bridges.xml._measurements`; histograms come through
:mod:`nurecoil.histograms`.
"""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges.xml._channels import ChannelRules, Defaults, Place, respell, settle
from nurecoil.bridges.xml._documents import Node, read_document
from nurecoil.bridges.xml._measurements import measurements, refuse_functions
from nurecoil.errors import InputError, OptionError, unknown_name
from nurecoil.histograms import Expectation, Histogram, list_histograms, read_histograms
from nurecoil.model.parameters import GaussianConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["DEFAULTS", "INTERPOLATION", "XmlInputs", "model_from_xml", "read_xml", "workspace_from_xml"]

DEFAULTS: Mapping[str, Defaults] = MappingProxyType(
    {"root": Defaults("Poisson", 0.05, "Gaussian"), "pyhf": Defaults("Gaussian", 0.0, "Poisson")}
)
"""What holds where an XML file says nothing on constraints: as ROOT (6.22 and later) or as pyhf reads it."""
INTERPOLATION: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "normsys": MappingProxyType({"interpcode": "code4"}),
        "histosys": MappingProxyType({"interpcode": "code4p"}),
    }
)
"""``modifier_settings`` that are HistFactory's: XML has no word for another interpolation."""
_HIGHEST = 4
_MOST_INPUTS = 10_000
_LOCK = threading.Lock()
_KEYED = "histograms"


@dataclass(frozen=True, slots=True)
class XmlInputs:
    """What a HistFactory XML says.

    Args:
        workspace: a pyhf workspace, valid by pyhf's schema.
        poisson: names of ``staterror`` sets whose factors have Poisson constraints; pyhf's have normal ones.
        notes: what was left aside or changed, a sentence each.
        files: every file that was read, the top-level XML first.
        rootdir: the folder from which the files' paths count.

    Example:
        >>> XmlInputs({"channels": []}, (), (), (), Path()).poisson
        ()
    """

    workspace: dict[str, Any]
    poisson: tuple[str, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    rootdir: Path


def workspace_from_xml(
    path: str | Path, *, where: str = "workspace", rootdir: str | Path | None = None, defaults: str = "root"
) -> dict[str, Any]:
    """The inputs as a pyhf workspace, where pyhf has a form for all of it.

    Args:
        path: the top-level XML.
        where: the place to name in an error.
        rootdir: the folder from which paths in the XML count; without it the XML's folder and those above
            it are tried.
        defaults: what holds where the files say nothing on constraints, ``root`` or ``pyhf``.

    Returns:
        A workspace that pyhf's schema accepts. Its interpolation is :data:`INTERPOLATION`.

    Raises:
        InputError: as :func:`read_xml`, and where statistical factors have Poisson constraints.
        OptionError: unknown ``defaults``.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms import Histogram, write_histograms
        >>> channel = '''<Channel Name="SR" InputFile="h.root"><Data HistoName="data"/>
        ... <Sample Name="bkg" HistoName="bkg"><NormFactor Name="mu" Val="1" Low="0" High="5"/></Sample>
        ... </Channel>'''
        >>> top = '''<Combination OutputFilePrefix="x"><Input>sr.xml</Input>
        ... <Measurement Name="m" Lumi="1" LumiRelErr="0.1"><POI>mu</POI></Measurement></Combination>'''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     root = Path(folder)
        ...     both = [Histogram("data", [0, 1], [7]), Histogram("bkg", [0, 1], [5])]
        ...     write_histograms(root / "h.root", both)
        ...     _ = (root / "sr.xml").write_text(channel), (root / "top.xml").write_text(top)
        ...     workspace_from_xml(root / "top.xml")["observations"]
        [{'name': 'SR', 'data': [7.0]}]
    """
    found = read_xml(path, where=where, rootdir=rootdir, defaults=defaults)
    if found.poisson:
        raise InputError(
            f"{where}, {path}", f"Poisson constraints of {', '.join(found.poisson)}",
            "normal constraints, the only ones of pyhf's staterror",
            'Use model_from_xml, or StatErrorConfig ConstraintType="Gaussian".',
        )  # fmt: skip
    return found.workspace


def model_from_xml(
    path: str | Path,
    *,
    where: str = "workspace",
    measurement: str | None = None,
    rootdir: str | Path | None = None,
    defaults: str = "root",
    modifier_settings: Mapping[str, Mapping[str, str]] | None = None,
) -> SpectralModel:
    """The inputs as a model, Poisson constraints of statistical factors included.

    Args:
        path: the top-level XML.
        where: the place to name in an error.
        measurement: which one; the first without it.
        rootdir: as in :func:`workspace_from_xml`.
        defaults: as in :func:`workspace_from_xml`.
        modifier_settings: other interpolation codes than :data:`INTERPOLATION`, as pyhf takes them.

    Returns:
        The model. ``metadata["notes"]`` says what was left aside, ``metadata["origin"]`` where it comes from.

    Raises:
        InputError: as :func:`read_xml`.
        ModelError: where the workspace contradicts itself.
        OptionError: unknown ``defaults`` or ``measurement``.

    Example:
        >>> model_from_xml("gone.xml")
        Traceback (most recent call last):
        nurecoil.errors.InputError: workspace: gone.xml does not exist. Allowed: an XML file. Check the path.
    """
    found = read_xml(path, where=where, rootdir=rootdir, defaults=defaults)
    from nurecoil.bridges.histfactory.reading import model_from_pyhf
    from nurecoil.bridges.origins import located, with_origin

    settings = modifier_settings or {kind: dict(codes) for kind, codes in INTERPOLATION.items()}
    with located(where):
        model = model_from_pyhf(found.workspace, where, measurement=measurement, modifier_settings=settings)
    parameters = dict(model.parameters)
    for name, parameter in parameters.items():
        normal = parameter.constraint
        ours = name.rpartition("[")[0] in found.poisson and not parameter.fixed
        if ours and isinstance(normal, GaussianConstraint):
            effective = (normal.centre / normal.width) ** 2
            parameters[name] = replace(parameter, constraint=PoissonConstraint(effective, effective))
    names = [one["name"] for one in found.workspace["measurements"]]
    chosen = measurement or names[0]
    origin = {
        "measurement": chosen, "others": [name for name in names if name != chosen], "patches": [],
        "made_by": "HistFactory XML", "inputs": [_relative(file, found.rootdir) for file in found.files],
        "poisson": list(found.poisson),
    }  # fmt: skip
    model = with_origin(model, found.workspace, where, "histfactory-xml", **origin)
    notes = [*model.metadata["notes"], *found.notes]
    return replace(model, parameters=parameters, metadata={**model.metadata, "notes": notes})


def read_xml(
    path: str | Path, *, where: str = "workspace", rootdir: str | Path | None = None, defaults: str = "root"
) -> XmlInputs:
    """Read the top-level XML with all that it names.

    Args:
        path: the top-level XML.
        where: the place to name in an error.
        rootdir: as in :func:`workspace_from_xml`.
        defaults: as in :func:`workspace_from_xml`.

    Returns:
        Workspace, what pyhf has no form for, notes and files.

    Raises:
        InputError: a file or histogram is missing or damaged, XML is malformed, declares entities or holds
            what is not understood, or pyhf has no form for it; the message names file, line and element.
        OptionError: unknown ``defaults``.

    Example:
        >>> read_xml("gone.xml", where="--input")
        Traceback (most recent call last):
        nurecoil.errors.InputError: --input: gone.xml does not exist. Allowed: an XML file. Check the path.
    """
    if defaults not in DEFAULTS:
        raise unknown_name(OptionError, "defaults", defaults, DEFAULTS)
    top = Path(path).expanduser()
    combination = read_document(top, "Combination", where)
    refuse_functions(combination)
    inputs = [node for node in combination.all("Input") if node.text]
    if not 0 < len(inputs) <= _MOST_INPUTS:
        raise InputError(combination.where, f"{len(inputs)} Input elements", f"1 to {_MOST_INPUTS}")
    folders = [Path(rootdir).expanduser()] if rootdir is not None else _folders(top)
    folder, channels, places, trees = _located(inputs, folders, where, DEFAULTS[defaults])
    histograms = _read(places, folder, where)
    files = [folder / place.file for place in places]
    return _assemble(top, combination, channels, trees, histograms, files, (folder, where))


Tree = tuple[ET.Element, ChannelRules]


def _relative(file: Path, folder: Path) -> str:
    """A file's name as it counts from a folder, as it is where it lies elsewhere."""
    whole, start = file.absolute(), folder.absolute()
    return str(whole.relative_to(start) if whole.is_relative_to(start) else file)


def _folders(top: Path) -> list[Path]:
    """Where paths may count from: HistFactory is run in the folder above ``config/`` as a rule."""
    start = top.absolute().parent
    return [start, *start.parents][: _HIGHEST + 1]


def _located(
    inputs: Sequence[Node], folders: Sequence[Path], where: str, defaults: Defaults
) -> tuple[Path, list[Node], list[Place], list[Tree]]:
    """The first folder from which every file is found, with the channels and the histograms they name."""
    missing: list[str] = []
    for folder in folders:
        absent = [
            _shown(node.text, node.where) for node in inputs if not _there(folder, node.text, node.where)
        ]
        if absent:
            missing.append(f"{folder} lacks {_listed(absent)}")
            continue
        channels = [read_document(folder / node.text, "Channel", where) for node in inputs]
        places: list[Place] = []

        def lend(place: Place, places: list[Place] = places) -> str:
            places.append(place)
            return str(len(places) - 1)

        trees = [respell(channel, lend, defaults) for channel in channels]
        absent = [_shown(p.file, p.where) for p in places if not _there(folder, p.file, p.where)]
        if not absent:
            return folder, channels, places, trees
        missing.append(f"{folder} lacks {_listed(absent)}")
    raise InputError(
        where, "files that the XML names are not there: " + "; ".join(missing), "every file, from one folder",
        "Give the folder from which HistFactory was run (rootdir).",
    )  # fmt: skip


def _shown(text: str, where: str) -> str:
    return f"{text[:200]} ({where})"


def _listed(items: Iterable[str]) -> str:
    unique = list(dict.fromkeys(items))
    return ", ".join(unique[:3]) + (f" and {len(unique) - 3} more" if len(unique) > 3 else "")


def _there(folder: Path, name: str, where: str) -> bool:
    """Whether a file is there; addresses on the net are refused."""
    if "://" in name:
        raise InputError(
            where, f"{name[:200]!r} is an address on the net", "files", "Fetch it to a file first."
        )
    try:
        return (folder / name).is_file()
    except (OSError, ValueError) as error:
        raise InputError(where, f"{name[:200]!r} is no file name ({error})", "a file name") from error


@dataclass(frozen=True, slots=True)
class _Lent:
    """A histogram as far as pyhf's reader asks: contents and squared errors."""

    histogram: Histogram

    @property
    def weighted(self) -> bool:
        """Always: squared errors are told, those of plain counts too."""
        return True

    def to_numpy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Contents and edges."""
        return self.histogram.counts, self.histogram.edges

    def variances(self) -> NDArray[np.float64]:
        """Squared errors; those of plain counts are the contents."""
        variances = self.histogram.variances
        return np.abs(self.histogram.counts) if variances is None else variances


def _read(places: Sequence[Place], folder: Path, where: str) -> dict[str, _Lent]:
    """Every histogram by its key; a file is opened for its list, then for what is needed of it."""
    found: dict[str, _Lent] = {}
    for file in dict.fromkeys(place.file for place in places):
        wanted = {str(i): place for i, place in enumerate(places) if place.file == file}
        there = set(list_histograms(folder / file, where=next(iter(wanted.values())).where))
        names = {key: _full(place, there) for key, place in wanted.items()}
        asked = dict(zip(names.values(), wanted.values(), strict=True))
        for name, place in asked.items():
            if name not in there:  # says what there is
                read_histograms(folder / file, [name], where=place.where)
        read = read_histograms(
            folder / file, list(asked), where=where, expect=Expectation(allow_negative=True)
        )
        found.update({key: _Lent(read[name]) for key, name in names.items()})
    return found


def _full(place: Place, there: set[str]) -> str:
    """The name with its folder, or the bare one where only that is there (as pyhf looks it up)."""
    full = f"{place.folder}/{place.name}" if place.folder else place.name
    return place.name if full not in there and place.name in there else full


def _assemble(
    top: Path,
    combination: Node,
    channels: Sequence[Node],
    trees: Sequence[Tree],
    histograms: Mapping[str, _Lent],
    files: Sequence[Path],
    at: tuple[Path, str],
) -> XmlInputs:
    """Let pyhf's reader make the workspace, then say what it leaves out."""
    import pyhf.readxml

    from nurecoil.bridges.loading.documents import validate_pyhf

    folder, where = at
    notes: list[str] = []
    workspace: dict[str, Any] = {"channels": [], "observations": [], "measurements": [], "version": "1.0.0"}
    settings: list[dict[str, Any]] = []
    shared: dict[str, str] = {}
    poisson: list[str] = []
    twins = {channel.attributes["Name"]: channel for channel in channels}
    for channel in channels:
        if twins[channel.attributes["Name"]] is not channel:
            raise InputError(channel.where, "the name of two channels", "a name of its own")
    with _LOCK:
        pyhf.readxml.clear_filecache()
        pyhf.readxml.__FILECACHE__[_KEYED] = (histograms, set(histograms))
        try:
            for channel, (tree, rules) in zip(channels, trees, strict=True):
                name, data, samples, own = pyhf.readxml.process_channel(ET.ElementTree(tree), Path)
                for shape, place in rules.seen.items():
                    if shape in shared:
                        raise InputError(place, f"the name is taken in {shared[shape]}", "a name of its own")
                shared |= rules.seen
                notes += [*rules.notes, *settle(name, data, samples, rules, channel.where)]
                kinds = {
                    m["type"] for s in samples for m in s["modifiers"] if m["name"] == f"staterror_{name}"
                }
                if kinds and rules.statistical == "Poisson":
                    poisson.append(f"staterror_{name}")
                workspace["channels"].append({"name": name, "samples": samples})
                workspace["observations"].append({"name": name, "data": data})
                settings += own
        finally:
            pyhf.readxml.clear_filecache()
    try:
        settings = pyhf.readxml.dedupe_parameters(settings)
    except RuntimeError as error:
        raise InputError(
            f"{where}, {top}", str(error), "one Val, Low, High and Const for each NormFactor"
        ) from error
    workspace["measurements"] = measurements(combination, settings, workspace, notes)
    validate_pyhf(workspace, f"{where}, {top}")
    read = [top, *(folder / node.text for node in combination.all("Input") if node.text)]
    return XmlInputs(workspace, tuple(poisson), tuple(notes), tuple(dict.fromkeys([*read, *files])), folder)
