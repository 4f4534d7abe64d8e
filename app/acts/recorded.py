"""What of a visit was recorded: its segments with their gaps, who agreed, and the ledger of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from app.booking.models import Visit
from app.core import clock
from app.recordings import queries, services
from app.recordings.models import Consent, Gap, Meeting, Segment, StampReason, Take

Facts = dict[str, Any]

PATIENCE = timedelta(minutes=10)  # for the last stamp of a ledger: then without it, and so said


def is_ready(visit: Visit, since: datetime) -> bool:
    """Whether all of it is there. The last stamp of the ledger is asked for, and waited for."""
    if not queries.is_settled(visit):
        return False
    meeting = queries.meeting_of(visit)
    if meeting is None:
        return True
    stamp = next((one for one in queries.stamps(meeting) if one.reason is StampReason.END), None)
    if stamp is None:
        stamp = services.ask_for_stamp(meeting, StampReason.END)
    return stamp.token is not None or clock.now() - since > PATIENCE


def waits_for(visit: Visit) -> str:
    """What is still on its way: the film, the last stamp of the ledger, or nothing."""
    if not queries.is_settled(visit):
        return "film"
    meeting = queries.meeting_of(visit)
    stamps = queries.stamps(meeting) if meeting else ()
    is_closed = any(one.reason is StampReason.END and one.token for one in stamps)
    return "" if meeting is None or is_closed else "stamp"


def is_on_record(visit: Visit) -> bool:
    return queries.was_recorded(visit)


def is_on_record_since(visit: Visit, instant: datetime) -> bool:
    return any(
        one.has_started and (one.ended_at is None or one.ended_at > instant)
        for one in queries.segments(visit)
    )


def meeting_code(visit: Visit) -> str:
    meeting = queries.meeting_of(visit)
    return meeting.code if meeting else ""


def digests(visit: Visit) -> list[str]:
    """Of the films themselves, for whoever has one and compares."""
    return [segment.sha256 for segment in queries.kept_segments(visit)]


def visit_with(sha256: str) -> Visit | None:
    """Of which visit a film is, by its digest."""
    segment = queries.with_digest(sha256)
    return segment.visit if segment else None


def recording(visit: Visit) -> Facts | None:
    segments = queries.segments(visit)
    if not segments:
        return None
    kept = {segment.number for segment in queries.kept_segments(visit)}
    return {
        "segments": [_segment(one) for one in segments if one.number in kept],
        "without_file": [
            {"number": one.number, "state": one.state.value}
            for one in segments
            if one.number not in kept
        ],
    }


def files(visit: Visit) -> list[Facts]:
    """Each film that plays, and the originals that it was made of."""
    found = []
    for segment in queries.kept_segments(visit):
        how = "remuxed" if segment.is_untouched is not None else "composed"
        origin = f"segment {segment.number}, {how} by {segment.tool}".strip()
        found.append(_file(film_name(segment), segment, segment.media_type, origin))
        found[-1]["at"] = _at(segment.kept_at)
        for take in segment.takes:
            if take.original:
                ending = "mjr" if take.is_by_server else "webm"
                name = f"segment-{segment.number}-original-{take.number}.{ending}"
                origin = f"segment {segment.number}, take {take.number}, as captured"
                found.append(_file(name, take, take.media_type, origin))
                found[-1]["at"] = _at(segment.kept_at)
    return found


def film_name(segment: Segment) -> str:
    return f"segment-{segment.number}.webm"


def consents(visit: Visit) -> Iterator[Facts]:
    for one in queries.consents(visit):
        if one.is_given is not None:
            yield _consent(one)


def ledger(visit: Visit) -> Facts | None:
    meeting = queries.meeting_of(visit)
    if meeting is None:
        return None
    return {
        "kind": "ledger of the meeting",
        "meeting": meeting.code,
        "head": {"number": meeting.number, "sha256": meeting.digest},
        "stamps": [
            {
                "number": stamp.number,
                "sha256": stamp.digest,
                "reason": stamp.reason.value,
                "at": _at(stamp.stamped_at),
                "authority": stamp.authority,
            }
            for stamp in queries.stamps(meeting)
            if stamp.token
        ],
    }


def ledger_files(visit: Visit, last: int) -> Iterator[tuple[str, bytes]]:
    """The lines up to that one, one on each line, and each stamp with what it is of."""
    meeting = queries.meeting_of(visit)
    if meeting is None:
        return
    lines = [entry.text for entry in queries.entries(meeting) if entry.number <= last]
    yield "ledger.jsonl", ("\n".join(lines) + "\n").encode()
    for stamp in queries.stamps(meeting):
        if stamp.token and stamp.number <= last:
            yield f"ledger/{stamp.number}.tsr", stamp.token
            yield f"ledger/{stamp.number}.txt", _stamped(meeting, stamp.number, stamp.digest)


def _stamped(meeting: Meeting, number: int, digest: str) -> bytes:
    return services.stamped_message(meeting.code, number, digest)


def _segment(segment: Segment) -> Facts:
    return {
        "number": segment.number,
        "name": film_name(segment),
        "bytes": segment.size,
        "sha256": segment.sha256,
        "media_type": segment.media_type,
        "started_at": _at(segment.started_at),
        "ended_at": _at(segment.ended_at),
        "ended_by": segment.ended_by.value if segment.ended_by else "",
        "duration_ms": segment.duration_ms,
        "streams": segment.streams,
        "tool": segment.tool,
        "parameters": segment.parameters,
        "is_untouched": segment.is_untouched,
        "packets": segment.packets,
        "software_build": segment.build,
        "browser": segment.browser,
        "gaps": [_gap(gap) for gap in segment.gaps],
        "takes": [_take(take) for take in segment.takes],
    }


def _gap(gap: Gap) -> Facts:
    return {
        "reason": gap.reason.value,
        "began_at": _at(gap.began_at),
        "ended_at": _at(gap.ended_at),
        "from_ms": gap.from_ms,
        "until_ms": gap.until_ms,
    }


def _take(take: Take) -> Facts:
    return {
        "number": take.number,
        "sha256": take.sha256,
        "bytes": take.size,
        "pieces": take.pieces,
        "chain_head": take.head,
        "medium": take.medium,
        "media_type": take.media_type,
        "started_at": _at(take.started_at),
        "clock_offset_ms": take.clock_offset_ms,
        "end_clock_offset_ms": take.end_clock_offset_ms,
    }


def _file(name: str, row: Segment | Take, media_type: str, origin: str) -> Facts:
    return {
        "name": name,
        "bytes": row.size,
        "sha256": row.sha256,
        "media_type": media_type,
        "origin": origin,
    }


def _consent(one: Consent) -> Facts:
    return {
        "what": "recording",
        "segment": one.segment.number,
        "part": one.participant.part.value,
        "given": bool(one.is_given),
        "way": one.way.value if one.way else "",
        "at": _at(one.answered_at),
        "spoken_at": _at(one.spoken_at),
        "withdrawn_at": _at(one.withdrawn_at),
        "language": one.text.language,
        "text_version": str(one.text.version),
        "text_sha256": one.text.digest,
    }


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z") if instant else None
