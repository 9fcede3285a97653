"""Small models that together need every word that HS3 documents are written with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nurecoil.detectors.morph import Morph
from nurecoil.model.channels import GaussianChannel, PoissonChannel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel

UNIT = GaussianConstraint(0.0, 1.0)


def parameter(
    name: str, value: float = 1.0, lower: float = 0.0, upper: float = 5.0, **more: Any
) -> Parameter:
    return Parameter(name, more.pop("unit", "1"), value, lower, upper, **more)


def pull(name: str, constraint: GaussianConstraint | None = UNIT) -> Parameter:
    return Parameter(name, "1", 0.1, -4.0, 4.0, constraint)


def counts(name: str, samples: list[Sample], observed: list[float], **more: Any) -> PoissonChannel:
    edges = np.array([0.1, 1.0 / 3, 2.5, 3.123456789])[: len(observed) + 1]
    return PoissonChannel(name, "energy", "MeV", edges, tuple(samples), np.array(observed), **more)


def model(channels: list[Any], parameters: list[Parameter], *joint: CovarianceConstraint) -> SpectralModel:
    named = {one.name: one for one in parameters}
    return SpectralModel(tuple(channels), named, joint, "mu", {"notes": ["small"], "experiments": []})


def signal(power: int = 1) -> Sample:
    return Sample("signal", np.array([5.0, 10.0, 3.0]), {"mu": power}, group="signal", title="$\\mu$")


def flat(*modifiers: Any, **powers: int) -> Sample:
    return Sample("flat", np.array([50.0123456789, 40.0, 25.0 / 3]), powers, modifiers=modifiers)


def factors() -> SpectralModel:
    """Monomials, every constraint of one parameter, a fixed parameter, templates below zero, real counts."""
    dip = Sample("dip", np.array([-2.0, 0.0, -0.5]), {"rate": 1, "g": 3}, signed=True)
    still = Sample("still", np.array([0.0, 1.5, 2.0]), provenance="a table")
    parameters = [
        parameter("mu", 0.5),
        parameter("g", upper=math.inf),
        parameter(
            "rate",
            unit="cpd/t",
            constraint=GaussianConstraint(1.1 / 3 + 0.7, 0.2 / 0.9),
            description="what it is",
        ),
        parameter("scale", constraint=LogNormalConstraint(1.05, 1.2), source="a paper"),
        parameter("count", constraint=PoissonConstraint(10.512345678, 11.012345678)),
        parameter("plain", constraint=PoissonConstraint(0.0, 1.0)),
        parameter("held", 1.2, fixed=True),
        parameter("held.apart", fixed=True, constraint=GaussianConstraint(2.0, 1.0)),
    ]
    first = counts("SR/x", [signal(2), flat(rate=1, scale=1, held=1), dip, still], [55.0, 47.0, 0.0])
    second = counts("CR", [flat(count=2, plain=1), signal()], [44.512345678, 0.0, 20.0], asimov=True)
    return model([first, second], parameters)


def sums() -> SpectralModel:
    """Normal measurements of sums, two at once and with like terms, and joint constraints."""
    one = (
        Sample("a", np.array([2.0123456789]), {"f.1": 1}),
        Sample("b", np.array([0.5]), {"f.1": 1, "f.2": 1}),
        Sample("again", np.array([-1.0]), {"f.1": 1}, signed=True),
        Sample("none", np.array([0.25])),
    )
    two = (Sample("a", np.array([1.0, 2.0]), {"f.2": 1}), Sample("b", np.array([0.0, 3.0]), {"mu": 2}))
    channels = [
        counts("SR", [signal(), flat(**{"f.3": 1})], [60.0, 50.0, 30.0]),
        GaussianChannel("rate/one", "rate", "SNU", one, np.array([1.8123456789]), np.array([0.2123456789])),
        GaussianChannel("rate/two", "rate", "SNU", two, np.array([1.1, 5.5]), np.array([0.3, 0.6])),
        GaussianChannel("alone", "rate", "1", two[:1], np.array([1.0, 2.0]), np.array([0.3, 0.6])),
        GaussianChannel(
            "like.constraint", "rate", "1", (Sample("s", np.ones(1), {"f.3": 1}),), np.ones(1), np.ones(1)
        ),
    ]
    matrix = ((0.04, 0.01, 0.0), (0.01, 0.09, -0.02), (0.0, -0.02, 0.05))
    joint = CovarianceConstraint(("f.1", "f.2", "f.3"), (1.0, 1.1, 0.95), matrix, "a fit")
    alone = CovarianceConstraint(("f.2",), (1.2,), ((0.3,),))
    again = CovarianceConstraint(("mu", "f.3"), (1.0, 1.0), ((1.0, 0.5), (0.5, 1.0)))
    others = [parameter("mu"), parameter("f.1"), parameter("f.2"), parameter("f.3")]
    return model(channels, others, joint, alone, again)


def modifiers() -> SpectralModel:
    """Every modifier, shared between samples and channels."""
    gammas = tuple(f"stat[{i}]" for i in range(3))
    stat = BinFactors(gammas, "staterror", np.array([2.5, 2.0, 1.0]))
    own = BinFactors(("own[0]", "", "own[2]"), "shapesys", np.array([1.0, 0.0, 0.5]))
    free = BinFactors(("free", "free", ""), "shapefactor")
    tilt = HistoSys("tilt", np.array([52.0987654321, 40.0, 24.0 / 7]), np.array([47.0, 41.0, 25.5 / 1.7]))
    line = HistoSys(
        "tilt",
        np.array([49.0123456789, 39.5, 25.0 / 3 + 0.25]),
        np.array([51.0123456789, 40.5, 25.0 / 3 - 0.25]),
        "0",
    )
    hump = HistoSys("hump", np.array([5.0, 10.5, 3.0]), np.array([5.5, 11.0, 3.0]))
    scale = NormSys("xs", 0.5, 3.0)
    bumped = Sample("bumped", np.array([5.0, 10.0, 3.0]), {"mu": 1}, modifiers=(hump, scale))
    base = flat(
        stat,
        NormSys("xs", 0.9512345678, 1.0212345678, "1"),
        NormSys("xs", 0.9012345678, 1.2 / 1.03),
        tilt,
        line,
        lumi=1,
    )
    more = Sample("more", np.array([8.0, 2.0, 0.0]), {"lumi": 1}, modifiers=(stat, own, own))
    driven = Sample("driven", np.ones(3), modifiers=(free, NormSys("tilt", 0.8, 1.1)))
    parameters = [
        parameter("mu"),
        parameter("lumi", constraint=GaussianConstraint(1.0, 0.02)),
        parameter("free", upper=9.0),
        pull("xs"),
        pull("tilt"),
        pull("hump"),
        *(
            parameter(name, constraint=GaussianConstraint(1.0, 0.05 + 0.01 * i))
            for i, name in enumerate(gammas)
        ),
        parameter("own[0]", constraint=PoissonConstraint(64.0, 64.0)),
        parameter("own[2]", constraint=PoissonConstraint(30.0, 33.3)),
    ]
    channels = [
        counts("SR", [bumped, base, more], [60.0, 55.0, 30.0]),
        counts("CR", [driven, base, signal()], [58.0, 47.0, 31.0]),
    ]
    return model(channels, parameters)


def pulls() -> SpectralModel:
    """Pulls that are constrained otherwise than HistFactory implies."""
    tilt = HistoSys("joint.1", np.array([48.0, 40.0, 24.0]), np.array([52.0, 41.0, 25.5]))
    named = ["free", "shifted", "wide", "joint.1", "joint.2", "usual"]
    norm = tuple(NormSys(name, 0.9, 1.15) for name in named)
    parameters = [
        parameter("mu"),
        pull("free", None),
        pull("shifted", GaussianConstraint(0.5, 1.0)),
        pull("wide", GaussianConstraint(-0.2, 2.0)),
        pull("joint.1", None),
        pull("joint.2", None),
        pull("usual"),
    ]
    joint = CovarianceConstraint(("joint.1", "joint.2"), (0.0, 0.1), ((1.0, 0.5), (0.5, 1.0)), "a map")
    twice = CovarianceConstraint(("usual",), (0.3,), ((0.25,),))
    return model([counts("SR", [signal(), flat(*norm, tilt)], [60.0, 55.0, 30.0])], parameters, joint, twice)


def floors() -> SpectralModel:
    """Contents that a ``histosys`` takes below zero, in a sample below zero and in an empty bin."""
    dip = HistoSys("a", np.array([-3.0, 0.5, 0.0]), np.array([-2.0, -1.0, 1.0]))
    low = HistoSys("b", np.array([0.5, 1.0, 0.0]), np.array([3.0, 1.0, 0.25]))
    gamma = BinFactors(("g[0]", "", "g[2]"), "shapefactor")
    norm = NormSys("b", 0.9, 1.2)
    signed = Sample("signed", np.array([-2.5, 0.0, 0.0]), {"mu": 2}, True, modifiers=(dip, norm, gamma))
    thin = Sample("thin", np.array([1.0, 1.0, 0.1]), modifiers=(low, dip))
    parameters = [
        parameter("mu", upper=2.0),
        pull("a"),
        pull("b"),
        parameter("g[0]"),
        parameter("g[2]"),
    ]
    samples = [signed, thin, flat(), Sample("signed.floor", np.ones(3))]
    return model([counts("SR", samples, [47.0, 42.0, 30.0])], parameters)


def measured() -> SpectralModel:
    """Nothing but a normal measurement."""
    samples = (Sample("pp", np.array([38.2]), {"mu": 1}), Sample("be7", np.array([34.8]), {"be7": 1}))
    channel = GaussianChannel("gallium/rate", "rate", "SNU", samples, np.array([66.1]), np.array([4.13]))
    return model([channel], [parameter("mu"), parameter("be7", constraint=GaussianConstraint(1.0, 0.1))])


def words() -> SpectralModel:
    """Names that stand in each other's way, or that RooFit does not take."""
    named = [
        "CR",
        "obs_CR",
        "nurecoil",
        "nurecoil_region",
        "observed",
        "observed_CR",
        "1st",
        "a b",
        "a_b",
        "a.b",
        "µ",
        "unity",
        "mu_power_2",
        "CR_constraint",
        "default_domain",
        "a" * 80,
        "_",
        "x[0]",
        "e",
        "flat",
        "nom_xs",
        "xsConstraint",
    ]
    constraint = GaussianConstraint(1.0, 0.5)
    powers = {"mu": 2, **dict.fromkeys(named, 1)}
    samples = [
        Sample("CR", np.array([3.0]), powers),
        Sample("a_b_2", np.array([40.0]), modifiers=(NormSys("xs", 0.9, 1.2),)),
        Sample("a_b", np.array([1.0]), modifiers=(BinFactors(("x[0]",), "staterror"),)),
    ]
    parameters = [parameter("mu"), *(parameter(name, constraint=constraint) for name in named), pull("xs")]
    return model([counts("CR", samples, [45.0]), counts("a.b", samples, [41.0])], parameters)


def response() -> SpectralModel:
    """A response that moves, with a constraint of its own that is centred elsewhere."""
    slopes = np.array([[-0.1, 0.02, 0.15], [0.05, 0.0, -0.05]])
    bends = np.array([[[0.002, 0.0, 0.001]] * 2] * 2)
    moving = Morph(("gain", "width"), np.array([1.0, 2.0]), np.array([50.0, 40.0, 25.0]), slopes, bends)
    samples = [Sample("moving", moving, {"rate": 1}), signal()]
    parameters = [
        parameter("mu"),
        parameter("rate"),
        parameter("gain", unit="hits", upper=2.0, constraint=GaussianConstraint(1.05, 0.1)),
        parameter("width", 2.0, 1.0, 3.0),
    ]
    return model([counts("SR", samples, [58.0, 50.0, 31.0])], parameters)


SMALL: dict[str, Callable[[], SpectralModel]] = {
    "factors": factors,
    "sums": sums,
    "modifiers": modifiers,
    "pulls": pulls,
    "floors": floors,
    "measured": measured,
    "words": words,
    "response": response,
}
"""Every small model by name."""
