"""Small workspaces, each with something of HistFactory that an importer may get wrong.

Every one is made by pyhf or checked by it. Three entries have more than one model in them: ``several
measurements`` and ``patches`` (see ``PATCHES``); the big ones are in ``large_workspaces``.
"""

from __future__ import annotations

from collections.abc import Callable

import pyhf

from .histfactory_parts import (
    Json,
    channel,
    histosys,
    lumi,
    lumi_settings,
    measurement,
    normfactor,
    normsys,
    sample,
    shapefactor,
    shapesys,
    staterror,
    workspace,
)

__all__ = ["PATCHES", "ZOO", "contradicting_modifiers", "no_interest", "patch_set"]

MU = normfactor("mu")
SIGNAL = sample("signal", [4.0, 9.0, 3.0], MU)
BACKGROUND = [50.0, 40.0, 30.0]
OBSERVED = {"SR": [57.0, 46.0, 29.0]}


def uncorrelated() -> Json:
    model = pyhf.simplemodels.uncorrelated_background(
        signal=[12.0, 11.0], bkg=[50.0, 52.0], bkg_uncertainty=[3.0, 7.0]
    )
    return dict(pyhf.Workspace.build(model, [51.0, 48.0, *model.config.auxdata]))


def correlated() -> Json:
    model = pyhf.simplemodels.correlated_background(
        signal=[12.0, 11.0], bkg=[50.0, 52.0], bkg_up=[45.0, 57.0], bkg_down=[55.0, 49.0]
    )
    return dict(pyhf.Workspace.build(model, [67.0, 55.0, *model.config.auxdata]))


def luminosity() -> Json:
    signal = sample("signal", [4.0, 9.0, 3.0], MU, lumi())
    background = sample("background", BACKGROUND, lumi(), normsys("rate", 0.9, 1.1))
    return workspace([channel("SR", signal, background)], OBSERVED, parameters=[lumi_settings(0.98, 0.03)])


def norm_systematics() -> Json:
    modifiers = [
        normsys("lopsided", 0.95, 1.3),
        normsys("reversed", 1.2, 0.85),
        normsys("one_sided", 1.05, 1.15),
        normsys("none", 1.0, 1.0),
        normsys("wide", 0.2, 3.0),
    ]
    samples = [sample("signal", [4.0, 9.0, 3.0], MU, normsys("lopsided", 0.7, 1.05)),
               sample("background", BACKGROUND, *modifiers)]  # fmt: skip
    return workspace([channel("SR", *samples)], OBSERVED)


def shape_systematics() -> Json:
    modifiers = [
        histosys("lopsided", [48.0, 41.0, 29.0], [57.0, 43.0, 30.5]),
        histosys("one_sided", [52.0, 42.0, 30.0], [53.0, 44.0, 30.0]),
        histosys("none", BACKGROUND, BACKGROUND),
        histosys("tilt", [45.0, 40.0, 33.0], [54.0, 40.0, 28.0]),
    ]
    grown = histosys("tilt", [0.5, 2.0, 0.0], [1.5, 3.5, 0.25])
    samples = [SIGNAL, sample("background", BACKGROUND, *modifiers), sample("small", [1.0, 2.5, 0.0], grown)]
    return workspace([channel("SR", *samples)], OBSERVED)


def one_pull_everywhere() -> Json:
    """One parameter as normsys and histosys of a sample, and of others in another channel."""
    both = [normsys("scale", 0.92, 1.1), histosys("scale", [47.0, 41.0, 31.0], [54.0, 38.0, 29.0])]
    first = channel("SR", sample("signal", [4.0, 9.0, 3.0], MU, normsys("scale", 0.97, 1.02)),
                    sample("background", BACKGROUND, *both))  # fmt: skip
    second = channel("CR", sample("background", [100.0, 80.0], normsys("scale", 1.06, 0.95)),
                     sample("other", [20.0, 10.0], histosys("scale", [19.0, 11.0], [22.0, 9.0])))  # fmt: skip
    return workspace([first, second], {**OBSERVED, "CR": [118.0, 95.0]})


def channels_out_of_order() -> Json:
    """Names of channels, samples and observations that sort otherwise than they stand."""
    tail = sample("tail", [3.0], normsys("tail_rate", 0.8, 1.2), normfactor("k"))
    written = [
        channel("z", sample("w", [30.0, 20.0], normsys("b", 0.9, 1.1)), sample("signal", [3.0, 8.0], MU)),
        channel("a", sample("signal", [5.0, 2.0, 1.0], MU), sample("only_here", [40.0, 30.0, 20.0],
                staterror("stat_a", [2.0, 1.5, 1.0]))),
        channel("m", tail, sample("w", [60.0], normfactor("k"))),
    ]  # fmt: skip
    return workspace(written, {"m": [66.0], "z": [34.0, 27.0], "a": [44.0, 33.0, 18.0]})


