"""A file goes out: whole or in part, never taken for a page, under a name that misleads nobody."""

from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import parse_range_header

from app.archive.models import StoredFile
from app.archive.services import open_file, tell_reading
from app.core.db import transaction

# What a browser may show inside a page of ours; everything else is only ever downloaded.
SHOWN = frozenset(
    (
        *("image/jpeg", "image/png", "image/webp"),
        *("video/webm", "video/mp4", "text/vtt"),
        *("audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg"),
    )
)
# What keeps its own name of kind; anything else is bytes.
NAMED = SHOWN | {"application/pdf", "text/plain", "application/json", "application/zip"}
NAMED |= {"application/vnd.etsi.asic-e+zip", "application/xml"}
PIECE = 64 * 1024
POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def answer(file: StoredFile, *, reader: str, why: str, is_shown: bool = False) -> Response:
    """The file for whoever may have it. That they looked is committed before a byte leaves.

    `is_shown`: inside a page, when it is a picture, a sound or a film. A part of it is one too.
    """
    with transaction():
        tell_reading(file, reader=reader, why=why)
    return _sent(file, is_shown=is_shown)


def answer_to_anybody(file: StoredFile) -> Response:
    """What a town shows to everybody, a film for example: nobody is written down for looking."""
    response = _sent(file, is_shown=True)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _sent(file: StoredFile, *, is_shown: bool) -> Response:
    opened = open_file(file)
    part = _part(file.size)
    start, stop = part or (0, file.size)
    if part and start >= stop:
        opened.close()
        refused = Response(status=416)
        refused.headers["Content-Range"] = f"bytes */{file.size}"
        return refused
    response = Response(_bytes(opened, start, stop), status=206 if part else 200)
    response.call_on_close(opened.close)
    kind = file.media_type if file.media_type in NAMED else "application/octet-stream"
    response.headers["Content-Type"] = kind
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Accept-Ranges"] = "bytes"
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    shown = is_shown and kind in SHOWN
    response.headers["Content-Disposition"] = disposition(file.name, is_shown=shown)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def disposition(name: str, *, is_shown: bool = False) -> str:
    """The name in letters that every browser reads, and as it is for those that can."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%;' else "_" for sign in name)
    way = "inline" if is_shown else "attachment"
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _part(size: int) -> tuple[int, int] | None:
    """The one range that is asked for, empty when it is none of ours; otherwise all is given.

    So is it to whoever asks for several at once, or doubts: a file never changes.
    """
    wanted = parse_range_header(request.headers.get("Range"))
    is_plain = wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1
    if wanted is None or not is_plain or not size or request.headers.get("If-Range"):
        return None
    return wanted.range_for_length(size) or (0, 0)


def _bytes(opened: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    opened.seek(start)
    left = stop - start
    while left > 0:
        piece = opened.read(min(PIECE, left))
        if not piece:
            return
        left -= len(piece)
        yield piece
