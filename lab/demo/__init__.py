"""
The demonstration: a whole call center on loopback, with real calls, and a live picture of it.

    command    the command line and its exit codes
    folder     where it all happens, and what is left of it: nothing
    stage      what must stand before the first call: Asterisk, daemon, Postgres, agents
    show       calls come and go until there were enough or somebody asks for the end
    cast       who calls, and by what chance he does what
    people     how callers and agents act on their phones and desks
    floor      the daemon's journal, followed and replayed: what the screen shows
    screen     the live picture, made of `columns` and of `story`, its sentences
    call_log   finished calls, read from the call log in Postgres
    report     a line for each finished call, and the summary
    terminal   what the terminal can show, and the set-up's progress
"""
