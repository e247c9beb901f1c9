"""
The demonstration: a whole call center on loopback, with real calls, and a live picture of it.

    command     the command line and its exit codes; `wanted` is what it asks of a show
    folder      where it all happens, and what is left of it: nothing
    stage       what must stand before the first call: Asterisk, daemon, Postgres, agents; with
                `guest`, a seat for whoever watches, and `addresses`, where all of it is reached
    show        calls come and go until there were enough or somebody asks for the end
    drama       what makes things happen: chance (`cast`), or a `script`, at some `pace`
    people      how callers and agents act on their phones and desks
    keeper      who starts the daemon again when it was killed; `promise` counts who was there
    floor       the daemon's journal, followed and replayed: what the screen shows
    screen      the live picture: where what stands; made of `sections`, `columns`, `words`, and of
                `story`, decisions as sentences
    canvas      the terminal while the picture is on it; `keyboard` and `news` beside it
    call_log    finished calls, read from the call log in Postgres
    report      a line for each finished call, and the summary
    terminal    what the terminal can show, and the set-up's progress
"""
