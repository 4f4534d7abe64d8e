"""A line of the record in the reader's own language."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.audit.models import AuditEntry
from app.core.chain import Kind

# Each kind of line by its name, as one chooses it in a list.
KINDS: dict[str, Any] = {
    "VisitHeld": _l("A time was kept"),
    "VisitBooked": _l("A visit was booked"),
    "VisitCancelled": _l("A visit was cancelled"),
    "VisitExpired": _l("A booking was never confirmed"),
    "VisitMoved": _l("A visit took a step"),
    "VisitTimeChanged": _l("A visit has another time"),
    "VisitChannelChanged": _l("A visit goes on another way"),
    "VisitGiven": _l("A visit was given to another clerk"),
    "PromiseLeft": _l("A visit that cannot be kept was left as it is"),
    "WalkedIn": _l("Somebody came without an appointment"),
    "WaitlistJoined": _l("Somebody wants an earlier time"),
    "WaitlistOffered": _l("An earlier time was offered"),
    "WaitlistTaken": _l("An earlier time was taken"),
    "WaitlistClosed": _l("Somebody no longer wants an earlier time"),
    "VisitTransferred": _l("A visit was passed on"),
    "PriorityChanged": _l("The priority of a visit was changed"),
    "NearlyTheirTurn": _l("Somebody was told that it is nearly their turn"),
    "CounterChanged": _l("A counter was opened, paused or closed"),
    "HoldExpired": _l("A time that nobody confirmed is free again"),
    "AllocationMoved": _l("A time was passed to another clerk"),
    "RuleChanged": _l("A rule was changed"),
    "StaffInvited": _l("Somebody of the staff was invited"),
    "PhoneConfirmed": _l("A telephone was confirmed with a code"),
    "PasskeyEnrolled": _l("A passkey was created"),
    "SignedIn": _l("Somebody signed in"),
    "SignedOut": _l("Somebody signed out"),
    "ParticipantJoined": _l("Somebody entered the call"),
    "ParticipantLeft": _l("Somebody left the call"),
    "CallEnded": _l("The call ended"),
    "BridgeAsked": _l("A clerk had two telephones rung"),
    "BridgeJoined": _l("The citizen answered the telephone"),
    "BridgeEnded": _l("A telephone call ended"),
    "AuditRead": _l("Somebody read the record"),
    "AuditDownloaded": _l("Somebody downloaded the record"),
    "AuditVerified": _l("Somebody checked the record"),
    "AuditShortened": _l("The oldest lines were destroyed"),
    "CitizenRecognised": _l("A passkey said who books"),
    "PersonIdentified": _l("Somebody was identified"),
    "IdentificationUndone": _l("An identification was undone"),
    "LeftToTheClerk": _l("Somebody left it to the clerk to identify them"),
    "ActDone": _l("An act was noted as done"),
    "CheckBegun": _l("A clerk asked to identify somebody"),
    "CheckAnswered": _l("Somebody answered whether a clerk may identify them"),
    "CheckStopped": _l("A clerk stopped an identification"),
    "EidBegun": _l("Somebody went to a provider of identities"),
    "EidEnded": _l("Somebody came back from a provider of identities"),
    "EidRefused": _l("An answer of a provider of identities was turned away"),
    "ClerkAuthorised": _l("The register of clerks who identify was changed"),
    "AuthorisationEnded": _l("A clerk may no longer identify people"),
    "LineTold": _l("Everybody who waits was told something"),
    "VisitReassigned": _l("Somebody who waits is kept for one clerk"),
    "KeyMade": _l("A key for another machine was made"),
    "KeyEnded": _l("A key of another machine was ended"),
    "WebhookMade": _l("An address is told what happens to visits"),
    "WebhookEnded": _l("An address is told nothing any more"),
    "FiguresTaken": _l("Somebody downloaded figures"),
    "DocumentsMasked": _l("Numbers of documents were masked"),
    "DocumentRuleChanged": _l("What is kept of documents was changed"),
    "FileKept": _l("A file was kept"),
    "FileRead": _l("Somebody looked at a file"),
    "FileDestroyed": _l("A file was destroyed"),
    "FileFoundDamaged": _l("A file was found damaged"),
    "FilesShredded": _l("The key of some files was destroyed"),
    "FilesHeld": _l("Files are kept for a judge or an authority"),
    "FilesReleased": _l("Files are no longer kept for anybody"),
    "EnvelopesShredded": _l("Keys of files that had ended were destroyed"),
    "FileTermChanged": _l("The time that files are kept was changed"),
    "KeysRotated": _l("The keys of files were closed with a new key"),
    "ActAsked": _l("A record of a visit was asked for"),
    "ActTriedAgain": _l("Somebody had a record of a visit tried again"),
    "ActSealed": _l("A record of a visit was sealed"),
    "ActStamped": _l("A sealed record got a time stamp"),
    "ActSigned": _l("Somebody signed a record of a visit"),
    "ActTaken": _l("Somebody of the staff downloaded a sealed record"),
    "StatementBegun": _l("A clerk began to write down a statement"),
    "StatementRead": _l("A statement was read back"),
    "StatementAnswered": _l("Somebody answered whether a statement is theirs"),
    "StatementSigned": _l("A clerk signed a statement for a citizen"),
    "StatementStopped": _l("A clerk stopped a statement"),
    "SignerEntered": _l("A certificate was entered in the register"),
    "SignerEnded": _l("A certificate no longer counts"),
    "EntryRefused": _l("Somebody was stopped at a door"),
    "DataSeen": _l("Somebody saw the data of a person"),
    "DataDownloaded": _l("Somebody downloaded their own data"),
    "PersonCorrected": _l("Somebody corrected their own data"),
    "RequestReceived": _l("A request about data was received"),
    "RequestClosed": _l("A request about data was answered"),
    "PersonBlocked": _l("The data of a person was blocked"),
    "PersonDestroyed": _l("The data of a person was destroyed"),
    "VisitsDestroyed": _l("Old visits were destroyed"),
    "HoldPlaced": _l("Data is kept for a judge or an authority"),
    "HoldLifted": _l("Data is no longer kept for anybody"),
    "RetentionChanged": _l("The time that data is kept was changed"),
    "RetentionApplied": _l("What was kept long enough was destroyed"),
    "CodeGuessed": _l("Somebody tried to guess a code"),
    "CodesLookedFraudulent": _l("Codes were stopped: they looked fraudulent"),
    "MessageNotDelivered": _l("A message did not arrive"),
    "ReportRefused": _l("A false report about a message was refused"),
    "RecoveryAsked": _l("A second check was asked for a citizen without passkeys"),
    "RecoveryDeclined": _l("A citizen without passkeys was not confirmed"),
    "RecoveryOffered": _l("Somebody of the staff got a new way in"),
    "StaffDeactivated": _l("Somebody of the staff may no longer enter"),
    "StaffReactivated": _l("Somebody of the staff may enter again"),
    "PhoneChanged": _l("Somebody has another telephone"),
    "PhoneReleased": _l("A telephone no longer leads to its person"),
    "PasskeyRenamed": _l("A passkey was renamed"),
    "PasskeyRemoved": _l("A passkey was removed"),
    "PasskeyTurnedAway": _l("A passkey was not accepted"),
    "SessionsClosed": _l("Sessions were closed"),
    "SessionRefused": _l("Somebody came with a session that is none"),
    "KioskOpened": _l("A kiosk was opened"),
    "RecordingAsked": _l("A clerk asked to record a part of a meeting"),
    "ConsentShown": _l("Somebody was asked whether they may be recorded"),
    "ConsentAnswered": _l("Somebody said whether they may be recorded"),
    "ConsentSpoken": _l("Somebody said aloud that they may be recorded"),
    "RecordingCalledOff": _l("A clerk no longer asks to record"),
    "RecordingStarted": _l("A recording began"),
    "TakeBegun": _l("A browser began to send a recording"),
    "GapBegun": _l("A recording was paused"),
    "GapEnded": _l("A recording went on"),
    "PiecesReceived": _l("Pieces of a recording had arrived"),
    "RecordingUnsafe": _l("A recording did not arrive"),
    "RecordingSafe": _l("A recording arrived again"),
    "RecordingEnded": _l("A recording ended"),
    "OriginalKept": _l("What was recorded was kept as it came"),
    "RecordingKept": _l("The file of a recording was made"),
    "RecordingLost": _l("A recording was lost"),
    "RecordingSeen": _l("Somebody looked at a recording, and said why"),
    "RecordingTaken": _l("A citizen took a copy of a recording"),
    "GuideAdded": _l("A guide in sign language or sound was added"),
    "GuideRemoved": _l("A guide in sign language or sound was removed"),
    "KioskApproved": _l("A device was let in as a kiosk"),
    "KioskChanged": _l("A kiosk was changed"),
    "KioskRemoved": _l("A kiosk was removed"),
    "KioskSilent": _l("A kiosk does not answer"),
    "KioskHeardAgain": _l("A kiosk answers again"),
    "KioskOrdered": _l("A kiosk was asked to do something"),
    "KioskWiped": _l("A kiosk was erased after somebody"),
    "StayBegun": _l("Somebody began at a kiosk"),
    "StayEnded": _l("Somebody ended at a kiosk"),
    "LibrarianCalled": _l("Somebody at a kiosk called the librarian"),
    "VisitHandedOver": _l("A visit passed between a kiosk and a telephone"),
    "SurveyAnswered": _l("Somebody answered the survey"),
    "ParticipantKnocked": _l("Somebody invited is at the door of the call"),
    "ParticipantAdmitted": _l("Somebody invited was let into the call"),
    "ParticipantSentAway": _l("Somebody invited was sent away from the call"),
    "RoomInvitationMade": _l("Somebody was invited to the call"),
    "RequestMade": _l("A clerk asked the citizen for something"),
    "RequestAnswered": _l("The citizen answered what was asked"),
    "RequestWithdrawn": _l("A clerk no longer asks for something"),
    "RequestExpired": _l("Nobody answered what was asked in time"),
    "ReturnTurnedAway": _l("A false answer of a gateway was refused"),
    "StepTicked": _l("A step of the script was ticked"),
    "RoomInvitationRevoked": _l("An invitation to the call was withdrawn"),
    "PaperReceived": _l("A paper was received"),
    "PaperRefused": _l("A paper was not accepted"),
    "PaperRemoved": _l("A paper was removed"),
    "PaperRestored": _l("A removed paper was brought back"),
    "PaperShown": _l("A paper was opened for both sides of a call"),
}


def kind_name(name: str) -> str:
    """What kind of line it is; one that has no sentence yet by its own name, in words."""
    return str(KINDS[name]) if name in KINDS else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def author_name(entry: AuditEntry, names: Mapping[int, str]) -> str:
    """`names`: of the staff, by their numbers. A citizen is a number to whoever reads."""
    if entry.author == "house":
        return _("The house by itself")
    if entry.author == "visitor":
        return _("Somebody with a link")
    number = entry.author.partition(":")[2]
    known = names.get(int(number)) if number.isdecimal() else None
    return known or _("Person %(number)s", number=number)


def facts_of(entry: AuditEntry) -> list[tuple[str, str]]:
    """What the line says besides its kind, the town apart: everybody here is in it."""
    return [
        (name, _written(value))
        for name, value in entry.facts.items()
        if name != "town_id" and value != ""
    ]


def _written(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | dict):
        return ", ".join(str(item) for item in value)
    return str(value)


def fault_sentence(kind: str, first: int, last: int) -> str:
    words: dict[str, Callable[[], str]] = {
        Kind.EDITED.value: lambda: _("Line %(number)s was changed.", number=first),
        Kind.MISSING.value: lambda: _(
            "Lines are missing: from %(first)s to %(last)s.", first=first, last=last
        ),
        Kind.INSERTED.value: lambda: _(
            "Lines were put in afterwards: from %(first)s to %(last)s.", first=first, last=last
        ),
        Kind.MOVED.value: lambda: _(
            "Lines %(first)s and %(last)s changed places.", first=first, last=last
        ),
        Kind.CUT.value: lambda: _(
            "The end is missing: from line %(first)s to %(last)s.", first=first, last=last
        ),
        Kind.REWRITTEN.value: lambda: _(
            "Between lines %(first)s and %(last)s the record was written again.",
            first=first,
            last=last,
        ),
        Kind.STAMP.value: lambda: _(
            "The time stamp of line %(number)s is wrong or missing.", number=first
        ),
    }
    return words[kind]()
