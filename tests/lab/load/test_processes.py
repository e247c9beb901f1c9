import os
import subprocess
import sys

from lab.load.processes import footprint, processor_seconds, tree

BUSY_S = 0.2
TICKS_LOST_S = 0.02
"""User and system time are each cut down to hundredths of a second."""
CHILD = f"import time\nwhile time.process_time() < {BUSY_S}: pass\nprint(flush=True)\ninput()"
PARENT = """
import subprocess, sys
with subprocess.Popen(
    [sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
) as child:
    child.stdout.readline()
    print(child.pid, flush=True)
    input()
    child.communicate(b"\\n")
print("ended", flush=True)
input()
"""


def test_the_time_of_a_child_counts_while_it_lives_and_when_it_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        child = int(parent.stdout.readline())

        assert tree(parent.pid) == [parent.pid, child]
        alive = processor_seconds(parent.pid)
        assert alive >= BUSY_S - TICKS_LOST_S
        parent.stdin.write("\n")
        parent.stdin.flush()

        assert parent.stdout.readline() == "ended\n"
        assert tree(parent.pid) == [parent.pid]
        assert processor_seconds(parent.pid) >= alive - TICKS_LOST_S
        parent.communicate("\n")


def test_a_footprint_counts_descriptors_and_threads() -> None:
    before = footprint(os.getpid())
    opened = os.open("/dev/null", os.O_RDONLY)
    after = footprint(os.getpid())
    os.close(opened)

    assert after.descriptors == before.descriptors + 1
    assert before.threads >= 1
    assert before.memory_mib > 1
