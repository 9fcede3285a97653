"""What the approximate pyhf forms of a moving response cost: the limits that the workspaces give.

Each workspace is read back by the few lines below, with HistFactory's own interpolation, into a model that
the engine profiles: pyhf itself takes minutes for a profile. Bins that stand for normal measurements are read
back as such. That the way back is right is checked against pyhf at random points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

import nurecoil as nr
from nurecoil.bridges._coordinates import spreads
from nurecoil.bridges.pyhf import Document, document
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import area
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import Channel, GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """A nominal template with histosys modifiers, interpolated by HistFactory's code 4p."""

    names: tuple[str, ...]
    nominal: Array
    up: Array
    down: Array

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        pull = np.asarray(values, float)[:, None]
        straight, bend = (self.up + self.down) / 2, (self.up - self.down) / 16
        inside = pull * straight + pull**2 * (15 - 10 * pull**2 + 3 * pull**4) * bend
        slope = straight + (30 * pull - 40 * pull**3 + 18 * pull**5) * bend
        above, below = pull > 1, pull < -1
        change = np.where(above, pull * self.up, np.where(below, pull * self.down, inside))
        return self.nominal + change.sum(axis=0), np.where(above, self.up, np.where(below, self.down, slope))


def read_back(made: Document) -> SpectralModel:
    """The workspace as a model of its own parameters."""
    observed = {o["name"]: np.array(o["data"]) for o in made.workspace["observations"]}
    pulls: set[str] = set()
    channels: list[Channel] = []
    for channel in made.workspace["channels"]:
        samples = []
        for sample in channel["samples"]:
            nominal = np.array(sample["data"])
            bent = [m for m in sample["modifiers"] if m["type"] == "histosys"]
            factors = {m["name"]: 1 for m in sample["modifiers"] if m["type"] == "normfactor"}
            assert len(bent) + len(factors) == len(sample["modifiers"])
            names = tuple(m["name"] for m in bent)
            pulls.update(names)
            template: Array | Lines = nominal
            if bent:
                up = np.array([m["data"]["hi_data"] for m in bent]) - nominal
                down = nominal - np.array([m["data"]["lo_data"] for m in bent])
                template = Lines(names, nominal, up, down)
            samples.append(Sample(sample["name"], template, factors, signed=True))
        data = observed[channel["name"]]
        one = made.spelling.measured.get(channel["name"])
        if one is not None:
            assert one.scale.size == 1
            *parts, _ = samples
            rates = tuple(replace(part, template=part.template / one.scale) for part in parts)
            width = np.sqrt(np.diag(one.full @ one.full.T))
            channels.append(GaussianChannel(channel["name"], "rate", "1", rates, one.observed, width))
            continue
        edges = np.arange(data.size + 1.0)
        channels.append(PoissonChannel(channel["name"], "bin", "1", edges, tuple(samples), data))
    config = made.workspace["measurements"][0]["config"]
    parameters = {}
    errors = {pull for one in made.spelling.measured.values() for pull in one.pulls}
    for said in config["parameters"]:
        if said["name"] in errors:
            continue
        (start,), ((low, high),) = said["inits"], said["bounds"]
        constraint = None
        if said["name"] in pulls:
            constraint = GaussianConstraint(said.get("auxdata", [0.0])[0], 1.0)
        parameters[said["name"]] = Parameter(
            said["name"], "1", start, low, high, constraint, fixed=said["fixed"]
        )
    return SpectralModel(tuple(channels), parameters, poi=config["poi"])


def limit_of(made: Document) -> float:
    """90 % limit on the moment by the area rule, from the profile in its square."""
    factor = made.spelling.roles.factors["mu_eff"]
    moments = np.linspace(0.0, 1.2e-10, 61)
    scan = nr.profile(read_back(made), factor.name, [factor.across(value) for value in moments])
    return area(Scan("mu_eff", "mu_B", moments, scan.delta_nll, scan.best, scan.nll), 0.90)


@pytest.mark.benchmark
@pytest.mark.parametrize("experiments", [["borexino"], ["borexino", "gallium"]], ids="+".join)
def test_what_the_pyhf_forms_of_the_response_cost_in_the_limit(experiments: list[str]) -> None:
    import pyhf

    model = nr.build(experiments, search="magnetic-moment")
    best = nr.limit(model, cl=0.90, method="area").value
    print(f"\n90 % limit on mu_eff [1e-11 mu_B], area rule, {' + '.join(experiments)}")
    print(f"  compiled response, engine        {best / 1e-11:.3f}")
    held = model.with_parameters(
        **{name: {"fixed": True} for name in document(model).spelling.resolved.moved}
    )
    fixed = nr.limit(held, cl=0.90, method="area").value
    found = {}
    for form in ("frozen", "histosys"):
        made = document(model, form)
        workspace = pyhf.Workspace(made.workspace)
        peer = workspace.model()
        data, ours = np.array(workspace.data(peer)), read_back(made)
        rng = np.random.default_rng(1)
        widths = spreads(model)
        change = []
        for size in (0.0, 0.5, 0.5, 0.5):
            moved = [name for name in model.free if form == "histosys" or name in made.model.free]
            point = {n: abs(model.parameters[n].value + size * widths[n] * rng.normal()) for n in moved}
            at = made.coordinates(point)
            theirs = -float(peer.logpdf([at[name] for name in peer.config.par_names], data)[0])
            change.append(theirs - nr.nll(ours, {name: at[name] for name in ours.parameters}))
        assert np.ptp(change) < 1e-6, "the way back is not what pyhf reads"
        found[form] = limit_of(made)
        cost = 100 * (found[form] / best - 1)
        print(f"  pyhf, response={form!r:<12}      {found[form] / 1e-11:.3f} ({cost:+.2f} %)")
    assert found["frozen"] == pytest.approx(fixed, rel=2e-3)
    assert found["histosys"] == pytest.approx(best, rel=0.01)
