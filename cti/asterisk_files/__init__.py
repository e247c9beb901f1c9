"""
The files that an administrator adds to his Asterisk, as pure text.

`files.asterisk_files` makes them all from one plan; `joining` makes the plan from a configuration;
`writing` puts them into a folder. Nothing of the administrator's is ever written: each file of ours
is named by one line in a file of his, and works whatever stands beside it. What that takes was
settled on Asterisk 22:

- Every line of his names our file by `#tryinclude`. With `#include` a file that is missing, or that
  Asterisk may not read, makes it refuse his whole file.
- A `[globals]` of his and of ours would both count, but `dialplan reload` would set ours anew, and
  undo what a standby told Asterisk over AMI. So there is none: the daemon's address stands in the
  dialplan, and the globals `CORD_AGI1` and `CORD_AGI2` come before it while they are set.
- `channelvars` twice in manager.conf: the last one counts alone. `+=` adds to the one before it.
- A class of music that exists already stays what it is, with a warning. So ours has a name of its
  own, and a class of another name is the administrator's.
- Two objects of one type and name make pjsip refuse all of that type: after the next start no phone
  of his would work. So trunks have a prefix of ours, and phones, whose names are given, stand in a
  file of their own, which he leaves out if the phones are there already.
- `[general](+)` adds to his section and fails his file where there is none: it is used only in
  files that no Asterisk runs without.
"""
