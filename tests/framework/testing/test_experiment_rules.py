"""Every rule of an experiment is kept by a sound one, and broken by one that is spoiled in that place."""

from __future__ import annotations

import pytest

from nurecoil.testing.experiment_rules import EXPERIMENT_RULES

from .conftest import Spoil

SPOILED = {
    "imports light": (("from dataclasses import", "import numpy\nfrom dataclasses import"), "imports numpy"),
    "is described": (('("A. Author, J. Toy Phys. 1 (2026) 1",)', "()"), "its citations are ()"),
    "options": (('unit="t", help="fiducial mass"', 'unit="t", help=""'), "sound.mass has no help"),
    "channels": (('observable_unit="MeV"', 'observable_unit=" "'), "no unit of T"),
    "templates": (("np.exp(values[0] * x)", "(1.15 + 10 * values[0] * x)"), "in bin 0 at sound.tilt"),
    "derivatives": (("(counts * x)[None, :]", "(1.01 * counts * x)[None, :]"), "its contents change by"),
    "parameters": (('description="of the spectrum"', 'description=""'), "sound.tilt has no description"),
    "provenance": (("made up (toy)", "made up"), "none of published, digitised, modelled, toy"),
    "is deterministic": [
        ("observed = np.array(", "observed = np.random.default_rng().poisson("),
        "differ in",
    ],
    "is silent": (
        ("import numpy as np\n", "import numpy as np\n        print('folding')\n"),
        "it prints 'folding",
    ),
    "beside results": (('citation="J. Toy Phys."', 'citation=""'), "31 events without a citation"),
    "builds alone": (("np.full(8, 1.0)", "np.full(7, 1.0)"), "template of 'flat' has shape (7,)"),
    "histograms": (('Background("flat"', 'Background("flat rock"'), "name 'samples/flat rock'"),
}


def test_a_sound_one_keeps_every_rule(spoil: Spoil) -> None:
    findings = spoil("sound")
    assert {name: f.message for name, f in findings.items() if not f.passed} == {}
    assert list(findings) == [rule.name for rule in EXPERIMENT_RULES]
    assert findings["searches"].message == "tried: whole"
    assert findings["pyhf"].message.startswith("pyhf (frozen): ")


@pytest.mark.parametrize("rule", SPOILED)
def test_a_spoiled_one_breaks_that_rule(spoil: Spoil, rule: str) -> None:
    change, said = SPOILED[rule]
    findings = spoil("sound", change)
    broken = {name for name, f in findings.items() if not f.passed and not f.message.startswith("not judged")}
    # a template that turns negative may not be fitted either, nor is it written
    assert rule in broken and broken <= {rule, *(("derivatives", "results") if rule == "templates" else ())}
    assert said in findings[rule].message
    (asked,) = (one.asks for one in EXPERIMENT_RULES if one.name == rule)
    assert findings[rule].message.endswith(asked)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("frozen=True", "frozen=False"), "Options is not frozen"),
        (('option(10.0, unit="t"', 'option("ten", unit="t"'), "the default of sound.mass is not allowed"),
        (("mass: float", "mass: 'Unheard'"), "cannot be resolved"),
        (('unit="t"', 'unit=" "'), "sound.mass has no unit"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_options(spoil: Spoil, change: tuple[str, str], said: str) -> None:
    findings = spoil("sound", change)
    assert not findings["options"].passed and said in findings["options"].message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("sound.rate.flat", "solar.flux.flat"), "solar.flux.flat lies outside its scope 'sound.*'"),
        (("sound.rate.flat", "flat"), "flat lies outside its scope 'sound.*'"),
        (
            ('shared.solar.source("pep")', "__import__('dataclasses').replace(shared.solar.source('pep'))"),
            "the solar source pep is not the shared one",
        ),
    ],
    ids=["another scope", "no scope", "a copy of a shared source"],
)
def test_scopes(spoil: Spoil, change: tuple[str, str], said: str) -> None:
    finding = spoil("sound", change)["parameters"]
    assert not finding.passed and said in finding.message


def test_what_cannot_be_built_is_told_once(spoil: Spoil) -> None:
    findings = spoil("sound", ("def channels(self, shared):", "def channels(self, shared):\n        1 / 0"))
    assert "experiment 'sound': ZeroDivisionError" in findings["builds alone"].message
    assert findings["channels"].message == "not judged, since the rule 'builds alone' is broken"
    assert findings["is described"].passed


def test_one_that_does_not_load_is_told_why(spoil: Spoil) -> None:
    findings = spoil("sound", ('name, title = "sound"', 'name, title = "noise"'))
    assert "its class is named 'noise'" in findings["loads"].message
    assert not any(finding.passed for name, finding in findings.items() if name != "zfit")


VARIATIONS = """
    def variations(self, shared):
        from nurecoil.variation import Choice, Variation

        return [%s]

    def published(self, shared):"""


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        ('Variation("mass", (Choice("10 t"), Choice("11 t", {"sound.mass": 11.0})))', ""),
        ('Variation("sun", (Choice("SSM", {"solar.ssm": "B16-AGSS09"}, {"solar.flux.pep": 1.1}),))', ""),
        ("3", "variations gives 3, which is no Variation"),
        ('Variation("mass", (Choice("x", {"sound.mas": 11.0}),))', "sound"),
        ('Variation("mass", (Choice("x", {"other.mass": 11.0}),))', "no option of sound"),
        ('Variation("rate", (Choice("x", {}, {"sound.rate.flat": 2.0}),))', "which the fit does not hold"),
        ('Variation("rate", (Choice("x", {}, {"sound.rate": 2.0}),))', "which the fit does not hold"),
    ],
)
def test_variations(spoil: Spoil, axis: str, said: str) -> None:
    findings = spoil("sound", ("\n    def published(self, shared):", VARIATIONS % axis))
    found = findings["beside results"]
    assert found.passed == (not said) and said in found.message
