"""Films and recordings as small as they can be: the boxes of an MP4 that say what it is."""


def box(name: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + name + content


def track(kind: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(13))))


def mp4(*tracks: bytes) -> bytes:
    return (
        box(b"ftyp", b"isom\0\0\2\0isommp42")
        + box(b"moov", b"".join(track(kind) for kind in tracks))
        + box(b"mdat", bytes(400))
    )


SILENT = mp4(b"vide")
SPOKEN = mp4(b"vide", b"soun")
VOICE = mp4(b"soun")
MP3 = b"ID3\x04" + bytes(500)
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.500\nBuenos días. Este es su ayuntamiento.\n".encode()
