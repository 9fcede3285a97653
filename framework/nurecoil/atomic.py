"""Files that appear whole or not at all: written beside their place, then moved into it.

Everything that nurecoil writes (results, plots, workspaces, histograms) goes through here. What the bytes
mean is the caller's business.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nurecoil.errors import OptionError

__all__ = ["check_file", "check_folder", "make_folder", "replacing", "write_bytes", "write_text"]

_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS})


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, where: str = "output") -> Iterator[Path]:
    """Lend a temporary path; what is there at the end becomes ``path``, at once and whole.

    The temporary file lies in the same folder and has the same suffix (plotting libraries choose their
    format by it). It is flushed to disk and moved over ``path``; if the block raises, whatever it is, the
    temporary file is removed and an older ``path`` stays as it was. A symbolic link is followed.

    Args:
        path: the file to make or to replace.
        where: the place to name in an error, for example ``"--json"``.

    Yields:
        The path to write to: an empty file that exists already.

    Raises:
        OptionError: the folder is missing or cannot be written to, ``path`` is a folder or a device, or
            the disk refuses the data.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(Path(folder) / "plot.txt") as temporary:
        ...         _ = temporary.write_text("drawn")
        ...     (Path(folder) / "plot.txt").read_text()
        'drawn'
    """
    target = _target(path, where)
    _refuse_impossible(target, where)
    try:
        handle, name = tempfile.mkstemp(prefix=".nurecoil-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise _unwritable(target, where, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        try:
            yield temporary
        except OSError as error:
            if error.errno in _DISK_ERRORS:
                raise _unwritable(target, where, error) from error
            raise
        try:
            _flush(temporary)
            temporary.chmod(_mode(target))
            os.replace(temporary, target)
            _flush(target.parent)
        except OSError as error:
            raise _unwritable(target, where, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_file(path: str | os.PathLike[str], *, where: str = "output") -> None:
    """Refuse a file that could not be written, before the work that fills it. Nothing is made.

    Args:
        path: the file to make or to replace.
        where: the place to name in an error.

    Raises:
        OptionError: as :func:`replacing`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     check_file(Path(folder) / "a.json")
        ...     list(Path(folder).iterdir())
        []
    """
    target = _target(path, where)
    _refuse_impossible(target, where)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise _unwritable(target, where, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def check_folder(path: str | os.PathLike[str], *, where: str = "output") -> None:
    """Refuse a folder that could not be made or written to, before the work that fills it. Nothing is made.

    Args:
        path: the folder.
        where: the place to name in an error.

    Raises:
        OptionError: something else is in its place or above it, or it may not be written to.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     check_folder(Path(folder) / "out" / "plots")
        ...     list(Path(folder).iterdir())
        []
    """
    folder = Path(path)
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(one))
    if not there.is_dir():
        raise OptionError(where, f"{there} is no folder", "a folder", "Choose another.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OptionError(where, f"{there} may not be written to", None, "Choose another folder.")


def make_folder(path: str | os.PathLike[str], *, where: str = "output") -> Path:
    """Make a folder for output, with those above it, unless it is there.

    Args:
        path: the folder.
        where: the place to name in an error.

    Returns:
        The folder.

    Raises:
        OptionError: something else is in its place, or it cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     make_folder(Path(folder) / "out" / "plots").name
        'plots'
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OptionError(
            where, f"the folder {folder} cannot be made ({reason})", None, "Choose another folder."
        ) from error
    return folder


def write_bytes(path: str | os.PathLike[str], data: bytes, *, where: str = "output") -> None:
    """Write bytes to a file, whole or not at all.

    Args:
        path: the file to make or to replace.
        data: its new content.
        where: the place to name in an error.

    Raises:
        OptionError: as :func:`replacing`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_bytes(Path(folder) / "a.bin", b"123")
        ...     (Path(folder) / "a.bin").read_bytes()
        b'123'
    """
    with replacing(path, where=where) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str, *, where: str = "output") -> None:
    """Write text to a file as UTF-8, line ends as given, whole or not at all.

    Args:
        path: the file to make or to replace.
        text: its new content.
        where: the place to name in an error.

    Raises:
        OptionError: as :func:`replacing`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_text(Path(folder) / "a.json", "{}")
        ...     (Path(folder) / "a.json").read_text()
        '{}'
    """
    write_bytes(path, text.encode("utf-8"), where=where)


def _target(path: str | os.PathLike[str], where: str) -> Path:
    """The file that a path leads to, links followed and ``~`` replaced."""
    given = os.path.expanduser(os.fsdecode(path))
    if given == "-":
        raise OptionError(where, "'-', which is no file", "a file name")
    if "\0" in given:
        raise OptionError(where, f"{given!r} holds a null character", "a file name")
    return Path(os.path.realpath(given))


def _refuse_impossible(target: Path, where: str) -> None:
    """Refuse a missing folder, a folder in the file's place, and devices (moving over them would harm)."""
    if os.path.isdir(target):
        raise OptionError(where, f"{target} is a folder", "a file name", "Add a file name to it.")
    if os.path.exists(target) and not os.path.isfile(target):
        raise OptionError(where, f"{target} is no ordinary file", "a file", "Use - for standard output.")
    folder = target.parent
    if not os.path.isdir(folder):
        got = f"{folder} is no folder" if os.path.exists(folder) else f"the folder {folder} does not exist"
        raise OptionError(where, got, None, f"Make it first (mkdir -p {folder}) or choose another.")


def _unwritable(target: Path, where: str, error: OSError) -> OptionError:
    reason = error.strerror or str(error)
    remedy = "Choose a folder that you may write to and that has room."
    return OptionError(where, f"{target} cannot be written ({reason})", None, remedy)


def _mode(target: Path) -> int:
    """The permissions the file has, or would get if it were made the ordinary way."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask


def _flush(path: Path) -> None:
    """Force a file or a folder to disk; systems that cannot do so for folders are left alone."""
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (is_folder and error.errno in (errno.EINVAL, errno.ENOTSUP)):
            raise
    finally:
        os.close(handle)
