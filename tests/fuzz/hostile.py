"""Hostile files from good ones, each from a seed of its own, so that one can be made again by its number."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .seeds import HS3, PATCH_SET, WORKSPACES, XML, text

__all__ = ["COUNT", "Case", "case", "cases"]

COUNT = 480
"""Cases made by chance; those made by hand come on top."""

Json = dict[str, Any]
CODE = "__import__('os').system('touch pwned')"
NAMES = [
    "",
    " ",
    "../../x",
    "/etc/passwd",
    "C:\\x",
    CODE,
    "${IFS}$(touch pwned)",
    "a\0b",
    "\x1b[31m",
    "x" * 100_000,
    "\ud800",
    "\u202egnp",
    "\U0001f4a9",
    "ä",
    "a/b",
    "a[0]",
    "%s%n",
    "{0.__class__}",
    "'",
    '"',
    "\n",
    "nan",
    "__class__",
    "mu",
    "SR",
    "lumi",
    "-1",
    "0",
]
NUMBERS = [
    0,
    -1,
    1,
    -0.0,
    1e308,
    -1e308,
    1e300,
    1e-320,
    1e-300,
    10**400,
    -(10**30),
    10**9,
    2**63,
    2**31,
    float("nan"),
    float("inf"),
    -float("inf"),
    0.5,
    1.5,
]
WRONG: list[Any] = [
    None,
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    {"a": {}},
    "text",
    3,
    -2.5,
    [None],
    [1.0],
    [1.0, 2.0, 3.0],
    ["x"],
]


@dataclass(frozen=True)
class Case:
    """Files by name, the one to read, and the patch to apply."""

    name: str
    main: str
    files: dict[str, bytes]
    patch: tuple[str, str] | None = None
    sizes: dict[str, int] = field(default_factory=dict)


def cases() -> Iterator[Case]:
    """All of them, those made by hand first."""
    yield from _by_hand()
    for number in range(COUNT):
        yield case(number)


def case(number: int) -> Case:
    """One case made by chance."""
    dice = random.Random(f"hostile {number}")
    sort = dice.choices(["pyhf", "hs3", "patch", "xml"], [4, 4, 1, 1.5])[0]
    if sort == "xml":
        files = {name: of.encode() for name, of in XML.items()}
        spoilt = dice.choice(list(files))
        files[spoilt] = _spoil_xml(files[spoilt], dice)
        return Case(f"{number} xml {spoilt}", "top.xml", files)
    if sort == "patch":
        patches = _changed(PATCH_SET, dice) if dice.random() < 0.8 else PATCH_SET
        raw = _spoil(text(patches), dice) if dice.random() < 0.2 else text(patches)
        files = {"ws.json": text(WORKSPACES["every"]), "set.json": raw}
        return Case(f"{number} patch", "ws.json", files, ("set.json", dice.choice(["heavy"] * 9 + NAMES)))
    pool = WORKSPACES if sort == "pyhf" else HS3
    name = dice.choice(list(pool))
    document = pool[name]
    if dice.random() < 0.75:
        for _ in range(dice.choice([1, 1, 1, 2, 4])):
            document = _changed(document, dice)
        raw = text(document)
    else:
        raw = _spoil(text(document), dice)
    return Case(f"{number} {name}", "ws.json", {"ws.json": raw})


def _spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from _spots(one, (*path, key))


def _changed(document: Json, dice: random.Random) -> Json:
    """A document with one thing wrong in it."""
    made = copy.deepcopy(document)
    found = list(_spots(made))
    if not found:
        return made
    *path, key = dice.choice(found)
    node: Any = made
    for part in path:
        node = node[part]
    value = node[key]
    strings = [one for one in _leaves(document) if isinstance(one, str)]
    ways: list[Callable[[], Any]] = [
        lambda: dice.choice(WRONG),
        lambda: dice.choice(NUMBERS),
        lambda: dice.choice(NAMES),
    ]
    if isinstance(value, list):
        ways += [
            lambda: value + value,
            lambda: value[:-1],
            lambda: value * (20_000 // max(len(found), 1)),
            lambda: [*value, dice.choice(WRONG)],
            lambda: [],
            lambda: value[::-1],
        ] * 2
    elif isinstance(value, str):
        ways += [lambda: dice.choice(strings), lambda: dice.choice(NAMES), lambda: value + " "] * 2
    elif isinstance(value, int | float) and not isinstance(value, bool):
        ways += [lambda: dice.choice(NUMBERS), lambda: str(value), lambda: [value], lambda: -value] * 2
    elif isinstance(value, dict):
        ways += [lambda: [value], lambda: {**value, dice.choice(NAMES): dice.choice(WRONG)}]
    if dice.random() < 0.2:
        del node[key]
    elif isinstance(node, dict) and dice.random() < 0.1:
        node[dice.choice(NAMES)] = node.pop(key)
    else:
        node[key] = dice.choice(ways)()
    return made


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _spoil(raw: bytes, dice: random.Random) -> bytes:
    """Bytes with damage that knows nothing of structure."""
    at = dice.randrange(len(raw))
    flipped = bytearray(raw)
    for _ in range(dice.choice([1, 3, 20])):
        flipped[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    digit = next((i for i in range(at, len(raw)) if raw[i : i + 1].isdigit()), at)
    insert = dice.choice(
        [b"NaN", b"1e999", b"9" * 10_000, b"\0", b"\xff", b"\\ud800", b"[" * 5000, b"{" * 5000, b",", b"-"]
    )
    return dice.choice(
        [
            raw[:at],
            bytes(flipped),
            raw[:digit] + insert + raw[digit + 1 :],
            raw[:at] + insert + raw[at:],
            b"\xef\xbb\xbf" + raw,
            raw.decode().encode("utf-16"),
            raw.decode().encode("utf-32-le"),
            raw + raw,
            raw.replace(b'"name"', b'"name": "a", "name"', 1),
            raw[at:],
        ]
    )


def _spoil_xml(raw: bytes, dice: random.Random) -> bytes:
    words = raw.split(b'"')
    odd = [i for i in range(1, len(words), 2)]
    words[dice.choice(odd)] = dice.choice(
        [*NAMES, "1e999", "-1", "nan", "top.xml", "../" * 40 + "dev/zero", "/dev/zero"]
    ).encode("utf-8", "replace")
    replaced = b'"'.join(words)
    return replaced if dice.random() < 0.5 else _spoil(raw, dice)


def _by_hand() -> Iterator[Case]:
    """What chance would not find."""
    every, factor, square = WORKSPACES["every"], HS3["hs3-factor"], HS3["hs3-square"]

    def one(name: str, raw: bytes, **more: Any) -> Case:
        return Case(name, "ws.json", {"ws.json": raw}, **more)

    for depth in (100, 1000, 100_000):
        yield one(f"lists {depth} deep", b'{"a":' + b"[" * depth + b"]" * depth + b"}")
        yield one(f"objects {depth} deep", b'{"channels":' * depth + b"1" + b"}" * depth)
        yield one(f"misc {depth} deep", text(factor)[:-1] + b', "misc":' + b"[" * depth + b"]" * depth + b"}")
    yield one("a GB of zeros announced", b"{}", sizes={"ws.json": 2**30})
    zeros = {**every, "observations": [{"name": "SR", "data": "ZEROS"}]}
    yield one("many zeros", text(zeros).replace(b'"ZEROS"', b"[" + b"0," * 5_000_000 + b"0]"))
    yield one("far too many zeros", text(zeros).replace(b'"ZEROS"', b"[" + b"0," * 60_000_000 + b"0]"))
    for raw in (b"", b"\0" * 1000, b"null", b"[]", b'""', b"0"):
        yield one(f"only {raw[:8]!r}", raw)
    for axes in (
        [{"name": "x", "min": 0.0, "max": 1.0, "nbins": n}]
        for n in (10**9, 10**18, 0, -1, 1.5, True, "2", None, 10**40)
    ):
        yield one(
            f"nbins {axes[0]['nbins']}",
            text(
                json.loads(
                    json.dumps(factor),
                    object_hook=lambda o, a=axes: {**o, "axes": a} if "axes" in o and "type" in o else o,
                )
            ),
        )
    yield one(
        "three axes of a thousand",
        text(
            json.loads(
                json.dumps(factor),
                object_hook=lambda o: (
                    {**o, "axes": [{"name": n, "min": 0, "max": 1, "nbins": 1000} for n in "xyz"]}
                    if "axes" in o and "contents" not in o and "type" in o
                    else o
                ),
            )
        ),
    )
    for functions in (
        [{"name": "mu2", "type": "product", "factors": ["mu2"]}],
        [
            {"name": "mu2", "type": "product", "factors": ["b"]},
            {"name": "b", "type": "product", "factors": ["mu2"]},
        ],
        [{"name": "mu2", "type": "sum", "summands": ["mu2", "mu2"]}],
        [{"name": "mu2", "type": "product", "factors": ["f0", "f0"]}]
        + [{"name": f"f{i}", "type": "product", "factors": [f"f{i + 1}"] * 2} for i in range(60)]
        + [{"name": "f60", "type": "product", "factors": ["mu"]}],
        [{"name": "mu2", "type": "product", "factors": ["f0"]}]
        + [{"name": f"f{i}", "type": "product", "factors": [f"f{i + 1}"]} for i in range(5000)]
        + [{"name": "f5000", "type": "product", "factors": ["mu"]}],
        [{"name": "mu2", "type": "product", "factors": ["mu"] * 1_000_000}],
        [{"name": "mu2", "type": "generic_function", "expression": CODE}],
        [{"name": "mu2", "type": "interpolation", "expression": CODE}],
    ):
        yield one(f"functions {json.dumps(functions)[:60]}", text({**square, "functions": functions}))
    modifier = {"name": "m", "type": "normsys", "data": {"lo": 1.0, "hi": 1.0}}
    sample = {"name": "b", "data": [1.0], "modifiers": [{**modifier, "name": f"m{i}"} for i in range(20_000)]}
    channel = {
        "channels": [{"name": "SR", "samples": [sample]}],
        "observations": [{"name": "SR", "data": [1.0]}],
    }
    yield one("20000 modifiers", text({**every, **channel}))
    long = {
        "name": "b",
        "data": [1.0] * 200_000,
        "modifiers": [{"name": "s", "type": "shapefactor", "data": None}],
    }
    observed = {"observations": [{"name": "SR", "data": [1.0] * 200_000}]}
    yield one("200000 bins", text({**every, **observed, "channels": [{"name": "SR", "samples": [long]}]}))
    for key in ("normsys", "histosys", "shapesys", "staterror"):
        for number in (0.0, -1.0, 1e308, 1e-308, 1e200):
            bad = json.loads(
                json.dumps(WORKSPACES[key]),
                parse_float=lambda said, of=number: (
                    of if said in ("0.9", "49.0", "3.0", "1.5") else float(said)
                ),
            )
            yield one(f"{key} with {number}", text(bad))
    for number in (0.0, 1e308, -1e308, 1e200):
        for kind, document in (("pyhf", every), ("hs3", HS3["hs3-pulls"])):
            bad = json.loads(json.dumps(document), parse_float=lambda said, of=number: of)
            yield one(f"{kind} all {number}", text(bad))
    twice = [*every["channels"], *every["channels"]]
    yield one("a channel twice", text({**every, "channels": twice}))
    for op in (
        {"op": "copy", "from": "", "path": "/channels/-"},
        {"op": "move", "from": "/channels", "path": "/a"},
    ):
        patches = copy.deepcopy(PATCH_SET)
        patches["patches"][0]["patch"] = [op] * 40
        files = {"ws.json": text(every), "set.json": text(patches)}
        yield Case(f"patch of {op['op']}", "ws.json", files, ("set.json", "heavy"))
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    for name, doctype in {
        "billion laughs": f'<!DOCTYPE Combination [<!ENTITY l0 "lol">{laughs}]>',
        "quadratic": f'<!DOCTYPE Combination [<!ENTITY l11 "{"x" * 1_000_000}">]>',
        "file": '<!DOCTYPE Combination [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        "device": '<!DOCTYPE Combination [<!ENTITY l11 SYSTEM "file:///dev/zero">]>',
        "network": '<!DOCTYPE Combination [<!ENTITY l11 SYSTEM "http://127.0.0.1:9/x">]>',
        "parameter": '<!DOCTYPE Combination [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
    }.items():
        top = XML["top.xml"].split("\n", 1)[1].replace("./sr.xml", "&l11;" * 50)
        files = {**{name: of.encode() for name, of in XML.items()}, "top.xml": f"{doctype}\n{top}".encode()}
        yield Case(f"entities: {name}", "top.xml", files)
    files = {name: of.encode() for name, of in XML.items()}
    yield Case("xml 100000 deep", "top.xml", {**files, "top.xml": b"<Combination>" + b"<a>" * 100_000})
    for where in (
        "/dev/zero",
        "../" * 30 + "etc/passwd",
        "http://127.0.0.1:9/h.root",
        "root://127.0.0.1//h.root",
        ".",
        "top.xml",
    ):
        yield Case(
            f"xml input {where}",
            "top.xml",
            {**files, "sr.xml": files["sr.xml"].replace(b"./h.root", where.encode())},
        )
        yield Case(
            f"xml channel {where}",
            "top.xml",
            {**files, "top.xml": files["top.xml"].replace(b"./sr.xml", where.encode())},
        )