def empty_bins() -> Json:
    """Bins with no event, among few."""
    background = sample("background", [0.4, 1.2, 0.05, 2.0], normsys("rate", 0.7, 1.4),
                        staterror("stat", [0.1, 0.2, 0.03, 0.3]))  # fmt: skip
    signal = sample("signal", [0.3, 1.0, 2.0, 0.1], MU)
    return workspace([channel("SR", signal, background)], {"SR": [0.0, 2.0, 0.0, 1.0]})


def _without_errors() -> list[Json]:
    first = channel("SR", sample("signal", [4.0, 9.0, 3.0, 1.0], MU),
                    sample("background", [50.0, 40.0, 0.0, 20.0], shapesys("shape", [5.0, 0.0, 2.0, 3.0])),
                    sample("flat", [5.0, 5.0, 5.0, 5.0]))  # fmt: skip
    second = channel("CR", sample("background", [60.0, 0.0, 30.0, 0.0],
                                  staterror("stat", [4.0, 0.0, 0.0, 2.0])),
                     sample("flat", [5.0, 5.0, 5.0, 5.0]))  # fmt: skip
    return [first, second]


NO_ERRORS = {"SR": [57.0, 52.0, 9.0, 27.0], "CR": [69.0, 4.0, 33.0, 6.0]}


def zero_uncertainties() -> Json:
    """Bins of shapesys and staterror without an error or without contents: pyhf fixes their factors."""
    return workspace(_without_errors(), NO_ERRORS)


def zero_uncertainties_freed() -> Json:
    """The same with those factors let loose again, each with the constraint that pyhf falls back on."""
    settings: list[Json] = [{"name": "shape", "fixed": False}, {"name": "stat", "fixed": False}]
    return workspace(_without_errors(), NO_ERRORS, parameters=settings)


def negative_contents() -> Json:
    """A template that is negative in places (interference), with every modifier that can change it."""
    negative = sample("interference", [-3.0, 2.0, -1.0], normfactor("mu"), normsys("rate", 0.9, 1.2),
                      histosys("tilt", [-3.5, 2.5, -1.0], [-2.0, 1.5, -1.5]),
                      staterror("stat", [0.5, 0.3, 0.2]), shapesys("shape", [0.4, 0.5, 0.3]))  # fmt: skip
    background = sample("background", BACKGROUND, staterror("stat", [2.0, 1.5, 1.0]))
    return workspace([channel("SR", SIGNAL, negative, background)], OBSERVED)


def shared_statistics() -> Json:
    """One staterror of three samples, one of which has none of it."""
    samples = [
        sample("signal", [4.0, 9.0, 3.0], MU, staterror("stat", [0.4, 0.9, 0.0])),
        sample("background", BACKGROUND, staterror("stat", [3.0, 2.0, 1.0]), normsys("rate", 0.9, 1.1)),
        sample("other", [10.0, 5.0, 0.0], staterror("stat", [1.0, 0.0, 0.0])),
        sample("exact", [2.0, 2.0, 2.0]),
    ]
    return workspace([channel("SR", *samples)], {"SR": [69.0, 53.0, 34.0]})


def statistics_of_two_channels() -> Json:
    """One staterror name in two channels: factors run on from the first to the second, by sorted names."""
    first = channel("SR", sample("signal", [4.0, 9.0, 3.0], MU),
                    sample("background", BACKGROUND, staterror("stat", [3.0, 2.0, 1.0])))  # fmt: skip
    second = channel("CR", sample("background", [90.0, 70.0], staterror("stat", [4.0, 0.0])))
    return workspace([first, second], {**OBSERVED, "CR": [95.0, 66.0]})


def free_shape() -> Json:
    """A shapefactor that two samples share, beside a normfactor."""
    samples = [SIGNAL, sample("background", BACKGROUND, shapefactor("free")),
               sample("other", [5.0, 10.0, 15.0], shapefactor("free"),
                      normsys("rate", 0.8, 1.1))]  # fmt: skip
    control = channel("CR", sample("other", [50.0, 100.0, 150.0], normsys("rate", 0.8, 1.1)),
                      sample("signal", [20.0, 60.0, 30.0], MU))  # fmt: skip
    return workspace([channel("SR", *samples), control], {**OBSERVED, "CR": [72.0, 149.0, 190.0]})


def shape_from_control() -> Json:
    """A shapefactor of two channels: bin for bin the same factors (a shape measured in a control region)."""
    first = channel("SR", SIGNAL, sample("background", BACKGROUND, shapefactor("free"), normfactor("k")))
    control = channel("CR", sample("background", [500.0, 400.0, 300.0], shapefactor("free")))
    settings: list[Json] = [
        {"name": "k", "inits": [1.0], "bounds": [[0.2, 4.0]], "fixed": True},
        {"name": "free", "inits": [1.1, 0.9, 1.0], "bounds": [[0.1, 5.0], [0.2, 6.0], [0.3, 7.0]]},
    ]
    return workspace([first, control], {**OBSERVED, "CR": [520.0, 390.0, 310.0]}, parameters=settings)


