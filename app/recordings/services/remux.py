"""Make of the originals one file that plays and seeks, without touching what they say.

ffmpeg copies packets from one container into another. What goes in comes through pipes and what
comes out goes to memory without a name: no plain byte ever stands on a disk, and whatever happens
to this process, nothing of it is left behind.
"""

import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

Source = Callable[[], Iterator[bytes]]  # the bytes of one original, again each time

# Copied as they are; subtitles are ours. `cues_to_front` lets a player seek at once.
PARAMETERS = "-f concat -c copy -f webm -cues_to_front 1"
SECONDS = 600
READ = 256 * 1024
TOLD_EVERY_SECONDS = 60
# Told again and again while a program works, so that whoever has the work can say they still do.
still_at_it: ContextVar[Callable[[], None]] = ContextVar("still_at_it", default=lambda: None)


class Unreadable(Exception):
    """ffmpeg could not make a file of it; its last words."""


class TookTooLong(Unreadable):
    """The program was ended: it had not ended by itself."""


@dataclass(frozen=True)
class Part:
    """One original, and when it ends: there the next begins, whatever is missing between."""

    source: Source
    length_ms: int


@dataclass(frozen=True)
class Made:
    """The file, in memory, and what it holds. Close it."""

    file: BinaryIO
    size: int
    sha256: str
    duration_ms: int
    streams: list[str]
    packets: dict[str, str]


def tool() -> str:
    """Which ffmpeg, as it names itself."""
    said = run(["ffmpeg", "-version"]).decode(errors="replace")
    return " ".join(said.splitlines()[0].split()[:3])[:80]


def join(parts: Sequence[Part], captions: bytes, language: str, title: str) -> Made:
    """One WebM of all parts with a track of text, each part at its own time."""
    out = cast(BinaryIO, os.fdopen(os.memfd_create("recording"), "w+b"))
    pipes = [_Pipe(part.source) for part in parts]
    listed = _Pipe(lambda: iter([_list(parts, pipes)]))
    text = _Pipe(lambda: iter([captions]))
    command = [
        *("ffmpeg", "-v", "error", "-nostdin", "-y"),
        *("-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe"),
        *("-i", listed.path, "-f", "webvtt", "-i", text.path),
        *("-map", "0:v", "-map", "0:a", "-map", "1:s", "-c", "copy"),
        *("-metadata:s:s:0", f"language={language}", "-metadata", f"title={title}"),
        *("-f", "webm", "-cues_to_front", "1", f"/proc/self/fd/{out.fileno()}"),
    ]
    try:
        run(command, [*pipes, listed, text], out.fileno())
        return described(out)
    except BaseException:
        out.close()
        raise


def _list(parts: Sequence[Part], pipes: "Sequence[_Pipe]") -> bytes:
    lines = ["ffconcat version 1.0"]
    for part, pipe in zip(parts, pipes, strict=True):
        lines += [f"file {pipe.path}", f"duration {part.length_ms / 1000:.3f}"]
    return "\n".join([*lines, ""]).encode()


def described(out: BinaryIO) -> Made:
    size = out.seek(0, os.SEEK_END)
    place = f"/proc/self/fd/{out.fileno()}"
    told = json.loads(
        run(
            [
                *("ffprobe", "-v", "error", "-of", "json"),
                *("-show_entries", "format=duration:stream=codec_type,codec_name", place),
            ],
            (),
            out.fileno(),
        )
    )
    return Made(
        file=out,
        size=size,
        sha256=_sha256(_again(out)),
        duration_ms=round(float(told["format"]["duration"]) * 1000),
        streams=[f"{one['codec_type']} {one['codec_name']}" for one in told["streams"]],
        packets=packets([Part(lambda: _again(out), 0)]),
    )


def _sha256(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def _again(file: BinaryIO) -> Iterator[bytes]:
    """The same file from its beginning, wherever others stand in it."""
    place = 0
    while block := os.pread(file.fileno(), READ, place):
        place += len(block)
        yield block


def packets(parts: Sequence[Part]) -> dict[str, str]:
    """A digest of every packet of picture and of sound, in order, whatever container holds them."""
    digests: dict[str, Any] = {}
    for part in parts:
        pipe = _Pipe(part.source)
        command = [
            *("ffmpeg", "-v", "error", "-nostdin", "-i", pipe.path),
            *("-map", "0:v", "-map", "0:a", "-c", "copy"),
            *("-f", "framehash", "-hash", "sha256", "-"),
        ]
        for line in run(command, [pipe]).decode().splitlines():
            if line.startswith("#"):
                continue
            stream, *_, digest = (field.strip() for field in line.split(","))
            kind = "video" if stream == "0" else "audio"
            digests.setdefault(kind, hashlib.sha256()).update(digest.encode())
    return {kind: digest.hexdigest() for kind, digest in sorted(digests.items())}


class _Pipe:
    """Bytes on their way into another program, without a name in any folder."""

    def __init__(self, source: Source) -> None:
        self.blocks = source()
        self.reader, self.writer = os.pipe()
        self.problem: Exception | None = None
        self.thread = threading.Thread(target=self._pour, daemon=True)

    @property
    def path(self) -> str:
        return f"/proc/self/fd/{self.reader}"

    def _pour(self) -> None:
        try:
            with os.fdopen(self.writer, "wb") as into:
                for block in self.blocks:
                    into.write(block)
        except BrokenPipeError:
            pass  # the program has seen enough
        except Exception as error:
            self.problem = error


def run(
    command: list[str],
    pipes: "Sequence[_Pipe]" = (),
    *others: int,
    seconds: int = SECONDS,
    settings: Mapping[str, str] | None = None,
) -> bytes:
    """What the program says. Its ends of the pipes are its own; ours are closed."""
    given = [pipe.reader for pipe in pipes]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(*given, *others),
            env={**os.environ, **(settings or {})},
        )
    except FileNotFoundError as error:
        for pipe in pipes:
            os.close(pipe.writer)
        raise Unreadable(f"{command[0]} is not installed") from error
    finally:
        for reader in given:
            os.close(reader)
    for pipe in pipes:
        pipe.thread.start()
    try:
        said, complained = _until_it_ends(process, seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise TookTooLong("it took too long") from error
    for pipe in pipes:
        pipe.thread.join()
        if pipe.problem is not None:
            raise pipe.problem
    if process.returncode:
        raise Unreadable(complained.decode(errors="replace")[-200:].strip() or "it failed")
    return said


def _until_it_ends(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
    """What it said and what it complained of. Raises TimeoutExpired after so many seconds."""
    ends_at = time.monotonic() + seconds
    while True:
        left = ends_at - time.monotonic()
        try:
            return process.communicate(timeout=min(left, TOLD_EVERY_SECONDS))
        except subprocess.TimeoutExpired:
            if left <= TOLD_EVERY_SECONDS:
                raise
            still_at_it.get()()
