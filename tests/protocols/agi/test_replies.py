import pytest

from protocols.agi.errors import UnexpectedLineError
from protocols.agi.replies import AgiReply, read_reply


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=0", AgiReply(code=200, result="0")),
        (b"200 result=1", AgiReply(code=200, result="1")),
        (b"200 result=-1", AgiReply(code=200, result="-1")),
        (b"200 result=53", AgiReply(code=200, result="53")),
        (b"200 result=-1 endpos=0", AgiReply(code=200, result="-1", endpos=0)),
        (b"200 result=49 endpos=4000", AgiReply(code=200, result="49", endpos=4000)),
        (b"200 result=1 (ANSWER)", AgiReply(code=200, result="1", value="ANSWER")),
        (b"200 result=1 ()", AgiReply(code=200, result="1", value="")),
        (b"200 result=1 (a) b (c)", AgiReply(code=200, result="1", value="a) b (c")),
        (b"200 result=1 (x endpos=5)", AgiReply(code=200, result="1", value="x endpos=5")),
        (b"200 result=1 (a\rb)", AgiReply(code=200, result="1", value="a\rb")),
        (b"200 result=1 (\xff)", AgiReply(code=200, result="1", value="\ufffd")),
        ("200 result=1 (王)".encode(), AgiReply(code=200, result="1", value="王")),
        (b"200 result= (timeout)", AgiReply(code=200, result="", value="timeout")),
        (b"200 result=*0", AgiReply(code=200, result="*0")),
        (
            b"510 Invalid or unknown command",
            AgiReply(code=510, text="Invalid or unknown command"),
        ),
        (b"511 Command Not Permitted", AgiReply(code=511, text="Command Not Permitted")),
        (b"503", AgiReply(code=503)),
    ],
)
def test_an_answer_is_read(line: bytes, reply: AgiReply) -> None:
    assert reply == read_reply(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"200",
        b"200 result",
        b"200 result=0)",
        b"200 result=1 (the rest is on the next line",
        b"200 result=0 ",
        b"200 result=0\r",
        b"200 result=0 endpos=",
        b"200 result=0 endpos=" + b"9" * 19,
        b"agi_callingpres: 0",
        b"HANGUP)",
        b"\xff\xfe",
        "٢٠٠ result=0".encode(),
    ],
)
def test_what_is_no_answer_is_refused(line: bytes) -> None:
    with pytest.raises(UnexpectedLineError):
        read_reply(line)


@pytest.mark.parametrize(
    ("result", "key"),
    [
        ("35", "#"),
        ("42", "*"),
        ("48", "0"),
        ("57", "9"),
        ("68", "D"),
        ("0", None),
        ("1", None),
        ("-1", None),
        ("", None),
        ("34", None),
        ("127", None),
        ("99999999999", None),
    ],
)
def test_a_key_is_read_off_its_code(result: str, key: str | None) -> None:
    assert key == AgiReply(code=200, result=result).key


def test_an_answer_is_good_unless_it_failed() -> None:
    assert AgiReply(code=200, result="0").ok
    assert not AgiReply(code=200, result="-1").ok
    assert not AgiReply(code=200, result="-2").ok
    assert not AgiReply(code=511).ok


def test_an_answer_does_not_show_its_value() -> None:
    assert "5551234" not in repr(read_reply(b"200 result=1 (5551234)"))
