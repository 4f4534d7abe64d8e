"""What a file is, by its own bytes: neither its name nor the browser is believed.

Only what every browser of today plays. Whether a film has sound decides whether it needs captions.
"""

import re

from app.guides.errors import BrokenFile, NotASound, NotAVideo, WrongCaptions

WEBM = b"\x1a\x45\xdf\xa3"
TIMES = re.compile(r"^(?:\d{2,}:)?\d{2}:\d{2}\.\d{3} --> (?:\d{2,}:)?\d{2}:\d{2}\.\d{3}", re.M)
LONGEST = 200_000


def film(content: bytes) -> str:
    """Its kind, or what is wrong with it."""
    if content[4:8] == b"ftyp":
        must_be_whole(content, b"vide")
        return "video/mp4"
    if content.startswith(WEBM) and b"webm" in content[:64]:
        if b"V_VP" not in content and b"V_AV1" not in content:
            raise BrokenFile
        return "video/webm"
    raise NotAVideo


def sound(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        must_be_whole(content, b"soun")
        return "audio/mp4"
    if content.startswith(b"OggS"):
        return "audio/ogg"
    if content.startswith(b"ID3") or re.match(rb"\xff[\xe2-\xff]", content):
        return "audio/mpeg"
    raise NotASound


def has_sound(content: bytes) -> bool:
    """A track of sound says so where the film describes itself."""
    return b"soun" in _handlers(content) or bool(re.search(rb"A_(?:OPUS|VORBIS|AAC)", content))


def captions(content: bytes) -> str:
    """WebVTT, as every browser reads it."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as wrong:
        raise WrongCaptions from wrong
    is_captions = re.match(r"WEBVTT(?:[ \t\n]|$)", text) and TIMES.search(text)
    if not is_captions or len(text) > LONGEST or "\0" in text:
        raise WrongCaptions
    return text


def must_be_whole(content: bytes, track: bytes) -> None:
    """An MP4 that was cut on its way lacks the list of its pictures, or the end of its last box."""
    place = 0
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(content[place + 8 : place + 16], "big")
        place = len(content) if size == 0 else place + max(size, 8)
    if place != len(content) or b"moov" not in content or track not in _handlers(content):
        raise BrokenFile


def _handlers(content: bytes) -> set[bytes]:
    """What each track of an MP4 is: `vide`, `soun`…"""
    return {found.group(1) for found in re.finditer(rb"hdlr.{8}([a-z]{4})", content, re.S)}
