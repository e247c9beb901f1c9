"""
`cordboard-extensions.conf`: the safety net, and what agents' phones may dial.

The contract with the daemon is `cti.switch.dialplan`'s. The text was run branch by branch on
Asterisk 22. What comes from outside is not believed: there is one extension for each service number
and no pattern; the caller's number is rebuilt from the From header as pjsip parsed and wrote it
again, in which percent signs are still encoded, so that FILTER drops them; the number of a
Diversion header, believed from anybody and decoded, is dropped before each `AGI()`, which writes it
into its opening block; and a caller's REFER, which would send the agent he talks to wherever he
says, finds no extension.
"""

from config.settings import ECHO_EXTENSION
from cti.asterisk_files.notes import EXTENSIONS, note
from cti.asterisk_files.plan import SafetyNet
from cti.switch.attach import SESSION_ARGUMENTS


def extensions_conf(net: SafetyNet, folder: str) -> str:
    """Return the text of the file."""
    entries = "\n".join(
        f"exten => {number},1,MSet(CORD_SERVICE={number},{_AT_ENTRY})\n"
        " same => n,Goto(cordboard,s,1)"
        for number in net.services
    )
    head = note(
        EXTENSIONS,
        folder,
        "the dialplan that leads callers to Cordboard, and keeps them",
        "while no daemon is there. Send calls to cordboard-in; see README.md beside this file.",
    )
    return head + _TEXT.format(
        agi=net.agi,
        standby_agi=net.standby_agi,
        music=net.music,
        tries_max=net.tries_max,
        last_resort=_last_resort(net),
        arguments=",".join(f"${{{name}}}" for name in SESSION_ARGUMENTS),
        echo=ECHO_EXTENSION,
        entries=entries,
        first=_FIRST.format(agi=net.agi),
        harmless=_HARMLESS_NUMBER,
        rdnis=_NO_DIVERSION,
        dialled=_HOW_DIAL_ENDED,
        at_entry=_AT_ENTRY,
    )


def _last_resort(net: SafetyNet) -> str:
    """Return what happens to who has waited for a daemon long enough."""
    sorry = "" if net.sorry is None else f" same => n,Playback({net.sorry})\n"
    if not net.fallback or not net.fallbacks_max:
        return _NOBODY.format(label="fallback", sorry=sorry)
    return _FALLBACK.format(
        fallback=net.fallback,
        music=net.music,
        ring_s=net.fallback_ring_s,
        rounds=net.fallbacks_max,
    ) + _NOBODY.format(label="sorry", sorry=sorry)


_AT_ENTRY = "AGIEXITONHANGUP=yes,TRANSFER_CONTEXT=cordboard-nowhere"

_FIRST = '${{IF($["${{GLOBAL(CORD_AGI1)}}" = ""]?"{agi}":"${{GLOBAL(CORD_AGI1)}}")}}'
_HARMLESS_NUMBER = r"CALLERID(num)=${FILTER(0-9A-Za-z+*._\x2d,${CALLERID(num):0:40})}"
_HOW_DIAL_ENDED = "CORD_DIALED=${DIALSTATUS},CORD_CAUSE=${HANGUPCAUSE}"
_NO_DIVERSION = "REDIRECTING(from-num,i)="

_FALLBACK = """\
; Nobody comes: ring someone, then try the daemon again.
 same => n(fallback),GotoIf($[0${{CORD_FBN}} >= {rounds}]?sorry)
 same => n,Set(CORD_FBN=$[0${{CORD_FBN}} + 1])
 same => n,Gosub(cordboard-from,s,1)
 same => n,Set(CORD_STATE=fallback)
 same => n,Dial({fallback},{ring_s},m({music})g)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?bye)
 same => n,Set(CORD_STATE=)
 same => n,Set(DIALSTATUS=)
 same => n,Set(CORD_N=0)
 same => n,Goto(loop)
"""

_NOBODY = """\
; Nobody is left to ring: hang up with cause 34, so that the caller's network may go on elsewhere.
 same => n({label}),TryExec(StopMusicOnHold())
{sorry} same => n,Hangup(34)
"""

