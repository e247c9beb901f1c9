"""What the dialplan tells a session of ours is read as text that may be wrong."""

from cti.ids import CallId, QueueName
from cti.instants import Duration, Time
from cti.switch.attach import Attachment, next_queue, read_attachment

CALL = "0b0e3a34-6a1c-4f5e-9a37-0d6a2d1c9f11"
NEW = Attachment(
    call=None,
    service="8000",
    state="",
    next_queue=None,
    dialed="",
    cause=0,
    queue=None,
    since=None,
    priority=Duration(0),
)


def test_a_new_caller_brings_his_service_alone() -> None:
    assert read_attachment(("", "8000", "", "", "", "", "", "", "")) == NEW
    assert read_attachment(("", "8000")) == NEW


def test_a_known_caller_brings_his_call_his_dial_and_his_place() -> None:
    told = (CALL, "8000", "post", "queue:sales", "ANSWER", "16", "support", "1700000000000000", "5")

    assert read_attachment(told) == Attachment(
        call=CallId(CALL),
        service="8000",
        state="post",
        next_queue=QueueName("sales"),
        dialed="ANSWER",
        cause=16,
        queue=QueueName("support"),
        since=Time(1700000000000000),
        priority=Duration(5),
    )


def test_what_is_not_in_its_form_is_read_as_not_said() -> None:
    told = ("x" * 36, "8000", "", "queue:Sales\n", "", "-1", "a b", "٣", "1" * 30)

    assert read_attachment(told) == NEW


def test_only_a_queue_can_be_next() -> None:
    assert next_queue("queue:support") == QueueName("support")
    assert next_queue("System(id)") is None
