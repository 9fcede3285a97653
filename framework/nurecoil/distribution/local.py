"""Chunks of work, one after the other in this process. Needs no library."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["run_here"]

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def run_here(
    task: Callable[[Chunk], Result], chunks: Iterable[Chunk], on_done: Callable[[Chunk, Result], None]
) -> None:
    """Work through chunks in their order.

    Args:
        task: what is done with a chunk.
        chunks: the chunks; each is asked for when the one before it is done.
        on_done: takes every chunk and its result.

    Example:
        >>> run_here(lambda chunk: chunk**2, [2, 3], lambda chunk, result: print(chunk, result))
        2 4
        3 9
    """
    for chunk in chunks:
        on_done(chunk, task(chunk))
