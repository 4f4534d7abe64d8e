"""Where pieces, originals and files are kept: encrypted, under the envelope of their visit."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from app.archive import queries as archived
from app.archive import services as archive
from app.archive.errors import FileHeld
from app.archive.models import Envelope
from app.archive.services import Draft
from app.booking.models import Visit
from app.recordings.models import Segment

READ = 256 * 1024
PIECE, ORIGINAL, RECORDING = "recording-piece", "recording-original", "recording"


def owner_of(visit: Visit) -> str:
    return f"visit:{visit.code}"


def keep_piece(segment: Segment, body: BinaryIO, name: str) -> str:
    """Small: encrypted and written down in the transaction in which it arrived."""
    owner = owner_of(segment.visit)
    return archive.keep(body, owner=owner, name=name, purpose=PIECE, is_piece=True).id


def envelope(visit: Visit) -> Envelope:
    return archive.envelope_for(owner_of(visit))


def seal(
    stream: BinaryIO, envelope: Envelope, *, name: str, media_type: str, purpose: str
) -> Draft:
    """Large: encrypted into the store while nobody waits for a transaction."""
    return archive.seal(stream, envelope, name=name, media_type=media_type, purpose=purpose)


def keep(draft: Draft) -> str:
    return archive.keep(draft).id


def bytes_of(code: str) -> Iterator[bytes]:
    return _blocks(archive.open_file(archived.file_or_404(code)))


def source_of(code: str) -> Callable[[], Iterator[bytes]]:
    """Opened by whoever calls it; read by whatever thread, without asking the register."""
    file = archived.file_or_404(code)
    return lambda: _blocks(archive.open_file(file))


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while block := opened.read(READ):
            yield block


def throw_away(code: str, why: str) -> bool:
    """Whether it may go: what a judge may ask for stays, even when it is kept twice."""
    try:
        archive.delete(archived.file_or_404(code), why=why, is_piece=True)
    except FileHeld:
        return False
    return True
