"""
`cordboard-manager.conf`: the daemon's account at Asterisk's manager interface.

Its rights were found by trying every action of Asterisk 22 (`tests/scenarios/test_asterisk_files`):

- read `system` is for FullyBooted and Shutdown, `call` for all other events that are wanted;
- write `call` is for Hangup, Redirect, Setvar and Status, `reporting` for CoreStatus, CoreSettings
  and DeviceStateList, `originate` for the doctor's test call.

So Asterisk refuses Command, GetConfig, UpdateConfig, ModuleLoad, Reload, DBPut and AGI, and an
Originate of an application that runs programs. What is left to whoever has the secret: he can end
and move calls, and start some into any context of the dialplan.
"""

from cti.asterisk_files.notes import MANAGER, note
from cti.asterisk_files.plan import ManagerUser
from cti.asterisk_files.values import network
from cti.switch.dialplan import CHANNEL_VARIABLES, WANTED_EVENTS

READ = ("system", "call")
WRITE = ("call", "reporting", "originate")

WRITE_TIMEOUT_MS = 5000
"""How long a reader of AMI may stall with full buffers. Asterisk's own 100 ms drops a busy one."""

_PHONE_EVENT = "DeviceStateChange"
"""Told of queues, parking lots and the like as well; only phones are of interest."""


def event_filter(name: str) -> str:
    """Return the line that lets one kind of event through."""
    if name == _PHONE_EVENT:
        return (
            f"eventfilter(action(include),name({name}),header(Device),method(starts_with)) = PJSIP/"
        )
    return f"eventfilter(action(include),name({name})) ="


def manager_conf(user: ManagerUser, folder: str) -> str:
    """Return the text of the file."""
    head = note(
        MANAGER,
        folder,
        "Cordboard's account at AMI, with no more rights than it needs",
        "(no Command, no configuration, no modules), and the events that it wants, no others.",
    )
    permits = "".join(f"permit = {network('peer', peer)}\n" for peer in user.peers)
    filters = "".join(f"{event_filter(name)}\n" for name in WANTED_EVENTS)
    return (
        f"{head}"
        "; Each event tells which call of Cordboard's it belongs to. Added to your `channelvars`,\n"
        "; if there are any; where there are none the list begins with an empty name, harmless.\n"
        f"[general](+)\nchannelvars+=,{','.join(CHANNEL_VARIABLES)}\n\n"
        f"[{user.name}]\nsecret = {user.secret}\n"
        f"deny = 0.0.0.0/0\ndeny = ::/0\n{permits}"
        f"read = {','.join(READ)}\nwrite = {','.join(WRITE)}\n"
        f"writetimeout = {WRITE_TIMEOUT_MS}\n{filters}"
    )
