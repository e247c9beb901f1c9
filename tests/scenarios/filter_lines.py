"""Filters of events, and which of two devices' states the real Asterisk tells through each."""

ALL, NONE, A1, B2 = "Custom:a1 Custom:b2", "", "Custom:a1", "Custom:b2"
PHONE = "eventfilter(name(DeviceStateChange)) ="

LINES = [
    ("", ALL),
    ("eventfilter(action(include),name(DeviceStateChange)) =", ALL),
    (PHONE, ALL),
    ("eventfilter(name(Hangup)) =", NONE),
    ("eventfilter(action(exclude),name(DeviceStateChange)) =", NONE),
    ("eventfilter(action(exclude),name(Hangup)) =", ALL),
    (f"{PHONE}\neventfilter(action(exclude),name(Hangup)) =", ALL),
    (f"{PHONE}\neventfilter(action(exclude),header(Device),method(ends_with)) = b2", A1),
    ("eventfilter(name(DeviceStateChange),header(Device),method(starts_with)) = Custom:", ALL),
    ("eventfilter(name(DeviceStateChange),header(Device),method(starts_with)) = Custom:a1", A1),
    ("eventfilter(name(DeviceStateChange),header(Device),method(starts_with)) = PJSIP/", NONE),
    ("eventfilter(header(Device),method(exact)) = Custom:b2", B2),
    ("eventfilter(header(Device:),method(contains)) = :b", B2),
    ("eventfilter(header(Device),method(regex)) = [a-c]2$", B2),
    ("eventfilter(name(DeviceStateChange),method(contains)) = Custom:a1", A1),
    ("eventfilter(header(Device)) =", ALL),
    ("eventfilter = Event: DeviceStateChange", ALL),
    ("eventfilter = Device: Custom:(a1|c3)", A1),
    ("eventfilter = !Device: Custom:a1", B2),
    ("eventfilter(header(Device),method(starts_with)) = !Custom:a1", B2),
    # what Asterisk does not take is no filter at all
    ("eventfilter =", ALL),
    ("eventfilter(method(starts)) = Custom:", ALL),
    ("eventfilter(name(DeviceStateChange)) = Custom:a1", ALL),
    ("eventfilter(header(Device),method(exact)) =", ALL),
    ("eventfilter(action(only),name(Hangup)) =", ALL),
    ("eventfilter(event(Hangup)) =", ALL),
    ("eventfilter = Device: (", ALL),
]
