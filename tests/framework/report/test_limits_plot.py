"""The picture of limits side by side: a line for each, bands where there are any, what is published."""

from __future__ import annotations

import dataclasses

import matplotlib.pyplot as plt
import pytest

from nurecoil.inference.limits import Limits, limits
from nurecoil.report.limits_plot import plot_limits
from nurecoil.testing.models import counting


def test_one_line_for_each_with_its_value() -> None:
    found = limits(counting(3.0, 1.0), methods=["area", "cls"])
    figure = plot_limits(found, "toy")
    top, bottom = figure.axes
    assert [text.get_text() for text in bottom.get_yticklabels()] == ["area", "cls"]
    assert {text.get_text() for text in bottom.texts} == {f"{one.value:.3g}" for one in found}
    assert len(bottom.patches) == 2  # the bands of CLs
    assert (
        top.get_title(loc="left") == "toy: upper limits at 90 %; bands: 1 and 2 sigma of data without signal"
    )
    plt.close(figure)


def test_published_limits_and_asimov_data() -> None:
    (one,) = limits(counting(3.0, 1.0), methods=["area"])
    row = {"value": 7.0, "unit": "events", "cl": 0.9, "method": "area", "remark": "somebody", "citation": "X"}
    model = dataclasses.replace(one.model, metadata={"published_limits": [row]})
    channel = dataclasses.replace(model.channels[0], asimov=True)
    model = dataclasses.replace(model, channels=(channel,))
    best = dataclasses.replace(one.best_fit, model=model)
    figure = plot_limits(Limits([dataclasses.replace(one, best_fit=best)]))
    top, bottom = figure.axes
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["published 7: somebody"]
    assert top.get_title(loc="left") == "expected upper limits at 90 %"
    assert bottom.get_xlim()[1] > 7.0
    plt.close(figure)


@pytest.mark.parametrize("methods", [["area"], ["area", "area-squared", "delta-chi2-two-sided"]])
def test_any_number(methods: list[str]) -> None:
    figure = plot_limits(limits(counting(3.0, 1.0), methods=methods))
    assert len(figure.axes[1].get_yticks()) == len(methods)
    plt.close(figure)
