"""A lock on an open file that ends with the process that holds it, however that ends.

On Linux it is a lock of the open file on a byte far beyond its end, so that HDF5's own locks (``flock``) and
readers of the file never meet it; elsewhere it is ``flock``. Where a file system has no locks there is none.
"""

from __future__ import annotations

import errno
import fcntl
import struct
import sys

__all__ = ["locked"]

_BYTE = 2**62
_TAKEN = frozenset({errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK})


def locked(handle: int) -> bool:
    """Lock an open file for this open file description alone.

    Args:
        handle: a file descriptor open for writing; closing it ends the lock.

    Returns:
        ``False`` where somebody else holds the lock.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as one, open(one.name, "r+b") as other:
        ...     locked(one.fileno()), locked(other.fileno())
        (True, False)
    """
    try:
        if sys.platform == "linux":
            # struct flock: type, whence, start, length, process
            wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, _BYTE, 1, 0)
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _TAKEN
    return True
