"""
The safety net: what the daemon and the dialplan that keeps its callers have agreed.

Every place a caller may be sent enters `AGI()` in a retry loop with music, and the loop ends in a
fallback that rings someone. A dead daemon looks to Asterisk like a finished script (`AGISTATUS` is
SUCCESS for both), so the end of a call needs an explicit mark: `CORD_STATE=done`.

The contract with the daemon, all on the caller's channel:

- `CORD_CALL` our id of the call (inherited by the legs that it dials); empty on the first session.
- `CORD_STATE` `done`: hang up when the session ends; `post`: the talk is over, and the session that
  dialled it is gone; `fallback`: someone else is being rung because no daemon came.
- `CORD_NEXT` what is meant to happen in the next session (`queue:<name>`), set before any act that
  ends a Dial or moves the channel.
- `CORD_DOCTOR` what the doctor's test call tells whoever serves its session, and
  `CORD_DOCTOR_SAID`, `CORD_DOCTOR_PROMPTS` what is answered; `CORD_DOCTOR_MUSIC` how far its second
  call has come, `begun` or `over` (`cti.switch.visit`).
- `CORD_QUEUE`, `CORD_SINCE`, `CORD_PRIORITY`, `CORD_SEQ` the caller's place.
- `CORD_DIALED`, `CORD_CAUSE` what `DIALSTATUS` and `HANGUPCAUSE` said when the loop was entered.
  `DIALSTATUS` itself is cleared at every entry and by the daemon before each wait and Dial: a stale
  ANSWER would hang up a waiting caller.

The text itself is made by `cti.asterisk_files.extensions`.
"""

ENTRY_CONTEXT = "cordboard-in"
CALL_CONTEXT = "cordboard"
AGENT_CONTEXT = "cordboard-agent"
REQUEUE_EXTENSION = "requeue"
PHONE_CONTEXT = "cordboard-phones"
DOCTOR_CONTEXT = "cordboard-doctor"
DOCTOR_MUSIC_EXTENSION = "music"
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
