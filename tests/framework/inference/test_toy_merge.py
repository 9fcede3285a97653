"""Files put together: every toy once, in one order, of one model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.errors import InputError, OptionError
from nurecoil.inference.toy_merge import merge_toys
from nurecoil.inference.toy_view import Run, count_toys, read_toys
from nurecoil.inference.toys import toys
from nurecoil.testing.models import counting

pytest.importorskip("h5py")
MODEL = counting(observed=3.0, background=9.0, background_error=2.0)
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(name: str, n: int, seed: int = 1, first: int = 0, **more: Any) -> Path:
        path = tmp_path / f"{name}.h5"
        toys(more.pop("model", MODEL), n, seed, first=first, output=path, **more)
        return path

    return make


def test_parts_are_the_whole(make: Make, tmp_path: Path) -> None:
    whole = make("whole", 130)
    parts = [make("c", 30, first=100), make("a", 40), make("b", 60, first=40)]
    both = tmp_path / "all.h5"
    found = merge_toys(parts, both)
    assert both.read_bytes() == whole.read_bytes()
    assert found.runs == (Run(1, 0, 130),) and repr(found) == repr(read_toys(whole))
    assert len(toys(MODEL, 150, output=both)) == 150  # and it can be gone on with


def test_seeds_are_kept_apart_in_any_order(make: Make, tmp_path: Path) -> None:
    a, b, c = make("a", 20, seed=9), make("b", 30, seed=4, first=7), make("c", 5, seed=9, first=50)
    found = merge_toys([a, b, c], tmp_path / "x.h5")
    assert found.runs == (Run(4, 7, 30), Run(9, 0, 20), Run(9, 50, 5))
    assert len(found) == 55 and "of 3 runs" in repr(found)
    np.testing.assert_array_equal(found.values[30:50], read_toys(a).values)
    np.testing.assert_array_equal(found.seeds, [4] * 30 + [9] * 25)
    np.testing.assert_array_equal(found.numbers[-6:], [19, 50, 51, 52, 53, 54])
    assert found.to_json()["runs"][0] == {"seed": 4, "first": 7, "n": 30}
    merge_toys([merge_toys([c, b], tmp_path / "y.h5").file, a], tmp_path / "z.h5")
    assert (tmp_path / "z.h5").read_bytes() == (tmp_path / "x.h5").read_bytes()
    with pytest.raises(OptionError, match="seeds: several runs, merged, there"):
        toys(MODEL, 60, output=tmp_path / "x.h5")


def test_a_toy_twice_is_refused_and_both_files_named(make: Make, tmp_path: Path) -> None:
    a, b = make("a", 20), make("b", 30, first=15)
    with pytest.raises(OptionError, match=r"toys 15 to 19 of seed 1 are in .*a\.h5 and .*b\.h5"):
        merge_toys([b, a], tmp_path / "x.h5")
    with pytest.raises(OptionError, match=r"toys 0 to 19 of seed 1 are in .*a\.h5 and .*a\.h5"):
        merge_toys([a, a], tmp_path / "x.h5")
    inside = make("inside", 5, first=30)
    with pytest.raises(OptionError, match="toys 30 to 34 of seed 1"):
        merge_toys([b, inside], tmp_path / "x.h5")
    assert not (tmp_path / "x.h5").exists()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"model": counting(3.0, 8.0, 2.0)}, "parameters, background, truth: 9 in .*a.h5, 8 in .*b.h5"),
        ({"fix": {"signal": 3.0}}, "held, signal: 0 in .*a.h5, 3 in .*b.h5"),
        ({"truth": {"background": 8.5}}, "background, truth: 9 in .*a.h5, 8.5 in"),
    ],
)
def test_other_toys_are_refused(make: Make, tmp_path: Path, other: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=f"hold different toys.*{said}"):
        merge_toys([make("a", 5), make("b", 5, seed=2, **other)], tmp_path / "x.h5")


def test_toys_not_made_yet_are_left_out(make: Make, tmp_path: Path) -> None:
    a, b = tmp_path / "a.h5", make("b", 20, seed=2)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        toys(MODEL, 200, output=a, progress=stop)
    done, _ = count_toys(a)
    assert 0 < done < 200
    stored = read_toys(a)
    assert len(stored) == done and stored.missing == 200 - done
    assert f"{200 - done} of 200 toys are not made yet" in stored.notes[-1]
    assert stored.to_json()["missing"] == 200 - done and repr(stored).endswith("not made yet>")
    assert len(merge_toys([a, b], tmp_path / "x.h5")) == done + 20
    toys(MODEL, 200, output=a)
    assert len(merge_toys([a, b], tmp_path / "x.h5")) == 220  # the older one is all in it


def test_only_what_is_in_the_inputs_is_replaced(make: Make, tmp_path: Path) -> None:
    a, b, c = make("a", 5), make("b", 5, seed=2), make("c", 5, seed=3)
    before = c.read_bytes()
    with pytest.raises(OptionError, match="is there already and has toys that are in no input"):
        merge_toys([a, b], c)
    with pytest.raises(OptionError, match="is an input too"):
        merge_toys([a, b, c], c)
    assert c.read_bytes() == before
    text = tmp_path / "text.h5"
    text.write_text("notes")
    with pytest.raises(OptionError, match="is there already and holds something else"):
        merge_toys([a, b], text)
    assert text.read_text() == "notes"


def test_what_cannot_be_merged(make: Make, tmp_path: Path) -> None:
    a = make("a", 5)
    with pytest.raises(OptionError, match="files to merge: 1"):
        merge_toys([a], tmp_path / "x.h5")
    with pytest.raises(InputError, match="there is no such file"):
        merge_toys([a, tmp_path / "nothing.h5"], tmp_path / "x.h5")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        merge_toys([a, tmp_path / "b.json"], tmp_path / "x.h5")
    with pytest.raises(OptionError, match=r"the folder .* does not exist"):
        merge_toys([a, a], tmp_path / "no" / "x.h5")
