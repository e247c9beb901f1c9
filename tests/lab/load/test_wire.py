import pytest

from lab.load import wire
from lab.load.load import planned_calls
from lab.load.sides import Staff, queues_conf
from lab.phone import sip

INVITE = (
    b"INVITE sip:a7@127.0.0.1:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:20000;rport;branch=z9hG4bKPj1\r\n"
    b'From: "0301" <sip:0301@127.0.0.1>;tag=t1\r\nTo: <sip:a7@127.0.0.1>\r\n'
    b"Call-ID: c1\r\nCSeq: 17 INVITE\r\nContact: <sip:asterisk@127.0.0.1:20000>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: 0\r\n\r\n"
)


def test_a_request_is_one_that_a_phone_reads() -> None:
    request = wire.Request(
        method="INFO",
        target="sip:8000@127.0.0.1:20000",
        port=4000,
        branch="b1",
        sender="<sip:0301@127.0.0.1>;tag=t1",
        receiver="<sip:8000@127.0.0.1>;tag=t2",
        call_id="c1",
        number=2,
        kind=wire.KEY_TYPE,
        body=wire.key_press("1"),
    )

    read = sip.parse(request.encode())

    assert isinstance(read, sip.Request)
    assert (read.method, read.uri) == ("INFO", "sip:8000@127.0.0.1:20000")
    assert read.headers.get("CSeq") == "2 INFO"
    assert read.body == b"Signal=1\r\nDuration=100\r\n"


def test_an_answer_names_the_request_that_it_answers() -> None:
    body = wire.session_description(4002)
    answer = wire.response(INVITE, "200 OK", tag="t2", contact="sip:a7@127.0.0.1:4000", body=body)

    read = sip.parse(answer)

    assert isinstance(read, sip.Response)
    assert read.status == 200
    assert [read.headers.get(name) for name in ("Call-ID", "CSeq", "To")] == [
        "c1",
        "17 INVITE",
        "<sip:a7@127.0.0.1>;tag=t2",
    ]
    assert wire.sound_port(answer) == 4002


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"Call-ID", b"c1"), (b"CSeq", b"17 INVITE"), (b"Expires", b"")],
)
def test_a_header_is_found_by_its_name_or_is_empty(name: bytes, value: bytes) -> None:
    assert wire.header(INVITE, name) == value


def test_who_calls_is_read_from_the_address_alone() -> None:
    assert wire.user(wire.address(wire.header(INVITE, b"From"))) == "0301"
    assert wire.status(INVITE) == 0


def test_the_same_seed_plans_the_same_calls_and_another_one_others() -> None:
    def plan(seed: int) -> list[tuple[float, float]]:
        calls = planned_calls(rate=20, seconds=10, talk_s=1, key="1", seed=seed)
        return [(call.at_s, call.talk_s) for call in calls]

    assert plan(1) == plan(1)
    assert plan(1) != plan(2)
    assert 150 < len(plan(1)) < 250
    assert all(0.5 <= talk_s <= 1.5 for _, talk_s in plan(1))


def test_app_queue_gets_each_agent_as_a_member_of_his_queue() -> None:
    lines = queues_conf(Staff(many=2, few=1)).splitlines()

    assert lines[lines.index("[sales](defaults)") :] == [
        "[sales](defaults)",
        "member => PJSIP/a1",
        "member => PJSIP/a2",
        "[support](defaults)",
        "member => PJSIP/b1",
    ]
