"""The pytest classes have a method for every rule, and a broken rule fails with its message."""

from __future__ import annotations

import inspect
import re

import pytest

from nurecoil.testing import conformance
from nurecoil.testing.cases import ExperimentCase
from nurecoil.testing.conformance import ExperimentConformance, SearchConformance
from nurecoil.testing.experiment_rules import EXPERIMENT_RULES
from nurecoil.testing.rules import Rule
from nurecoil.testing.search_rules import SEARCH_RULES

from ..conftest import Site


@pytest.mark.parametrize(
    ("suite", "rules"), [(ExperimentConformance, EXPERIMENT_RULES), (SearchConformance, SEARCH_RULES)]
)
def test_one_method_a_rule(suite: type, rules: tuple[Rule, ...]) -> None:
    held = re.findall(r'_hold\(\w+, "([^"]+)", case\)', inspect.getsource(suite))
    assert held == [rule.name for rule in rules]
    methods = [name for name in vars(suite) if name.startswith("test_")]
    assert len(methods) == len(rules)


def test_a_broken_rule_fails_with_what_to_do(site: Site) -> None:
    site.add_experiment("hollow", "nurecoil-hollow")
    case = ExperimentCase("hollow")
    suite = ExperimentConformance()
    suite.test_it_loads(case)
    with pytest.raises(
        AssertionError, match=r"hollow: experiment 'hollow': channels \[\].*Build a model with"
    ):
        suite.test_it_builds_alone(case)
    assert conformance.__all__ == ["ExperimentConformance", "SearchConformance"]
