"""Seats: take one, knock, let in, leave, close the room."""

from collections.abc import Sequence

from app.assurance import services as assurance
from app.booking import services as booking
from app.booking.models import Status, Visit
from app.calls import queries
from app.calls.errors import NotCalledYet, NotYours, Replaced, RoomFull
from app.calls.events import (
    CallEnded,
    ParticipantAdmitted,
    ParticipantJoined,
    ParticipantKnocked,
    ParticipantLeft,
    ParticipantSentAway,
)
from app.calls.models import PLACES, Part, Participant, Right, RoomInvitation
from app.calls.queries import channel_of
from app.calls.services.middle import let_go
from app.core import clock, stream
from app.core.db import db, new_code
from app.core.events import publish
from app.towns.models import Channel, Media, Moment
from app.towns.services import look_again


def join(
    visit: Visit,
    part: Part,
    name: str,
    *,
    camera: bool,
    microphone: bool,
    saving: bool = False,
    window: str = "",
    invitation: RoomInvitation | None = None,
    rings: bool = False,
    media: Media = Media.MESH,
) -> Participant:
    """Take a seat, or take it over from an older window, which is told.

    Who comes by invitation is at the door until the clerk lets them in; from then on the place
    is theirs, also after a reload. A citizen whose turn it is may stand at the door while it rings,
    so that the line is ready when they `enter`; nobody sees or hears them there. `media` is what
    could carry this call now.
    """
    look_again(visit)  # two who arrive at once find out one after the other if a place is left
    if not (visit.is_being_attended or (part.is_invited and visit.is_live)):
        raise NotCalledYet
    if part is Part.CITIZEN:
        assurance.refuse_unless(visit, Moment.ENTER)
    people = list(queries.participants(visit))
    own = invitation.id if invitation else None
    seat = next((one for one in people if (one.part, one.invitation_id) == (part, own)), None)
    _refuse_a_sixth(people, seat)
    window = window or new_code()
    if seat is None:
        seat = Participant(
            visit_id=visit.id,
            part=part,
            invitation_id=own,
            seat=max((person.seat for person in people), default=0) + 1,
            incarnation=0,
        )
        db.session.add(seat)
        people.append(seat)
    elif rings and seat.is_inside:
        raise Replaced  # they are in already, in another window
    elif seat.is_inside and seat.window != window:
        stream.tell(channel_of(seat), "bye", {"reason": "replaced"})
    seat.name, seat.window = name, window
    seat.has_camera, seat.has_microphone, seat.saves_data = camera, microphone, saving
    seat.incarnation = (seat.incarnation or 0) + 1
    seat.last_seq, seat.is_present, seat.left_at, seat.shares_screen = 0, True, None, False
    seat.joined_at = clock.now()
    let_go(seat)
    _agree(seat, people, media)
    if not part.is_invited:
        seat.admitted_at = None if rings else clock.now()
    db.session.flush()
    _announce(visit, seat, people)
    return seat


def _agree(seat: Participant, people: Sequence[Participant], media: Media) -> None:
    """All of a room go by one way. Without the server in the middle, everybody enters again."""
    others = [person for person in people if person.is_present and person is not seat]
    is_direct = media is Media.MESH or any(one.media is Media.MESH for one in others)
    seat.media = Media.MESH if is_direct else Media.JANUS
    for other in others:
        if other.media is not seat.media:
            stream.tell(channel_of(other), "again", {})


def enter(seat: Participant, *, camera: bool, microphone: bool, saving: bool = False) -> None:
    """Whoever stood at the door while it rang comes in. Asked twice it is done once."""
    if seat.part.is_invited:
        raise NotYours
    look_again(seat, seat.visit)
    if not seat.visit.is_being_attended:
        raise NotCalledYet
    if not seat.is_at_the_door:
        return
    seat.has_camera, seat.has_microphone, seat.saves_data = camera, microphone, saving
    seat.admitted_at = seat.joined_at = clock.now()
    _announce(seat.visit, seat, queries.participants(seat.visit))


