import os
import subprocess
import sys

from lab.load.processes import footprint, processor_seconds, tree

BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\ninput()"


def test_the_time_of_a_child_counts_while_it_lives_and_when_it_has_ended() -> None:
    before = processor_seconds(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()

    assert child.pid in tree(os.getpid())
    alive = processor_seconds(os.getpid())
    child.communicate(b"\n")

    assert child.pid not in tree(os.getpid())
    assert alive - before >= 0.19
    assert processor_seconds(os.getpid()) >= alive


def test_a_footprint_counts_descriptors_and_threads() -> None:
    before = footprint(os.getpid())
    opened = os.open("/dev/null", os.O_RDONLY)
    after = footprint(os.getpid())
    os.close(opened)

    assert after.descriptors == before.descriptors + 1
    assert before.threads >= 1
    assert before.memory_mib > 1
