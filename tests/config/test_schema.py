"""JSON Schemas for editors: right, complete, and never stricter than the check."""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from config.durations import _numbers, duration_from, duration_pattern
from config.load import FILES
from config.nodes import plain
from config.schema import SCHEMAS_FOLDER, schema_of, schemas
from config.yaml_reader import parse_document
from cti.instants import Duration, seconds
from tests.config import test_wrong_keys, test_wrong_values
from tests.config.folders import EXAMPLES, HASH
from tests.config.folders import FILES as GOOD_FILES

COMMITTED = EXAMPLES.parent / "schemas"
VALIDATORS = {name: Draft202012Validator(schema_of(name)) for name in FILES}
REMEDY = (
    "run: cordboard schema --out config/examples && "
    "cp config/examples/.schemas/*.json config/schemas/"
)


def content(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Return what our reader makes of a file's text."""
    document = parse_document(text.encode(), "f.yaml")
    assert document.node is not None
    return plain(document.node)


def is_taken(name: str, tree: object) -> bool:
    """Return whether the model takes a file of this content."""
    try:
        FILES[name].model_validate(tree)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("folder", [COMMITTED, EXAMPLES / SCHEMAS_FOLDER])
def test_the_schemas_in_the_repository_are_those_that_the_models_give(folder: Path) -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}

    assert found == dict(schemas()), REMEDY


