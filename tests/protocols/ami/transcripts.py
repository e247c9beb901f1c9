"""What Asterisk 22 sends, written by hand in its form, for the codec and the client."""

from tests.fakes.ami_server import BANNER, message

__all__ = ["BANNER", "message"]

CHANNEL = (
    "Channel: PJSIP/trunk-00000001",
    "ChannelState: 4",
    "ChannelStateDesc: Ring",
    "CallerIDNum: 4930123456",
    "CallerIDName: Жанна 王",
    "ConnectedLineNum: <unknown>",
    "ConnectedLineName: <unknown>",
    "Language: en",
    "AccountCode: ",
    "Context: cord",
    "Exten: 8000",
    "Priority: 1",
    "Uniqueid: pbx1-1795337574.0",
    "Linkedid: pbx1-1795337574.0",
)

LOGGED_IN = message("Response: Success", "ActionID: t-1", "Message: Authentication accepted")
FULLY_BOOTED = message(
    "Event: FullyBooted",
    "Privilege: system,all",
    "Uptime: 12",
    "LastReload: 12",
    "Status: Fully Booted",
)
NEWCHANNEL = message(
    "Event: Newchannel",
    "Privilege: call,all",
    "SystemName: pbx1",
    *CHANNEL,
    "ChanVariable: CORD_ID=",
    "ChanVariable: CORD_NEXT=q=a,b|c",
)
VARSET = message(
    "Event: VarSet", "Privilege: dialplan,all", *CHANNEL, "Variable: MACRO", "Value: x"
)
DIAL_BEGIN = message(
    "Event: DialBegin",
    "Privilege: call,all",
    *CHANNEL,
    "ChanVariable: CORD_ID=c1",
    *(f"Dest{line}" for line in CHANNEL),
    "DestChanVariable: CORD_ID=c1",
    "DestChanVariable: CORD_OFFER=o1",
    "DialString: a1",
)
ORIGINATE_RESPONSE = message(
    "Event: OriginateResponse",
    "Privilege: call,all",
    "ActionID: t-2",
    "Response: Failure",
    "Channel: PJSIP/a1",
    "Reason: 3",
    "Uniqueid: <null>",
)
COMMAND_OUTPUT = message(
    "Response: Success",
    "ActionID: t-3",
    "Message: Command output follows",
    "Output: Asterisk 22.10.1",
    "Output: ",
    "Output: key: value",
)
LIST = b"".join(
    (
        message("Response: Success", "ActionID: t-4", "EventList: start", "Message: follows"),
        message("Event: CoreShowChannel", "ActionID: t-4", *CHANNEL, "Duration: 00:00:02"),
        message(
            "Event: CoreShowChannelsComplete",
            "ActionID: t-4",
            "EventList: Complete",
            "ListItems: 1",
        ),
    )
)
FORGED_HEADER = message(
    "Event: Newchannel",
    "Privilege: call,all",
    "Channel: PJSIP/trunk-00000002",
    "CallerIDNum: 10",
    "Event: Hangup",
    "Uniqueid: pbx1-1795337574.1",
)
FORGED_EVENT = message(
    "Event: Newchannel",
    "Privilege: call,all",
    "Channel: PJSIP/trunk-00000003",
    "CallerIDNum: 10\r\n\r\nEvent: Hangup\r\nUniqueid: z1\r\n\r\nX:1",
    "Uniqueid: pbx1-1795337574.2",
)
INVALID_UTF8 = b"Event: Newchannel\r\nCallerIDNum: \xff\xc0\x8d10\r\nUniqueid: pbx1-1.3\r\n\r\n"

SESSION = b"".join(
    (
        BANNER,
        LOGGED_IN,
        FULLY_BOOTED,
        NEWCHANNEL,
        VARSET,
        VARSET,
        DIAL_BEGIN,
        ORIGINATE_RESPONSE,
        COMMAND_OUTPUT,
        LIST,
        FORGED_HEADER,
        FORGED_EVENT,
        INVALID_UTF8,
        b"\r\n",
        message("Event: Lonely"),
    )
)
