"""The picture of a systematic study: a thin line a member, a thick one for the sum, limits drawn in."""

from __future__ import annotations

import dataclasses

import pytest

from nurecoil.report.systematics_plot import plot_systematics
from nurecoil.studies.systematics import systematics
from nurecoil.studies.systematics_result import Systematics

from ..studies.varied import Varied, asked, varied

__all__ = ["varied"]


@pytest.fixture
def found(varied: type[Varied]) -> Systematics:
    made = systematics(asked(), points=11)
    published = [{"value": made.limit * 1.2, "remark": "somebody", "method": "area", "unit": "mu_B"}]
    return dataclasses.replace(made, metadata={**made.metadata, "published_limits": published})


def test_members_are_thin_and_the_sum_is_thick(found: Systematics) -> None:
    top, bottom = plot_systematics(found).axes
    for axes in (top, bottom):
        curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
        assert len(curves) == 7
        *members, total = curves
        assert total.get_linewidth() > 3 * max(line.get_linewidth() for line in members)
        assert total.get_color() == "black"
    assert max(bottom.get_lines()[6].get_ydata()) == pytest.approx(1.0, abs=1e-3)
    assert top.get_title(loc="left") == "6 members, 90 % limits by the area rule"


def test_limits_are_lines(found: Systematics) -> None:
    figure = plot_systematics(found)
    scale = 1e11 if "-11" in figure.axes[1].get_xlabel() else 1e10
    words = {line.get_label(): line.get_xdata()[0] for line in figure.axes[1].get_lines()}
    wanted = {
        f"weighted sum: < {found.limit * scale:.2f}": found.limit,
        f"standard member: < {found.standard.limits['area'] * scale:.2f}": found.standard.limits["area"],
        f"published {1.2 * found.limit * scale:.1f}: somebody": 1.2 * found.limit,
    }
    for label, value in wanted.items():
        assert words[label] == pytest.approx(value * scale)


def test_colours_are_the_choices_that_matter_most(found: Systematics) -> None:
    top = plot_systematics(found).axes[0]
    shown = [text.get_text() for text in top.get_legend().get_texts()]
    widest = max(found.alone, key=lambda row: row.highest - row.lowest).axis
    assert shown[:-1] == list(dict.fromkeys(row.member.choices[widest] for row in found.rows))
    assert shown[-1] == "weighted sum"


def test_a_member_that_failed_is_not_drawn(found: Systematics) -> None:
    rows = (*found.rows[:-1], dataclasses.replace(found.rows[-1], limit=None, reason="no"))
    top = plot_systematics(dataclasses.replace(found, rows=rows)).axes[0]
    assert sum(len(line.get_xdata()) > 2 for line in top.get_lines()) == 6
    assert top.get_title(loc="left").startswith("5 members")
