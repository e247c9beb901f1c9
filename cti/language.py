"""
The language in which people are spoken to at the command line: English, or Chinese by locale.

Which one is gettext's decision: `LANGUAGE`, `LC_ALL`, `LC_MESSAGES` and `LANG`, in this order. The
words stand in `locale/zh/LC_MESSAGES/cordboard.po`. Importing this module chooses them for `click`
too, whose own messages are in the same file. What machines read stays English: log events,
metrics, configuration keys.

    _("there is no queue {name}").format(name=name)

A text with values is a template that is filled after it was translated, never an f-string.
"""

import gettext
from pathlib import Path

DOMAIN = "cordboard"
LOCALES = Path(__file__).parent / "locale"

gettext.bindtextdomain(DOMAIN, str(LOCALES))
gettext.textdomain(DOMAIN)

_ = gettext.gettext
ngettext = gettext.ngettext
