from __future__ import annotations

import copy
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import jsonpatch
import pyhf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.bridges.loading import _patches as _loading_patches
from nurecoil.bridges.loading import _text as _loading_text
from nurecoil.bridges.loading._quick import quick_check
from nurecoil.bridges.loading._words import printable, short
from nurecoil.bridges.loading.documents import (
    LARGEST_FILE,
    MOST_LEVELS,
    digest,
    json_path,
    kind_of,
    load_json,
    patched,
    validate_pyhf,
)
from nurecoil.errors import InputError, NurecoilError

Json = dict[str, Any]

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
KEYS = st.text(st.characters(codec="utf-8"), max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


def loaded(tmp_path: Path, text: str | bytes) -> Any:
    path = tmp_path / "given.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_json(path, where="workspace")


def refused(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith("workspace ")
    assert "given.json" in caught.value.where
    return str(caught.value)


def workspace() -> Json:
    modifiers = [
        {"name": "mu", "type": "normfactor", "data": None},
        {"name": "lumi", "type": "lumi", "data": None},
        {"name": "xs", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
        {"name": "jes", "type": "histosys", "data": {"lo_data": [4.0, 5.0], "hi_data": [6.0, 7.0]}},
        {"name": "free", "type": "shapefactor", "data": None},
        {"name": "shape", "type": "shapesys", "data": [1.0, 2]},
        {"name": "stat_SR", "type": "staterror", "data": [0.5, 0.5]},
    ]
    lumi = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.5, 1.5]], "inits": [1.0]}
    return {
        "channels": [{"name": "SR", "samples": [{"name": "b", "data": [5.0, 6.0], "modifiers": modifiers}]}],
        "observations": [{"name": "SR", "data": [5, 6]}],
        "measurements": [{"name": "fit", "config": {"poi": "mu", "parameters": [lumi]}}],
        "version": "1.0.0",
    }


# --- files ------------------------------------------------------------------------------------------------


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_json(tmp_path / "no.json", where="workspace")
    with pytest.raises(InputError, match="is a folder"):
        load_json(tmp_path, where="workspace")
    for name in ("a\0b", "x" * 5000, "~nobody-here-at-all/x.json"):
        with pytest.raises(InputError):
            load_json(name, where="workspace")


def test_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[str] = []

    def attempt() -> None:
        for path in (tmp_path / "pipe", "/dev/zero", "/dev/null"):
            with pytest.raises(InputError) as caught:
                load_json(path, where="workspace")
            found.append(caught.value.got)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(10)
    assert found == ["is a device, pipe or socket"] * 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        load_json(path, where="workspace")


def test_a_file_beyond_the_limit_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # sparse
    start = time.perf_counter()
    with pytest.raises(InputError, match="128 MiB at most"):
        load_json(path, where="workspace")
    assert time.perf_counter() - start < 1


# --- text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "the file is empty"),
        (b" \n ", "the text ends in the middle"),
        (b'{"a": [1, 2', "line 1, column 12: the text ends in the middle"),
        (b'{"a": "xy', "truncated"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 01}', "line 1, column 8"),
        (b'{"a": 1} {"b": 2}', "line 1, column 10"),
        (b'{"a": "\x01"}', "line 1, column 8"),
        (b'\xef\xbb\xbf{"a": 1}', "byte-order mark"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        ('{"a": 1}'.encode("utf-32"), "UTF-16 or UTF-32"),
        ('{"é": 1}'.encode("utf-16-le"), "line 1, byte 5"),
        (b'{"a":\n "\xe9"}', "line 2, byte 3: the byte 0xe9 is no UTF-8"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"root\x00\x00", "ROOT"),
        (b"<Combination/>", "XML"),
        (b'{"a": [0, NaN]}', "a[1]: the number is NaN"),
        (b'{"a": {"b": -Infinity}}', "a.b: the number is infinite"),
        (b'{"a": [[1e999]]}', "a[0][0]: the number is infinite or too large"),
        (b'{"a": 1' + b"0" * 320 + b"}", "a: the number is infinite or too large"),
        (b'{"a":\n 1' + b"0" * 10_000 + b"}", "line 2, byte 2: an integer of more than 308 digits"),
        (b'{"a": 1' + b"0" * 10_000 + b".5}", "a: the number is infinite"),
        (b'{"a": [{"b": 1, "c": 2, "b": 3}]}', "a[0]: the key 'b' comes twice"),
        (b'{"a": 1, "a": 1}', "the key 'a' comes twice"),
        (b'{"a": ["\\ud83d"]}', "half a character"),
        (b'{"a": {"\\udc00": 1}}', "half a character"),
        (b"[1, 2]", "the top level is a list"),
        (b'[{"op": "add", "path": "/a", "value": 1}]', "bare JSON patch"),
        (b'"text"', "the top level is a text"),
        (b"3", "the top level is 3"),
        (b"null", "the top level is None"),
    ],
)
def test_text_that_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    assert words in refused(tmp_path, text)


