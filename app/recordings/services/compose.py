"""Make one film of what a media server wrote of each voice and picture.

`janus-pp-rec` makes of packets what others can read, and ffmpeg puts it together as the clerk's
browser would have: people side by side, or beside a shared screen, their names, a clock, one sound.
In between everything stands in memory without a name, as in `remux`.
"""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

import structlog

from app.recordings.models import Medium
from app.recordings.services import remux
from app.recordings.services.remux import Made, Source, Unreadable

log = structlog.get_logger()

WIDTH, HEIGHT, STRIP, NAME, SIDE = 640, 360, 24, 20, 160
FRAMES = 15
DARK, LIGHT = "0x10181c", "white"
SECONDS = 3 * 3600  # for an hour of five people on a busy machine
PARAMETERS = (
    "janus-pp-rec; overlay, drawtext, amix; libvpx 640x360@15 400k, libopus 48k; webvtt; webm"
)
# Of a window that closed at once there may not be one whole picture.
NOTHING_MS = 1_000
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Track:
    """One original: whose it is, of what, and at which millisecond of the film it begins."""

    source: Source
    medium: Medium
    who: str
    starts_ms: int
    length_ms: int

    @property
    def is_seen(self) -> bool:
        return self.medium in (Medium.PICTURE, Medium.SCREEN, Medium.ALL)

    @property
    def is_heard(self) -> bool:
        return self.medium in (Medium.SOUND, Medium.ALL)


@dataclass(frozen=True)
class Plan:
    """What the film is to be."""

    tracks: Sequence[Track]
    people: Sequence[tuple[str, str]]  # whose tracks there are, by code, and their names
    pauses: Sequence[tuple[int, int]]  # in milliseconds
    begins_at: datetime
    length_ms: int
    zone: str
    title: str
    board: str
    captions: bytes
    language: str


@dataclass
class _Graph:
    """The filters of ffmpeg, as they grow; and the texts that they read."""

    lines: list[str] = field(default_factory=list)
    texts: list[BinaryIO] = field(default_factory=list)
    picture: str = "base"
    count: int = 0

    def then(self, *filters: str, also: str = "") -> None:
        """The next step of the picture."""
        self.count += 1
        made = f"p{self.count}"
        self.lines.append(f"[{self.picture}]{also}{','.join(filters)}[{made}]")
        self.picture = made

    def text(self, words: str, **where: str) -> str:
        """Words are read from memory, so that none of them is a sign of the language of filters."""
        file = _memory("text", words.encode())
        self.texts.append(file)
        told = {"textfile": f"/proc/self/fd/{file.fileno()}", "expansion": "none", **where}
        return _drawn(told)


