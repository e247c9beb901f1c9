"""What a private Asterisk is given: ports of its own, and sounds."""

import socket
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from lab import sound
from lab.ports import LOOPBACK, lease_ports


def test_two_leases_share_no_port() -> None:
    with lease_ports() as one, lease_ports() as other:
        ports = [set(range(lease.sip, lease.rtp_last + 1)) for lease in (one, other)]

    assert ports[0] & ports[1] == set()


def test_the_named_ports_of_a_lease_can_be_bound_and_differ() -> None:
    with lease_ports() as lease:
        named = [lease.manager, lease.http, lease.agi, lease.web]
        assert len({lease.sip, *named}) == 5
        for port in named:
            with socket.create_server((LOOPBACK, port)) as server:
                assert server.getsockname()[1] == port


def test_a_block_in_which_something_listens_is_not_leased() -> None:
    with lease_ports() as lease:
        taken = lease.rtp_first + 7
        squatter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        squatter.bind((LOOPBACK, taken))
    with squatter:
        leases = [lease_ports() for _ in range(5)]
        ranges = [range(lease.sip, lease.rtp_last + 1) for lease in leases]
        for lease in leases:
            lease.release()

    assert not any(taken in ports for ports in ranges)


def test_a_lease_ends_with_the_process_that_holds_it() -> None:
    script = (
        "from lab.ports import lease_ports\n"
        "lease = lease_ports()\n"
        "print(lease.sip, flush=True)\n"
        "input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        first = int(holder.stdout.readline())
        name = f"\0cordboard-ports-{first}"
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as while_it_lives,
            pytest.raises(OSError, match="in use"),
        ):
            while_it_lives.bind(name)
        holder.kill()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as afterwards:
        afterwards.bind(name)
        assert afterwards.getsockname() == name.encode()


def test_a_tone_has_its_frequency_and_no_other() -> None:
    samples = sound.tone(300, 1.0, level=0.5)
    spectrum = np.abs(np.fft.rfft(samples)) / len(samples) * 2

    assert int(np.argmax(spectrum)) == 300
    assert spectrum[300] == pytest.approx(0.5, rel=1e-6)
    assert np.delete(spectrum, 300).max() < 1e-6


def test_a_sound_file_is_what_asterisk_plays_without_converting(tmp_path: Path) -> None:
    path = sound.write_wav(tmp_path / "new/folder/tone.wav", sound.tone(440, 0.5))

    with wave.open(str(path)) as written:
        assert written.getparams()[:4] == (1, 2, 8000, 4000)


def test_loud_samples_are_cut_and_not_wrapped_around(tmp_path: Path) -> None:
    path = sound.write_wav(tmp_path / "loud.wav", np.array([2.0, -2.0, 0.0]))

    with wave.open(str(path)) as written:
        assert np.frombuffer(written.readframes(3), "<i2").tolist() == [32767, -32767, 0]
