"""The registry: every state a plugin can be in, and that none of them stops the rest."""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil import plugins
from nurecoil.errors import PluginError
from nurecoil.experiment import Experiment
from nurecoil.plugins import PluginEntry, PluginTable
from nurecoil.search import Search

from .conftest import EXPERIMENT, Site


def entry(name: str) -> PluginEntry:
    """The one entry of this name."""
    (found,) = (item for item in plugins.installed() if item.name == name)
    return found


def test_a_sound_plugin_is_listed_and_loaded(site: Site) -> None:
    site.add_experiment("juno", "nurecoil-juno", version="2.3")
    site.add_search("light-vector", "nurecoil-vector")
    assert plugins.experiments() == (
        PluginEntry("juno", "experiment", "juno of nurecoil-juno", "nurecoil-juno", "2.3", "ok", ""),
    )
    assert [item.name for item in plugins.searches()] == ["light-vector"]
    assert issubclass(plugins.load_experiment("juno"), Experiment)
    assert issubclass(plugins.load_search("light-vector"), Search)


def test_only_the_plugin_that_is_asked_for_is_imported(site: Site) -> None:
    site.add_experiment("juno", "nurecoil-juno")
    site.add_experiment("sno", "nurecoil-sno")
    site.add(
        "nurecoil-trap", {"trap": "made_up_trap:Plugin"}, modules={"made_up_trap": "raise SystemExit(3)"}
    )
    plugins.load_experiment("juno")
    plugins.find("juno")
    assert "made_up_nurecoil_juno_juno" in sys.modules
    assert "made_up_nurecoil_sno_sno" not in sys.modules
    assert "made_up_trap" not in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import does_not_exist_anywhere", "ModuleNotFoundError: No module named 'does_not_exist_anywhere'"),
        ("def broken(:\n", "SyntaxError: invalid syntax (made_up.py, line 1)"),
        ("import sys\nsys.exit('not today')", "SystemExit: not today"),
        ("raise RuntimeError('first line\\n   second line')", "RuntimeError: first line second line"),
        ("raise KeyError", "KeyError"),
        ("Other = 1", "AttributeError: module 'made_up' has no attribute 'Plugin'"),
        ("class Plugin: ...", "made_up:Plugin is not a subclass of nurecoil.experiment.Experiment"),
        ("Plugin = 3", "made_up:Plugin is not a subclass of nurecoil.experiment.Experiment"),
        (EXPERIMENT.format(name="other", title="T"), "its class is named 'other', its entry point 'bad'"),
        (EXPERIMENT.format(name="bad", title=" "), "its class has no title (title = ' ')"),
        (
            "from nurecoil.experiment import Experiment\n"
            "class Plugin(Experiment):\n    name, title = 'bad', 'no channels'\n",
            "its class does not implement channels",
        ),
        (
            EXPERIMENT.format(name="bad", title="T") + "    Options = dict\n",
            "its Options is no dataclass but <class 'dict'>",
        ),
    ],
    ids=lambda value: None,
)
def test_a_broken_plugin_is_a_row_with_its_reason_and_stops_nothing(
    site: Site, source: str, reason: str
) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": source})
    site.add_experiment("juno", "nurecoil-juno")
    assert entry("bad") == PluginEntry("bad", "experiment", "", "nurecoil-bad", "1.0", "broken", reason)
    assert entry("juno").status == "ok"
    with pytest.raises(PluginError) as raised:
        plugins.load_experiment("bad")
    assert "'bad'" in str(raised.value)
    assert "nurecoil-bad 1.0 is broken" in str(raised.value)
    assert reason in str(raised.value)


def test_the_plugins_own_exception_is_kept_as_the_cause(site: Site) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "1 / 0"})
    with pytest.raises(PluginError) as raised:
        plugins.load_experiment("bad")
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_ctrl_c_during_a_load_is_not_swallowed(site: Site) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        plugins.experiments()


def test_what_a_plugin_prints_is_dropped(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    noise = "import sys\nprint('hello')\nprint('hello', file=sys.stderr)\n"
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": noise + "raise ValueError('no')"})
    assert entry("bad").reason == "ValueError: no"
    assert capsys.readouterr() == ("", "")


def test_a_long_reason_is_cut_to_one_short_line(site: Site) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "raise ValueError('x ' * 5000)"})
    assert len(entry("bad").reason) == 200


@pytest.mark.parametrize("value", ["made_up", "made_up:", ":Plugin", "made up:Plugin", "made_up:Plugin()"])
def test_an_entry_point_that_names_no_class_is_broken(site: Site, value: str) -> None:
    site.add("nurecoil-bad", {"bad": value})
    assert entry("bad").status == "broken"
    assert entry("bad").reason == f"its entry point {value!r} is not 'module:Class'"


