"""Entries of a correlation map as text: needed by the file, and by messages that offer one to copy."""

from __future__ import annotations

import json

from nurecoil.combining.correlations import Relation

__all__ = ["entry_text", "quoted"]


def quoted(text: str) -> str:
    r"""A text as a basic string of TOML, on one line.

    Args:
        text: anything.

    Example:
        >>> print(quoted('5" "\\ \x7f'))
        "5\" \"\\ \u007F"
    """
    made = json.dumps(text, ensure_ascii=False)
    return "".join(rf"\u{ord(sign):04X}" if 0x7F <= ord(sign) < 0xA0 else sign for sign in made)


def entry_text(relation: Relation) -> str:
    """An entry of a correlation map.

    Args:
        relation: what it says.

    Example:
        >>> print(entry_text(Relation("lumi", "correlated", ("a:lumi", "b:lumi"), correlation=0.5)))
        ["lumi"]
        members = ["a:lumi", "b:lumi"]
        correlated = 0.5
    """
    lines = [f"[{quoted(relation.name)}]"]
    lines.append(f"members = [{', '.join(quoted(member) for member in relation.members)}]")
    if isinstance(relation.correlation, tuple):
        rows = ", ".join(f"[{', '.join(repr(float(x)) for x in row)}]" for row in relation.correlation)
        lines.append(f"correlated = [{rows}]")
    elif relation.kind == "correlated":
        lines.append(f"correlated = {float(relation.correlation or 0.0)!r}")
    else:
        lines.append(f"{relation.kind} = true")
    if relation.keep is not None:
        lines.append(f"keep = {quoted(relation.keep)}")
    return "\n".join(lines)
