"""Every rule of a search is kept by a sound one, and broken by one that is spoiled in that place alone."""

from __future__ import annotations

import pytest

from nurecoil.testing.search_rules import SEARCH_RULES

from .conftest import Spoil

SPOILED = {
    "imports light": (
        ("from nurecoil.search", "import scipy.stats\nfrom nurecoil.search"),
        "imports numpy, scipy",
    ),
    "is described": (('    """Sound."""\n', ""), "its class has no docstring"),
    "parameters": (('"kappa", "1", 0.0', '"kappa", "", 0.0'), "kappa has no unit"),
    "terms": (("1e-45 / T", "1e-45 / T * (1 - 2 * (T < 0.01))"), "is negative and not declared signed"),
    "is silent": (
        ("def terms(self, source):", "def terms(self, source):\n        print('hm')"),
        "it prints 'hm",
    ),
    "is deterministic": (
        ("1e-45 / T", "__import__('random').random() * 1e-45 / T"),
        "differ in the template",
    ),
    "acts on recoils": (
        (
            "    def terms",
            "    def check_sources(self, sources):\n        sources[0].nothing\n\n    def terms",
        ),
        "'nothing'",
    ),
    "sources": (
        ("    def terms", "    of_one_source = 'yes'\n\n    def terms"),
        "of_one_source is 'yes'",
    ),
}


def test_a_sound_one_keeps_every_rule(spoil: Spoil) -> None:
    findings = spoil("whole")
    assert {name: f.message for name, f in findings.items() if not f.passed} == {}
    assert list(findings) == [rule.name for rule in SEARCH_RULES]
    assert findings["acts on recoils"].message.startswith("on sound; kappa resolved to ")
    assert findings["terms"].message == "felt by pep"


@pytest.mark.parametrize("rule", SPOILED)
def test_a_spoiled_one_breaks_that_rule(spoil: Spoil, rule: str) -> None:
    change, said = SPOILED[rule]
    findings = spoil("whole", change)
    broken = {name for name, f in findings.items() if not f.passed and not f.message.startswith("not judged")}
    assert broken == {rule}
    assert said in findings[rule].message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"kappa", "1"', '"new.kappa", "1"'), "new.kappa has a dot"),
        (('poi = "kappa"', 'poi = "g"'), "parameter of interest 'g' is not among kappa"),
        (("lower=0.0,", "lower=0.0, fixed=True,"), "kappa is fixed"),
    ],
    ids=["a dot", "another parameter of interest", "fixed"],
)
def test_parameters(spoil: Spoil, change: tuple[str, str], said: str) -> None:
    finding = spoil("whole", change)["parameters"]
    assert not finding.passed and said in finding.message


def test_one_that_acts_on_nothing_is_told_of_every_experiment(spoil: Spoil) -> None:
    finding = spoil("whole", ("return [Term(", "return [] and [Term("))["acts on recoils"]
    assert not finding.passed
    assert "sound: parameter of interest 'kappa': no sample depends on it" in finding.message
