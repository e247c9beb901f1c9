"""Values that are not allowed: where they stand, what they are, what is allowed."""
# ruff: noqa: E501 - messages are compared whole, as administrators read them

import pytest

from tests.config.folders import Folder

Case = tuple[str, str, str, list[str]]
"""File, what stands there, what a test writes instead, and all that the check then says."""

DURATIONS: list[Case] = [
    (
        "queues.yaml",
        "15s",
        "15",
        [
            "queues.yaml:3:16: queues.sales.ring_time: needs a unit: write 15s for seconds or 15m for minutes",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "-15",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not -15",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "15 sec",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '15 sec'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "0s",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '0s'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "11m",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '11m'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "1.5s",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '1.5s'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "",
        [
            "queues.yaml:3:15: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not nothing",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "[15s]",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not a list of 1",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "true",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not true",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "-5s",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '-5s'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "5M",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '5M'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "１５s",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '１５s'",
        ],
    ),
    (
        "queues.yaml",
        "15s",
        "99999999999s",
        [
            "queues.yaml:3:16: queues.sales.ring_time: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '99999999999s'",
        ],
    ),
    (
        "queues.yaml",
        "after: 60s",
        "after: 0s",
        [
            "queues.yaml:6:14: queues.sales.overflow.after: must be a duration from 1s to 24h, such as 500ms, 15s, 2m or 1h30m, not '0s'",
        ],
    ),
    (
        "cordboard.yaml",
        "limit: 5s",
        "limit: 1h",
        [
            "cordboard.yaml:19:10: watchdog.limit: must be a duration from 1s to 10m, such as 500ms, 15s, 2m or 1h30m, not '1h'",
        ],
    ),
]

VALUES: list[Case] = [
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: yes",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not 'yes'",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: true",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not true",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: -1",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not -1",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: 101",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not 101",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: 3.0",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not '3.0'",
        ],
    ),
    (
        "queues.yaml",
        "misses_max: 3",
        "misses_max: '3'",
        [
            "queues.yaml:4:17: queues.sales.misses_max: must be 0 (never) to 100, not '3'",
        ],
    ),
    (
        "queues.yaml",
        "  sales:",
        "  Sales Team:",
        [
            "agents.yaml:6:14: agents.ann.queues.0: there is no queue 'sales'; there are: Sales Team, support",
            "agents.yaml:11:14: agents.chen.queues.0: there is no queue 'sales'; there are: Sales Team, support",
            "flows.yaml:8:33: flows.welcome.menu.choices.1.queue: there is no queue 'sales'; there are: Sales Team, support",
            "queues.yaml:2:3: queues.'Sales Team': must be a name: 1 to 40 of a-z 0-9 _ -, not 'Sales Team'",
            "queues.yaml:2:3: warning: queues.'Sales Team': no agent serves this queue",
        ],
    ),
    (
        "agents.yaml",
        "phones: [a1]",
        "phones: a1",
        [
            "agents.yaml:5:13: agents.ann.phones: must be a list of 1 to 8 phones, not 'a1'",
        ],
    ),
    (
        "agents.yaml",
        "phones: [a1]",
        "phones: [a1, a1]",
        [
            "agents.yaml:5:13: agents.ann.phones: 'a1' stands in this list twice",
        ],
    ),
    (
        "agents.yaml",
        "phones: [a1]",
        "phones: [PJSIP/a1]",
        [
            "agents.yaml:5:14: agents.ann.phones.0: must be a phone's name on the PBX: 1 to 40 of A-Z a-z 0-9 _ -, not 'PJSIP/a1'",
        ],
    ),
    (
        "agents.yaml",
        "phones: [a1]",
        "phones: []",
        [
            "agents.yaml:5:13: agents.ann.phones: must be a list of 1 to 8 phones, not a list of 0",
        ],
    ),
    (
        "agents.yaml",
        "phones: [a1]",
        "phones: [1, 2, 3, 4, 5, 6, 7, 8, 9]",
        [
            "agents.yaml:5:13: agents.ann.phones: must be a list of 1 to 8 phones, not a list of 9",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        "true",
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of 1 to 80 characters, not true",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        '"Ann\\nArcher"',
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of printable characters, with no blanks around it",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        '"Ann\\u202eArcher"',
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of printable characters, with no blanks around it",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        '""',
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of 1 to 80 characters, not ''",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        '" Ann"',
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of printable characters, with no blanks around it",
        ],
    ),
    (
        "agents.yaml",
        "Ann Archer",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        [
            "agents.yaml:3:11: agents.ann.name: must be a name of 1 to 80 characters, not 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…'",
        ],
    ),
    (
        "agents.yaml",
        "  ann:",
        "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:",
        [
            "agents.yaml:2:3: agents.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: must be a name: 1 to 40 of a-z 0-9 _ -, not 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…'",
        ],
    ),
    (
        "services.yaml",
        '"8000"',
        "8000+",
        [
            "services.yaml:2:13: services.0.number: must be a dialled number: 1 to 20 of 0-9 * #, perhaps after a +, not '8000+'",
        ],
    ),
    (
        "services.yaml",
        '"8000"',
        '"80 00"',
        [
            "services.yaml:2:13: services.0.number: must be a dialled number: 1 to 20 of 0-9 * #, perhaps after a +, not '80 00'",
        ],
    ),
    (
        "services.yaml",
        '"8000"',
        "888888888888888888888",
        [
            "services.yaml:2:13: services.0.number: must be a dialled number: 1 to 20 of 0-9 * #, perhaps after a +, not '888888888888888888888'",
        ],
    ),
    (
        "services.yaml",
        '"8000"',
        "${X}",
        [
            "services.yaml:2:13: services.0.number: must be a dialled number: 1 to 20 of 0-9 * #, perhaps after a +, not '${X}'",
        ],
    ),
    (
        "services.yaml",
        "services:\n",
        "services: {}\nx:\n",
        [
            "services.yaml:1:11: services: must be a list of services, not an empty mapping",
            "services.yaml:2:1: x: is not a known key; allowed: services",
        ],
    ),
    (
        "flows.yaml",
        "[welcome]",
        "welcome",
        [
            "flows.yaml:4:17: flows.welcome.menu.greeting: must be a list of 1 to 20 prompts, not 'welcome'",
        ],
    ),
    (
        "flows.yaml",
        "[welcome]",
        "[]",
        [
            "flows.yaml:4:17: flows.welcome.menu.greeting: must be a list of 1 to 20 prompts, not a list of 0",
        ],
    ),
    (
        "flows.yaml",
        "tries: 3",
        "tries: 0",
        [
            "flows.yaml:6:14: flows.welcome.menu.tries: must be 1 to 10, not 0",
        ],
    ),
    (
        "flows.yaml",
        "        1:",
        "        A:",
        [
            "flows.yaml:8:9: flows.welcome.menu.choices.A: must be one key of a telephone: 0123456789*#, not 'A'",
        ],
    ),
    (
        "flows.yaml",
        "        1:",
        "        12:",
        [
            "flows.yaml:8:9: flows.welcome.menu.choices.12: must be one key of a telephone: 0123456789*#, not '12'",
        ],
    ),
    (
        "flows.yaml",
        "name: sales",
        "name: no_key",
        [
            "flows.yaml:8:19: flows.welcome.menu.choices.1.name: no_key is what the call log says when no choice was made; take another name",
        ],
    ),
    (
        "flows.yaml",
        "name: sales",
        "name: support",
        [
            "flows.yaml:4:7: flows.welcome.menu: the choices of 1 and 2 are both called support and lead to different places; give them two names",
        ],
    ),
    (
        "flows.yaml",
        ", queue: sales",
        "",
        [
            "flows.yaml:8:12: flows.welcome.menu.choices.1: needs one of the two: queue: NAME or hang_up: true",
        ],
    ),
    (
        "flows.yaml",
        "queue: sales",
        "queue: sales, hang_up: true",
        [
            "flows.yaml:8:12: flows.welcome.menu.choices.1: needs one of the two: queue: NAME or hang_up: true",
        ],
    ),
    (
        "flows.yaml",
        "queue: sales",
        "hang_up: false",
        [
            "flows.yaml:8:35: flows.welcome.menu.choices.1.hang_up: must be true, not false",
        ],
    ),
    (
        "flows.yaml",
        "otherwise: {queue: support}",
        "otherwise: support",
        [
            "flows.yaml:11:18: flows.welcome.menu.otherwise: must be a mapping (queue, hang_up, prompts, priority, skills)",
        ],
    ),
    (
        "flows.yaml",
        "otherwise: {queue: support}",
        "otherwise:",
        [
            "flows.yaml:11:17: flows.welcome.menu.otherwise: must be a mapping (queue, hang_up, prompts, priority, skills), not nothing",
        ],
    ),
    (
        "cordboard.yaml",
        "country: DE",
        "country: Germany",
        [
            "cordboard.yaml:15:12: telephony.country: must be a country's two capital letters (ISO 3166) such as DE, CN or US",
        ],
    ),
    (
        "cordboard.yaml",
        "country: DE",
        "country: 49",
        [
            "cordboard.yaml:15:12: telephony.country: must be a country's two capital letters such as DE, in text, not 49",
        ],
    ),
    (
        "cordboard.yaml",
        "country: DE",
        "country: no",
        [
            "cordboard.yaml:15:12: telephony.country: must be a country's two capital letters (ISO 3166) such as DE, CN or US",
        ],
    ),
    (
        "cordboard.yaml",
        "console",
        "xml",
        [
            "cordboard.yaml:17:11: log.format: must be console or json, not 'xml'",
        ],
    ),
    (
        "cordboard.yaml",
        "127.0.0.1\n  port: 8400",
        "localhost\n  port: 8400",
        [
            "cordboard.yaml:9:11: web.listen: must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1",
        ],
    ),
    (
        "cordboard.yaml",
        "8400",
        "65536",
        [
            "cordboard.yaml:10:9: web.port: must be a port: 1 to 65535, or 0 for any free one, not 65536",
        ],
    ),
    (
        "cordboard.yaml",
        "8400",
        "-1",
        [
            "cordboard.yaml:10:9: web.port: must be a port: 1 to 65535, or 0 for any free one, not -1",
        ],
    ),
    (
        "cordboard.yaml",
        "8400",
        "08400",
        [
            "cordboard.yaml:10:9: web.port: must be a port: 1 to 65535, or 0 for any free one, not '08400'",
        ],
    ),
    (
        "cordboard.yaml",
        "8400",
        "'8400'",
        [
            "cordboard.yaml:10:9: web.port: must be a port: 1 to 65535, or 0 for any free one, not '8400'",
        ],
    ),
    (
        "cordboard.yaml",
        "[127.0.0.1]",
        "[localhost]",
        [
            "cordboard.yaml:6:50: pbx.main.agi.peers.0: must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1",
        ],
    ),
    (
        "cordboard.yaml",
        "[127.0.0.1]",
        "[]",
        [
            "cordboard.yaml:6:49: pbx.main.agi.peers: must be a list of 1 to 50 IP addresses of Asterisk, not a list of 0",
        ],
    ),
    (
        "cordboard.yaml",
        "[127.0.0.1]",
        "[10.0.0.1, 10.0.0.1]",
        [
            "cordboard.yaml:6:49: pbx.main.agi.peers: '10.0.0.1' stands in this list twice",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['*']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://desk.example/']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['HTTPS://desk.example']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://desk.example:99999']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://[::1']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['null']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://desk.example:443']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://a b']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: ['https://陈.example']",
        [
            "cordboard.yaml:11:13: web.origins.0: must be a web origin as browsers send it, such as https://desk.example.com or http://localhost:8080: small letters, no path, no slash at the end, no default port",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "origins: [http://a.example, http://a.example]",
        [
            "cordboard.yaml:11:12: web.origins: 'http://a.example' stands in this list twice",
        ],
    ),
    (
        "cordboard.yaml",
        "music: default",
        "music: a,b",
        [
            "cordboard.yaml:7:12: pbx.main.music: must be a class of music on hold: 1 to 40 of A-Z a-z 0-9 _ -, not 'a,b'",
        ],
    ),
    (
        "cordboard.yaml",
        "data: var/lib",
        "data: true",
        [
            "cordboard.yaml:20:7: data: must be a file's path in text, not true",
        ],
    ),
    (
        "cordboard.yaml",
        "username: cordboard",
        'username: "x\\r\\nAction: Command"',
        [
            "cordboard.yaml:4:17: pbx.main.ami.username: must be a manager user's name: 1 to 80 of A-Z a-z 0-9 _ . @ -, not 'x\\r\\nAction: Command'",
        ],
    ),
    (
        "cordboard.yaml",
        "    music: default\n",
        "  other: {ami: {username: x, secret: {env: AMI_SECRET}}}\n",
        [
            "cordboard.yaml:2:3: pbx: must hold exactly one PBX for now",
        ],
    ),
    (
        "cordboard.yaml",
        "127.0.0.1\n  port: 8400",
        "0.0.0.0\n  port: 8400",
        [
            "cordboard.yaml:9:3: web: passwords would cross the network in plain text on 0.0.0.0: give certificate and key, listen on 127.0.0.1, or, where a proxy speaks TLS, set allow_plain_beyond_loopback: true",
        ],
    ),
    (
        "cordboard.yaml",
        "origins: []",
        "certificate: desk.pem",
        [
            "cordboard.yaml:9:3: web: certificate and key belong together: give both, or neither",
        ],
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), DURATIONS)
def test_a_wrong_duration_is_told_with_its_place_and_what_is_allowed(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == expected


@pytest.mark.parametrize(("file", "old", "new", "expected"), VALUES)
def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(
    folder: Folder, file: str, old: str, new: str, expected: list[str]
) -> None:
    folder.replace(file, old, new)

    assert folder.complaints() == expected


def test_two_servers_cannot_listen_at_one_port(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "port: 4573", "port: 8400")

    (complaint,) = folder.complaints()

    assert complaint == (
        "cordboard.yaml:1:1: agi and web cannot both listen at 127.0.0.1:8400: "
        "give one of them another port"
    )


def test_any_free_port_is_never_the_same_one(folder: Folder) -> None:
    folder.replace("cordboard.yaml", "port: 4573", "port: 0")
    folder.replace("cordboard.yaml", "port: 8400", "port: 0")

    assert folder.complaints() == []