@pytest.mark.parametrize("name", ["Juno", "super k", "juno.near", "1000", "-x"])
def test_a_name_that_options_could_not_be_keyed_by_is_broken(site: Site, name: str) -> None:
    site.add(
        "nurecoil-bad", {name: "made_up:Plugin"}, modules={"made_up": EXPERIMENT.format(name=name, title="T")}
    )
    assert entry(name).status == "broken"
    assert "lower-case letters" in entry(name).reason


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        ("nurecoil>=7", "it needs nurecoil >=7, this is 0.1.0"),
        ("NuRecoil[zfit] ~= 3.0 ; python_version >= '3'", "it needs nurecoil ~=3.0, this is 0.1.0"),
        ("nurecoil (<0.1)", "it needs nurecoil <0.1, this is 0.1.0"),
        ("nurecoil >>> 1", "its requirement 'nurecoil >>> 1' cannot be read: InvalidRequirement"),
    ],
)
def test_a_plugin_for_another_version_is_incompatible_and_not_imported(
    site: Site, requires: str, reason: str
) -> None:
    site.add_experiment("juno", "nurecoil-juno", requires=("numpy>=1", requires))
    assert entry("juno").status == "incompatible"
    assert entry("juno").reason.startswith(reason)
    assert "made_up_nurecoil_juno_juno" not in sys.modules
    with pytest.raises(PluginError, match=r"nurecoil-juno 1\.0 is incompatible: it"):
        plugins.load_experiment("juno")


@pytest.mark.parametrize(
    "requires",
    [
        "nurecoil>=0.1",
        "nurecoil",
        "nurecoil==0.1.*",
        "nurecoil>=7; extra == 'future'",
        "nurecoil-other>=7",
        "not a @ requirement !",
    ],
)
def test_a_requirement_that_admits_this_version_is_fine(site: Site, requires: str) -> None:
    site.add_experiment("juno", "nurecoil-juno", requires=(requires,))
    assert entry("juno").status == "ok"


def test_a_taken_name_goes_to_the_first_distribution_in_the_alphabet(site: Site) -> None:
    site.add_experiment("juno", "zeta-juno")
    site.add_experiment("juno", "Alpha_juno")
    first, second = plugins.experiments()
    assert (first.distribution, first.status) == ("Alpha_juno", "ok")
    assert (second.distribution, second.status) == ("zeta-juno", "shadowed")
    assert second.reason == "the name belongs to the experiment of Alpha_juno 1.0"
    assert "made_up_zeta_juno_juno" not in sys.modules
    assert plugins.load_experiment("juno").title == "juno of Alpha_juno"
    assert plugins.find("juno").distribution == "Alpha_juno"


def test_our_own_distribution_wins_over_any(site: Site) -> None:
    (site.folder / "nurecoil-0.1.0.dist-info" / "entry_points.txt").write_text(
        "[nurecoil.experiments]\njuno = made_up_own:Plugin\n"
    )
    (site.folder / "made_up_own.py").write_text(EXPERIMENT.format(name="juno", title="our own"))
    site.add_experiment("juno", "aaa-juno")
    assert [(item.distribution, item.status) for item in plugins.experiments()] == [
        ("nurecoil", "ok"),
        ("aaa-juno", "shadowed"),
    ]


def test_a_broken_plugin_keeps_its_name_and_an_incompatible_one_does_not(site: Site) -> None:
    site.add("aaa", {"juno": "made_up:Plugin", "sno": "made_up:Plugin"}, modules={"made_up": "1 / 0"})
    site.add_experiment("juno", "bbb")
    site.add_experiment("dune", "ccc", requires=("nurecoil>=7",))
    site.add_experiment("dune", "ddd")
    states = {(item.name, item.distribution): item.status for item in plugins.experiments()}
    assert states == {
        ("juno", "aaa"): "broken",
        ("sno", "aaa"): "broken",
        ("juno", "bbb"): "shadowed",
        ("dune", "ccc"): "incompatible",
        ("dune", "ddd"): "ok",
    }
    assert plugins.load_experiment("dune").title == "dune of ddd"


def test_experiments_and_searches_share_one_namespace(site: Site) -> None:
    site.add_experiment("juno", "aaa")
    site.add_search("juno", "bbb")
    assert plugins.searches()[0].status == "shadowed"
    assert plugins.searches()[0].reason == "the name belongs to the experiment of aaa 1.0"


