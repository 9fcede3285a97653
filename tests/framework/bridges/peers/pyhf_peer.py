"""A workspace in pyhf: its likelihood, its expectations, its fits with MINUIT, and points to compare at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyhf
from numpy.typing import NDArray

from .histfactory_parts import Json

__all__ = ["CODES", "PyhfPeer", "minuit"]

Array = NDArray[np.float64]

CODES = {"normsys": {"interpcode": "code1"}, "histosys": {"interpcode": "code0"}}
"""The interpolations that pyhf does not take by itself."""


@contextlib.contextmanager
def minuit(**settings: Any) -> Iterator[None]:
    """MINUIT in pyhf for as long as the context lasts; pyhf's choice of optimizer is global."""
    backend, before = pyhf.get_backend()
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(**settings))
    try:
        yield
    finally:
        pyhf.set_backend(backend, before)


class PyhfPeer:
    """One measurement of a workspace, as pyhf reads it."""

    def __init__(self, document: Json, measurement: str | None = None, **settings: Any) -> None:
        self.workspace = pyhf.Workspace(document, validate=False)  # takes a second of the large ones
        self.model = self.workspace.model(measurement_name=measurement, validate=False, **settings)
        self.data = np.array(self.workspace.data(self.model))
        self.names: list[str] = self.model.config.par_names
        self.start = dict(zip(self.names, self.model.config.suggested_init(), strict=True))
        self.bounds = dict(zip(self.names, self.model.config.suggested_bounds(), strict=True))
        self.fixed = dict(zip(self.names, self.model.config.suggested_fixed(), strict=True))

    def vector(self, values: Mapping[str, float]) -> list[float]:
        return [values[name] for name in self.names]

    def nll(self, values: Mapping[str, float]) -> float:
        """With every constant: ``log n!`` and the norm of the Gaussians are in pyhf's value."""
        return -float(self.model.logpdf(self.vector(values), self.data)[0])

    def expected(self, values: Mapping[str, float]) -> dict[str, dict[str, Array]]:
        """Expected contents by channel and sample, of the samples that the channel has."""
        rows = self.model.main_model.expected_data(self.vector(values), return_by_sample=True)
        config = self.model.config
        return {
            channel["name"]: {
                sample["name"]: rows[config.samples.index(sample["name"])][
                    config.channel_slices[channel["name"]]
                ]
                for sample in channel["samples"]
            }
            for channel in self.workspace["channels"]
        }

    def points(self, count: int = 20, seed: int = 20) -> list[dict[str, float]]:
        """Random points inside the bounds at which every expectation is positive.

        Pulls lie within three sigma of their centres, factors of bins in [0.5, 1.5], free numbers within 1.5
        of their start; fixed parameters move too. Where an expectation is negative the two tools differ by
        intention: pyhf adds it to the value of an empty bin, the engine calls the point impossible.
        """
        rng = np.random.default_rng(seed)
        config, boxes = self.model.config, []
        for name in config.par_order:
            these = config.param_set(name)
            for number, (low, high) in enumerate(these.suggested_bounds):
                centre, reach = these.suggested_init[number], 1.5
                if not these.is_scalar:
                    centre, reach = 1.0, 0.5
                elif these.constrained:
                    centre, reach = these.auxdata[0], 3 * these.width()[0]
                boxes.append((max(low, centre - reach), min(high, centre + reach)))
        found: list[dict[str, float]] = []
        for _ in range(50 * count):
            point = [float(rng.uniform(low, high)) for low, high in boxes]
            rates = self.model.expected_data(point, include_auxdata=False)
            observed = self.data[: rates.size]
            if np.all((rates > 0) | ((rates == 0) & (observed == 0))):
                found.append(dict(zip(self.names, point, strict=True)))
            if len(found) == count:
                return found
        raise AssertionError(f"only {len(found)} points without a negative expectation")

    def fit(
        self, tolerance: float = 1e-3, fix: Mapping[str, float] | None = None
    ) -> tuple[dict[str, float], float]:
        """Best values and -log L of MINUIT, started a second time where it stopped."""
        at, fixed = {**self.start, **(fix or {})}, {**self.fixed, **dict.fromkeys(fix or {}, True)}
        value = np.nan
        with minuit(tolerance=tolerance, strategy=2):
            for _ in range(2):
                best, twice = pyhf.infer.mle.fit(
                    self.data,
                    self.model,
                    init_pars=self.vector(at),
                    fixed_params=[fixed[name] for name in self.names],
                    return_fitted_val=True,
                )
                at, value = dict(zip(self.names, best.tolist(), strict=True)), float(twice) / 2
        return at, value
