"""`README.md` beside the files: where each goes, and how Asterisk takes it up."""

from collections.abc import Sequence

from cti.asterisk_files.notes import (
    EXTENSIONS,
    FREEPBX_FILES,
    HIS_FILES,
    HTTP,
    MANAGER,
    MUSIC,
    PHONES,
    README_TITLE,
    RELOADS,
    RTP,
    TRUNKS,
    include_line,
)


def readme(folder: str) -> str:
    """Return the text of the file."""
    rows = "".join(
        f"| `{name}` | `{HIS_FILES[name]}` | `{FREEPBX_FILES[name]}` |\n" for name in HIS_FILES
    )
    return _TEXT.format(
        title=README_TITLE,
        folder=folder,
        rows=rows,
        always=_add((EXTENSIONS, MANAGER, MUSIC), folder),
        phones=_add((PHONES,), folder),
        trunks=_add((TRUNKS,), folder),
        web=_add((HTTP, RTP), folder),
        reloads="".join(f"asterisk -rx '{line}'\n" for line in dict.fromkeys(RELOADS.values())),
    )


def _add(names: Sequence[str], folder: str) -> str:
    return "".join(f"add {HIS_FILES[name]} '{include_line(name, folder)}'\n" for name in names)


_TEXT = """\
{title}

`cordboard asterisk-config` wrote this folder and writes it anew: change the YAML files, not these.
The whole way, with what you should see at each step, is in `docs/asterisk.md` and
`docs/freepbx.md` of the project.

| file | named at the end of | FreePBX |
|---|---|---|
{rows}
Put this folder on the PBX as `{folder}`, and let Asterisk read it and nobody else its passwords:

```console
chown -R asterisk:asterisk '{folder}'
```

Once, as root, for a plain Asterisk (typing it twice does no harm; the empty line is for files that
end without a line's end):

```console
add() {{ grep -qxF "$2" "/etc/asterisk/$1" || printf '\\n%s\\n' "$2" >> "/etc/asterisk/$1"; }}
{always}```

The agents' phones, unless Asterisk has them already (two of one name, and no phone works):

```console
{phones}```

The trunks, unless Asterisk has them already (then take the lines over that the file names):

```console
{trunks}```

Only where a phone has `kind: web`:

```console
{web}```

Now, and after each change that the command tells of:

```console
{reloads}```

To undo it, take those lines out again and reload; nothing else of yours was touched.
"""