@pytest.mark.parametrize("name", ["solar", "osc"])
def test_the_scopes_of_shared_parameters_cannot_be_claimed(site: Site, name: str) -> None:
    site.add_experiment(name, "aaa")
    assert entry(name).status == "shadowed"
    assert f"'{name}.*'" in entry(name).reason


def test_an_unknown_name_offers_the_nearest(site: Site) -> None:
    site.add_experiment("borexino", "nurecoil-borexino")
    site.add_experiment("juno", "nurecoil-juno")
    with pytest.raises(
        PluginError, match=r"'borxino' is not known\. Allowed: borexino, juno\. Did you mean 'borexino'"
    ):
        plugins.load_experiment("borxino")
    with pytest.raises(PluginError, match="Did you mean 'juno'"):
        plugins.find("jno")


def test_a_name_of_the_other_kind_is_told(site: Site) -> None:
    site.add_search("light-vector", "nurecoil-vector")
    with pytest.raises(PluginError, match="'light-vector' is a plugin, but a search"):
        plugins.load_experiment("light-vector")


def test_without_any_plugin_everything_is_empty(site: Site) -> None:
    assert plugins.installed() == ()
    assert repr(plugins.experiments()) == "name  kind  title  distribution  version  status  reason"
    with pytest.raises(PluginError, match=r"'juno' is not known\. Allowed: nothing"):
        plugins.load_experiment("juno")


def test_damaged_metadata_of_one_distribution_stops_nothing(site: Site) -> None:
    info = site.add_experiment("sno", "nurecoil-sno")
    (info / "entry_points.txt").write_text("[nurecoil.experiments]\nno equals sign here\n")
    nameless = site.add_experiment("dune", "nurecoil-dune")
    (nameless / "METADATA").unlink()
    site.add_experiment("juno", "nurecoil-juno")
    rows = {item.distribution: item for item in plugins.installed()}
    assert rows["nurecoil-juno"].status == "ok"
    assert rows["nurecoil-sno"].status == "broken"
    assert rows["nurecoil-sno"].reason.startswith("its entry points cannot be read: ")
    assert rows["unnamed"].status == "broken"
    assert rows["unnamed"].reason.startswith("its metadata cannot be read: ")
    assert len(rows) == 3


def test_of_two_copies_of_a_distribution_the_one_python_uses_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_experiment("juno", "nurecoil-juno", version="1.0")
    newer = Site(site.folder.parent / "newer")
    newer.add_experiment("juno", "NuRecoil.Juno", version="2.0")
    monkeypatch.syspath_prepend(newer.folder)
    assert [(item.version, item.status) for item in plugins.experiments()] == [("2.0", "ok")]
    bare = Site(site.folder.parent / "bare")
    bare.add("nurecoil-juno", version="3.0")
    monkeypatch.syspath_prepend(bare.folder)
    assert plugins.experiments() == ()


def test_a_distribution_in_a_folder_of_another_name_is_found(site: Site) -> None:
    info = site.add_experiment("juno", "nurecoil-juno")
    info.rename(site.folder / "moved-1.0.dist-info")
    assert [(item.distribution, item.status) for item in plugins.experiments()] == [("nurecoil-juno", "ok")]


def test_the_table_prints_aligned_and_as_escaped_html() -> None:
    table = PluginTable(
        [
            PluginEntry("juno", "experiment", "JUNO <b>", "nurecoil-juno", "1.0", "ok", ""),
            PluginEntry("light-vector", "search", "", "x", "2", "broken", "because"),
        ]
    )
    lines = repr(table).splitlines()
    assert [line.index("experiment" if "juno" in line else "search") for line in lines[1:]] == [14, 14]
    assert lines[0].index("kind") == 14
    assert not any(line.endswith(" ") for line in lines)
    cells: list[str] = []
    parser = HTMLParser()
    parser.handle_data = cells.append  # type: ignore[method-assign]
    parser.feed(table._repr_html_())
    assert "JUNO <b>" in cells
    assert json.loads(json.dumps(table.to_json()))[1]["reason"] == "because"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=60),
    value=st.text(st.characters(codec="utf-8"), max_size=30),
)
def test_no_entry_points_file_stops_the_registry(site: Site, text: str, value: str) -> None:
    info = site.folder / "fuzzed-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Name: fuzzed\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[nurecoil.experiments]\n{text}\nx = {value}\n", encoding="utf-8")
    table = plugins.installed()
    assert all(item.status != "ok" for item in table)
    assert all("\n" not in item.reason for item in table)
    assert repr(table)
