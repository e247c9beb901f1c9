"""`README.md` beside the files: where each goes, and how Asterisk takes it up."""

from cti.asterisk_files.notes import (
    FREEPBX_FILES,
    HIS_FILES,
    README_TITLE,
    RELOADS,
    include_line,
)


def readme(folder: str) -> str:
    """Return the text of the file."""
    rows = "".join(
        f"| `{name}` | `{HIS_FILES[name]}` | `{FREEPBX_FILES[name]}` |\n" for name in HIS_FILES
    )
    groups: dict[str, list[str]] = {}
    for name, his in HIS_FILES.items():
        groups.setdefault(his, []).append(include_line(name, folder))
    commands = "".join(
        f"cat >> /etc/asterisk/{his} <<'END'\n" + "\n".join(lines) + "\nEND\n"
        for his, lines in groups.items()
    )
    reloads = "".join(f"asterisk -rx '{reload}'\n" for reload in dict.fromkeys(RELOADS.values()))
    return _TEXT.format(
        title=README_TITLE, folder=folder, rows=rows, commands=commands, reloads=reloads
    )


_TEXT = """\
{title}

`cordboard asterisk-config` wrote this folder and writes it anew: change the YAML files, not these.
The whole way, with what you should see at each step, is in `docs/asterisk.md` and
`docs/freepbx.md` of the project.

| file | named at the end of | FreePBX |
|---|---|---|
{rows}
Put this folder on the PBX as `{folder}` and let Asterisk read it:

```console
chown -R asterisk:asterisk '{folder}'
```

Once, for a plain Asterisk. Leave out `cordboard-pjsip.conf` if the agents' phones are there
already, and `cordboard-trunks.conf` if the trunk is:

```console
{commands}```

Now, and after each change that the command tells of:

```console
{reloads}```

To undo it, take those lines out again and reload; nothing else of yours was touched.
"""