def every_factor_at_once() -> Json:
    """All modifiers on one sample, two sets of bin factors of each sort among them."""
    modifiers = [
        normfactor("mu"), normfactor("k"), lumi(), normsys("n1", 0.9, 1.15), normsys("n2", 1.05, 0.9),
        histosys("h1", [19.0, 31.0], [22.0, 29.0]), histosys("h2", [20.0, 28.0], [20.5, 33.0]),
        histosys("n1", [20.0, 31.0], [21.0, 30.0]), shapesys("s1", [2.0, 3.0]), shapesys("s2", [1.0, 4.0]),
        staterror("t1", [1.0, 2.0]), staterror("t2", [1.5, 1.0]), shapefactor("f"),
    ]  # fmt: skip
    samples = [sample("all", [20.0, 30.0], *modifiers), sample("flat", [10.0, 10.0])]
    control = channel(
        "CR", sample("k", [80.0], normfactor("k")), sample("mu", [20.0], normfactor("mu"), lumi())
    )
    settings: list[Json] = [lumi_settings(1.0, 0.02), {"name": "f", "fixed": True, "inits": [1.05, 0.95]}]
    data = {"SR": [33.0, 38.0], "CR": [104.0]}
    return workspace([channel("SR", *samples), control], data, parameters=settings)


SETTINGS: list[Json] = [
    {"name": "mu", "inits": [0.5], "bounds": [[-2.0, 6.0]]},
    lumi_settings(0.95, 0.04, bounds=[[0.7, 1.2]], inits=[0.97]),
    {"name": "rate", "inits": [0.3], "bounds": [[-2.5, 2.5]], "auxdata": [0.2]},
    {"name": "tilt", "inits": [-0.4], "fixed": True, "auxdata": [-0.1]},
    {"name": "shape", "inits": [1.1, 0.9, 1.0], "bounds": [[0.3, 3.0], [0.4, 2.0], [0.5, 5.0]],
     "auxdata": [90.0, 120.0, 41.0], "factors": [95.0, 110.0, 40.0]},
    {"name": "stat", "inits": [1.0, 1.02, 0.97], "bounds": [[0.1, 3.0]] * 3, "auxdata": [1.01, 0.98, 1.0],
     "sigmas": [0.05, 0.04, 0.06]},
    {"name": "free", "inits": [1.2, 0.8, 1.0], "bounds": [[0.0, 5.0], [0.1, 4.0], [0.2, 3.0]]},
    {"name": "nowhere", "inits": [7.0], "bounds": [[0.0, 9.0]]},
]  # fmt: skip
"""One of every kind, for scalars and for sets; the last is of a parameter that the model does not have."""


def _settled() -> list[Json]:
    signal = sample("signal", [4.0, 9.0, 3.0], MU, lumi())
    background = sample("background", BACKGROUND, normsys("rate", 0.9, 1.1),
                        shapesys("shape", [5.0, 4.0, 5.0]),
                        histosys("tilt", [47.0, 41.0, 31.0], [54.0, 38.0, 29.0]))  # fmt: skip
    control = channel("CR", sample("other", [30.0, 20.0, 10.0], shapefactor("free"), normfactor("k")),
                      sample("background", [70.0, 60.0, 50.0],
                             staterror("stat", [4.0, 3.0, 4.0])))  # fmt: skip
    return [channel("SR", signal, background), control]


TWO = {**OBSERVED, "CR": [108.0, 77.0, 63.0]}


def settings_of_every_kind() -> Json:
    return workspace(_settled(), TWO, parameters=[*SETTINGS, {"name": "k", "fixed": True}])


def several_measurements() -> Json:
    """Two parameters of interest and three sets of settings over the same channels."""
    held = {"name": "k", "inits": [1.3], "bounds": [[0.0, 5.0]], "fixed": True}
    free = {"name": "free", "inits": [1.1, 0.9, 1.0], "bounds": [[0.5, 2.0]] * 3, "fixed": True}
    return workspace(
        _settled(),
        TWO,
        measurement("first", "mu", [*SETTINGS, held]),
        measurement("other interest", "k", [lumi_settings(), free]),
        measurement("of a bare model", "", [lumi_settings(1.02, 0.01), held]),
    )


def no_interest() -> Json:
    return workspace([channel("SR", SIGNAL, sample("background", BACKGROUND, normsys("rate", 0.9, 1.1)))],
                     OBSERVED, poi="")  # fmt: skip


