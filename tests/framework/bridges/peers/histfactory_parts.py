"""HistFactory workspaces in few words: modifiers, samples, channels, and what pyhf makes of them.

The workspaces themselves are in ``histfactory_zoo`` and ``large_workspaces``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyhf

__all__ = [
    "Json",
    "channel",
    "histosys",
    "lumi",
    "lumi_settings",
    "measurement",
    "normfactor",
    "normsys",
    "sample",
    "shapefactor",
    "shapesys",
    "staterror",
    "workspace",
]

Json = dict[str, Any]
Numbers = Sequence[float]


def normfactor(name: str) -> Json:
    return {"name": name, "type": "normfactor", "data": None}


def lumi() -> Json:
    return {"name": "lumi", "type": "lumi", "data": None}


def lumi_settings(value: float = 1.0, error: float = 0.02, **more: Any) -> Json:
    settings: Json = {"auxdata": [value], "sigmas": [error], "inits": [value]}
    return {"name": "lumi", **settings, "bounds": [[0.5 * value, 1.5 * value]], **more}


def normsys(name: str, low: float, high: float) -> Json:
    return {"name": name, "type": "normsys", "data": {"lo": low, "hi": high}}


def histosys(name: str, low: Numbers, high: Numbers) -> Json:
    return {"name": name, "type": "histosys", "data": {"lo_data": list(low), "hi_data": list(high)}}


def shapesys(name: str, errors: Numbers) -> Json:
    return {"name": name, "type": "shapesys", "data": list(errors)}


def staterror(name: str, errors: Numbers) -> Json:
    return {"name": name, "type": "staterror", "data": list(errors)}


def shapefactor(name: str) -> Json:
    return {"name": name, "type": "shapefactor", "data": None}


def sample(name: str, contents: Numbers, *modifiers: Json) -> Json:
    return {"name": name, "data": list(contents), "modifiers": list(modifiers)}


def channel(name: str, *samples: Json) -> Json:
    return {"name": name, "samples": list(samples)}


def measurement(name: str = "fit", poi: str = "mu", parameters: Sequence[Json] = ()) -> Json:
    return {"name": name, "config": {"poi": poi, "parameters": list(parameters)}}


def workspace(
    channels: Sequence[Json],
    observed: Mapping[str, Numbers],
    *measurements: Json,
    poi: str = "mu",
    parameters: Sequence[Json] = (),
) -> Json:
    """A workspace that pyhf has read, checked and made a model of."""
    written: Json = {
        "channels": list(channels),
        "observations": [{"name": name, "data": list(data)} for name, data in observed.items()],
        "measurements": list(measurements) or [measurement(poi=poi, parameters=parameters)],
        "version": "1.0.0",
    }
    made = pyhf.Workspace(written)
    for one in written["measurements"]:
        made.model(measurement_name=one["name"])
    return dict(made)
