"""What the kernel is made from, as one number."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["digest"]


def digest() -> int:
    """A number that changes with any file of the kernel.

    Returns:
        The first 62 bits of a SHA-256 over the sources.

    Example:
        >>> digest() == digest() >= 0
        True
    """
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return int.from_bytes(found.digest()[:8], "big") >> 2
