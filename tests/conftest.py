"""What holds for every test: texts are English, whatever the locale of the machine."""

import os

# Before anything is imported: many texts are translated when their module is.
os.environ["LANGUAGE"] = "en"
