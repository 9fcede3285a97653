"""Labels, the look, and files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from nurecoil.errors import OptionError
from nurecoil.report.style import axis_exponent, label_with_unit, parameter_label, save, styled


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("N_h", "hits", "$N_h$ [hits]"),
        ("energy", "MeV", "energy [MeV]"),
        ("energy", "1", "energy"),
        ("energy", "", "energy"),
        ("mu_eff", "mu_B", r"$\mu_\mathrm{eff}$ [$\mu_B$]"),
        ("solar.flux.pp_x", "SSM", "solar.flux.pp_x [SSM]"),
    ],
)
def test_labels_carry_their_unit(name: str, unit: str, label: str) -> None:
    assert label_with_unit(name, unit) == label


def test_parameters_are_labelled_in_powers_of_ten() -> None:
    assert parameter_label("mu_eff", "mu_B", -11) == r"$\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    assert parameter_label("g", "1", -6) == "$g$ [$10^{-6}$]"
    assert parameter_label("rate", "events", 0) == "rate [events]"


def test_the_look_ends_with_its_context() -> None:
    before = dict(mpl.rcParams)
    with styled():
        assert mpl.rcParams["savefig.dpi"] == 150.0
    after = dict(mpl.rcParams)
    assert after == before


@pytest.mark.parametrize("name", ["plot.png", "plot.pdf", "plot.svg", "plot.PNG", "plot"])
def test_figures_are_written_in_the_format_of_their_suffix(tmp_path: Path, name: str) -> None:
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    save(figure, tmp_path / name)
    begin = {"pdf": b"%PDF", "svg": b"<?xml"}.get(name.rpartition(".")[2], b"\x89PNG")
    assert (tmp_path / name).read_bytes().startswith(begin)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("where", ["missing/plot.png", "plot.xyz", "folder"])
def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    figure, _ = plt.subplots()
    with pytest.raises(OptionError, match=r"^plot"):
        save(figure, tmp_path / where)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert not plt.fignum_exists(figure.number)


def test_an_unknown_suffix_says_which_are_known(tmp_path: Path) -> None:
    figure, _ = plt.subplots()
    with pytest.raises(OptionError, match=r"the suffix '\.xyz'\. Allowed: .*pdf, .*png"):
        save(figure, tmp_path / "plot.xyz")


def test_a_figure_that_cannot_be_drawn_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plot.png"
    target.write_bytes(b"the old one")
    figure, _ = plt.subplots()

    def half(path: Path, **more: object) -> None:
        path.write_bytes(b"half a")
        raise RuntimeError("no ink")

    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(RuntimeError, match="no ink"):
        save(figure, target)
    assert target.read_bytes() == b"the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["plot.png"]


@pytest.mark.parametrize(
    ("reach", "exponent"), [(0.0, 0), (-1.0, 0), (0.01, 0), (0.0099, -3), (9999.0, 0), (1e4, 4), (3e-11, -11)]
)
def test_powers_of_ten_only_where_numbers_are_not_everyday(reach: float, exponent: int) -> None:
    assert axis_exponent(reach) == exponent
