"""The engines of other packages on the models of 900 bins: pyhf, zfit, RooFit, evermore.

Each gets the model through this package's own export where there is one. What it cannot hold is said in its
note. None of these packages is imported before its engine is made.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nurecoil as nr
from nurecoil.bridges._coordinates import spreads
from nurecoil.bridges.hs3.writing import hs3_document
from nurecoil.bridges.pyhf import document

from .engines_900 import Pairs, Toys
from .hand_numpy import HandNumpy
from .models_900 import FIXED, POI, make, plain

__all__ = ["PEERS"]

Array = NDArray[np.float64]
LINES = "response in straight lines (histosys)"


class PyhfNumpy:
    """pyhf, numpy, MINUIT without gradient."""

    title = "pyhf numpy, minuit"
    note = ""
    effort = (1, 2, 1)
    backend = "numpy"

    def __init__(self, parameters: int) -> None:
        import pyhf

        minuit, scipy = pyhf.optimize.minuit_optimizer, pyhf.optimize.scipy_optimizer
        optimizer = minuit(maxiter=100_000) if self.backend == "numpy" else scipy(maxiter=10_000)
        pyhf.set_backend(self.backend, optimizer, precision="64b")
        self.note = LINES if parameters > 12 else ""
        self._fit = pyhf.infer.mle.fit
        self._made = document(make(parameters), "histosys" if parameters > 12 else "refuse")
        workspace = pyhf.Workspace(self._made.workspace)
        self._model = workspace.model()
        self._data = workspace.data(self._model)
        names = self._model.config.par_names
        self._poi = names.index(self._model.config.poi_name)
        self._start = np.array(self._model.config.suggested_init())
        self._best = self._start

    def fit(self) -> float:
        self._best, value = self._minimise(self._data, self._start, None)
        return value

    def scan(self, values: Array) -> Array:
        found, place = [], self._best
        for at in values:
            place, value = self._minimise(self._data, place, float(at))
            found.append(value)
        return np.array(found)

    def pairs(self, toys: Toys) -> Pairs:
        start = self._coordinates(toys.model.values)
        free, held = [], []
        known = [name for name, one in toys.model.parameters.items() if one.constraint is not None]
        for observed, auxiliary in zip(toys.data.observed, toys.data.auxiliary, strict=True):
            measured = self._made.coordinates(dict(zip(known, auxiliary.tolist(), strict=True)))
            order = self._model.config.auxdata_order
            data = [*observed, *(measured[name] for name in order)]
            place, value = self._minimise(data, start, None)
            free.append(value)
            held.append(self._minimise(data, place, FIXED[POI])[1])
        return np.array(free), np.array(held)

    def _coordinates(self, values: dict[str, float]) -> Array:
        found = self._made.coordinates(values)
        return np.array([found[name] for name in self._model.config.par_names])

    def _minimise(self, data: Any, start: Array, held: float | None) -> tuple[Array, float]:
        """Best parameters and -log L; the held value is one of mu."""
        begin, fixed = start.copy(), self._model.config.suggested_fixed()
        if held is not None:
            name = self._model.config.poi_name
            begin[self._poi] = self._made.coordinates({POI: held})[name]
            fixed[self._poi] = True
        best, value = self._fit(
            data, self._model, init_pars=begin.tolist(), fixed_params=fixed, return_fitted_val=True
        )
        return np.asarray(best, float), 0.5 * float(value)


class PyhfJax(PyhfNumpy):
    """pyhf, jax, scipy's SLSQP with gradients."""

    title = "pyhf jax, scipy"
    effort = (3, 4, 3)
    backend = "jax"


