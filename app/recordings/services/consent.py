"""Ask everybody in the call whether a part of it may be recorded, and hear what they say."""

from typing import Any

from app.accounts.models import Account
from app.booking.models import Visit
from app.calls.models import Part, Participant
from app.core import clock
from app.core.db import db
from app.core.events import publish
from app.core.i18n import in_language
from app.recordings import queries, words
from app.recordings.errors import (
    AlreadyAsked,
    AnswerOver,
    NobodyToAsk,
    NotRecorded,
    NotRunning,
    TextChanged,
)
from app.recordings.events import (
    ConsentAnswered,
    ConsentShown,
    ConsentSpoken,
    RecordingAsked,
    RecordingCalledOff,
)
from app.recordings.models import Consent, ConsentText, End, Reason, Segment, State, Way
from app.recordings.services import segments
from app.recordings.services.ledger import open_ledger
from app.towns import services as towns
from app.towns.models import Recording


def ask(visit: Visit, clerk: Account) -> Segment:
    """Everybody in the call is shown the text. Nothing is recorded before all have agreed."""
    rule = queries.rule_of(visit)
    if rule is Recording.NONE:
        raise NotRecorded
    towns.take_turns()  # two presses at once find out one after the other
    if queries.open_segment(visit):
        raise AlreadyAsked
    people = queries.people_to_ask(visit)
    if not visit.is_being_attended or not people:
        raise NobodyToAsk
    open_ledger(visit)
    procedure = queries.recorded_procedure_of(visit)
    before = queries.last_segment(visit)
    segment = Segment(
        visit_id=visit.id,
        number=before.number + 1 if before else 1,
        state=State.ASKED,
        is_spoken=procedure.recording_spoken,
        asked_by_id=clerk.id,
    )
    db.session.add(segment)
    db.session.flush()
    publish(
        RecordingAsked(
            **segments.named(segment),
            by_id=clerk.id,
            rule=rule.value,
            reason=str(in_language(procedure.recording_reason, visit.reads) or ""),
            is_spoken=segment.is_spoken,
        )
    )
    for person in people:
        show_to(segment, person)
    segments.tell(segment)
    return segment


def show_to(segment: Segment, person: Participant) -> Consent:
    """One more person is asked, in the language in which they read."""
    found = queries.consent_of(segment, person)
    if found is not None:
        return found
    visit = segment.visit
    text = current_text(segment, visit.reads if person.part is Part.CITIZEN else visit.language)
    consent = Consent(
        segment_id=segment.id, participant_id=person.id, text_id=text.id, participant=person
    )
    segment.consents.append(consent)
    db.session.flush()
    publish(ConsentShown(**segments.named(segment), **_who(person), **_which(text)))
    return consent


def current_text(segment: Segment, language: str) -> ConsentText:
    """The text as it is today; a new version of it when a word is another."""
    procedure = queries.recorded_procedure_of(segment.visit)
    sentences = words.consent_sentences(
        procedure, segment.visit.town, language, is_spoken=segment.is_spoken
    )
    newest = queries.newest_text(procedure, language)
    digest = words.digest_of(sentences)
    if newest is not None and newest.digest == digest:
        return newest
    text = ConsentText(
        procedure_id=procedure.id,
        language=language,
        version=newest.version + 1 if newest else 1,
        sentences=sentences,
        digest=digest,
    )
    db.session.add(text)
    db.session.flush()
    return text


def answer(
    segment: Segment, person: Participant, is_yes: bool, digest: str, way: Way = Way.CLICKED
) -> Consent:
    """Yes or no to the text that was shown, and to no other. `digest`: of that text."""
    segments.look_again(segment)
    consent = queries.consent_of(segment, person)
    if consent is None or not segment.is_open or consent.is_given is not None:
        raise AnswerOver
    current = current_text(segment, consent.text.language)
    if digest != current.digest:
        consent.text = current
        raise TextChanged
    consent.text, consent.is_given = current, is_yes
    consent.answered_at, consent.way = clock.now(), way
    db.session.flush()
    _publish_answer(consent, "given" if is_yes else "refused", way)
    if not is_yes and segment.state is State.ASKED:
        segment.state, segment.ended_at = State.REFUSED, clock.now()
    segments.tell(segment)
    return consent


def withdraw(segment: Segment, person: Participant, way: Way = Way.CLICKED) -> None:
    """They no longer agree: from this moment on nothing more is recorded. Twice is once."""
    segments.look_again(segment)
    consent = queries.consent_of(segment, person)
    if consent is None or not consent.is_given:
        raise AnswerOver
    if consent.withdrawn_at is not None:
        return
    if not segment.is_open:
        raise AnswerOver
    consent.withdrawn_at = clock.now()
    db.session.flush()
    _publish_answer(consent, "withdrawn", way)
    if segment.state is State.ASKED:
        segment.state, segment.ended_at = State.REFUSED, clock.now()
        segments.tell(segment)
        return
    segments.begin_gap(segment, Reason.WITHDRAWN)
    segments.stop(segment, End.WITHDRAWN)


def call_off(segment: Segment) -> None:
    """The clerk no longer asks. Twice is once."""
    segments.look_again(segment)
    if segment.state is not State.ASKED:
        return
    segment.state, segment.ended_at = State.CALLED_OFF, clock.now()
    publish(RecordingCalledOff(**segments.named(segment)))
    segments.tell(segment)


def meet(visit: Visit) -> None:
    """Somebody came in: whoever has not been asked is asked now, and meanwhile it rests."""
    segment = queries.open_segment(visit)
    newcomers = queries.unagreed(segment) if segment else []
    if segment is None or not newcomers:
        return
    for person in newcomers:
        show_to(segment, person)
    if segment.is_running:
        segments.pause(segment, Reason.NEWCOMER)
    else:
        segments.tell(segment)


def close_with_the_call(visit: Visit) -> None:
    """The call is over, and with it whatever was asked or recorded."""
    segment = queries.open_segment(visit)
    if segment is None:
        return
    call_off(segment)
    segments.stop(segment, End.CALL_OVER)


def note_spoken(segment: Segment, person: Participant) -> None:
    """The clerk heard them say it, in the recording. Twice is once."""
    consent = queries.consent_of(segment, person)
    if not segment.is_running or consent is None or not consent.is_valid:
        raise NotRunning
    if consent.spoken_at is not None:
        return
    consent.spoken_at = clock.now()
    publish(
        ConsentSpoken(
            **segments.named(segment), **_who(person), at_ms=segment.at(consent.spoken_at)
        )
    )
    segments.tell(segment)


def _publish_answer(consent: Consent, said: str, way: Way) -> None:
    publish(
        ConsentAnswered(
            **segments.named(consent.segment),
            **_who(consent.participant),
            **_which(consent.text),
            answer=said,
            way=way.value,
        )
    )


def _who(person: Participant) -> dict[str, Any]:
    return {"part": person.part.value, "seat": person.seat}


def _which(text: ConsentText) -> dict[str, Any]:
    return {"language": text.language, "version": text.version, "text_sha256": text.digest}
