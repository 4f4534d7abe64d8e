"""Not one bit of a sealed file may change: the strict rule finds it without asking the register."""

import random
import re
from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from app.acts import queries, sealing
from app.acts.manifest import digest_of
from app.acts.sealing import Altered, keys
from app.acts.sealing.strict import _last_range

FLIPS = 2500


def passes(content: bytes) -> bool:
    try:
        sealing.check(content, keys.roots())
    except Altered:
        return False
    return True


def flipped(content: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    return bytes(changed)


def test_the_file_as_it_was_sealed_follows_the_rule(content):
    found = sealing.check(content, keys.roots())

    assert found.is_stamped
    assert "NOT QUALIFIED" in found.sealed_by


def test_no_random_bit_can_change_anywhere(content):
    chance, roots = random.Random(12), keys.roots()
    missed = []
    for _ in range(FLIPS):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        try:
            sealing.check(flipped(content, at, bit), roots)
            missed.append((at, bit))
        except Altered:
            pass

    assert missed == []


def test_no_bit_of_the_last_token_can_change_though_nobody_signs_all_of_it(content):
    """Its certificates and its padding are where every library looks away."""
    _, first, second, _ = _last_range(content)
    used = first + len(content[first:second].rstrip(b">").rstrip(b"0")) + 8
    chance, roots = random.Random(34), keys.roots()
    missed = []
    for at in range(first, used):
        try:
            sealing.check(flipped(content, at, chance.randrange(8)), roots)
            missed.append(at - first)
        except Altered:
            pass

    assert missed == []


def _rotated(content: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Rotate"] = generic.NumberObject(90)
    writer.mark_update(writer.root["/Pages"]["/Kids"].raw_get(0))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _with_another_attachment(content: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/Surprise"] = generic.pdf_string("here")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _without_its_stamp(content: bytes) -> bytes:
    ends = [found.end() for found in re.finditer(rb"%%EOF\s?", content)]
    return content[: ends[-2]]


STRUCTURES = {
    "a byte more": lambda content: content + b"\n",
    "another file behind": lambda content: content + b"%PDF-1.7\n%%EOF\n",
    "a byte less": lambda content: content[:-1],
    "the second half is gone": lambda content: content[: len(content) // 2],
    "the stamp is cut off": _without_its_stamp,
    "a page is turned": _rotated,
    "something is added": _with_another_attachment,
    "nothing is left": lambda content: b"",
    "it is no PDF": lambda content: b"<!doctype html>",
    "a digit of the seal is a space": lambda content: content.replace(b"<3082", b"< 082", 1),
    "the padding has something": lambda content: content.replace(b"0000>", b"0001>"),
}


@pytest.mark.parametrize("change", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_nothing_can_be_added_cut_or_put_in_its_place(content, change):
    changed = change(content)

    assert changed != content
    assert not passes(changed)


@pytest.mark.parametrize("change", [_rotated, _with_another_attachment])
def test_a_change_that_somebody_had_stamped_again_is_found_all_the_same(content, change):
    """Anybody may ask an authority for a stamp: it vouches for the moment, not for the change."""
    with sealing.in_hand() as sealer:
        again = sealing.add_stamps(change(content), sealer).content

    assert not passes(again)


def test_a_seal_by_a_stranger_is_none(content, app, tmp_path, monkeypatch):
    """Another installation has other roots."""
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    with sealing.in_hand():
        others = keys.roots()

    with pytest.raises(Altered, match="nobody"):
        sealing.check(content, others)


def test_an_act_is_found_by_the_digest_of_its_file_and_of_no_other(act, content):
    assert queries.with_digest(digest_of(content)).act == act
    assert queries.with_digest(digest_of(flipped(content, 99, 0))) is None
