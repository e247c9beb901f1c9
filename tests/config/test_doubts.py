"""What is legal but surely not meant: each warning, at its place, and none without a reason."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import re
import shutil
from pathlib import Path

import pytest

from config.load import check
from tests.config.folders import ENVIRONMENT, EXAMPLES, HASH, Folder, sound

MUSIC = "    music: default\n"
AGI = "agi: {listen: 127.0.0.1, port: 4573, peers: [127.0.0.1]}"
Case = tuple[str, str, str, list[str]]
"""File, what stands there, what a test writes instead, and all that the check then says."""

CALLS: list[Case] = [
    (
        "services.yaml",
        'services:\n  - number: "8000"\n    name: hotline\n    flow: welcome\n',
        "services: []\n",
        [
            "services.yaml:1:11: warning: services: there is no service: no number leads callers in",
        ],
    ),
    (
        "flows.yaml",
        "flows:\n",
        "flows:\n  other: {menu: {greeting: [welcome], choices: {1: {name: a, queue: sales}}, otherwise: {hang_up: true}}}\n",
        [
            "flows.yaml:2:3: warning: flows.other: no service leads into this flow, and no rule of a queue",
        ],
    ),
    (
        "flows.yaml",
        "1: {name: sales, queue: sales}",
        "1: {name: bye, hang_up: true}",
        [
            "queues.yaml:2:3: warning: queues.sales: nothing leads into this queue: no flow, and no rule of a queue in use",
        ],
    ),
    (
        "queues.yaml",
        "ring_time: 15s",
        "ring_time: 4s",
        [
            "queues.yaml:3:16: warning: queues.sales.ring_time: is short: an agent has hardly time to take the call",
        ],
    ),
    (
        "queues.yaml",
        "ring_time: 15s",
        "ring_time: 61s",
        [
            "queues.yaml:3:16: warning: queues.sales.ring_time: is long: a caller waits so long for one agent who is not there",
            "queues.yaml:6:14: warning: queues.sales.overflow.after: is shorter than ring_time (1m1s): a caller is offered to one agent at most",
        ],
    ),
    (
        "queues.yaml",
        "after: 60s",
        "after: 14999ms",
        [
            "queues.yaml:6:14: warning: queues.sales.overflow.after: is shorter than ring_time (15s): a caller is offered to one agent at most",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: 0",
        [
            "queues.yaml:4:17: warning: queues.sales.misses_max: an agent who has left his phone will be rung again and again",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "waiting_max: 1",
        [
            "queues.yaml:4:18: warning: queues.sales.waiting_max: 2 agents serve this queue: callers are turned away while agents are free",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "wrap_up: 10m1s",
        [
            "queues.yaml:4:14: warning: queues.sales.wrap_up: is long: after each call an agent takes no other for so long",
        ],
    ),
    (
        "flows.yaml",
        "first_key: 5s",
        "first_key: 1999ms",
        [
            "flows.yaml:5:18: warning: flows.welcome.menu.first_key: is short: callers have hardly time to press a key",
        ],
    ),
    (
        "flows.yaml",
        "queue: sales}",
        "queue: support}",
        [
            "flows.yaml:8:9: warning: flows.welcome.menu.choices: all keys lead to the same place",
            "queues.yaml:2:3: warning: queues.sales: nothing leads into this queue: no flow, and no rule of a queue in use",
        ],
    ),
    (
        "flows.yaml",
        "        1: {name: sales, queue: sales}\n",
        "",
        [
            "flows.yaml:8:9: warning: flows.welcome.menu.choices: the key leads to the same place as no key (otherwise)",
            "queues.yaml:2:3: warning: queues.sales: nothing leads into this queue: no flow, and no rule of a queue in use",
        ],
    ),
    (
        "flows.yaml",
        "tries: 3",
        "tries: 1",
        [
            "flows.yaml:10:18: warning: flows.welcome.menu.wrong_key: is never heard: with tries: 1 the greeting is not repeated",
        ],
    ),
]

AGENTS: list[Case] = [
    (
        "agents.yaml",
        "陈晓",
        "ANN  archer",
        [
            "agents.yaml:8:11: warning: agents.chen.name: is the name of the agent ann too, in line 3",
        ],
    ),
    (
        "agents.yaml",
        "[a1, a2]",
        "[A1, a2]",
        [
            "agents.yaml:10:14: warning: agents.chen.phones.0: capitals alone tell this phone from a1",
        ],
    ),
    (
        "agents.yaml",
        "[a1, a2]\n    queues: [sales]\n",
        f"[a1]\n    queues: [sales]\n  dora: {{name: Dora, password_hash: '{HASH[:-1]}A', phones: [a1], queues: [sales]}}\n",
        [
            "agents.yaml:1:1: warning: agents: all 3 agents have the same phone: only one of them can work at a time",
        ],
    ),
]

NETWORK: list[Case] = [
    (
        "cordboard.yaml",
        AGI,
        "agi: {peers: [127.0.0.1, 192.0.2.1]}",
        [
            "cordboard.yaml:6:18: warning: pbx.main.agi.peers: 192.0.2.1 cannot reach 127.0.0.1, where calls are taken: listen at 0.0.0.0",
        ],
    ),
    (
        "cordboard.yaml",
        AGI,
        "agi: {listen: 192.0.2.9}",
        [
            "cordboard.yaml:6:19: warning: pbx.main.agi.listen: is open to the network, but only this machine is let in (peers)",
        ],
    ),
    (
        "cordboard.yaml",
        AGI,
        "agi: {listen: 0.0.0.0, peers: [192.0.2.1]}",
        [
            "cordboard.yaml:6:19: warning: pbx.main.agi.listen: give agi.address too: 192.0.2.1 cannot know at which address we are",
        ],
    ),
    (
        "cordboard.yaml",
        AGI,
        "agi: {listen: 0.0.0.0, peers: [192.0.2.1], address: '[::1]:4573'}",
        [
            "cordboard.yaml:6:57: warning: pbx.main.agi.address: 192.0.2.1 would look for us on its own loopback",
        ],
    ),
    (
        "cordboard.yaml",
        "    ami:\n",
        "    ami:\n      host: 192.0.2.1\n",
        [
            "cordboard.yaml:7:49: warning: pbx.main.agi.peers: Asterisk is at 192.0.2.1, but only this machine may hand calls in",
        ],
    ),
    (
        "cordboard.yaml",
        MUSIC,
        f"{MUSIC}    trunks: {{a: {{addresses: [10.0.0.0/8]}}}}\n",
        [
            "cordboard.yaml:8:30: warning: pbx.main.trunks.a.addresses.0: is very wide: 16,777,216 addresses may send calls in",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: [http://desk.example.com]",
        [
            "cordboard.yaml:11:13: warning: web.origins.0: is not encrypted: whoever is between can take part; use https://",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "metrics_peers: [192.0.2.5]",
        [
            "cordboard.yaml:11:18: warning: web.metrics_peers: 192.0.2.5 cannot reach 127.0.0.1, where the server listens",
        ],
    ),
    (
        "cordboard.yaml",
        "format: console",
        "level: debug",
        [
            "cordboard.yaml:17:10: warning: log.level: debug is for finding faults: it tells very much, of callers too",
        ],
    ),
    (
        "cordboard.yaml",
        "limit: 5s",
        "limit: 1s",
        [
            "cordboard.yaml:19:10: warning: watchdog.limit: is short: on a busy machine the daemon would end itself for nothing",
        ],
    ),
    *(
        (
            "cordboard.yaml",
            "url: null",
            f"url: '{url}'",
            [
                "cordboard.yaml:13:8: warning: database.url: the database is reached over the network and may answer unencrypted: add ?sslmode=verify-full, or require",
            ],
        )
        for url in (
            "postgresql://db/x",
            "postgresql://joe@db:5432/x?sslmode=prefer",
            "postgresql://localhost,db/x",
            "postgresql:///x?host=db",
        )
    ),
]

FINE: list[tuple[str, str, str]] = [
    ("cordboard.yaml", AGI, "agi: {listen: 192.0.2.9, peers: [192.0.2.1]}"),
    ("cordboard.yaml", AGI, "agi: {listen: 0.0.0.0, peers: [192.0.2.1], address: a:4573}"),
    ("cordboard.yaml", "origins: []", "origins: ['http://localhost:8080', 'https://a.example']"),
    ("cordboard.yaml", "url: null", "url: postgresql://localhost/x"),
    ("cordboard.yaml", "url: null", "url: postgresql://[::1]:5432/x"),
    ("cordboard.yaml", "url: null", "url: postgresql:///x?host=/run/postgresql"),
    ("cordboard.yaml", "url: null", "url: postgresql://db/x?sslmode=verify-full"),
    ("cordboard.yaml", MUSIC, f"{MUSIC}    trunks: {{a: {{addresses: [10.1.0.0/16]}}}}\n"),
    ("cordboard.yaml", MUSIC, f"{MUSIC}    trunks: {{proxy: {{addresses: [127.0.0.1]}}}}\n"),
    ("cordboard.yaml", MUSIC, f"{MUSIC}    safety_net: {{fallback: a1}}\n"),
    ("queues.yaml", "ring_time: 15s", "ring_time: 5s"),
    ("queues.yaml", "ring_time: 15s", "ring_time: 60s"),
    ("queues.yaml", "misses_max: 3", "wrap_up: 0s"),
    ("queues.yaml", "support: {}", "support: {misses_max: 0}"),
    ("queues.yaml", "misses_max: 3", "waiting_max: 2"),
    ("flows.yaml", "wrong_key: [wrong-key]", "no_key: [wrong-key]"),
    ("flows.yaml", "otherwise: {queue: support}", "otherwise: {hang_up: true}"),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), [*CALLS, *AGENTS, *NETWORK])
def test_what_is_surely_not_meant_is_told_at_its_place(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == expected


@pytest.mark.parametrize(("file", "old", "new"), FINE)
def test_what_people_do_on_purpose_is_not(folder: Folder, file: str, old: str, new: str) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == []


def test_the_same_hash_for_two_agents_was_copied(folder: Folder) -> None:
    agents = (folder.path / "agents.yaml").read_text(encoding="utf-8")
    ann, chen = (line.split(": ")[1] for line in agents.splitlines() if "_hash" in line)
    folder.replace("agents.yaml", chen, ann)

    assert folder.complaints() == [
        "agents.yaml:9:20: warning: agents.chen.password_hash: is that of the agent ann, in line 4: both have one password"
    ]


@pytest.mark.parametrize("parameters", ["m=8192,t=1,p=1", "m=19456,t=1,p=1", "m=4096,t=3,p=4"])
def test_a_hash_that_is_cheap_to_guess_is_told(folder: Folder, parameters: str) -> None:
    folder.replace("agents.yaml", "m=19456,t=2,p=1", parameters)

    assert folder.complaints() == [
        "agents.yaml:4:20: warning: agents.ann.password_hash: is cheap to guess by trying; make another with: cordboard hash-password"
    ]


@pytest.mark.parametrize("parameters", ["m=47104,t=1,p=1", "m=12288,t=3,p=1", "m=7168,t=5,p=1"])
def test_each_pair_that_is_recommended_is_enough(folder: Folder, parameters: str) -> None:
    folder.replace("agents.yaml", "m=19456,t=2,p=1", parameters)

    assert folder.complaints() == []


def test_the_examples_passwords_are_told_as_soon_as_others_can_reach_them(tmp_path: Path) -> None:
    there = tmp_path / "examples"
    shutil.copytree(EXAMPLES, there)
    main = there / "cordboard.yaml"
    environment = {"CORDBOARD_AMI_SECRET": "canary-ami-secret"}

    assert check(there, environment) == []

    text = main.read_text(encoding="utf-8")
    text = text.replace("plain_beyond_loopback: false", "plain_beyond_loopback: true")
    main.write_text(text.replace("127.0.0.1             # beyond", "0.0.0.0  # beyond"))
    told = check(there, environment)

    assert [problem.path for problem in told] == [
        f"agents.{agent}.password_hash" for agent in ("ann", "ben", "chen", "dora", "emil")
    ]
    assert {problem.message for problem in told} == {
        "is the examples' own: everybody knows its password"
    }


@pytest.mark.parametrize("where", ["data", "data/below"])
def test_a_file_where_data_should_go_is_an_error(folder: Folder, where: str) -> None:
    file = folder.write("data", "")
    folder.replace("cordboard.yaml", "data: var/lib", f"data: {where}")

    assert folder.complaints() == [
        f"cordboard.yaml:20:7: data: {file.resolve()} is no folder; name another, which the daemon will make"
    ]


def test_a_place_for_data_that_may_not_be_written_is_told(folder: Folder) -> None:
    """The kernel lets nobody, root included, make anything in /proc/sys."""
    folder.replace("cordboard.yaml", "data: var/lib", "data: /proc/sys/cordboard")

    assert folder.complaints() == [
        "cordboard.yaml:20:7: warning: data: you may not write into /proc/sys; the daemon's user must be able to"
    ]


def test_a_folder_and_files_that_everybody_may_change_are_told(folder: Folder) -> None:
    folder.path.chmod(0o777)
    (folder.path / "agents.yaml").chmod(0o646)
    (folder.path / "var" / "lib").mkdir(parents=True)
    (folder.path / "var" / "lib").chmod(0o777)
    here = folder.path.resolve()

    assert folder.complaints() == [
        f"{here}: warning: everybody on this machine may write into it; do: chmod o-w {here}",
        "agents.yaml:1:1: warning: everybody on this machine may write into it; do: chmod o-w agents.yaml",
        "cordboard.yaml:20:7: warning: data: everybody on this machine may write into it; do: chmod o-w var/lib",
    ]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_secret_file_that_others_may_change_is_told(folder: Folder, mode: int) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{file: ami-secret}")
    folder.write("ami-secret", "canary-ami-secret").chmod(mode)

    assert folder.complaints() == [
        "cordboard.yaml:5:22: warning: pbx.main.ami.secret.file: others than its owner may change it; do: chmod 600 ami-secret"
    ]


def test_a_secret_file_that_the_daemons_group_may_read_is_as_it_should_be(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "{env: AMI_SECRET}", "{file: ami-secret}")
    folder.write("ami-secret", "canary-ami-secret").chmod(0o640)

    assert folder.complaints() == []


def test_a_short_secret_is_told_and_not_shown(folder: Folder) -> None:
    assert folder.complaints({"AMI_SECRET": "hunter22222"}) == [
        "cordboard.yaml:5:21: warning: pbx.main.ami.secret.env: the secret is short: 12 characters or more are hard to guess"
    ]


def test_a_database_that_may_answer_unencrypted_is_told_without_its_url(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "url: null", "url: {env: DB}")

    assert folder.complaints({**ENVIRONMENT, "DB": "postgresql://joe:canary@db/x"}) == [
        "cordboard.yaml:13:14: warning: database.url.env: the database is reached over the network and may answer unencrypted: add ?sslmode=verify-full, or require"
    ]


def test_a_prompt_that_no_flow_uses_is_told(folder: Folder) -> None:
    folder.write("prompts/old.wav", sound())
    folder.write("prompts/notes.txt", "not a sound")

    assert folder.complaints() == [
        "prompts/old.wav: warning: no flow and no queue uses this prompt"
    ]


@pytest.mark.parametrize(
    ("content", "doubt"),
    [
        (sound(value=0), "is silent"),
        (sound(frames=700), "is heard for 88 ms only"),
        (sound(value=0x80), None),  # each sample is -32,640: nearly full
        (
            sound(value=0x20)[:-32] + b"\xff\x7f" * 16,
            "is distorted: 2% of it are at full level; record it less loudly",
        ),
        (sound(value=0x20)[:-16] + b"\xff\x7f" * 8, None),
    ],
)
def test_a_prompt_that_is_hardly_heard_is_told_once(
    folder: Folder, content: bytes, doubt: str | None
) -> None:
    folder.write("prompts/welcome.wav", content)
    folder.replace("flows.yaml", "otherwise: {queue", "otherwise: {prompts: [welcome], queue")

    assert folder.complaints() == (
        []
        if doubt is None
        else [
            f"flows.yaml:4:18: warning: flows.welcome.menu.greeting.0: the prompt prompts/welcome.wav {doubt}"
        ]
    )


def test_while_something_is_wrong_nothing_is_doubted(folder: Folder) -> None:
    folder.replace("services.yaml", "flow: welcome", "flow: wellcome")

    assert folder.complaints() == [
        "services.yaml:4:11: services.0.flow: there is no flow 'wellcome'; did you mean welcome?"
    ]


def test_a_service_at_the_number_of_the_echo_test_is_doubtful(folder: Folder) -> None:
    file = folder.path / "services.yaml"
    number = re.search(r"number: *(\S+?)[,\s]", file.read_text())
    assert number is not None
    folder.replace("services.yaml", number[1], '"*43"')

    (complaint,) = folder.complaints()
    assert "is the echo test of the phones that asterisk-config writes" in complaint
