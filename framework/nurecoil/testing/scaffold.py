"""A new plugin's distribution, written from templates: what ``nurecoil plugin new`` does.

The templates lie in ``template/``, one folder a kind; ``package`` in a path stands for the package's name.
The folder appears whole or not at all. Whether the plugin keeps the contract is asked elsewhere
(:mod:`nurecoil.testing.check`).
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import keyword
import os
import re
import runpy
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from string import Template
from typing import Literal

from nurecoil import _claims
from nurecoil._version import __version__
from nurecoil.errors import OptionError

__all__ = ["KINDS", "words_of", "write_plugin"]

KINDS = ("experiment", "search")
"""What a plugin can be."""

_NAME = re.compile(r"[a-z](?:[a-z0-9_-]*[a-z0-9])?")
_LONGEST = 30
_SUFFIX = ".template"


def write_plugin(
    name: str, folder: str | os.PathLike[str] = ".", kind: Literal["experiment", "search"] = "experiment"
) -> Path:
    """Write a distribution with one plugin that works: package, data, tests, citation file.

    Args:
        name: the plugin's name.
        folder: an existing folder, in which ``nurecoil-NAME`` is made.
        kind: ``experiment`` or ``search``.

    Returns:
        The new folder.

    Raises:
        OptionError: the name cannot be used or is taken, the folder is missing or cannot be written to, or
            ``nurecoil-NAME`` is there already.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = write_plugin("made-up", folder)
        ...     made.name, sorted(entry.name for entry in made.iterdir())[:3]
        ('nurecoil-made-up', ['.gitignore', 'CITATION.cff', 'README.md'])
    """
    if kind not in KINDS:
        raise OptionError("--kind", repr(kind), ", ".join(KINDS))
    words = words_of(name, kind)
    _refuse_taken(name, words)
    parent = Path(folder).expanduser()
    target = parent / words["distribution"]
    _refuse_place(parent, target)
    try:
        beside = Path(tempfile.mkdtemp(prefix=".nurecoil-", dir=parent))
    except OSError as error:
        raise _unwritable(parent, error) from error
    try:
        made = beside / words["distribution"]
        _fill(made, kind, words)
        _refuse_place(parent, target)
        os.rename(made, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def words_of(name: str, kind: str) -> dict[str, str]:
    """What the placeholders of the templates stand for.

    Args:
        name: the plugin's name.
        kind: ``experiment`` or ``search``.

    Returns:
        Placeholder to text.

    Raises:
        OptionError: the name cannot be one of a plugin.

    Example:
        >>> words_of("dark-photon", "search")["class_name"], words_of("dark-photon", "search")["coupling"]
        ('DarkPhotonSearch', 'g_dark_photon')
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise OptionError(
            "plugin name",
            repr(name),
            f"lower-case letters, digits, hyphens and underscores, beginning with a letter, ending with a "
            f"letter or digit, at most {_LONGEST}",
            "Such as xenon or super-k.",
        )
    if name in _claims.SHARED_SCOPES:
        raise OptionError(
            "plugin name",
            f"{name!r} is kept for the parameters '{name}.*' that all experiments share",
            None,
            "Choose another name.",
        )
    plain = re.sub(r"[-_]+", "_", name)
    major, minor = __version__.split(".")[:2]
    return {
        "name": name,
        "kind": kind,
        "distribution": f"nurecoil-{name}",
        "package": f"nurecoil_{plain}",
        "class_name": "".join(part.capitalize() for part in plain.split("_")) + kind.capitalize(),
        "coupling": f"g_{plain}",
        "group": _claims.GROUPS["search" if kind == "search" else "experiment"],
        "versions": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def _refuse_taken(name: str, words: Mapping[str, str]) -> None:
    """Refuse names that something installed has."""
    remedy = "Choose another name, or uninstall it first."
    for claim in _claims.claims():
        if claim.name == name:
            raise OptionError(
                "plugin name",
                f"{name!r} is installed: the {claim.kind} of {claim.distribution} {claim.version}".rstrip(),
                "a name that is free",
                remedy,
            )
    with contextlib.suppress(metadata.PackageNotFoundError):
        version = metadata.version(words["distribution"])
        got = f"the distribution {words['distribution']} {version} is installed"
        raise OptionError("plugin name", got, "a name that is free", remedy)
    if keyword.iskeyword(words["package"]) or importlib.util.find_spec(words["package"]) is not None:
        got = f"a package {words['package']} can be imported already"
        raise OptionError("plugin name", got, "a name that is free", remedy)


def _refuse_place(parent: Path, target: Path) -> None:
    if not parent.is_dir():
        got = f"{parent} is no folder" if os.path.lexists(parent) else f"the folder {parent} does not exist"
        raise OptionError("--folder", got, None, f"Make it first (mkdir -p {parent}) or choose another.")
    if os.path.lexists(target):
        raise OptionError(
            "--folder", f"{target} is there already", None, "Move it away, or choose another name."
        )


def _unwritable(place: Path, error: OSError) -> OptionError:
    reason = error.strerror or str(error)
    return OptionError("--folder", f"{place} cannot be written ({reason})", None, "Choose another folder.")


def _fill(made: Path, kind: str, words: Mapping[str, str]) -> None:
    """Write every file, then let the plugin's own script make its data."""
    made.mkdir()
    root = resources.files("nurecoil.testing") / "template"
    for part in ("common", kind):
        with resources.as_file(root / part) as templates:
            for source in sorted(templates.rglob(f"*{_SUFFIX}")):
                place = source.relative_to(templates)
                parts = [words["package"] if one == "package" else one for one in place.parts]
                parts[-1] = parts[-1].removesuffix(_SUFFIX)
                if parts[-1] == "gitignore":
                    parts[-1] = ".gitignore"
                file = made.joinpath(*parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(Template(source.read_text("utf-8")).substitute(words), "utf-8")
    script = made / "scripts" / "make_data.py"
    if script.is_file():
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(script), run_name="__main__")
