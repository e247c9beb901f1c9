"""
The safety net: the dialplan that keeps a caller while no daemon is there.

Every place a caller may be sent enters `AGI()` in a retry loop with music, and the loop ends in a
fallback that rings someone. A dead daemon looks to Asterisk like a finished script (`AGISTATUS` is
SUCCESS for both), so the end of a call needs an explicit mark: `CORD_STATE=done`.

The contract with the daemon, all on the caller's channel:

- `CORD_CALL` our id of the call (inherited by the legs that it dials); empty on the first session.
- `CORD_STATE` `done`: hang up when the session ends; `post`: the talk is over, and the session that
  dialled it is gone; `fallback`: someone else is being rung because no daemon came.
- `CORD_NEXT` what is meant to happen in the next session (`queue:<name>`), set before any act that
  ends a Dial or moves the channel.
- `CORD_QUEUE`, `CORD_SINCE`, `CORD_PRIORITY`, `CORD_SEQ` the caller's place.
- `CORD_DIALED`, `CORD_CAUSE` what `DIALSTATUS` and `HANGUPCAUSE` said when the loop was entered.
  `DIALSTATUS` itself is cleared at every entry and by the daemon before each wait and Dial: a stale
  ANSWER would hang up a waiting caller.

The text was run branch by branch on Asterisk 22. What comes from outside is not believed: there is
one extension for each service number and no pattern; the caller's number is rebuilt from the From
header as pjsip parsed and wrote it again, in which percent signs are still encoded, so that FILTER
drops them; the number of a Diversion header, believed from anybody and decoded, is dropped before
each `AGI()`, which writes it into its opening block; and a caller's REFER, which would send the
agent he talks to wherever he says, finds no extension.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cti.switch.attach import SESSION_ARGUMENTS

ENTRY_CONTEXT = "cordboard-in"
CALL_CONTEXT = "cordboard"
AGENT_CONTEXT = "cordboard-agent"
REQUEUE_EXTENSION = "requeue"
CHANNEL_VARIABLES = ("CORD_CALL", "CORD_OFFER", "CORD_STATE")
"""What `channelvars` in manager.conf names, so that every event carries our ids."""

WANTED_EVENTS = (
    "Newstate",
    "DialBegin",
    "DialEnd",
    "Hangup",
    "HangupRequest",
    "DeviceStateChange",
    "OriginateResponse",
    "Shutdown",
    "FullyBooted",
)
"""The AMI events that the daemon reads; the filters of its AMI user pass no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyNet:
    """
    What the dialplan is made from.

    `agi` and `standby_agi` are `host:port` of the daemon (the standby may be empty). While no
    daemon comes, each caller tries about once a second; after `tries_max` quick failures in a row
    `fallback` (a Dial target such as `PJSIP/desk`) is rung for `fallback_ring_s` seconds, at most
    `fallbacks_max` times; then the caller hears `sorry` (a sound file without its ending) and is
    hung up with cause 34, so that his own network may go on elsewhere.
    """

    services: Sequence[str]
    agi: str
    standby_agi: str = ""
    music: str = "default"
    fallback: str = ""
    fallback_ring_s: int = 20
    fallbacks_max: int = 2
    tries_max: int = 30
    sorry: str = "sorry"


def safety_net(net: SafetyNet) -> str:
    """Return the text of `extensions.conf` for these services."""
    entries = "\n".join(
        f"exten => {number},1,Set(CORD_SERVICE={number})\n same => n,Goto(cordboard-from,s,1)"
        for number in net.services
    )
    return _TEXT.format(
        agi=net.agi,
        standby_agi=net.standby_agi,
        music=net.music,
        fallback=net.fallback,
        fallback_ring_s=net.fallback_ring_s,
        fallbacks_max=net.fallbacks_max if net.fallback else 0,
        tries_max=net.tries_max,
        sorry=net.sorry,
        arguments=",".join(f"${{{name}}}" for name in SESSION_ARGUMENTS),
        entries=entries,
    )


