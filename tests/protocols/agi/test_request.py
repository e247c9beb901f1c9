import pytest

from protocols.agi.errors import BadEnvironmentError
from protocols.agi.limits import AgiLimits
from protocols.agi.request import AgiRequest, EnvironmentReader, read_request
from tests.fakes.agi_client import environment, opening_block

LIMITS = AgiLimits()


def read(block: bytes, limits: AgiLimits = LIMITS) -> AgiRequest | None:
    reader = EnvironmentReader(limits)
    request = None
    for line in block.removesuffix(b"\n").split(b"\n"):
        request = reader.feed(line)
    return request


def test_a_request_is_read_off_the_opening_block() -> None:
    request = read(opening_block(environment(script="call?v=1", arguments=["1", "", "q:3"])))

    assert request is not None
    assert (request.script, request.query, request.arguments) == ("call", "v=1", ("1", "", "q:3"))
    assert (request.channel, request.uniqueid) == ("PJSIP/trunk-00000001", "pbx1-1795337574.0")
    assert request.extension == "8000"
    assert (request.caller_number, request.caller_name) == ("5551234", "Ann Caller")
    assert request.environment["agi_version"] == "22.10.1"


def test_the_script_is_read_off_the_address_when_asterisk_names_none() -> None:
    fields = environment()
    del fields["agi_network_script"]

    fields["agi_request"] = "agi://127.0.0.1:4573/a/b/"
    assert read_request(fields).script == "a/b"
    fields["agi_request"] = "agi://127.0.0.1"
    assert read_request(fields).script == ""


def test_an_unknown_caller_has_no_number_and_no_name() -> None:
    changes = {"agi_callerid": "unknown", "agi_calleridname": "unknown"}
    request = read_request(environment(changes=changes))

    assert (request.caller_number, request.caller_name) == ("", "")


@pytest.mark.parametrize("name", ["agi_request", "agi_channel", "agi_uniqueid", "agi_threadid"])
def test_a_block_without_a_field_that_asterisk_always_writes_is_refused(name: str) -> None:
    with pytest.raises(BadEnvironmentError, match=name):
        read_request(environment(changes={name: ""}))


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        ("10\r\nEvent: Hangup", "no agi_ field"),
        ("10\nagi_uniqueid: z1", "twice"),
        ("10\n\nagi_x: 1", "no agi_threadid"),
        ("10\nAGI_X: 1", "no agi_ field"),
        ("10\nagi_x 1", "no agi_ field"),
        ("10\n200 result=0", "no agi_ field"),
    ],
)
def test_lines_that_a_caller_forged_are_refused(forged: str, why: str) -> None:
    with pytest.raises(BadEnvironmentError, match=why):
        read(opening_block(environment(changes={"agi_callerid": forged})))


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    block = opening_block(environment(changes={"agi_callerid": "BYTES"}))
    request = read(block.replace(b"BYTES", b"1\xff\xfe\x00\r\x1b[2J\xc2\x852"))

    assert request is not None
    assert request.caller_number == "1\ufffd\ufffd\ufffd\ufffd\ufffd[2J\ufffd2"
    request.caller_number.encode()


def test_a_block_with_too_many_lines_is_refused() -> None:
    block = opening_block(environment())
    lines = block.count(b"\n") - 1

    assert read(block, AgiLimits(environment_lines_max=lines)) is not None
    with pytest.raises(BadEnvironmentError, match="too many lines"):
        read(block, AgiLimits(environment_lines_max=lines - 1))


def test_a_block_that_is_too_long_is_refused() -> None:
    block = opening_block(environment())

    assert read(block, AgiLimits(environment_bytes_max=len(block) - 1)) is not None
    with pytest.raises(BadEnvironmentError, match="too long"):
        read(block, AgiLimits(environment_bytes_max=len(block) - 2))


def test_the_environment_cannot_be_changed_and_is_not_shown() -> None:
    request = read_request(environment())

    with pytest.raises(TypeError):
        request.environment["agi_x"] = "1"  # type: ignore[index]
    assert "5551234" not in repr(request)
