"""A model with every modifier, for the tests of inspections and differences."""

from __future__ import annotations

import numpy as np

from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
    Root,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

PULL = GaussianConstraint(0.0, 1.0)


def everything() -> SpectralModel:
    """Two channels of counts, one normal measurement; every modifier and every constraint."""
    gammas = {f"stat[{i}]": GaussianConstraint(1.0, 0.1 * (i + 1)) for i in range(3)}
    counts = {f"unc[{i}]": PoissonConstraint(100.0, 100.0) for i in (0, 2)}
    parameters = [
        Parameter("lumi", "1", 1.0, 0.5, 1.5, GaussianConstraint(1.0, 0.02)),
        Parameter("jes", "1", 0.0, -5.0, 5.0, PULL),
        Parameter("xs", "1", 0.0, -5.0, 5.0, PULL),
        Parameter("mu2", "(1e-11 mu_B)^2", 2.0, 0.0, 100.0, root=Root("mu_eff", "mu_B", 1e-11, 2)),
        *(Parameter(name, "1", 1.0, 1e-10, 10.0, known) for name, known in gammas.items()),
        *(Parameter(name, "1", 1.0, 1e-10, 10.0, known) for name, known in counts.items()),
        *(Parameter(f"free[{i}]", "1", 1.0, 0.0, 10.0) for i in range(2)),
        Parameter("rate", "cpd", 3.0, 0.0, constraint=LogNormalConstraint(3.0, 1.2), fixed=True),
        Parameter("pp", "SSM", 1.0, 0.0),
        Parameter("be7", "SSM", 1.0, 0.0),
    ]
    signal = Sample("signal", np.array([1.0, 2.0, 3.0]), {"mu2": 1, "lumi": 1}, group="signal")
    rest = Sample(
        "rest", np.array([10.0, 20.0, 30.0]), {"rate": 2},
        modifiers=(
            NormSys("xs", 0.9, 1.1),
            HistoSys("jes", np.array([9.0, 20.0, 31.0]), np.array([11.0, 20.0, 29.0])),
            BinFactors(("stat[0]", "stat[1]", "stat[2]"), "staterror", np.array([1.0, 2.0, 3.0])),
            BinFactors(("unc[0]", "", "unc[2]"), "shapesys", np.array([1.0, 0.0, 3.0])),
        ),
    )  # fmt: skip
    shape = BinFactors(("free[0]", "free[1]"), "shapefactor")
    control = Sample(
        "rest", np.array([100.0, 200.0]), {"lumi": 1}, modifiers=(NormSys("jes", 0.8, 1.2), shape)
    )
    fluxes = tuple(Sample(name, np.array([30.0]), {name: 1}, group="neutrino") for name in ("pp", "be7"))
    channels = (
        PoissonChannel("SR", "energy", "keV", np.array([0.0, 1.0, 2.0, 5.0]), (signal, rest),
                       np.array([90.0, 180.0, 280.0])),
        PoissonChannel("CR", "bin", "1", np.arange(3.0), (control,), np.array([101.0, 198.0]), asimov=True),
        GaussianChannel("gallium", "rate", "SNU", fluxes, np.array([66.1]), np.array([4.13])),
    )  # fmt: skip
    joint = CovarianceConstraint(("pp", "be7"), (1.0, 1.0), ((0.01, -0.005), (-0.005, 0.04)), "Somebody 2020")
    metadata = {
        "experiments": ["toy"], "search": None, "references": ["A. Author"], "notes": ["a note"],
        "approximations": [{"what": "detector response", "how": "frozen", "parameters": ["ly"],
                            "largest_nll_difference": {"within_1_sigma": 0.25}}],
        "origin": {"file": "ws.json", "format": "pyhf", "sha256": "ab" * 32, "made_by": "nurecoil 1",
                   "measurement": "one", "others": ["two"], "patches": []},
    }  # fmt: skip
    known = {parameter.name: parameter for parameter in parameters}
    return SpectralModel(channels, known, (joint,), poi="mu2", metadata=metadata)


def wide(channels: int, pulls: int) -> SpectralModel:
    """Many channels that share many pulls, each with a set of its own."""
    parameters = [Parameter("mu", "1", 1.0, 0.0, 10.0)]
    parameters += [Parameter(f"alpha_{i}", "1", 0.0, -5.0, 5.0, PULL) for i in range(pulls)]
    made = []
    for c in range(channels):
        names = tuple(f"stat_{c}[{b}]" for b in range(5))
        parameters += [
            Parameter(name, "1", 1.0, 1e-10, 10.0, GaussianConstraint(1.0, 0.05)) for name in names
        ]
        pulled = tuple(NormSys(f"alpha_{i}", 0.9, 1.1) for i in range(pulls))
        samples = (
            Sample("signal", np.ones(5), {"mu": 1}, group="signal"),
            Sample("rest", np.full(5, 9.0), modifiers=(*pulled, BinFactors(names, "staterror"))),
        )
        made.append(PoissonChannel(f"CH{c}", "bin", "1", np.arange(6.0), samples, np.full(5, 10.0)))
    return SpectralModel(tuple(made), {p.name: p for p in parameters}, poi="mu")
