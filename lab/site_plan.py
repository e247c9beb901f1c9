"""What a private installation is to be, and the configuration that makes it so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cti.asterisk_files.plan import TRUNK_PREFIX
from lab.ports import LOOPBACK, PortLease

PASSWORD = "cordboard-demo"
PASSWORD_HASH = (
    "$argon2id$v=19$m=32,t=1,p=1$+Gc3pmiSY9y7tNBZGfORdw$upscVeIRxifn9xVmzEEPCn8YgKY/+lyKDRjfHFmYRaY"
)
MANAGER_SECRET = "lab-manager-secret"
SECRET_VARIABLE = "CORDBOARD_AMI_SECRET"
GREETING_HZ = 900
CALLER_HZ = 500
AGENT_HZ = 700
FALLBACK_PHONE = "night"
TRUNK = "lab"
TRUNK_ENDPOINT = TRUNK_PREFIX + TRUNK
"""The trunk whose calls come from loopback, as the configuration and as pjsip call it."""

FALLBACK_RING_TIME = "5s"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlan:
    """One agent, his phone, and the queues that he serves."""

    name: str
    phone: str
    queues: Sequence[str] = ("sales",)
    spoken_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """
    What a site is to be: `queues` as in `queues.yaml`; times short, since nobody real waits.

    `tries_max` and `fallback` are the safety net's. `greeting_s` is how long
    the menu speaks. `database_url` is a server of the test's; without one, the embedded server.
    `breakable_links` puts a proxy before Asterisk's manager interface and one before the desks.
    `examples` is a complete configuration that is taken as it is, but for ports, paths and secrets;
    then the plan tells of its agents only who they are (`agents_of`), and of all the rest nothing.
    `music` is a folder of WAV files; without it examples have their own, and other sites a pure
    tone. `web_phones` are those of the agents' phones that live in browsers. With `trunk_transfers`
    the administrator has let callers send REFER, against what our file says. With
    `phones_elsewhere` the site runs none: whoever does registers them with `phone_passwords`.
    `guest_phones` are phones of the examples that belong to none of the agents here.
    """

    agents: Sequence[AgentPlan] = (AgentPlan(name="ann", phone="a1"),)
    queues: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {
            "sales": {"ring_time": "3s", "wrap_up": "500ms", "misses_max": 2},
            "support": {"ring_time": "3s", "wrap_up": "500ms", "misses_max": 2},
        }
    )
    greeting_s: float = 0.6
    first_key: str = "2s"
    tries_max: int = 30
    fallback: bool = False
    watchdog: str = "5s"
    log_level: str = "debug"
    environment: Mapping[str, str] = field(default_factory=dict)
    database_url: str | None = None
    web_extra: Mapping[str, Any] = field(default_factory=dict)
    prompts: Path | None = None
    music: Path | None = None
    breakable_links: bool = False
    examples: Path | None = None
    web_phones: Sequence[str] = ()
    trunk_transfers: bool = False
    phones_elsewhere: bool = False
    guest_phones: Sequence[str] = ()


def agents_of(examples: Path) -> list[AgentPlan]:
    """Return the agents of a complete configuration, each at his usual phone."""
    content = yaml.safe_load((examples / "agents.yaml").read_bytes())
    return [
        AgentPlan(
            name=name,
            phone=agent["phones"][0],
            queues=agent["queues"],
            spoken_name=agent["name"],
        )
        for name, agent in content["agents"].items()
    ]


def configuration_files(
    plan: SitePlan, ports: PortLease, manager_port: int, data: Path
) -> dict[str, Any]:
    """Return what stands in each file of the configuration, but for prompts."""
    manager = {
        "host": LOOPBACK,
        "port": manager_port,
        "username": "cordboard",
        "secret": {"env": SECRET_VARIABLE},
    }
    menu = {
        "greeting": ["welcome"],
        "first_key": plan.first_key,
        "tries": 2,
        "choices": {
            "1": {"name": "sales", "queue": "sales"},
            "2": {"name": "support", "queue": "support"},
        },
        "wrong_key": ["wrong-key"],
        "no_key": ["no-key"],
        "otherwise": {"queue": "support"},
    }
    net: dict[str, Any] = {"tries": plan.tries_max, "ring_time": FALLBACK_RING_TIME}
    phones = {name: {"kind": "web"} for name in plan.web_phones}
    if plan.fallback:
        net["fallback"] = FALLBACK_PHONE
        phones[FALLBACK_PHONE] = {"kind": "desk"}
    main: dict[str, Any] = {
        "pbx": {
            "main": {
                "ami": manager,
                "agi": {"listen": LOOPBACK, "port": ports.agi, "peers": [LOOPBACK]},
                "trunks": {TRUNK: {"addresses": [LOOPBACK]}},
                "phones": phones,
                "safety_net": net,
            }
        },
        "web": {"listen": LOOPBACK, "port": ports.web, **plan.web_extra},
        "data": str(data),
        "telephony": {"country": "DE"},
        "log": {"format": "json", "level": plan.log_level},
        "watchdog": {"limit": plan.watchdog},
    }
    if plan.database_url is not None:
        main["database"] = {"url": plan.database_url}
    return {
        "cordboard.yaml": main,
        "services.yaml": {"services": [{"number": "8000", "name": "hotline", "flow": "welcome"}]},
        "flows.yaml": {"flows": {"welcome": {"menu": menu}}},
        "queues.yaml": {"queues": {name: dict(q) for name, q in plan.queues.items()}},
        "agents.yaml": {
            "agents": {
                agent.name: {
                    "name": agent.spoken_name or agent.name.title(),
                    "password_hash": PASSWORD_HASH,
                    "phones": [agent.phone],
                    "queues": list(agent.queues),
                }
                for agent in plan.agents
            }
        },
    }