def test_whole_surrogate_pairs_are_characters(tmp_path: Path) -> None:
    assert loaded(tmp_path, '{"a": "\\ud83d\\ude00", "b": 1e-999}') == {"a": "\U0001f600", "b": 0.0}


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_depth_has_a_limit(tmp_path: Path, opening: str, closing: str) -> None:
    def nested(levels: int) -> str:
        return '{"a":' + opening * (levels - 1) + "0" + closing * (levels - 1) + "}"

    assert loaded(tmp_path, nested(MOST_LEVELS))
    for levels in (MOST_LEVELS + 1, 500, 5_000, 100_000):
        assert f"more than {MOST_LEVELS} levels" in refused(tmp_path, nested(levels))
    assert f"more than {MOST_LEVELS} levels" in refused(tmp_path, opening * 100_000)
    empty = "[" * (MOST_LEVELS - 1) + "{}" + "]" * (MOST_LEVELS - 1)
    assert f"more than {MOST_LEVELS} levels" in refused(tmp_path, f'{{"a":{empty}}}')


def test_long_integers_are_refused_where_python_has_no_limit(tmp_path: Path) -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        start = time.perf_counter()
        assert "more than 308 digits" in refused(tmp_path, '{"a": ' + "7" * 3_000_000 + "}")
        assert time.perf_counter() - start < 2
    finally:
        sys.set_int_max_str_digits(before)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=4), st.booleans())
def test_what_json_can_say_comes_through(document: Json, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert _loading_text.parsed(text, "x.json") == document


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text('[]{}:,"\\u0d8Ee1-.Nantrue ', max_size=40).map(str.encode))
def test_any_bytes_give_data_or_our_error(raw: bytes) -> None:
    try:
        document = _loading_text.parsed(raw, "x.json")
    except InputError as error:
        assert error.where.startswith("x.json")
        return
    assert json.loads(raw) == document
    digest(document)


@settings(max_examples=200, deadline=None)
@given(JSON, st.data())
def test_a_bad_number_is_found_wherever_it_stands(document: Any, data: st.DataObject) -> None:
    spots = [(parts, one) for parts, one in _loading_text._containers([document]) if one]
    parts, container = data.draw(st.sampled_from(spots))
    key = data.draw(
        st.sampled_from(list(container) if isinstance(container, dict) else range(len(container)))
    )
    container[key] = data.draw(st.sampled_from([math.inf, -math.inf, math.nan, 10**400, -(10**400)]))
    top = (
        next(one for where, one in _loading_text._containers([document]) if where == ())
        if parts
        else container
    )
    with pytest.raises(InputError) as caught:
        _loading_text.checked(top, "x.json")
    assert caught.value.where == f"x.json, {json_path([*parts, key])}"


# --- bounds, in a process of its own ----------------------------------------------------------------------