class Zfit:
    """zfit's MINUIT on our own binned PDF with TensorFlow's gradient."""

    title = "zfit, minuit with gradient"
    note = "toys are refits of one data set"
    effort = (3, 4, 2)

    def __init__(self, parameters: int) -> None:
        import zfit

        self._off = make(parameters)
        self._likelihood = nr.to_zfit(self._off)
        self._minimiser = zfit.minimize.Minuit(gradient="zfit")
        self._signal = self._likelihood.parameters[POI]

    def fit(self) -> float:
        self._likelihood.set_values(self._off.values)
        return self._minimise()

    def scan(self, values: Array) -> Array:
        return np.array([self._held(float(at)) for at in values])

    def pairs(self, toys: Toys) -> Pairs:
        """The time does not depend on the data, and a loss of new data takes seconds."""
        free, held = [], []
        for _ in range(len(toys.data)):
            self._likelihood.set_values(toys.model.values)
            free.append(self._minimise())
            held.append(self._held(FIXED[POI]))
        ours = nr.fit(self._off).nll, nr.fit(self._off, fix=FIXED).nll
        assert abs(held[0] - free[0] - (ours[1] - ours[0])) < 0.02
        return np.full(len(free), np.nan), np.full(len(held), np.nan)

    def _held(self, value: float) -> float:
        self._likelihood.set_values({POI: value})
        self._signal.floating = False
        found = self._minimise()
        self._signal.floating = True
        return found

    def _minimise(self) -> float:
        found = self._minimiser.minimize(self._likelihood.loss)
        assert found.valid
        return float(found.fmin)


