"""The conformance suite as pytest classes: subclass one in the tests of your plugin.

One method a rule; each fails with what is wrong and what the plugin must do. The rules themselves are plain
functions elsewhere (:mod:`nurecoil.testing.check` runs them without pytest). Only this module imports pytest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from nurecoil.testing.cases import Case, ExperimentCase, SearchCase
from nurecoil.testing.experiment_rules import EXPERIMENT_RULES
from nurecoil.testing.rules import Rule, judge
from nurecoil.testing.search_rules import SEARCH_RULES

__all__ = ["ExperimentConformance", "SearchConformance"]


def _hold(rules: tuple[Rule, ...], name: str, case: Case) -> None:
    (rule,) = (one for one in rules if one.name == name)
    finding = judge(rule, case)
    assert finding.passed, f"{case.name}: {finding.message}"


class ExperimentConformance:
    """Every rule of an experiment.

    Attributes:
        experiment: the name it is registered under.
        options: by owner (the experiment, a shared source), option to value.
        zfit: whether to go through zfit too, where it is installed; importing it takes seconds.

    Example:
        >>> class TestGallium(ExperimentConformance):
        ...     experiment = "gallium"
        >>> TestGallium.options
        {}
    """

    experiment: ClassVar[str]
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    zfit: ClassVar[bool] = False

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> ExperimentCase:
        """The experiment, with models that are built once for all rules."""
        return ExperimentCase(cls.experiment, cls.options, zfit=cls.zfit)

    def test_it_loads(self, case: ExperimentCase) -> None:
        """It is registered under its own name."""
        _hold(EXPERIMENT_RULES, "loads", case)

    def test_it_imports_light(self, case: ExperimentCase) -> None:
        """Its module imports nothing heavy."""
        _hold(EXPERIMENT_RULES, "imports light", case)

    def test_it_is_described(self, case: ExperimentCase) -> None:
        """It has a title, a docstring and citations."""
        _hold(EXPERIMENT_RULES, "is described", case)

    def test_its_options(self, case: ExperimentCase) -> None:
        """Its options are frozen, described, and have defaults."""
        _hold(EXPERIMENT_RULES, "options", case)

    def test_it_builds_alone(self, case: ExperimentCase) -> None:
        """It builds with the Standard Model alone."""
        _hold(EXPERIMENT_RULES, "builds alone", case)

    def test_its_channels(self, case: ExperimentCase) -> None:
        """Its channels have names, units, edges and sound numbers."""
        _hold(EXPERIMENT_RULES, "channels", case)

    def test_its_templates(self, case: ExperimentCase) -> None:
        """Its templates have the right shape, are finite and not negative."""
        _hold(EXPERIMENT_RULES, "templates", case)

    def test_its_derivatives(self, case: ExperimentCase) -> None:
        """The derivatives of its templates are those of their contents."""
        _hold(EXPERIMENT_RULES, "derivatives", case)

    def test_its_parameters(self, case: ExperimentCase) -> None:
        """Its parameters have units, descriptions and its own scope."""
        _hold(EXPERIMENT_RULES, "parameters", case)

    def test_its_provenance(self, case: ExperimentCase) -> None:
        """Every input says what it is and where it comes from."""
        _hold(EXPERIMENT_RULES, "provenance", case)

    def test_it_is_deterministic(self, case: ExperimentCase) -> None:
        """Two builds are the same, bit by bit."""
        _hold(EXPERIMENT_RULES, "is deterministic", case)

    def test_it_is_silent(self, case: ExperimentCase) -> None:
        """It prints nothing."""
        _hold(EXPERIMENT_RULES, "is silent", case)

    def test_what_results_are_printed_beside(self, case: ExperimentCase) -> None:
        """Published values are cited, and alternatives exist."""
        _hold(EXPERIMENT_RULES, "beside results", case)

    def test_its_results(self, case: ExperimentCase) -> None:
        """A result says whom to cite."""
        _hold(EXPERIMENT_RULES, "results", case)

    def test_searches(self, case: ExperimentCase) -> None:
        """It builds with every installed search that acts on it."""
        _hold(EXPERIMENT_RULES, "searches", case)

    def test_histograms(self, case: ExperimentCase) -> None:
        """Its spectra go through ROOT and UHI files unchanged."""
        _hold(EXPERIMENT_RULES, "histograms", case)

    def test_pyhf(self, case: ExperimentCase) -> None:
        """Its likelihood is the same in pyhf."""
        _hold(EXPERIMENT_RULES, "pyhf", case)

    def test_zfit(self, case: ExperimentCase) -> None:
        """Its likelihood is the same in zfit, where that is asked for."""
        _hold(EXPERIMENT_RULES, "zfit", case)


class SearchConformance:
    """Every rule of a search.

    Attributes:
        search: the name it is registered under.
        experiment: the experiment it is put on; ``None`` takes the first installed one that it acts on.
        options: by owner (the search, the experiment, a shared source), option to value.
        zfit: whether to go through zfit too, where it is installed; importing it takes seconds.

    Example:
        >>> class TestMoment(SearchConformance):
        ...     search, experiment = "magnetic-moment", "borexino"
        >>> TestMoment.zfit
        False
    """

    search: ClassVar[str]
    experiment: ClassVar[str | None] = None
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    zfit: ClassVar[bool] = False

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> SearchCase:
        """The search, with models that are built once for all rules."""
        return SearchCase(cls.search, cls.experiment, cls.options, zfit=cls.zfit)

    def test_it_loads(self, case: SearchCase) -> None:
        """It is registered under its own name."""
        _hold(SEARCH_RULES, "loads", case)

    def test_it_imports_light(self, case: SearchCase) -> None:
        """Its module imports nothing heavy."""
        _hold(SEARCH_RULES, "imports light", case)

    def test_it_is_described(self, case: SearchCase) -> None:
        """It has a title, a docstring and citations."""
        _hold(SEARCH_RULES, "is described", case)

    def test_its_options(self, case: SearchCase) -> None:
        """Its options are frozen, described, and have defaults."""
        _hold(SEARCH_RULES, "options", case)

    def test_its_parameters(self, case: SearchCase) -> None:
        """Its couplings have plain names, units and descriptions."""
        _hold(SEARCH_RULES, "parameters", case)

    def test_it_acts_on_recoils(self, case: SearchCase) -> None:
        """The data of its experiment depend on its parameter of interest."""
        _hold(SEARCH_RULES, "acts on recoils", case)

    def test_its_terms(self, case: SearchCase) -> None:
        """Its cross sections are numbers, in whole powers of its own parameters."""
        _hold(SEARCH_RULES, "terms", case)

    def test_its_sources(self, case: SearchCase) -> None:
        """It accepts the sources it acts on, and changes none."""
        _hold(SEARCH_RULES, "sources", case)

    def test_it_is_deterministic(self, case: SearchCase) -> None:
        """Two builds are the same, bit by bit."""
        _hold(SEARCH_RULES, "is deterministic", case)

    def test_it_is_silent(self, case: SearchCase) -> None:
        """It prints nothing."""
        _hold(SEARCH_RULES, "is silent", case)

    def test_its_results(self, case: SearchCase) -> None:
        """A limit says whom to cite."""
        _hold(SEARCH_RULES, "results", case)

    def test_pyhf(self, case: SearchCase) -> None:
        """Its likelihood is the same in pyhf."""
        _hold(SEARCH_RULES, "pyhf", case)

    def test_zfit(self, case: SearchCase) -> None:
        """Its likelihood is the same in zfit, where that is asked for."""
        _hold(SEARCH_RULES, "zfit", case)
