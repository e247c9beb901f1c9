"""Which agent becomes of which member, and what is said of those that become none."""

from pathlib import Path

import pytest

from tests.config.asterisk_import.setups import drafted, told


@pytest.mark.parametrize(
    ("line", "phone", "name"),
    [
        ("PJSIP/1001", "1001", "1001"),
        ("PJSIP/1001,0,Ann Archer", "1001", "Ann Archer"),
        ('pjsip/ann,0,"Archer, Ann"', "ann", "Archer, Ann"),
        ("SIP/1001,,陈晓", "1001", "陈晓"),
        ("PJSIP/1001,0, Ann\tArcher ,PJSIP/1001", "1001", "Ann Archer"),
        ("PJSIP/1001,0,PJSIP/1001", "1001", "1001"),
        ("Local/1001@from-queue/n,0,Ann Archer,hint:1001@ext-local", "1001", "Ann Archer"),
        ('Local/1001@from-queue/n,0,"Ann Archer",hint:1001@ext-local', "1001", "Ann Archer"),
        ("Local/1001@from-queue/n,0,Ann", "1001", "Ann"),
        ("Local/1001@from-queue/n,0", "1001", "1001"),
        ("Local/1000@default,0,John Smith,PJSIP/smith", "smith", "John Smith"),
        ("Local/1000@default,0,John Smith,SIP/smith", "smith", "John Smith"),
        ("Agent/1003", "1003", "Full Name"),
        ("Local/1003@agents,0,May Flowers,Agent:1003", "1003", "May Flowers"),
        ("Local/1003@agents,0,,Agent:1003", "1003", "Full Name"),
        ("Local/77@by-dial,0,Dora", "dora", "Dora"),
        ("Local/5123@by-pattern/n,0,Emil", "e5123", "Emil"),
        ("Local/88@somewhere,0,Fay,hint:88@by-hint", "fay", "Fay"),
    ],
)
def test_a_member_becomes_an_agent_with_his_phone(
    tmp_path: Path, line: str, phone: str, name: str
) -> None:
    draft = drafted(
        tmp_path,
        f"[sales]\nmember => {line}\n",
        agents="[1003]\nfullname = Full Name\n",
        extensions=(
            "[by-dial]\nexten => 77,1,NoOp()\n same => n,Dial(PJSIP/dora&PJSIP/other,20)\n"
            "[by-pattern]\nexten => _5[0-3]XX,1(here),Dial(PJSIP/e${EXTEN})\n"
            "[by-hint]\nexten => 88,hint,PJSIP/fay\n"
        ),
    )

    (agent,) = draft.agents
    assert (agent.phone, agent.spoken, agent.queues) == (phone, name, ["sales"])
    assert draft.left_out == ()
    assert f"the agent with phone {phone} serves sales" in "\n".join(told(draft))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("DAHDI/1", "DAHDI channels cannot be agents' phones here"),
        ("IAX2/office/1001", "IAX2 channels cannot be agents' phones here"),
        ("nonsense", "nonsense channels cannot be agents' phones here"),
        ("PJSIP/0301234@carrier", "dials out through carrier"),
        ("PJSIP/carrier/sip:1@host", "dials out through carrier"),
        ("PJSIP/", "? is no name that a phone can have here"),
        ("PJSIP/anonymous", "anonymous is no name that a phone can have here"),
        ("PJSIP/tür", "tür is no name that a phone can have here"),
        ("Local/1001@agents", "which phone 1001@agents rings stands in the dialplan"),
        ("Local/1001@agents/n,0,X,hint:1001@own", "which phone 1001@own rings"),
        ("Local/03012345678@from-queue/n,0", "seems to be a number outside the house"),
        ("Local/77@by-variable", "which phone 77@by-variable rings stands in the dialplan"),
        ("Local", "which phone @default rings stands in the dialplan"),
    ],
)
def test_a_member_without_a_phone_is_left_out_and_told(tmp_path: Path, line: str, why: str) -> None:
    draft = drafted(
        tmp_path,
        f"[sales]\nmember => {line}\n",
        extensions="[by-variable]\nexten => 77,1,Dial(${WHO})\n",
    )

    assert draft.agents == ()
    assert [(str(one.place), one.why.startswith(why)) for one in draft.left_out] == [
        ("queues.conf:2", True)
    ]
    assert f"no counterpart yet: queues.conf:2: [sales] member = {line}: {why}" in (
        "\n".join(told(draft))
    )