_TEXT = """\
[globals]
CORD_AGI1={agi}
CORD_AGI2={standby_agi}
CORD_MUSIC={music}
CORD_MAX={tries_max}
CORD_FB={fallback}
CORD_FBMAX={fallbacks_max}

[cordboard-in]
{entries}

; The caller's number, rebuilt from the header and reduced to harmless characters. A name may hold
; anything, so the address is what follows the last <. Without a user it names a machine: no number.
[cordboard-from]
exten => s,1,Set(TRANSFER_CONTEXT=cordboard-nowhere)
 same => n,Set(CORD_FROM=${{CHANNEL(pjsip,remote_uri)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,<,${{FIELDQTY(CORD_FROM,<)}})}})
 same => n,ExecIf($["${{CORD_FROM:0:3}}" = "sip" & ${{FIELDQTY(CORD_FROM,@)}} < 2]?Set(CORD_FROM=))
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,:,2)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,@,1)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,\\;,1)}})
 same => n,Set(CALLERID(num)=${{FILTER(0-9A-Za-z+*._\\x2d,${{CORD_FROM:0:40}})}})
 same => n,Set(CORD_FROM=)
 same => n,Goto(cordboard,s,1)

; Where callers' own transfers lead: nowhere.
[cordboard-nowhere]

[cordboard]
exten => s,1,Set(AGIEXITONHANGUP=yes)
 same => n,Answer()
 same => n,Set(CORD_N=0)
 same => n,Set(CORD_FBN=0)
 same => n(loop),Set(CORD_DIALED=${{DIALSTATUS}})
 same => n,Set(CORD_CAUSE=${{HANGUPCAUSE}})
 same => n,Set(DIALSTATUS=)
 same => n,StartMusicOnHold(${{CORD_MUSIC}})
 same => n,Set(REDIRECTING(from-num,i)=)
 same => n,Set(CORD_T0=${{EPOCH}})
 same => n,Set(AGISTATUS=)
 same => n,AGI(agi://${{CORD_AGI1}}/call,{arguments})
 same => n,GotoIf($["${{AGISTATUS}}" != "FAILURE" | "${{CORD_AGI2}}" = ""]?chk)
 same => n,GotoIf($[${{EPOCH}} - ${{CORD_T0}} > 4]?chk)
 same => n,AGI(agi://${{CORD_AGI2}}/call,{arguments})
 same => n(chk),GotoIf($["${{CORD_STATE}}" = "done"]?bye)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?post)
 same => n,ExecIf($[${{EPOCH}} - ${{CORD_T0}} > 5]?Set(CORD_N=0))
 same => n,Set(CORD_N=$[${{CORD_N}} + 1])
 same => n,GotoIf($[${{CORD_N}} > ${{CORD_MAX}}]?fallback)
 same => n,MusicOnHold(${{CORD_MUSIC}},1)
 same => n,Goto(loop)
; The talk is over, and the session that dialled it is gone.
 same => n(post),Set(CORD_STATE=post)
 same => n,Set(CORD_DIALED=${{DIALSTATUS}})
 same => n,Set(CORD_CAUSE=${{HANGUPCAUSE}})
 same => n,StopMusicOnHold()
 same => n,Set(REDIRECTING(from-num,i)=)
 same => n,Set(AGISTATUS=)
 same => n,AGI(agi://${{CORD_AGI1}}/post,{arguments})
 same => n,ExecIf($["${{AGISTATUS}}" = "FAILURE" & "${{CORD_AGI2}}" != ""]?AGI(agi://${{CORD_AGI2}}/post,{arguments}))
 same => n,GotoIf($["${{CORD_STATE}}" = "requeue"]?requeue,1)
 same => n(bye),Hangup()
; Nobody comes: ring someone, then try the daemon again, and say so in the end.
 same => n(fallback),GotoIf($[${{CORD_FBN}} >= ${{CORD_FBMAX}}]?sorry)
 same => n,Set(CORD_FBN=$[${{CORD_FBN}} + 1])
 same => n,Set(CORD_STATE=fallback)
 same => n,Dial(${{CORD_FB}},{fallback_ring_s},m(${{CORD_MUSIC}})g)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?bye)
 same => n,Set(CORD_STATE=)
 same => n,Set(DIALSTATUS=)
 same => n,Set(CORD_N=0)
 same => n,Goto(loop)
 same => n(sorry),StopMusicOnHold()
 same => n,Playback({sorry})
 same => n,Hangup(34)

exten => requeue,1,Set(AGIEXITONHANGUP=yes)
 same => n,Set(CORD_STATE=requeue)
 same => n,Set(CORD_N=0)
 same => n,Set(CORD_FBN=0)
 same => n,Goto(s,loop)

; Runs on an agent's leg before it is rung.
[cordboard-agent]
exten => leg,1,Set(CORD_OFFER=${{ARG1}})
 same => n,Set(PJSIP_HEADER(add,X-Cordboard-Call)=${{CORD_CALL}})
 same => n,Return()
"""