_TEXT = """\
; Where calls come in: one extension for each service number, no pattern.
[cordboard-in]
{entries}

; The caller's number for whoever is rung while no daemon is there, rebuilt from SIP's header. A
; name may hold anything, so the address is what follows the last <. Without a user it names a
; machine: no number.
[cordboard-from]
exten => s,1,GotoIf($["${{CHANNEL(channeltype)}}" != "PJSIP"]?out)
 same => n,Set(CORD_FROM=${{CHANNEL(pjsip,remote_uri)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,<,${{FIELDQTY(CORD_FROM,<)}})}})
 same => n,ExecIf($["${{CORD_FROM:0:3}}" = "sip" & ${{FIELDQTY(CORD_FROM,@)}} < 2]?Set(CORD_FROM=))
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,:,2)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,@,1)}})
 same => n,Set(CORD_FROM=${{CUT(CORD_FROM,\\;,1)}})
 same => n,Set(CALLERID(num)=${{FILTER(0-9A-Za-z+*._\\x2d,${{CORD_FROM:0:40}})}})
 same => n,Set(CORD_FROM=)
 same => n(out),Return()

; Where callers' own transfers lead: nowhere.
[cordboard-nowhere]

; Where the daemon is: as configured, unless a standby that took over said otherwise, by setting the
; globals CORD_AGI1 and CORD_AGI2 over AMI (empty: as configured again).
[cordboard-daemon]
exten => s,1,Set(CORD_AT1={agi})
 same => n,Set(CORD_AT2={standby_agi})
 same => n,ExecIf($["${{GLOBAL(CORD_AGI1)}}" != ""]?Set(CORD_AT1=${{GLOBAL(CORD_AGI1)}}))
 same => n,ExecIf($["${{GLOBAL(CORD_AGI2)}}" != ""]?Set(CORD_AT2=${{GLOBAL(CORD_AGI2)}}))
 same => n,Return()

; Each line and each variable costs processor time on every call: what only a second try needs is
; set before a second try. The caller's number is reduced to harmless characters before anybody is
; told of it; the daemon puts the right one in its place.
[cordboard]
exten => s,1,MSet({harmless},{rdnis},CORD_T0=${{EPOCH}})
 same => n,Answer()
 same => n,TryExec(StartMusicOnHold({music}))
 same => n,AGI(agi://{first}/call,{arguments})
 same => n,GotoIf($["${{CORD_STATE}}" = "done"]?bye)
 same => n,Gosub(cordboard-daemon,s,1)
 same => n,Goto(other)
 same => n(loop),MSet({dialled},DIALSTATUS=,AGISTATUS=)
 same => n,TryExec(StartMusicOnHold({music}))
 same => n,Gosub(cordboard-daemon,s,1)
 same => n,MSet({rdnis},CORD_T0=${{EPOCH}})
 same => n,AGI(agi://${{CORD_AT1}}/call,{arguments})
 same => n(other),GotoIf($["${{AGISTATUS}}" != "FAILURE" | "${{CORD_AT2}}" = ""]?chk)
 same => n,GotoIf($[${{EPOCH}} - ${{CORD_T0}} > 4]?chk)
 same => n,AGI(agi://${{CORD_AT2}}/call,{arguments})
 same => n(chk),GotoIf($["${{CORD_STATE}}" = "done"]?bye)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?post)
 same => n,ExecIf($[${{EPOCH}} - ${{CORD_T0}} > 5]?Set(CORD_N=0))
 same => n,Set(CORD_N=$[0${{CORD_N}} + 1])
 same => n,GotoIf($[${{CORD_N}} > {tries_max}]?fallback)
; A second of music; where there is none of this class, a second all the same.
 same => n,TryExec(MusicOnHold({music},1))
 same => n,ExecIf($[${{EPOCH}} = ${{CORD_T0}}]?Wait(1))
 same => n,Goto(loop)
; The talk is over, and the session that dialled it is gone.
 same => n(post),MSet(CORD_STATE=post,{dialled},AGISTATUS=,{rdnis})
 same => n,TryExec(StopMusicOnHold())
 same => n,Gosub(cordboard-daemon,s,1)
 same => n,AGI(agi://${{CORD_AT1}}/post,{arguments})
 same => n,ExecIf($["${{AGISTATUS}}" = "FAILURE" & "${{CORD_AT2}}" != ""]?AGI(agi://${{CORD_AT2}}/post,{arguments}))
 same => n,GotoIf($["${{CORD_STATE}}" = "requeue"]?requeue,1)
 same => n(bye),Hangup()
{last_resort}
exten => requeue,1,MSet(CORD_STATE=requeue,CORD_N=0,CORD_FBN=0,{at_entry})
 same => n,Goto(s,loop)

; Runs on an agent's leg before it is rung.
[cordboard-agent]
exten => leg,1,MSet(CORD_OFFER=${{ARG1}},PJSIP_HEADER(add,X-Cordboard-Call)=${{CORD_CALL}})
 same => n,Return()

; What agents' phones may dial: an echo, by which each can be tried, and the service numbers, so
; that a call can be tried without a provider. No other phone, and no way out.
[cordboard-phones]
exten => {echo},1,Answer()
 same => n,Echo()
 same => n,Hangup()
include => cordboard-in

; The test calls of `cordboard doctor`, which no caller reaches: whoever answers at the daemon's
; address tells by a variable that he was told CORD_DOCTOR; and the music that callers would hear.
; The first line keeps them out of the call records.
[cordboard-doctor]
exten => s,1,Set(CDR_PROP(disable)=1)
 same => n,Set(AGIEXITONHANGUP=yes)
 same => n,Answer(,i)
 same => n,Gosub(cordboard-daemon,s,1)
 same => n,Set(AGISTATUS=)
 same => n,AGI(agi://${{CORD_AT1}}/doctor,${{CORD_DOCTOR}})
 same => n,Wait(5)
 same => n,Hangup()

exten => music,1,Set(CDR_PROP(disable)=1)
 same => n,Answer(,i)
 same => n,Set(CORD_DOCTOR_MUSIC=begun)
 same => n,MusicOnHold({music},5)
 same => n,Set(CORD_DOCTOR_MUSIC=over)
 same => n,Wait(5)
 same => n,Hangup()
"""
