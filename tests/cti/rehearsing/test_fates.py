import pytest

from cti.ids import AgentId, CallId, QueueName
from cti.instants import Duration, Time, seconds
from cti.rehearsing.fates import Kind, changes, counted
from cti.rehearsing.stays import ABANDONED, ANSWERED, TURNED_AWAY, Stay
from cti.rehearsing.words import kind_in_words

END = Time(seconds(100))


def stay(outcome: str | None, wait: float = 10, agent: str = "", place: str = "sales") -> Stay:
    return Stay(
        call=CallId("c1"),
        number=0,
        queue=QueueName("sales"),
        place=QueueName(place),
        came=Time(0),
        began=Time(0),
        outcome=outcome,
        agent=AgentId(agent) if agent else None,
        ended=None if outcome is None else Time(seconds(wait)),
    )


@pytest.mark.parametrize(
    ("then", "here", "kind"),
    [
        (stay(ANSWERED, agent="ann"), stay(ANSWERED, agent="ann"), None),
        (stay(None), stay(None), None),
        (stay(ANSWERED, 10, "ann"), stay(ANSWERED, 12, "ann"), None),
        (stay(ANSWERED, 10, "ann"), stay(ANSWERED, 12.1, "ann"), Kind.LONGER_WAIT),
        (stay(ANSWERED, 12.1, "ann"), stay(ANSWERED, 10, "ann"), Kind.SHORTER_WAIT),
        (stay(ANSWERED, 10, "ann"), stay(ANSWERED, 50, "ben"), Kind.ANOTHER_AGENT),
        (stay(ABANDONED), stay(ABANDONED, place="support"), Kind.ANOTHER_QUEUE),
        (stay(ABANDONED), stay(ANSWERED, agent="ann"), Kind.ANSWERED_INSTEAD),
        (stay(None), stay(ANSWERED, agent="ann"), Kind.ANSWERED_INSTEAD),
        (stay(ANSWERED, agent="ann"), stay(TURNED_AWAY), Kind.NOT_ANSWERED_INSTEAD),
        (stay(ABANDONED), stay(TURNED_AWAY), Kind.LOST_OTHERWISE),
        (stay(ANSWERED, agent="ann"), None, Kind.NOT_COME),
    ],
)
def test_a_change_has_one_name_the_weightiest(
    then: Stay, here: Stay | None, kind: Kind | None
) -> None:
    rehearsed = {} if here is None else {CallId("c1"): [here]}
    found = changes({CallId("c1"): [then]}, rehearsed, END, Duration(seconds(2)))

    assert [change.kind for change in found] == ([] if kind is None else [kind])
    assert sum(counted(found).values()) == len(found)


def test_every_kind_of_change_has_words() -> None:
    assert len({kind_in_words(kind) for kind in Kind}) == len(Kind)