class RooFit:
    """RooFit's vectorised cpu backend on our HS3 document, Minuit2."""

    title = "RooFit, cpu backend"
    note = "auxiliary data of toys stay"
    effort = (7, 40, 10)
    fluctuates = False

    def __init__(self, parameters: int) -> None:
        import ROOT

        self.note += f"; {LINES}" if parameters > 12 else ""
        ROOT.gROOT.SetBatch(True)
        ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.FATAL)
        self._root = ROOT
        self._made = hs3_document(make(parameters), "histosys" if parameters > 12 else "refuse")
        written = self._made.document
        self._workspace = ROOT.RooWorkspace("imported")
        assert ROOT.RooJSONFactoryWSTool(self._workspace).importJSONfromString(json.dumps(written))
        for part in self._workspace.components():
            if part.ClassName() == "RooRealSumPdf":
                # As ROOT's own HistFactory does: bins are counts, and no integral is taken.
                part.setAttribute("BinnedLikelihood")
        self._config = self._workspace.obj(written["analyses"][0]["name"])
        (name,) = written["misc"]["ROOT_internal"]["combined_datasets"]
        self._data = self._workspace.data(name)
        self._signal = self._workspace.var(self._made.names.parameter(POI))
        self._start = self._made.coordinates()
        for name, width in self._widths(parameters).items():
            self._workspace.var(name).setError(width)
        self._nll = self._likelihood(self._data)

    def fit(self) -> float:
        self._set(self._start)
        return self._minimise(self._nll)

    def scan(self, values: Array) -> Array:
        return np.array([self._held(self._nll, float(at)) for at in values])

    def pairs(self, toys: Toys) -> Pairs:
        start = self._made.coordinates(toys.model.values)
        free, held = [], []
        for contents in [self._filled(observed) for observed in toys.data.observed]:
            self._set(start)
            nll = self._likelihood(contents)
            free.append(self._minimise(nll))
            held.append(self._held(nll, FIXED[POI]))
        return np.array(free), np.array(held)

    def _filled(self, observed: Array) -> Any:
        """The imported data set with other contents, in the same order of bins."""
        columns = self._data.get()
        weight = self._root.RooRealVar("weight", "", 1.0)
        both = self._root.RooArgSet(columns)
        both.add(weight)
        made = self._root.RooDataSet("toy", "", both, self._root.RooFit.WeightVar(weight))
        for i, count in enumerate(observed):
            made.add(self._data.get(i), float(count))
        return made

    def _widths(self, parameters: int) -> dict[str, float]:
        """First steps for Minuit: errors of the fit."""
        model = make(parameters)
        best = self._made.coordinates(model.values)
        found = {}
        for name, width in spreads(model).items():
            moved = self._made.coordinates({**model.values, name: model.values[name] + width})
            for written, value in moved.items():
                if value != best[written]:
                    found[written] = abs(value - best[written])
        return found

    def _likelihood(self, data: Any) -> Any:
        fit = self._root.RooFit
        return self._config.createNLL(data, fit.EvalBackend("cpu"), fit.Offset("initial"))

    def _set(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            self._workspace.var(name).setVal(value)

    def _held(self, nll: Any, value: float) -> float:
        self._signal.setVal(self._made.coordinates({POI: value})[self._signal.GetName()])
        self._signal.setConstant(True)
        found = self._minimise(nll)
        self._signal.setConstant(False)
        return found

    def _minimise(self, nll: Any) -> float:
        minimiser = self._root.RooMinimizer(nll)
        minimiser.setPrintLevel(-1)
        status = minimiser.minimize("Minuit2", "migrad")
        assert status == 0, f"RooFit's fit ends with status {status}"
        return float(nll.getVal())


class Evermore:
    """evermore's parameters and densities, compiled by jax and minimised by optimistix' BFGS.

    Coordinates are in units of the fit's errors about the start: BFGS knows no scales of its own.
    """

    title = "evermore, optimistix BFGS"
    note = "no bounds"
    effort = (15, 40, 50)

    def __init__(self, parameters: int) -> None:
        import evermore as evm
        import jax
        import jax.numpy as jnp
        import optimistix as optx

        jax.config.update("jax_enable_x64", True)
        self._plain = model = plain(make(parameters))
        rates = len(model.templates)
        unit = 1 / np.sqrt(np.diag(HandNumpy(model).evaluate(model.start)[2]))
        templates = jnp.array(model.templates)
        known = np.flatnonzero(model.weight)
        width = model.weight[known] ** -0.5

        def loss(steps: Any, given: Any) -> Any:
            observed, centres, first, hold, at = given
            place = jnp.where(hold, steps.at[0].set(at), steps)
            values = [evm.Parameter(place[i] * unit[i] + first[i]) for i in range(len(unit))]
            shapes = templates
            if parameters > rates:
                shift = jnp.array([one.get_value() for one in values[rates:]]) - model.centre
                bend = jnp.einsum("sijb,j->sib", model.curvature, shift)
                shapes = templates * jnp.exp(jnp.einsum("i,sib->sb", shift, model.slope + 0.5 * bend))
            expected = sum(values[i].scale()(shapes[i]) for i in range(rates))
            total = evm.pdf.PoissonContinuous(lamb=expected).log_prob(observed).sum()
            for k, i in enumerate(known):
                normal = evm.pdf.Normal(mean=centres[i], width=width[k])
                total += normal.log_prob(values[i].get_value())
            return -total

        solver = optx.BFGS(rtol=1e-10, atol=1e-7)

        @jax.jit
        def fit(start: Any, given: Any) -> Any:
            found = optx.minimise(loss, solver, start, given, max_steps=500, throw=False)
            return loss(found.value, given), found.value

        self._fit, self._unit, self._first = fit, unit, model.start
        self._place = np.zeros(len(unit))

    def fit(self) -> float:
        model = self._plain
        value, self._place = self._minimise(model.observed, model.known, np.zeros(self._unit.size))
        return value

    def scan(self, values: Array) -> Array:
        found, place = [], self._place
        for at in values:
            value, place = self._minimise(self._plain.observed, self._plain.known, place, float(at))
            found.append(value)
        return np.array(found)

    def pairs(self, toys: Toys) -> Pairs:
        start = (plain(toys.model).start - self._first) / self._unit
        free, held = [], []
        for observed, known in zip(toys.data.observed, toys.known, strict=True):
            value, place = self._minimise(observed, known, start)
            inside = place[0] * self._unit[0] + self._first[0] > 0
            free.append(value if inside else np.nan)
            held.append(self._minimise(observed, known, place, FIXED[POI])[0])
        return np.array(free), np.array(held)

    def _minimise(
        self, observed: Array, known: Array, start: Array, held: float | None = None
    ) -> tuple[float, Any]:
        at = 0.0 if held is None else (held**2 - self._first[0]) / self._unit[0]
        value, place = self._fit(start, (observed, known, self._first, held is not None, at))
        return float(value), place


PEERS: dict[str, tuple[tuple[str, ...], Any]] = {
    "pyhf-numpy": (("pyhf",), PyhfNumpy),
    "pyhf-jax": (("pyhf", "jax"), PyhfJax),
    "zfit": (("zfit",), Zfit),
    "roofit": (("ROOT",), RooFit),
    "evermore": (("evermore", "optimistix", "jax"), Evermore),
}