def fixed_interest() -> Json:
    held: Json = {"name": "mu", "inits": [1.5], "bounds": [[0.0, 4.0]], "fixed": True}
    background = sample(
        "background", BACKGROUND, normsys("rate", 0.9, 1.1), shapesys("shape", [5.0, 4.0, 5.0])
    )
    return workspace([channel("SR", SIGNAL, background)], OBSERVED, parameters=[held])


def interest_at_its_bound() -> Json:
    """A deficit: the best signal strength is 0."""
    background = sample(
        "background", BACKGROUND, normsys("rate", 0.97, 1.03), staterror("stat", [2.0, 2.0, 1.0])
    )
    return workspace([channel("SR", SIGNAL, background)], {"SR": [45.0, 27.0, 28.0]})


def _repeated(*last: Json) -> Json:
    once = [normfactor("k"), normsys("rate", 0.95, 1.1), staterror("stat", [3.0, 2.0, 1.0]),
            histosys("tilt", [49.0, 40.0, 31.0], [52.0, 40.0, 29.0])]  # fmt: skip
    control = channel("CR", sample("background", [200.0], normfactor("k")))
    return workspace([channel("SR", SIGNAL, sample("background", BACKGROUND, *once, *once, *last)), control],
                     {**OBSERVED, "CR": [210.0]})  # fmt: skip


def repeated_modifiers() -> Json:
    """The same modifier twice on a sample: pyhf counts it once and says nothing."""
    return _repeated()


def contradicting_modifiers() -> Json:
    """The same with another size the last time, which is what pyhf takes; not in the zoo."""
    return _repeated(normsys("rate", 0.5, 2.0))


def expected_as_observed() -> Json:
    """Counts that are no whole numbers, in a single bin and in many."""
    model = pyhf.simplemodels.uncorrelated_background(
        signal=[2.5, 1.5], bkg=[7.25, 3.125], bkg_uncertainty=[1.5, 0.7]
    )
    expected = model.expected_data([0.3, 1.05, 0.9]).tolist()
    return dict(pyhf.Workspace.build(model, expected, name="expected"))


def combined_by_pyhf() -> Json:
    """Two workspaces joined by pyhf itself: one common pull, one common strength."""
    left = workspace([channel("left", sample("s", [5.0, 6.0], MU),
                              sample("b", [40.0, 30.0], normsys("common", 0.9, 1.12)))],
                     {"left": [48.0, 33.0]})  # fmt: skip
    right = workspace([channel("right", sample("s", [2.0], MU),
                               sample("b", [20.0], histosys("common", [18.0], [23.0])))],
                      {"right": [19.0]})  # fmt: skip
    return dict(pyhf.Workspace.combine(pyhf.Workspace(left), pyhf.Workspace(right), join="outer"))


ZOO: dict[str, Callable[[], Json]] = {
    made.__name__: made
    for made in (
        uncorrelated, correlated, luminosity, norm_systematics, shape_systematics, one_pull_everywhere,
        channels_out_of_order, empty_bins, zero_uncertainties, zero_uncertainties_freed, negative_contents,
        shared_statistics, statistics_of_two_channels, free_shape, shape_from_control, every_factor_at_once,
        settings_of_every_kind, several_measurements, no_interest, fixed_interest, interest_at_its_bound,
        repeated_modifiers, expected_as_observed, combined_by_pyhf,
    )
}  # fmt: skip
"""Every small workspace by the name of what is in it."""


def patch_set(document: Json) -> Json:
    """Patches to the workspace of :func:`no_interest`: another signal, another modifier, other data."""
    signals = {"light": [6.0, 2.0, 1.0], "heavy": [0.5, 3.0, 9.0]}
    patches: list[Json] = [
        {
            "metadata": {"name": name, "values": [number]},
            "patch": [{"op": "replace", "path": "/channels/0/samples/0/data", "value": contents},
                      {"op": "replace", "path": "/measurements/0/config/poi", "value": "mu"}],
        }
        for number, (name, contents) in enumerate(signals.items())
    ]  # fmt: skip
    patches.append({"metadata": {"name": "shape", "values": [2]}, "patch": [
        {"op": "add", "path": "/channels/0/samples/1/modifiers/-",
         "value": histosys("tilt", [45.0, 40.0, 33.0], [54.0, 40.0, 28.0])},
        {"op": "replace", "path": "/observations/0/data", "value": [49.0, 41.0, 33.0]},
    ]})  # fmt: skip
    made: Json = {
        "metadata": {
            "name": "signals",
            "description": "two masses and a shape",
            "labels": ["number"],
            "digests": {"sha256": pyhf.utils.digest(document)},
            "references": {"hepdata": "ins0000000"},
        },
        "patches": patches,
        "version": "1.0.0",
    }
    pyhf.PatchSet(made)
    return made


PATCHES = ("light", "heavy", "shape")
"""The names of the patches."""
