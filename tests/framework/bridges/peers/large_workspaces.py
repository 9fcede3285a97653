"""Two workspaces of the size that analyses have, from smooth shapes and a fixed seed.

The tests that compare fits and the benchmark that times them use the same ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .histfactory_parts import (
    Json,
    channel,
    histosys,
    lumi,
    lumi_settings,
    normfactor,
    normsys,
    sample,
    staterror,
    workspace,
)
from .histfactory_zoo import ZOO

__all__ = ["EVERY", "five_channels", "nine_hundred_bins"]

Array = NDArray[np.float64]


def peak(x: Array, centre: float, width: float) -> Array:
    return np.asarray(np.exp(-0.5 * ((x - centre) / width) ** 2))


def five_channels(seed: int = 5) -> Json:
    """Five channels of 30 bins and four samples, with normsys, histosys and a staterror per channel.

    164 parameters: a strength, two more norm factors, lumi, five pulls of rates, five of shapes and 150
    factors of bins.
    """
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, 30)
    channels, observed = [], {}
    for region in range(5):
        name = f"region{region}"
        signal = 30 * (0.4 + 0.2 * region) * peak(x, 0.3 + 0.1 * region, 0.08) + 0.2
        top = 120 * np.exp(-2.0 * x) * (0.6 + 0.2 * region) + 4
        jets = 260 * np.exp(-4.0 * x) + 10 + 5 * region
        rare = 8 + 14 * x
        tilt = 1 + 0.06 * (x - 0.5)
        samples = [
            sample("signal", signal, normfactor("mu"), lumi(), normsys("signal_rate", 0.93, 1.08),
                   histosys("energy", signal * (1 - 0.03 * (x - 0.4)), signal * (1 + 0.05 * (x - 0.4)))),
            sample("top", top, normfactor("k_top"), normsys("top_rate", 0.9, 1.13),
                   histosys("energy", top / tilt, top * tilt),
                   histosys("top_tail", top * (1 - 0.08 * x**2), top * (1 + 0.12 * x**2))),
            sample("jets", jets, normfactor("k_jets"), normsys(f"jets_rate{region % 2}", 0.94, 1.05),
                   histosys("jets_slope", jets * (1 - 0.05 * x), jets * (1 + 0.04 * x)),
                   histosys("jets_bump", jets + 2 * peak(x, 0.5, 0.1), jets - 3 * peak(x, 0.55, 0.1))),
            sample("rare", rare, lumi(), normsys("rare_rate", 0.75, 1.3),
                   histosys("rare_shape", rare * (1 + 0.1 * (x - 0.5)), rare * (1 - 0.15 * (x - 0.5)))),
        ]  # fmt: skip
        for one, share in zip(samples, (0.02, 0.03, 0.04, 0.05), strict=True):
            contents = np.array(one["data"])
            one["modifiers"].append(staterror(f"stat_{name}", share * contents * rng.uniform(0.7, 1.3, 30)))
        channels.append(channel(name, *[{**one, "data": [float(v) for v in one["data"]]} for one in samples]))
        truth = 1.2 * signal + 1.05 * top + 0.97 * jets + rare
        observed[name] = rng.poisson(truth).astype(float).tolist()
    return _plain(workspace(_plain(channels), observed, parameters=[lumi_settings(1.0, 0.015)]))


def nine_hundred_bins(seed: int = 9) -> Json:
    """One channel of 900 bins and some 1.5 million events, twelve parameters and no factors of bins."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, 900)
    shapes = {
        "signal": np.exp(-6 * x) / (0.05 + x),
        "carbon": np.exp(-3 * x),
        "krypton": peak(x, 0.35, 0.12),
        "bismuth": x * np.exp(-2.5 * x),
        "polonium": peak(x, 0.55, 0.04),
        "pileup": 1 + 0.3 * np.cos(5 * x),
    }
    events = {
        "signal": 2e4,
        "carbon": 7.5e5,
        "krypton": 1.6e5,
        "bismuth": 3e5,
        "polonium": 1.2e5,
        "pileup": 1.5e5,
    }
    contents = {name: events[name] * shape / shape.sum() for name, shape in shapes.items()}
    free = {"signal": "mu", "carbon": "k_carbon", "krypton": "k_krypton", "bismuth": "k_bismuth"}
    rates = {"polonium": ("polonium_rate", 0.95, 1.06), "pileup": ("pileup_rate", 0.98, 1.03)}
    samples = []
    for name, template in contents.items():
        derivative = np.gradient(template, x)
        up, down = template + 0.004 * derivative, template - 0.003 * derivative
        modifiers = [histosys("scale", down, up)]
        modifiers.append(
            histosys("wiggle", template * (1 - 0.01 * np.sin(9 * x)), template * (1 + 0.015 * np.sin(9 * x)))
        )
        if name in free:
            modifiers.append(normfactor(free[name]))
        if name in rates:
            modifiers.append(normsys(*rates[name]))
        if name in ("carbon", "bismuth"):
            modifiers.append(histosys(f"{name}_slope", template * (1 - 0.02 * x), template * (1 + 0.02 * x)))
        if name == "krypton":
            modifiers.append(
                histosys("krypton_width", *(template + s * derivative * (x - 0.35) for s in (-0.04, 0.05)))
            )
        modifiers.append(normsys("exposure", 0.995, 1.006))
        samples.append(sample(name, template, *modifiers))
    truth = sum(contents.values()) + 0.3 * contents["signal"]
    observed = {"spectrum": rng.poisson(truth).astype(float).tolist()}
    return _plain(workspace(_plain([channel("spectrum", *samples)]), observed))


def _plain(written: object) -> object:
    """The same in Python's own numbers and lists."""
    if isinstance(written, dict):
        return {key: _plain(value) for key, value in written.items()}
    if isinstance(written, list | np.ndarray):
        return [_plain(value) for value in written]
    return float(written) if isinstance(written, np.floating) else written


EVERY: dict[str, Callable[[], Json]] = {
    **ZOO,
    "five_channels": five_channels,
    "nine_hundred_bins": nine_hundred_bins,
}
"""All workspaces, small and large."""
