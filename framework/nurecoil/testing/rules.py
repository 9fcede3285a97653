"""What a rule of the conformance suite is, and how a plugin is held against one.

The rules themselves are in :mod:`nurecoil.testing.experiment_rules` and :mod:`nurecoil.testing.search_rules`;
what they look at is built in :mod:`nurecoil.testing.cases`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nurecoil.errors import NurecoilError

__all__ = ["Finding", "Kept", "NotMadeError", "Rule", "judge", "judge_all", "told"]

_MOST_COMPLAINTS = 4


class Kept(str):
    """A remark on a rule that is kept; a plain string is a complaint.

    Example:
        >>> Kept("pyhf: response frozen")
        'pyhf: response frozen'
    """

    __slots__ = ()


class NotMadeError(Exception):
    """A part of a plugin that rules look at could not be made.

    Args:
        rule: the rule that says so; the others are not judged.
        error: what the plugin raised.
    """

    def __init__(self, rule: str, error: BaseException) -> None:
        super().__init__(told(error))
        self.rule, self.error = rule, error


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the contract.

    Args:
        name: what it is about, in a few words.
        asks: what the plugin must do, as a sentence.
        check: takes a case and gives complaints (strings) and remarks (:class:`Kept`).

    Example:
        >>> Rule("named", "Give the plugin a name.", lambda case: [] if case else ["it has none"]).name
        'named'
    """

    name: str
    asks: str
    check: Callable[[Any], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out for one rule.

    Args:
        rule: its name.
        passed: whether the plugin keeps it.
        message: what is wrong and what the plugin must do; of a rule that is kept, a remark or nothing.

    Example:
        >>> Finding("named", True, "").to_json()
        {'rule': 'named', 'passed': True, 'message': ''}
    """

    rule: str
    passed: bool
    message: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def judge(rule: Rule, case: object) -> Finding:
    """Hold a case against a rule; nothing that the plugin raises comes through.

    Args:
        rule: the rule.
        case: what it looks at.

    Returns:
        The finding.

    Example:
        >>> named = Rule("named", "Give it a name.", lambda case: [] if case else ["it has none"])
        >>> judge(named, "").message
        'it has none. Give it a name.'
    """
    try:
        said = list(rule.check(case))
    except NotMadeError as error:
        if error.rule != rule.name:
            return Finding(rule.name, False, f"not judged, since the rule '{error.rule}' is broken")
        said = [str(error)]
    except Exception as error:  # a stranger's code may raise anything
        said = [told(error)]
    wrong = [one for one in said if not isinstance(one, Kept)]
    if not wrong:
        return Finding(rule.name, True, "; ".join(said))
    more = f"; and {len(wrong) - _MOST_COMPLAINTS} more" if len(wrong) > _MOST_COMPLAINTS else ""
    return Finding(
        rule.name, False, f"{'; '.join(wrong[:_MOST_COMPLAINTS])}{more}".rstrip(".") + f". {rule.asks}"
    )


def judge_all(rules: Sequence[Rule], case: object) -> list[Finding]:
    """Hold a case against several rules.

    Args:
        rules: the rules.
        case: what they look at.

    Returns:
        One finding each, in their order.

    Example:
        >>> judge_all([], None)
        []
    """
    return [judge(rule, case) for rule in rules]


def told(error: BaseException) -> str:
    """What an error says, in one line; one that is not ours with its class.

    Args:
        error: the error.

    Returns:
        The line.

    Example:
        >>> told(KeyError("horn"))
        "KeyError: 'horn'"
    """
    said = " ".join(str(error).split())
    return said if isinstance(error, NurecoilError) else f"{type(error).__name__}: {said}".rstrip(": ")