@pytest.mark.parametrize("name", FILES)
def test_a_schema_is_one_of_the_dialect_that_it_names(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("name", FILES)
def test_the_examples_name_their_schema_and_fit_it(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)

    assert modeline is not None
    named = json.loads((EXAMPLES / modeline[1]).read_text(encoding="utf-8"))
    assert list(Draft202012Validator(named).iter_errors(content(text))) == []


@pytest.mark.parametrize("name", FILES)
def test_a_good_file_fits_its_schema(name: str) -> None:
    assert list(VALIDATORS[name].iter_errors(content(GOOD_FILES[name]))) == []


def test_every_key_is_explained_and_every_section_closed() -> None:
    for name in FILES:
        for where, schema in sections(schema_of(name), name):
            assert schema["additionalProperties"] is False, where
            for key, value in schema["properties"].items():
                assert value["description"].endswith("."), f"{where}: {key}"


def sections(schema: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every section of a schema, with its name."""
    yield name, schema
    for section, definition in schema.get("$defs", {}).items():
        yield f"{name}: {section}", definition


def test_defaults_are_written_as_people_write_them() -> None:
    queue = schema_of("queues.yaml")["$defs"]["QueueSection"]["properties"]

    assert {key: value.get("default") for key, value in queue.items()} == {
        "ring_time": "15s",
        "wrap_up": "10s",
        "wrap_up_max": "10m",
        "misses_max": 3,
        "misses": None,
        "waiting_max": 200,
        "join": None,
        "leave": None,
        "overflow": None,
        "regain": "0s",
        "hours": None,
        "strategy": "longest_idle",
        "window": "8h",
        "order": [],
        "ring_next_after": "5s",
        "weights": None,
        "seed": 0,
        "announce": None,
        "keys": None,
        "keys_while_ringing": True,
        "skills": None,
        "steps": [],
        "rings": None,
        "weight": "0s",
        "call_back": None,
    }


def test_every_default_fits_its_own_schema() -> None:
    for name in FILES:
        top = schema_of(name)
        for where, section in sections(top, name):
            for key, value in section["properties"].items():
                if "default" in value:
                    lone = Draft202012Validator({**value, "$defs": top.get("$defs", {})})
                    assert list(lone.iter_errors(value["default"])) == [], f"{where}: {key}"


WRONG = [*test_wrong_values.DURATIONS, *test_wrong_values.VALUES, *test_wrong_keys.KEYS]
UNKNOWABLE = (
    "and lead to different places",
    "agi and web cannot both listen",
)
"""What joins several values in a way that JSON Schema has no words for."""


@pytest.mark.parametrize(("file", "old", "new", "complaints"), WRONG)
def test_what_the_check_refuses_within_one_file_the_schema_refuses_too(
    file: str, old: str, new: str, complaints: list[str]
) -> None:
    document = parse_document(GOOD_FILES[file].replace(old, new, 1).encode(), file)
    if document.problems or document.node is None:
        return  # no YAML at all, or a key twice: editors say so by themselves
    tree = plain(document.node)
    knowable = [one for one in complaints if not any(words in one for words in UNKNOWABLE)]

    assert VALIDATORS[file].is_valid(tree) == (is_taken(file, tree) or not knowable)


AMI = "pbx: {main: {ami: {username: 1, secret: %s}}}\ntelephony: {country: DE}\n"
PBX = "pbx: {main: {ami: {username: x, secret: {env: X}}, %s}}\ntelephony: {country: DE}\n"
WEB = "pbx: {main: {ami: {username: x, secret: {env: X}}}}\ntelephony: {country: DE}\nweb: {%s}\n"
DATABASE = (
    "pbx: {main: {ami: {username: x, secret: {env: X}}}}\ntelephony: {country: DE}\n"
    "database: {url: %s}\n"
)
QUEUE = "queues: {q: {%s}}\n"
MENU = "flows: {f: {menu: {greeting: [g], choices: {1: {name: a, queue: q}}, otherwise: {%s}}}}\n"
AGENT = f"agents: {{a: {{name: %s, password_hash: {HASH!r}, phones: [a1]}}}}\n"

REFUSED = [
    ("cordboard.yaml", PBX, "agi: {address: '192.0.2.1'}"),
    ("cordboard.yaml", PBX, "agi: {address: 'a:0'}"),
    ("cordboard.yaml", PBX, "agi: {peers: []}"),
    ("cordboard.yaml", PBX, "agi: {peers: [127.0.0.256]}"),
    ("cordboard.yaml", PBX, "agi: {peers: [localhost]}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: []}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: [sip.example.com]}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: [0.0.0.0/0]}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: [128.0.0.0/1]}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: [10.0.0.0/7]}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: ['2000::/3']}}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: ['2001::/15']}}"),
    ("cordboard.yaml", PBX, "trunks: {T: {addresses: [192.0.2.1]}}"),
    ("cordboard.yaml", PBX, "trunks: {global: {addresses: [192.0.2.1]}}"),
    ("cordboard.yaml", PBX, "phones: {TRANSPORT-x: {}}"),
    ("cordboard.yaml", PBX, "phones: {a1: {kind: fax}}"),
    ("cordboard.yaml", PBX, "phones: {a1: }"),
    ("cordboard.yaml", PBX, "safety_net: {rounds: 0}"),
    ("cordboard.yaml", PBX, "safety_net: {tries: 1000}"),
    ("cordboard.yaml", PBX, "safety_net: {ring_time: 20}"),
    ("cordboard.yaml", PBX, "safety_net: {sorry: ../x}"),
    ("cordboard.yaml", PBX, "safety_net: {fallback: a&b}"),
    ("cordboard.yaml", PBX, "music: a b"),
    ("cordboard.yaml", AMI, "hunter2"),
    ("cordboard.yaml", AMI, "{env: A, file: b}"),
    ("cordboard.yaml", AMI, "{}"),
    ("cordboard.yaml", WEB, "certificate: a.pem"),
    ("cordboard.yaml", WEB, "key: a.pem"),
    ("cordboard.yaml", WEB, "listen: 0.0.0.0"),
    ("cordboard.yaml", WEB, "listen: '::'"),
    ("cordboard.yaml", WEB, "listen: 192.0.2.1, allow_plain_beyond_loopback: false"),
    ("cordboard.yaml", WEB, "port: '8400'"),
    ("cordboard.yaml", WEB, "port: 70000"),
    ("cordboard.yaml", WEB, "origins: ['https://a/']"),
    ("cordboard.yaml", WEB, "metrics_peers: ['::1', '::1']"),
    ("cordboard.yaml", DATABASE, "mysql://a"),
    ("cordboard.yaml", DATABASE, "postgresql://a:b@c/d"),
    ("cordboard.yaml", DATABASE, "postgresql://c/d?password=x"),
    ("cordboard.yaml", DATABASE, "5"),
    ("queues.yaml", QUEUE, "ring_time: 15"),
    ("queues.yaml", QUEUE, "ring_time: 11m"),
    ("queues.yaml", QUEUE, "ring_time: 999ms"),
    ("queues.yaml", QUEUE, "ring_time: 1m1h"),
    ("queues.yaml", QUEUE, "waiting_max: 0"),
    ("queues.yaml", QUEUE, "overflow: {after: 25h, to: x}"),
    ("queues.yaml", QUEUE, "overflow: {after: 1s}"),
    ("flows.yaml", MENU, ""),
    ("flows.yaml", MENU, "queue: q, hang_up: true"),
    ("flows.yaml", MENU, "hang_up: false"),
    ("flows.yaml", MENU, "queue: q, prompts: p"),
    ("agents.yaml", AGENT, "' x'"),
    ("agents.yaml", AGENT, "''"),
    ("agents.yaml", AGENT, "true"),
]
TAKEN = [
    ("cordboard.yaml", PBX, "agi: {address: '[2001:db8::1]:1', peers: ['fe80::1%eth0']}"),
    ("cordboard.yaml", PBX, "trunks: {t: {addresses: ['2001::/16', '2001::1/128', 10.0.0.1/32]}}"),
    ("cordboard.yaml", PBX, "trunks: {7: {addresses: [10.0.0.0/8, '::1', 10.0.0.0/255.255.0.0]}}"),
    ("cordboard.yaml", PBX, "phones: {a1: {}, 007: {kind: web}}, safety_net: {fallback: 007}"),
    ("cordboard.yaml", AMI, "{file: 5, env: null}"),
    ("cordboard.yaml", WEB, "certificate: null, key: null"),
    ("cordboard.yaml", WEB, "listen: 0.0.0.0, allow_plain_beyond_loopback: true"),
    ("cordboard.yaml", WEB, "listen: 0.0.0.0, certificate: a, key: b"),
    ("cordboard.yaml", WEB, "listen: 127.9.9.9, port: 0, metrics_peers: []"),
    ("cordboard.yaml", DATABASE, "{file: url}"),
    ("cordboard.yaml", DATABASE, "postgres:///x?host=/run/postgresql"),
    ("cordboard.yaml", DATABASE, "'postgresql://joe@a:5432,b:5433/x'"),
    ("queues.yaml", QUEUE, "ring_time: 1m30s500ms, wrap_up: 0s, overflow: null"),
    ("queues.yaml", QUEUE, "ring_time: 0010s, wrap_up: 000000000h"),
    ("flows.yaml", MENU, "hang_up: true, queue: null"),
    ("flows.yaml", MENU, "queue: 8000, prompts: [1, 2]"),
    ("agents.yaml", AGENT, "陈晓"),
    ("agents.yaml", AGENT, "1900"),
    ("agents.yaml", AGENT, "A"),
]


@pytest.mark.parametrize(("file", "frame", "value"), REFUSED)
def test_a_wrong_value_is_refused_by_the_model_and_by_the_schema(
    file: str, frame: str, value: str
) -> None:
    tree = content(frame % value)

    assert (is_taken(file, tree), VALIDATORS[file].is_valid(tree)) == (False, False)


@pytest.mark.parametrize(("file", "frame", "value"), TAKEN)
def test_a_right_value_is_taken_by_the_model_and_by_the_schema(
    file: str, frame: str, value: str
) -> None:
    tree = content(frame % value)

    assert (is_taken(file, tree), VALIDATORS[file].is_valid(tree)) == (True, True)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 100_000),
    st.text(max_size=6),
    st.from_regex(r"[a-z0-9_-]{1,5}", fullmatch=True),
    st.from_regex(r"([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?([0-9]{1,8}ms)?", fullmatch=True),
    st.ip_addresses().map(str),
    st.ip_addresses(v=4, network="10.0.0.0/8").map(lambda address: f"{address}:4573"),
    st.integers(8, 32).map(lambda length: f"10.0.0.0/{length}"),
    st.sampled_from(
        ["DE", "json", "web", "postgresql://a", "https://a.b", HASH, {}, [], {"env": "A"}, "a.b"]
    ),
)


def places(tree: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a tree."""
    below: Iterable[tuple[Any, Any]] = ()
    if isinstance(tree, dict):
        below = tree.items()
    elif isinstance(tree, list):
        below = enumerate(tree)
    for step, value in below:
        yield (*path, step)
        yield from places(value, (*path, step))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(list(FILES)), data=st.data())
def test_nothing_that_the_check_takes_is_refused_by_the_schema(
    name: str, data: st.DataObject
) -> None:
    """Put any value into any place of the examples, twice."""
    tree = content((EXAMPLES / name).read_text(encoding="utf-8"))
    for _time in range(2):
        *way, last = data.draw(st.sampled_from(list(places(tree))))
        spot = tree
        for step in way:
            spot = spot[step]
        if isinstance(spot, dict) and data.draw(st.booleans()):
            spot[data.draw(st.from_regex(r"[a-z0-9*#-]{1,3}", fullmatch=True))] = deepcopy(
                spot.pop(last)
            )
        else:
            spot[last] = deepcopy(data.draw(VALUES))

    assert VALIDATORS[name].is_valid(tree) or not is_taken(name, tree)


def test_a_phone_whose_name_is_a_number_is_taken() -> None:
    tree = content((EXAMPLES / "cordboard.yaml").read_text(encoding="utf-8"))
    tree["pbx"]["main"]["safety_net"]["fallback"] = 1001

    assert VALIDATORS["cordboard.yaml"].is_valid(tree)
    assert is_taken("cordboard.yaml", tree)


LEAST, MOST = seconds(1), seconds(600)


@settings(deadline=None)
@given(
    amount=st.integers(0, 700_000),
    unit=st.sampled_from(["h", "m", "s", "ms"]),
    zeros=st.integers(0, 2),
)
def test_a_duration_of_one_unit_is_judged_by_its_pattern_as_by_its_value(
    amount: int, unit: str, zeros: int
) -> None:
    text = f"{'0' * zeros}{amount}{unit}"
    pattern = re.compile(duration_pattern(Duration(LEAST), Duration(MOST)))

    assert bool(pattern.fullmatch(text)) == (LEAST <= duration_from(text) <= MOST)


@settings(deadline=None)
@given(
    bounds=st.tuples(st.integers(0, 9_999), st.integers(0, 9_999)), number=st.integers(0, 11_000)
)
def test_a_pattern_for_numbers_fits_those_within_its_bounds(
    bounds: tuple[int, int], number: int
) -> None:
    lowest, highest = sorted(bounds)

    assert bool(re.fullmatch(_numbers(lowest, highest), str(number))) == (
        lowest <= number <= highest
    )