@dataclass(frozen=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


def tool() -> str:
    return f"{remux.tool()}, janus-pp-rec"[:80]


def film(plan: Plan) -> Made:
    """One WebM of all tracks, each at its own time, with what was written as a track of text."""
    out = _memory("recording")
    opened: list[BinaryIO] = []
    graph = _Graph()
    try:
        tracks = []
        for track in plan.tracks:
            file = _readable(track)
            if file is not None:
                opened.append(file)
                tracks.append((track, file))
        graph.texts.append(_memory("captions", plan.captions))
        sound = _draw(graph, plan, [track for track, _ in tracks])
        inputs = [_place(file) for _, file in tracks]
        remux.run(
            [
                *("ffmpeg", "-v", "error", "-nostdin", "-y"),
                *(word for place in inputs for word in ("-reinit_filter", "0", "-i", place)),
                *("-f", "webvtt", "-i", _place(graph.texts[0])),
                *("-filter_complex", ";".join(graph.lines)),
                *("-map", f"[{graph.picture}]", "-map", f"[{sound}]", "-map", f"{len(inputs)}:s"),
                *("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k"),
                *("-g", str(5 * FRAMES), "-c:a", "libopus", "-b:a", "48k", "-c:s", "copy"),
                *("-metadata:s:s:0", f"language={plan.language}"),
                *("-metadata", f"title={plan.title}", "-t", _seconds(plan.length_ms)),
                *("-f", "webm", "-cues_to_front", "1", _place(out)),
            ],
            (),
            *(file.fileno() for file in (*opened, *graph.texts, out)),
            seconds=SECONDS,
            settings={"TZ": plan.zone},
        )
        return remux.described(out)
    except BaseException:
        out.close()
        raise
    finally:
        for file in (*opened, *graph.texts):
            file.close()


def _memory(name: str, content: bytes = b"") -> BinaryIO:
    file = cast(BinaryIO, os.fdopen(os.memfd_create(name), "w+b"))
    file.write(content)
    file.flush()
    return file


def _place(file: BinaryIO) -> str:
    return f"/proc/self/fd/{file.fileno()}"


def _readable(track: Track) -> BinaryIO | None:
    """What ffmpeg can read. What a browser made, it can read already."""
    raw = _memory("original")
    for block in track.source():
        raw.write(block)
    raw.flush()
    if track.medium is Medium.ALL:
        return raw
    out = _memory("track")
    kind = "mka" if track.medium is Medium.SOUND else "mkv"
    with raw:
        try:
            _translate(["janus-pp-rec", "-o", "-d", "1", "-f", kind], track, raw, out)
            if os.fstat(out.fileno()).st_size:
                return out
            raise Unreadable("janus-pp-rec found no picture and no sound")
        except Unreadable:
            out.close()
            if track.length_ms > NOTHING_MS:
                raise
            return None


def _translate(command: list[str], track: Track, raw: BinaryIO, out: BinaryIO) -> None:
    """janus-pp-rec needs a second for a minute. Once it never ended by itself: then once more."""
    words = [*command, _place(raw), _place(out)]
    seconds = PATIENCE_SECONDS + track.length_ms // 1000
    try:
        remux.run(words, (), raw.fileno(), out.fileno(), seconds=seconds)
    except remux.TookTooLong:
        log.warning("janus-pp-rec did not end", seconds=seconds)
        os.ftruncate(out.fileno(), 0)
        remux.run(words, (), raw.fileno(), out.fileno(), seconds=seconds)


def _draw(graph: _Graph, plan: Plan, tracks: Sequence[Track]) -> str:
    """Write the whole graph. Returns the name of its sound."""
    length = _seconds(plan.length_ms)
    graph.lines.append(
        f"color=c={DARK}:s={WIDTH}x{HEIGHT}:r={FRAMES}:d={length},format=yuv420p[base]"
    )
    shown = [(number, track) for number, track in enumerate(tracks) if track.is_seen]
    screens = [track for _, track in shown if track.medium is Medium.SCREEN]
    is_screen = "+".join(_between(one.starts_ms, one.starts_ms + one.length_ms) for one in screens)
    for is_beside in (False, True) if screens else (False,):
        when = (is_screen if is_beside else f"not({is_screen})") if screens else "1"
        _people(graph, plan, shown, is_beside=is_beside, is_split=bool(screens), when=when)
    room = _Box(0, 0, WIDTH - SIDE, HEIGHT - STRIP)
    for number, track in shown:
        if track.medium is Medium.SCREEN:
            when = _between(track.starts_ms, track.starts_ms + track.length_ms)
            _picture(graph, f"{number}:v", track, room, when)
    for number, track in shown:
        if track.medium is Medium.ALL:  # the clerk's browser took over: it drew all of it
            _picture(graph, f"{number}:v", track, _Box(0, 0, WIDTH, HEIGHT), "1")
    _board(graph, plan)
    _strip(graph, plan)
    return _sound(graph, plan, tracks)


def _people(
    graph: _Graph,
    plan: Plan,
    shown: Sequence[tuple[int, Track]],
    *,
    is_beside: bool,
    is_split: bool,
    when: str,
) -> None:
    """Everybody with their name: side by side, or one above the other beside a screen."""
    boxes = _column(len(plan.people)) if is_beside else _grid(len(plan.people))
    for (who, name), box in zip(plan.people, boxes, strict=True):
        for number, track in shown:
            if track.who != who or track.medium is not Medium.PICTURE:
                continue
            feed = f"{number}:v"
            if is_split:
                feed = f"v{number}{'b' if is_beside else 'a'}"
                if not is_beside:
                    graph.lines.append(f"[{number}:v]split[v{number}a][v{number}b]")
            _picture(graph, feed, track, box, when)
        graph.then(
            graph.text(
                name,
                x=str(box.x + 6),
                y=str(box.y + box.height - NAME + 3),
                box="1",
                boxcolor=DARK,
                boxborderw="4",
                enable=f"'{when}'",
            )
        )


def _picture(graph: _Graph, feed: str, track: Track, box: _Box, when: str) -> None:
    """A picture inside a box, whole and in its own shape, from its own time on."""
    graph.count += 1
    made = f"v{graph.count}s"
    graph.lines.append(
        f"[{feed}]setpts=PTS-STARTPTS+{_seconds(track.starts_ms)}/TB,"
        f"scale=w={box.width}:h={box.height}:force_original_aspect_ratio=decrease,"
        f"format=yuv420p[{made}]"
    )
    until = _between(track.starts_ms, track.starts_ms + track.length_ms + NOTHING_MS)
    where = f"x={box.x}+({box.width}-w)/2:y={box.y}+({box.height}-h)/2"
    graph.then(f"overlay={where}:eof_action=pass:enable='({when})*({until})'", also=f"[{made}]")


def _board(graph: _Graph, plan: Plan) -> None:
    """Nobody is seen in a pause."""
    pauses = "+".join(_between(*pause) for pause in plan.pauses)
    if not pauses:
        return
    height = HEIGHT - STRIP
    graph.then(
        f"drawbox=x=0:y=0:w={WIDTH}:h={height}:color={DARK}:t=fill:enable='{pauses}'",
        graph.text(
            plan.board,
            x="(w-text_w)/2",
            y=f"({height}-text_h)/2",
            fontsize="36",
            enable=f"'{pauses}'",
        ),
    )


def _strip(graph: _Graph, plan: Plan) -> None:
    """Below, which town it is and what time it was."""
    begins = plan.begins_at.timestamp()
    second, rest = math.floor(begins), begins - math.floor(begins)
    line = str(HEIGHT - STRIP + 5)
    local = plan.begins_at.astimezone(ZoneInfo(plan.zone))
    form = r"%d/%m/%y %H\:%M\:%S"
    clock = graph.text(
        f"%{{pts:localtime:{second}:{form}}}", x="w-text_w-8", y=line, expansion="normal"
    )
    graph.then(
        f"drawbox=x=0:y={HEIGHT - STRIP}:w={WIDTH}:h={STRIP}:color={DARK}:t=fill",
        graph.text(f"{plan.title} {local:%z}", x="8", y=line),
        f"setpts=PTS+{rest:.3f}/TB",  # the clock counts whole seconds
        clock,
        f"setpts=PTS-{rest:.3f}/TB",
        "format=yuv420p",
    )


def _sound(graph: _Graph, plan: Plan, tracks: Sequence[Track]) -> str:
    """Everybody who is heard, together, and nobody in a pause."""
    voices = []
    for number, track in enumerate(tracks):
        if track.is_heard:
            graph.lines.append(
                f"[{number}:a]asetpts=PTS-STARTPTS,aresample=48000:async=1,"
                f"aformat=channel_layouts=mono,adelay={max(0, track.starts_ms)}:all=1[a{number}]"
            )
            voices.append(f"[a{number}]")
    if not voices:
        graph.lines.append("anullsrc=r=48000:cl=mono[silence]")
        voices = ["[silence]"]
    pauses = "+".join(_between(*pause) for pause in plan.pauses) or "0"
    length = _seconds(plan.length_ms)
    graph.lines.append(
        f"{''.join(voices)}amix=inputs={len(voices)}:duration=longest:normalize=0,"
        f"apad=whole_dur={length},atrim=0:{length},volume=0:enable='{pauses}'[sound]"
    )
    return "sound"


def _grid(count: int) -> list[_Box]:
    columns = math.ceil(math.sqrt(count)) or 1
    rows = math.ceil(count / columns) or 1
    width, height = WIDTH // columns, (HEIGHT - STRIP) // rows
    return [
        _Box(number % columns * width, number // columns * height, width, height)
        for number in range(count)
    ]


def _column(count: int) -> list[_Box]:
    height = (HEIGHT - STRIP) // (count or 1)
    return [_Box(WIDTH - SIDE, number * height, SIDE, height) for number in range(count)]


def _drawn(told: dict[str, str]) -> str:
    told = {"fontcolor": LIGHT, "fontsize": "14", "font": "sans", **told}
    return "drawtext=" + ":".join(f"{name}={value}" for name, value in told.items())


def _between(begin_ms: int, end_ms: int) -> str:
    return f"between(t,{_seconds(begin_ms)},{_seconds(end_ms)})"


def _seconds(ms: int) -> str:
    return re.sub(r"\.?0+$", "", f"{max(0, ms) / 1000:.3f}") or "0"
