"""Whatever stands in the files: a configuration that checks clean, or one sentence."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.asterisk_import.errors import ImportRefusedError
from config.asterisk_import.proof import prove
from config.asterisk_import.render import yaml_files
from config.asterisk_import.setup import Sources, draft_configuration
from config.asterisk_import.table import GENERAL, QUEUE
from tests.config.asterisk_import.setups import quick_hash, write

WORDS = st.sampled_from(
    [
        "[", "]", "(", ")", "!", "+", "=", "=>", ";", ";--", "--;", "\\", ",", '"', "\n", "\n", " ",
        "\t", "\r", "#include ", "#exec ", "queues.conf", "*", "general", "s", "500", "yes", "0",
        "-1", "member => ", "PJSIP/", "Local/", "1001", "@from-queue/n", "hint:", "Agent:", "exten",
        "same", "n,", "Queue(", "Dial(", "_X.", "${EXTEN}", "销", "ü", "\u2028", "\ufeff", "`",
        "true", "null", "- ", ": ", "# ", "{", "\x1b", "'", "&", "%",
    ]
)  # fmt: skip
OPTIONS = st.sampled_from(sorted({*QUEUE, *GENERAL, "unknown"}))
LINE = st.one_of(
    st.lists(WORDS, max_size=8).map("".join),
    st.builds(
        lambda name, value: f"{name} = {value}",
        OPTIONS,
        st.text(st.characters(codec="utf-8"), max_size=20),
    ),
    st.builds(lambda name: f"[{name}]", st.text(st.characters(codec="utf-8"), max_size=50)),
    st.builds(
        lambda technology, fields: f"member => {technology}/{','.join(fields)}",
        st.sampled_from(["PJSIP", "SIP", "Local", "Agent", "DAHDI"]),
        st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=9),
    ),
)
TEXT = st.lists(LINE, max_size=15).map(lambda lines: "\n".join(["[q]", *lines]))


def refusal(files: dict[str, bytes]) -> str:
    """Return why nothing came out, or nothing; what came out is right, and so is its report."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), files)
        try:
            draft = draft_configuration(
                Sources(queues=path, extensions=path.parent / "extensions.conf")
            )
            prove(yaml_files(draft, None, quick_hash))
        except ImportRefusedError as error:
            return str(error)
    assert [line for line in draft.findings.lines() if not line.isprintable()] == []
    return ""


@settings(max_examples=150, deadline=None)
@example("[q]\nmember => PJSIP/0,,,,,,\u2028", "", "", "[a]\nexten => 1,1,Queue(q,\x1b)")
@given(queues=TEXT, agents=TEXT, rules=TEXT, extensions=TEXT)
def test_text_of_any_kind_becomes_a_right_configuration_or_one_sentence(
    queues: str, agents: str, rules: str, extensions: str
) -> None:
    texts = {
        "queues.conf": queues,
        "agents.conf": agents,
        "queuerules.conf": rules,
        "extensions.conf": extensions,
    }

    why = refusal({name: text.encode() for name, text in texts.items()})

    assert why.isprintable()


@settings(max_examples=100, deadline=None)
@given(queues=st.binary(max_size=300), extensions=st.binary(max_size=300))
def test_bytes_of_any_kind_do_no_harm(queues: bytes, extensions: bytes) -> None:
    assert refusal({"queues.conf": queues, "extensions.conf": extensions}).isprintable()


@settings(max_examples=100, deadline=None)
@given(
    names=st.lists(st.text(st.characters(exclude_characters="]\n\0;", codec="utf-8"), max_size=60)),
    phone=st.text(st.characters(exclude_characters="\n\0;", codec="utf-8"), max_size=60),
)
def test_queues_of_any_name_come_out_right(names: list[str], phone: str) -> None:
    members = (f"[{name}]\nmember => PJSIP/{phone},0,{name}\n" for name in names)
    queues = "[first]\n" + "".join(members)

    assert refusal({"queues.conf": queues.encode(), "extensions.conf": b"[a]\n"}) == ""
