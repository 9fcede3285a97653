"""A sound experiment and a sound search as text, to be spoiled in one place, and how they are installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nurecoil.testing.check import check_plugin
from nurecoil.testing.rules import Finding

from ..conftest import Site

EXPERIMENT = '''
"""A sound experiment."""

from dataclasses import dataclass

from nurecoil.experiment import Background, Experiment, Published, RecoilChannel, option


@dataclass(frozen=True)
class Options:
    mass: float = option(10.0, unit="t", help="fiducial mass")


class Plugin(Experiment):
    """Sound."""

    name, title = "sound", "a sound experiment"
    citations = ("A. Author, J. Toy Phys. 1 (2026) 1",)
    Options = Options

    def channels(self, shared):
        import numpy as np
        from nurecoil.model.parameters import GaussianConstraint, Parameter

        class Response:
            def template(self, spectrum):
                return Tilted(spectrum.integral())

        class Tilted:
            names = ("sound.tilt",)

            def __init__(self, events):
                self.events = events

            def evaluate(self, values):
                x = np.linspace(-1.0, 1.0, 8)
                counts = self.events / 8 * np.exp(values[0] * x)
                return counts, (counts * x)[None, :]

        tilt = Parameter(
            "sound.tilt", "1", 0.1, -1.0, 1.0, GaussianConstraint(0.1, 0.05), description="of the spectrum"
        )
        rate = Parameter("sound.rate.flat", "events", 30.0, lower=0.0, description="flat background")
        flat = Background("flat", np.full(8, 1.0), rate, provenance="made up (toy)")
        observed = np.array([80.0, 75.0, 82.0, 79.0, 81.0, 84.0, 85.0, 90.0])
        return [
            RecoilChannel(
                name="sound/energy", observable="T", observable_unit="MeV", edges=np.linspace(0.2, 1.0, 9),
                observed=observed, electrons=1e30, live_time=3e7, sources=(shared.solar.source("pep"),),
                response=Response(), parameters=(tilt,), backgrounds=(flat,), recoil_range=(0.1, 1.5),
                provenance=("counts: made up (toy)",),
            )
        ]

    def published(self, shared):
        return [Published("sound.rate.flat", 31.0, 2.0, "events", citation="J. Toy Phys.")]
'''
SEARCH = '''
"""A sound search."""

from nurecoil.search import Search, Term


class Plugin(Search):
    """Sound."""

    name, title = "whole", "a sound search"
    citations = ("B. Author, J. Toy Phys. 1 (2026) 2",)
    poi = "kappa"

    def parameters(self):
        from nurecoil.model.parameters import Parameter

        return [Parameter("kappa", "1", 0.0, lower=0.0, description="strength")]

    def terms(self, source):
        def cross_section(T, E, flavour, antineutrino):
            return 1e-45 / T + 0 * E

        return [Term("new", cross_section, (("kappa", 2),))]
'''
Spoil = Callable[..., dict[str, Finding]]


@pytest.fixture
def spoil(site: Site) -> Spoil:
    """Install both with one text replaced by another, and check one: ``spoil("sound", (old, new))``."""

    def check(name: str, *changes: tuple[str, str]) -> dict[str, Finding]:
        texts = {"sound": EXPERIMENT, "whole": SEARCH}
        for old, new in changes:
            assert old in texts[name], old
            texts[name] = texts[name].replace(old, new)
        site.add(
            "nurecoil-sound", {"sound": "made_up_sound:Plugin"}, modules={"made_up_sound": texts["sound"]}
        )
        site.add(
            "nurecoil-whole",
            None,
            {"whole": "made_up_whole:Plugin"},
            modules={"made_up_whole": texts["whole"]},
        )
        return {finding.rule: finding for finding in check_plugin(name)}

    return check