WORST = {
    "small integers": "','.join(['999'] * (N // 4))",
    "many lists": "','.join(['[0]'] * (N // 4))",
    "many empty lists": "','.join(['[]'] * (N // 3))",
    "nested lists": "','.join(['[[[[[[[[0]]]]]]]]'] * (N // 18))",
    "one-key objects": "','.join(['{\"a\":0}'] * (N // 8))",
    "own keys": "'{' + ','.join(f'\"{i:x}\":{{}}' for i in range(N // 10)) + '}'",
    "own keys of numbers": "'{' + ','.join(f'\"{i:x}\":0' for i in range(N // 9)) + '}'",
    "modifiers": '\',\'.join([\'{"data":{"hi":1.05,"lo":0.94},"name":"J","type":"normsys"}\'] * (N // 61))',
    "short texts": "','.join(['\"ab\"'] * (N // 5))",
    "one wide text": "'\"' + 'x' * (N - 10) + '\U0001f600\"'",
    "one escaped text": "'\"' + 'x' * (N - 20) + '\\\\ud83d\\\\ude00\"'",
}
MAKE = """
import sys
from nurecoil.bridges.loading import _text as text
def make(N):
    return ('{"a":[' + eval(sys.argv[1]) + ']}').encode()
def fits(size):  # memory and lists of a document grow with its size
    raw, scale = make(2**18), size / 2**18
    lists = (raw.count(b"[") + raw.count(b"{")) * scale
    return text._estimate(raw, raw.decode()) * scale < text.LARGEST_MEMORY and lists < text.MOST_CONTAINERS
low, high = 2**16, text.LARGEST_FILE
while high - low > 2**16:
    middle = (low + high) // 2
    low, high = (middle, high) if fits(middle) else (low, middle)
with open(sys.argv[2], "wb") as file:
    file.write(make(int(low * 0.97)))
"""
LOAD = """
import sys, resource, time
from nurecoil.bridges.loading.documents import load_json
from nurecoil.errors import InputError
before, start, said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), "loaded"
try:
    load_json(sys.argv[1], where="workspace")
except InputError as error:
    said = str(error)
used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(time.process_time() - start, used, said, flush=True)
import os; os._exit(0)
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
@pytest.mark.parametrize("name", WORST)
def test_the_worst_documents_stay_below_five_seconds_and_one_gigabyte(tmp_path: Path, name: str) -> None:
    path = tmp_path / "worst.json"
    run(MAKE, WORST[name], str(path))
    seconds, megabytes, said = run(LOAD, str(path)).split(maxsplit=2)
    print(
        f"{name}: {path.stat().st_size / 1e6:.0f} MB file, {float(seconds):.2f} s, {float(megabytes):.0f} MiB"
    )
    assert said.strip() == "loaded"  # the largest one that is let through
    assert float(seconds) < 5
    assert float(megabytes) < 1000


def test_a_document_that_would_fill_the_memory_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "zeros.json"
    path.write_text('{"a":[' + "0," * 30_000_000 + "0]}")
    seconds, megabytes, said = run(LOAD, str(path)).split(maxsplit=2)
    assert "GB of memory" in said
    assert float(seconds) < 3
    assert float(megabytes) < 300
    path.write_text('{"a":[' + "[]," * 3_000_000 + "0]}")
    assert "lists and objects" in run(LOAD, str(path))


def test_a_large_likelihood_passes(tmp_path: Path) -> None:
    modifier = {"data": {"hi": 1.0512, "lo": 0.9412}, "name": "alpha_JES_17", "type": "normsys"}
    sample = {"name": "ttbar", "data": [12.345678901234] * 20, "modifiers": [modifier] * 50}
    document = workspace()
    document["channels"] = [{"name": f"SR{i}", "samples": [sample] * 20} for i in range(250)]
    path = tmp_path / "large.json"
    path.write_text(json.dumps(document))
    assert path.stat().st_size > 20e6
    seconds, megabytes, said = run(LOAD, str(path)).split(maxsplit=2)
    assert said.strip() == "loaded"
    assert float(seconds) < 10
    assert float(megabytes) < 700


# --- digest -----------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_the_digest_is_pyhfs(document: Any) -> None:
    assert digest(document) == pyhf.utils.digest(document)


def test_the_digest_of_a_workspace_depends_on_content_only() -> None:
    document = workspace()
    turned = json.loads(json.dumps(document, indent=3), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert list(turned) != list(document)
    assert digest(turned) == digest(document) == pyhf.utils.digest(document)
    turned["observations"][0]["data"][0] = 5.0  # a float, as pyhf tells them apart too
    assert digest(turned) != digest(document)


@pytest.mark.parametrize("value", [object(), {1, 2}, {"a": b"x"}])
def test_what_is_no_data_has_no_digest(value: object) -> None:
    with pytest.raises(InputError, match="no plain JSON data"):
        digest(value)


# --- kinds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (workspace(), "pyhf"),
        ({"channels": [], "measurements": []}, "pyhf"),
        ({"distributions": [], "metadata": {"hs3_version": "0.2"}}, "hs3"),
        ({"distributions": [], "likelihoods": []}, "hs3"),
        ({"metadata": {"hs3_version": "0.2"}}, "hs3"),
    ],
)
def test_kinds_are_told_apart_by_content(document: Json, kind: str) -> None:
    assert kind_of(document) == kind


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "no keys"),
        ({"a": 1, "b": 2}, "'a', 'b', which is neither"),
        ({"channels": []}, "a bare pyhf model"),
        ({"channels": [], "parameters": []}, "pyhf.Workspace.build"),
        ({"patches": [], "metadata": {}, "version": "1.0.0"}, "--patch"),
        (
            {"type": "nurecoil sidecar", "workspace": {"file": "ws.json"}},
            "Give the workspace itself, 'ws.json'",
        ),
        ({"type": "nurecoil sidecar", "workspace": 3}, "Give the workspace itself"),
        ({"distributions": []}, "neither metadata.hs3_version nor likelihoods"),
        ({"distributions": [], "metadata": []}, "neither metadata.hs3_version nor likelihoods"),
        ({"distributions": [], "channels": [], "metadata": {"hs3_version": "0.2"}}, "both"),
    ],
)
def test_what_is_neither_is_named(document: Json, words: str) -> None:
    with pytest.raises(InputError) as caught:
        kind_of(document, "mine.json")
    assert words in str(caught.value)
    assert caught.value.where == "mine.json"


def test_a_sidecar_that_we_write_is_known(tmp_path: Path) -> None:
    from nurecoil.bridges.files import write
    from nurecoil.testing.models import counting

    write(counting(observed=12.0, background=10.0), tmp_path / "counting.json")
    assert kind_of(load_json(tmp_path / "counting.json", where="workspace")) == "pyhf"
    with pytest.raises(InputError, match=r"'counting\.json'"):
        kind_of(load_json(tmp_path / "counting.nurecoil.json", where="workspace"))


# --- pyhf's schema ----------------------------------------------------------------------------------------


def test_a_workspace_with_every_modifier_is_valid() -> None:
    validate_pyhf(workspace(), "mine.json")


def changed(path: list[str | int], value: Any) -> Json:
    document = workspace()
    node: Any = document
    for part in path[:-1]:
        node = node[part]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


MODIFIERS: list[str | int] = ["channels", 0, "samples", 0, "modifiers"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["version"], ..., "no 'version' here"),
        (["version"], "2.0", "version: '2.0' stands here. Allowed: '1.0.0'"),
        (["extra"], 1, "the key 'extra' is not known. Allowed: channels"),
        (["channels"], [], "channels: the list is empty"),
        (["channels"], {}, "channels: {} stands here. Allowed: a list"),
        (
            ["observations", 0, "data", 1],
            "6",
            "observation 'SR' (observations[0].data[1]): '6' stands here. Allowed: a number",
        ),
        (["observations", 0, "data", 1], True, "True stands here. Allowed: a number"),
        (
            ["measurements", 0, "config", "poi"],
            ...,
            "measurement 'fit' (measurements[0].config): no 'poi' here",
        ),
        (["measurements", 0, "config", "parameters", 0, "fixed"], 1, "parameter 'lumi'"),
        (
            [*MODIFIERS, 2, "data", "hi"],
            ...,
            "channel 'SR', sample 'b', modifier 'xs' of type 'normsys' "
            "(channels[0].samples[0].modifiers[2].data): no 'hi' here, only 'lo'",
        ),
        (
            [*MODIFIERS, 2, "type"],
            "normsis",
            "the modifier type 'normsis' is not known. Allowed: histosys, lumi",
        ),
        ([*MODIFIERS, 2, "type"], ["a"], "the modifier's type is ['a']"),
        ([*MODIFIERS, 2, "type"], ..., "the modifier has no type"),
        ([*MODIFIERS, 2], "text", "modifiers[2]): 'text' stands here. Allowed: a modifier"),
        ([*MODIFIERS, 1, "name"], "lumo", "'lumo' stands here. Allowed: 'lumi'"),
        ([*MODIFIERS, 0, "data"], [1], "modifier 'mu' of type 'normfactor'"),
        ([*MODIFIERS, 5, "data"], [], "the list is empty"),
        (["channels", 0, "samples", 0, "data"], "x" * 10_000_000, "sample 'b'"),
    ],
)
def test_what_pyhfs_schema_refuses_is_said_in_words(path: list[str | int], value: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        validate_pyhf(changed(path, value), "mine.json")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 600


SPOTS = [
    [*parts, key]
    for parts, one in _loading_text._containers(workspace())
    for key in (one if isinstance(one, dict) else range(len(one)))
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SPOTS), JSON | st.just(...))
def test_we_accept_what_pyhf_accepts(path: list[str | int], value: Any) -> None:
    document = changed(path, value)
    try:
        pyhf.schema.validate(document, "workspace.json", allow_tensors=False)
        theirs = True
    except pyhf.exceptions.InvalidSpecification:
        theirs = False
    try:
        validate_pyhf(document, "mine.json")
        ours = True
    except InputError:
        ours = False
    assert ours == theirs


def test_the_quick_check_knows_pyhfs_whole_schema_and_says_no_to_the_unknown() -> None:
    definitions = pyhf.schema.load_schema("1.0.0/defs.json")
    check = quick_check({"$ref": "#/definitions/workspace"}, definitions)
    assert check(workspace())  # else large files would go through the slow validator
    assert not quick_check({"type": "string", "pattern": "a"}, {})("a")
    assert not quick_check({"type": "array", "uniqueItems": True}, {})([])
    assert not quick_check({"type": "object"}, {})({})


# --- patch sets -------------------------------------------------------------------------------------------


def patch_set(*steps: Json, document: Json | None = None, **digests: str) -> Json:
    of = workspace() if document is None else document
    return {
        "version": "1.0.0",
        "metadata": {
            "references": {"hepdata": "ins1234567"},
            "digests": digests or {"sha256": pyhf.utils.digest(of), "md5": pyhf.utils.digest(of, "md5")},
            "labels": ["mass"],
            "description": "a signal",
        },
        "patches": [
            {
                "metadata": {"name": "light", "values": [100]},
                "patch": [{"op": "copy", "path": "/a", "from": ""}],
            },
            {"metadata": {"name": "heavy", "values": [900]}, "patch": list(steps)},
        ],
    }


SIGNAL = {
    "name": "signal",
    "data": [1.0, 2.0],
    "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
}
STEPS: list[Json] = [
    {"op": "test", "path": "/channels/0/name", "value": "SR"},
    {"op": "add", "path": "/channels/0/samples/-", "value": SIGNAL},
    {"op": "replace", "path": "/observations/0/data/1", "value": 7},
    {"op": "remove", "path": "/channels/0/samples/0/modifiers/0"},
]


def test_a_patch_does_what_pyhf_does() -> None:
    document, patches = workspace(), patch_set(*STEPS)
    before = copy.deepcopy((document, patches))
    made = patched(document, patches, "heavy", "set.json")
    assert made == dict(pyhf.PatchSet(patches).apply(pyhf.Workspace(document), "heavy"))
    assert (document, patches) == before
    made["channels"][0]["samples"][1]["data"][0] = 99.0
    assert (document, patches) == before  # nothing is shared
    validate_pyhf(patched(document, patches, "heavy", "set.json"), "mine.json")


def test_an_upper_case_digest_is_the_same() -> None:
    patches = patch_set(*STEPS, sha256=pyhf.utils.digest(workspace()).upper())
    assert patched(workspace(), patches, "heavy", "set.json")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"op": "copy", "from": "/channels", "path": "/channels/0"}], "'copy' can multiply a document"),
        ([{"op": "move", "from": "/channels/0", "path": "/a"}], "'move' can multiply a document"),
        (
            [{"op": "addd", "path": "/a", "value": 1}],
            "'addd' is not known. Allowed: add, replace, test, remove",
        ),
        ([{"op": "add", "path": "/a"}], "no 'value' here, only 'op', 'path'"),
        ([{"op": "add", "path": 3, "value": 1}], "3 stands here. Allowed: a text"),
        ([{"op": "remove", "path": "/channels/7"}], "operation 0 (remove at '/channels/7')"),
        ([{"op": "remove", "path": "/nothing"}], "cannot be done"),
        ([{"op": "add", "path": "channels", "value": 1}], "is not understood"),
        ([{"op": "add", "path": "/channels/" + "9" * 5000, "value": 1}], "operation 0"),
        ([{"op": "add", "path": "/version/a", "value": 1}], "operation 0"),
        ([{"op": "add", "path": "/channels/0/name/0", "value": 1}], "operation 0"),
        ([{"op": "add", "path": "/a~5", "value": 1}], "operation 0"),
        ([{"op": "replace", "path": "", "value": 1}], "replaces the whole workspace"),
        ([{"op": "test", "path": "/version", "value": "2"}], "another value"),
        ([{"op": "test", "path": "", "value": {}}], "another value"),
        ([STEPS[0]] * (_loading_patches.MOST_OPERATIONS + 1), "10000 at most"),
        (
            [{"op": "add", "path": "/a", "value": []}]
            + [{"op": "add", "path": "/a" + "/0" * i, "value": []} for i in range(1, 40)]
            + [{"op": "add", "path": "/a" + "/0" * 39, "value": json.loads("[" * 40 + "]" * 40)}],
            "more than 64 levels",
        ),
        ([{"op": "add", "path": "/a" * 65, "value": []}], "a path this long"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(steps: list[Json], words: str) -> None:
    with pytest.raises(InputError) as caught:
        patched(workspace(), patch_set(*steps), "heavy", "set.json")
    assert words in str(caught.value)
    assert caught.value.where.startswith("set.json, patch 'heavy' (patches[1])")
    assert len(str(caught.value)) < 700


def test_a_patch_set_for_another_workspace_is_refused_with_both_digests() -> None:
    document, other = workspace(), changed(["observations", 0, "data", 0], 1)
    with pytest.raises(InputError) as caught:
        patched(document, patch_set(*STEPS, document=other), "heavy", "set.json")
    assert digest(document) in str(caught.value)
    assert digest(other) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.pop("version"), "no 'version'"),
        (lambda found: found.update(patches=[]), "the list is empty"),
        (lambda found: found.update(patches=3), "a list"),
        (lambda found: found["patches"].append({}), "patches[2]: the patch has no metadata.name"),
        (lambda found: found["patches"].append(found["patches"][1]), "2 patches are called 'heavy'"),
        (lambda found: found["patches"][1]["metadata"].update(values=[1, 2]), "2 values. Allowed: 1"),
        (lambda found: found["patches"][1]["metadata"].update(values=[[]]), "a number or a text"),
        (lambda found: found["patches"][1].pop("patch"), "no 'patch' here"),
        (lambda found: found["metadata"].update(digests={}), "the object is empty"),
        (lambda found: found["metadata"].update(digests={"sha1": "a"}), "'sha1' is not known"),
        (lambda found: found["metadata"].update(digests={"md5": "xyz"}), "'xyz' stands here"),
    ],
)
def test_a_broken_patch_set_is_refused(change: Any, words: str) -> None:
    patches = patch_set(*STEPS)
    change(patches)
    with pytest.raises(InputError) as caught:
        patched(workspace(), patches, "heavy", "set.json")
    assert words in str(caught.value)
    assert caught.value.where.startswith("set.json")


def test_an_unknown_patch_gets_the_nearest_names() -> None:
    patches = patch_set(*STEPS)
    with pytest.raises(InputError, match="Did you mean 'heavy'"):
        patched(workspace(), patches, "haevy", "set.json")
    patches["patches"] += [{"metadata": {"name": f"m_{i}", "values": [i]}, "patch": []} for i in range(5000)]
    with pytest.raises(InputError, match="one of 5002 patches, for example 'heavy'") as caught:
        patched(workspace(), patches, "haevy", "set.json")
    assert len(str(caught.value)) < 300


def test_patches_on_long_lists_are_bounded() -> None:
    document = changed(["observations", 0, "data"], [0] * 1_000_000)
    steps = [{"op": "add", "path": "/observations/0/data/0", "value": 1}] * 5000
    with pytest.raises(InputError, match="take too long"):
        patched(document, patch_set(*steps, document=document), "heavy", "set.json")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_patches_agree_with_the_library(data: st.DataObject) -> None:
    paths = st.sampled_from(SPOTS).map(lambda parts: "".join(f"/{part}" for part in parts))
    odd = st.sampled_from(["", "/", "/-", "/channels/-", "/channels/01", "/a/b", "//", "/channels/0/-1"])
    step = st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "replace", "test"]), "path": paths | odd, "value": JSON}
    )
    steps = data.draw(st.lists(step, max_size=4))
    document = workspace()
    try:
        made: Any = patched(document, patch_set(*steps), "heavy", "set.json")
    except NurecoilError:
        return
    assert made == jsonpatch.apply_patch(document, steps)
    assert document == workspace()


# --- words ------------------------------------------------------------------------------------------------


def test_words_are_short_whatever_they_are_of() -> None:
    for value in ("x" * 10**6, [[["a"] * 1000] * 1000], {"k" * 5000: 1}, 10**300, "\x1b[31m\n", "\ud800"):
        said = short(value)
        assert len(said) < 300
        assert said.isprintable()
        said.encode()
    assert json_path([]) == "top level"
    assert json_path(["a.b", 0, "c"]) == "['a.b'][0].c"
    assert printable("x\x1b.json") == "x\\x1b.json"
