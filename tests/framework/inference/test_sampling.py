"""The sampler and its diagnostics on densities known in closed form, and what it does with accidents."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from nurecoil.errors import FitError, OptionError
from nurecoil.inference.sampling import Chains, diagnose, extend, quantile_error

pytest.importorskip("nutpie")

Array = NDArray[np.float64]


class Normal:
    """A standard normal density that does something else after some calls."""

    def __init__(self, size: int = 2, after: int = sys.maxsize, then: Exception | None = None) -> None:
        self.size, self.calls, self._after, self._then = size, 0, after, then

    def evaluate(self, z: Array) -> tuple[float, Array]:
        self.calls += 1
        if self.calls > self._after and self._then is not None:
            raise self._then
        return -0.5 * float(z @ z), -z


class Half(Normal):
    """A normal density that is zero below 0 in its first coordinate."""

    def evaluate(self, z: Array) -> tuple[float, Array]:
        value, gradient = super().evaluate(z)
        return (-math.inf if z[0] < 0 else value), gradient


class Nowhere(Normal):
    """A density that is zero."""

    def evaluate(self, z: Array) -> tuple[float, Array]:
        return -math.inf, np.zeros(self.size)


@pytest.fixture(scope="module")
def drawn() -> Chains:
    return extend(Normal(), chains=4, draws=1000, tune=200, seed=5)


def test_a_normal_density(drawn: Chains) -> None:
    assert drawn.draws.shape == (4, 1000, 2)
    assert drawn.diverged == 0
    found = diagnose(drawn.draws)
    assert found.worst[0] < 1.01
    assert min(found.worst[1:]) > 1000
    for i in range(2):
        values = drawn.draws[:, :, i]
        for share, exact in ((0.1, -1.2816), (0.5, 0.0), (0.9, 1.2816)):
            error = quantile_error(values, share)
            assert 0.005 < error < 0.1
            assert np.quantile(values, share) == pytest.approx(exact, abs=4 * error)


def test_draws_depend_on_the_seed_alone(drawn: Chains) -> None:
    again = extend(Normal(), chains=2, draws=1000, tune=200, seed=5)
    np.testing.assert_array_equal(again.draws, drawn.draws[:2])
    other = extend(Normal(), chains=2, draws=1000, tune=200, seed=6)
    assert not np.any(other.draws == again.draws)
    assert not np.any(again.draws[0] == again.draws[1])


def test_chains_go_on(drawn: Chains) -> None:
    more = extend(Normal(), drawn, draws=50, tune=50, seed=5)
    assert more.draws.shape == (4, 1050, 2)
    np.testing.assert_array_equal(more.draws[:, :1000], drawn.draws)
    assert not np.any(more.draws[:, 1000:1050] == drawn.draws[:, :50])


def test_a_seed_may_be_any_64_bit_number() -> None:
    assert extend(Normal(), chains=1, draws=10, tune=10, seed=2**64 - 1).draws.shape == (1, 10, 2)


def test_chains_that_disagree_are_seen(drawn: Chains) -> None:
    apart = drawn.draws.copy()
    apart[0] += 1.0
    assert diagnose(apart).worst[0] > 1.05


def test_every_draw_is_told_of() -> None:
    told: list[int] = []
    extend(Normal(), chains=2, draws=30, tune=20, advance=lambda: told.append(1))
    assert len(told) == 100


def test_an_edge_is_not_crossed_and_noticed() -> None:
    chains = extend(Half(1), chains=1, draws=200, tune=200, seed=2)
    assert chains.draws.min() >= 0
    assert chains.diverged > 0


@pytest.mark.parametrize("then", [ZeroDivisionError("made up"), KeyboardInterrupt("made up")])
def test_errors_in_the_density_come_out_as_they_are(
    then: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(then), match="made up"):
        extend(Normal(after=300, then=then), chains=2, draws=50, tune=200)
    assert capfd.readouterr().err == ""


def test_errors_of_who_listens_come_out_as_they_are() -> None:
    def advance() -> None:
        raise RuntimeError("made up")

    with pytest.raises(RuntimeError, match="made up"):
        extend(Normal(), chains=1, draws=10, tune=10, advance=advance)


def test_a_density_that_is_zero_everywhere() -> None:
    with pytest.raises(FitError, match="zero at 100 places"):
        extend(Nowhere(), chains=1, draws=10, tune=10)


def test_without_the_sampler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nutpie", None)
    with pytest.raises(OptionError, match=r"nutpie is not installed.*pip install 'nurecoil\[bayes\]'"):
        extend(Normal())