def _announce(visit: Visit, seat: Participant, people: Sequence[Participant]) -> None:
    if seat.is_inside and seat.part is Part.CITIZEN and visit.status is Status.CALLED:
        booking.move_on(visit, Status.IN_SERVICE)
    town_id, visit_id, part = visit.town_id, visit.id, seat.part.value
    if seat.is_at_the_door and not seat.part.is_invited:
        pass  # it rings: nothing has happened yet that anybody would want to remember
    elif seat.is_at_the_door:
        publish(ParticipantKnocked(town_id=town_id, visit_id=visit_id, part=part))
    else:
        publish(
            ParticipantJoined(
                town_id=town_id, visit_id=visit_id, part=part, incarnation=seat.incarnation
            )
        )
    tell_roster(visit, people)


def admit(seat: Participant) -> None:
    """The clerk lets somebody in. Asked twice it is done once."""
    if not seat.is_at_the_door:
        return
    seat.admitted_at = clock.now()
    publish(ParticipantAdmitted(town_id=seat.town_id, visit_id=seat.visit_id, part=seat.part.value))
    stream.tell(channel_of(seat), "admitted", {})
    tell_roster(seat.visit)


def send_away(seat: Participant) -> None:
    """Refused at the door, or asked to leave: the link opens nothing any more."""
    if not seat.part.is_invited:
        raise NotYours
    look_again(seat)
    reason = "turned-away" if seat.is_at_the_door else "removed"
    stream.tell(channel_of(seat), "bye", {"reason": reason})
    seat.is_present, seat.left_at, seat.admitted_at = False, clock.now(), None
    let_go(seat)
    invitation = db.session.get(RoomInvitation, seat.invitation_id)
    if invitation is not None:
        invitation.revoked_at = clock.now()
    publish(ParticipantSentAway(town_id=seat.town_id, visit_id=seat.visit_id, part=seat.part.value))
    tell_roster(seat.visit)


def change_state(
    seat: Participant,
    *,
    camera: bool,
    microphone: bool,
    screen: bool = False,
    saving: bool = False,
) -> None:
    """Camera, microphone and screen on or off, and whether to spare data: shown to the others."""
    if screen and not queries.may(seat.part, Right.SHARE_SCREEN):
        raise NotYours
    seat.has_camera, seat.has_microphone = camera, microphone
    seat.shares_screen, seat.saves_data = screen, saving
    tell_roster(seat.visit)


def leave(seat: Participant) -> None:
    """Hang up, or close the window. The seat stays theirs for a return."""
    look_again(seat)
    if not seat.is_present:
        return
    had_come_in = seat.is_inside or seat.part.is_invited
    seat.is_present, seat.left_at = False, clock.now()
    let_go(seat)
    if had_come_in:
        publish(ParticipantLeft(town_id=seat.town_id, visit_id=seat.visit_id, part=seat.part.value))
    tell_roster(seat.visit)


def end(visit: Visit) -> None:
    """The clerk closes the room. Whoever is still in it is told; the visit is served."""
    look_again(visit)
    if not visit.is_being_attended:
        return
    close(visit, "ended")
    booking.move_on(visit, Status.SERVED)
    publish(CallEnded(town_id=visit.town_id, visit_id=visit.id))


def go_on_by_telephone(visit: Visit) -> None:
    """The picture does not work: the same visit, with all that belongs to it, goes on by ear."""
    if not visit.is_being_attended:
        raise NotCalledYet
    booking.change_channel(visit, Channel.PHONE, by="office")


def close(visit: Visit, reason: str) -> None:
    """Everybody out. What was written through us is forgotten with it."""
    for seat in queries.participants(visit):
        if seat.is_present:
            seat.is_present, seat.left_at = False, clock.now()
            let_go(seat)
            stream.tell(channel_of(seat), "bye", {"reason": reason})
    stream.forget(queries.text_of(visit))


def tell_roster(visit: Visit, people: Sequence[Participant] = ()) -> None:
    """Everybody inside, and a citizen at whom it rings, learns who is there.

    The clerk learns also who is at the door.
    """
    db.session.flush()
    people = people or queries.participants(visit)
    version = stream.cursor()
    rosters = {
        part: queries.roster(visit, part, people=people, version=version)
        for part in (Part.CITIZEN, Part.CLERK)
    }
    for seat in people:
        if seat.is_inside or (seat.is_at_the_door and not seat.part.is_invited):
            side = Part.CLERK if queries.may(seat.part, Right.LET_IN) else Part.CITIZEN
            stream.tell(channel_of(seat), "roster", rosters[side])


def _refuse_a_sixth(people: list[Participant], own: Participant | None) -> None:
    others = [person for person in people if person.is_present and person is not own]
    if len(others) >= PLACES:
        raise RoomFull
