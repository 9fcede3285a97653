"""Every rule on one installed plugin: what ``nurecoil plugin check`` prints.

The same rules as pytest classes are in :mod:`nurecoil.testing.conformance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nurecoil import plugins
from nurecoil.testing.cases import ExperimentCase, SearchCase
from nurecoil.testing.rules import Finding, judge_all

__all__ = ["check_plugin"]


def check_plugin(
    name: str,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    experiment: str | None = None,
    zfit: bool = False,
) -> list[Finding]:
    """Hold an installed plugin against every rule of its kind.

    Args:
        name: an experiment or a search.
        options: by owner (the plugin, the experiment a search is put on, a shared source), option to value.
        experiment: the experiment that a search is put on; without it the first installed one that works.
        zfit: whether to go through zfit too, where it is installed.

    Returns:
        One finding a rule.

    Raises:
        PluginError: there is no plugin of this name.

    Example:
        >>> all(finding.passed for finding in check_plugin("gallium"))
        True
    """
    from nurecoil.testing.experiment_rules import EXPERIMENT_RULES
    from nurecoil.testing.search_rules import SEARCH_RULES

    if plugins.find(name).kind == "experiment":
        return judge_all(EXPERIMENT_RULES, ExperimentCase(name, options, zfit=zfit))
    return judge_all(SEARCH_RULES, SearchCase(name, experiment, options, zfit=zfit))