def test_one_phone_is_one_agent_with_all_his_queues_and_his_first_name(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        "[a]\nmember => PJSIP/1\nmember => PJSIP/1,0,Ann\n[b]\nmember => SIP/1,0,Anna\n",
    )

    (agent,) = draft.agents
    assert (agent.spoken, agent.queues) == ("Ann", ["a", "b"])
    lines = [line.partition(": [")[2] for line in told(draft) if "member" in line]
    assert lines == [
        "a] member = PJSIP/1: the agent with phone 1 serves a",
        "b] member = SIP/1,0,Anna: the agent with phone 1 serves b",
        "b] member = SIP/1,0,Anna: the name Ann, by which an earlier line calls him, is kept",
        (
            "b] member = SIP/1,0,Anna: chan_sip is gone since Asterisk 21: make 1 an endpoint of "
            "pjsip.conf"
        ),
        "a] member = PJSIP/1,0,Ann: phone 1 is a member of this queue already",
    ]


def test_agents_are_told_apart_where_their_phones_differ_by_capitals_alone(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "[a]\nmember => PJSIP/Ann\nmember => PJSIP/ann\n")

    names = [agent.name for agent in draft.agents]
    assert [agent.phone for agent in draft.agents] == ["Ann", "ann"]
    assert names[1] == "ann"
    assert names[0].startswith("ann-")


@pytest.mark.parametrize(
    ("said", "own", "told_as"),
    [
        ("20", {"a": 20}, "taken over: {at} wrapuptime 20: wrap_up: 20s"),
        ("9999", {"a": 3_600}, "differs: {at} wrapuptime 9999: wrap_up: 3600s"),
        ("0", {}, None),
        ("", {}, None),
        ("x", {}, None),
    ],
)
def test_a_members_own_time_for_wrapping_up_is_the_agents_after_calls_of_this_queue(
    tmp_path: Path, said: str, own: dict[str, int], told_as: str | None
) -> None:
    line = f"PJSIP/1,0,Ann,,,{said}"
    draft = drafted(tmp_path, f"[a]\nmember => {line}\n[b]\nmember => PJSIP/1\n")
    (ann,) = draft.agents
    found = [one for one in told(draft) if " wrapuptime " in one]

    assert (ann.queues, ann.wrap_ups) == (["a", "b"], own)
    wanted = [] if told_as is None else [told_as.format(at=f"queues.conf:2: [a] member = {line}:")]
    assert wanted == found


def test_each_field_that_is_lost_is_told(tmp_path: Path) -> None:
    lines = told(drafted(tmp_path, "[a]\nmember => PJSIP/1,5,Ann,PJSIP/1,yes,20,yes\n"))

    member = "queues.conf:2: [a] member = PJSIP/1,5,Ann,PJSIP/1,yes,20,yes:"
    assert [line for line in lines if member in line][1:] == [
        f"taken over: {member} wrapuptime 20: wrap_up: 20s",
        (
            f"differs: {member} ringinuse yes: never: an agent who talks, or whose phone is in "
            "use, is not rung"
        ),
        (
            f"no counterpart yet: {member} penalty 5: he is rung like all others of the queue from "
            "the start; write rings and the steps that open them in queues.yaml (docs/skills.md); "
            "but in a linear queue penalties become his place in the order, in wrandom his weight"
        ),
        (
            f"not needed: {member} paused yes: agents sign in at their desk, and are ready when "
            "they say so"
        ),
    ]


def test_options_of_agents_and_agents_without_a_queue_are_told_and_no_password(
    tmp_path: Path,
) -> None:
    draft = drafted(
        tmp_path,
        "[a]\nmember => Agent/1001\n",
        agents=(
            "[general]\nx = y\n[agents]\nagent => 1001,4321,Mark Spencer\nagent => 1002,hush,Will\n"
            "[t](!)\nackcall = yes\n[1003](t)\n"
        ),
    )
    lines = told(draft)

    assert [agent.spoken for agent in draft.agents] == ["Mark Spencer"]
    assert "4321" not in "".join(lines)
    assert "hush" not in "".join(lines)
    assert [line for line in lines if "agents.conf:" in line and "taken" not in line] == [
        (
            "no counterpart yet: agents.conf:5: agent = 1002,…: is a member of no queue that was "
            "read: no agent was made of him"
        ),
        (
            "no counterpart yet: agents.conf:7: [1003] ackcall = yes: to answer the phone is to "
            "take the call"
        ),
        (
            "no counterpart yet: agents.conf:8: [1003]: is a member of no queue that was read: no "
            "agent was made of him"
        ),
        "not needed: agents.conf:2: [general] x = y: nothing in this section counts in Asterisk 22",
    ]
