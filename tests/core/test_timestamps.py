"""Time stamps: asked for in order, believed only when they fit, made here when nobody is named."""

import random
import subprocess

import pytest
import time_machine
from cryptography import x509
from flask import Flask

from app.core import timestamps
from tests.audit.authority_stand_in import an_authority

MISBEHAVIOUR = {
    "another_question": "Nonce mismatch",
    "with_a_page": "text/html",
    "with_a_page_in_disguise": "not a time stamp",
    "no": "not a time stamp",
    "nothing": "not a time stamp",
    "with_an_error": "503",
    "elsewhere": "302",
    "without_end": "no end",
    "by_drops": "slow",
    "never": "Timeout",
}


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    monkeypatch.setitem(app.config, "TIMESTAMP_TIMEOUT_SECONDS", 5)


@pytest.fixture
def among(app: Flask, monkeypatch):
    """From here on the installation has these authorities, in this order."""
    return lambda *entries: monkeypatch.setitem(app.config, "TIMESTAMP_AUTHORITIES", entries)


def test_without_any_authority_one_is_made_that_is_not_qualified(tmp_path):
    stamp = timestamps.stamp(b"the last line")

    assert stamp.authority == "development"
    assert not stamp.is_qualified
    assert timestamps.is_for_development()
    assert timestamps.check(stamp.token, b"the last line") == stamp
    certificate = x509.load_pem_x509_certificate((tmp_path / "timestamps/tsa.pem").read_bytes())
    assert "NOT QUALIFIED" in certificate.subject.rfc4514_string()
    use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert use.critical
    assert list(use.value) == [x509.ExtendedKeyUsageOID.TIME_STAMPING]
    assert (tmp_path / "timestamps/tsa.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "timestamps/ca.key").exists()


def test_openssl_says_the_same_of_a_stamp(tmp_path):
    stamp = timestamps.stamp(b"the last line")
    (tmp_path / "stamp.tsr").write_bytes(stamp.token)
    (tmp_path / "message").write_bytes(b"the last line")

    def says(message: str) -> int:
        command = ["openssl", "ts", "-verify", "-in", "stamp.tsr", "-data", message]
        command += ["-CAfile", "timestamps/ca.pem"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True).returncode

    assert says("message") == 0
    (tmp_path / "other").write_bytes(b"another line")
    assert says("other") != 0


@pytest.mark.parametrize("chain", [False, True])
def test_an_authority_that_answers_is_believed(tmp_path, among, chain):
    with an_authority(tmp_path, chain=chain) as entry:
        among(entry)
        stamps = [timestamps.stamp(f"line {n}".encode()) for n in range(4)]

        assert {(stamp.authority, stamp.is_qualified) for stamp in stamps} == {
            ("stand-in, well", True)
        }
        assert timestamps.check(stamps[2].token, b"line 2") == stamps[2]


@pytest.mark.parametrize("manner", MISBEHAVIOUR)
def test_an_authority_that_misbehaves_is_passed_over(tmp_path, app, among, manner, monkeypatch):
    if manner in ("by_drops", "never"):
        monkeypatch.setitem(app.config, "TIMESTAMP_TIMEOUT_SECONDS", 0.3)
    with an_authority(tmp_path, manner) as bad, an_authority(tmp_path) as good:
        among(bad)
        with pytest.raises(timestamps.NoStamp) as refused:
            timestamps.stamp(b"the last line")
        monkeypatch.setitem(app.config, "TIMESTAMP_TIMEOUT_SECONDS", 5)
        among({**bad, "url": "http://127.0.0.1:9/"}, good)

        assert MISBEHAVIOUR[manner] in str(refused.value)
        assert timestamps.stamp(b"the last line").authority == "stand-in, well"
        assert bad["place"].asked == 1


def test_an_authority_whose_clock_is_wrong_is_not_believed(tmp_path, among):
    with an_authority(tmp_path) as entry, time_machine.travel("2026-11-20 10:00", tick=False):
        among(entry)
        with pytest.raises(timestamps.NoStamp, match="clock|verifying"):
            timestamps.stamp(b"the last line")


def test_an_authority_whose_certificates_are_not_here_is_not_believed(tmp_path, among):
    with an_authority(tmp_path) as entry:
        among({**entry, "roots": "nowhere.pem"})
        with pytest.raises(timestamps.NoStamp, match="No such file"):
            timestamps.stamp(b"the last line")


def test_the_stamp_of_an_unknown_authority_is_wrong(tmp_path, among):
    with an_authority(tmp_path) as known, an_authority(tmp_path / "other") as unknown:
        among(unknown)
        stamp = timestamps.stamp(b"the last line")
        among(known)

        with pytest.raises(timestamps.WrongStamp):
            timestamps.check(stamp.token, b"the last line")


def test_old_stamps_of_an_authority_that_is_no_longer_asked_are_still_checked(tmp_path, among):
    with an_authority(tmp_path) as old, an_authority(tmp_path / "new") as new:
        among(old)
        stamp = timestamps.stamp(b"the last line")
        among(new, {**old, "url": ""})

        assert timestamps.check(stamp.token, b"the last line").authority == "stand-in, well"


def test_stamps_made_for_development_are_checked_after_a_real_authority_came(tmp_path, among):
    stamp = timestamps.stamp(b"the last line")
    with an_authority(tmp_path) as entry:
        among(entry)

        assert timestamps.check(stamp.token, b"the last line").authority == "development"


@pytest.mark.parametrize("seed", range(4))
def test_a_stamp_with_one_bit_changed_is_wrong_or_says_the_same(seed):
    """Parts that nobody signs may change; the time, the message and the authority may not."""
    stamp = timestamps.stamp(b"the last line")
    chance = random.Random(seed)
    refused = 0
    for _ in range(200):
        token = bytearray(stamp.token)
        token[chance.randrange(len(token))] ^= 1 << chance.randrange(8)
        try:
            found = timestamps.check(bytes(token), b"the last line")
        except timestamps.WrongStamp:
            refused += 1
        else:
            assert (found.at, found.authority) == (stamp.at, stamp.authority)
    assert refused > 150


@pytest.mark.parametrize("junk", [b"", b"0", b"<html>", b"\x30\x80", bytes(range(256)) * 9])
def test_junk_is_no_stamp(junk):
    timestamps.stamp(b"the last line")

    with pytest.raises(timestamps.WrongStamp):
        timestamps.check(junk, b"the last line")


def test_without_openssl_there_is_no_stamp_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(timestamps.NoStamp, match="openssl is not installed"):
        timestamps.stamp(b"the last line")
