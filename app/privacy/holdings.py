"""What we hold about a person, in one table: where it stands, what of it they see, how it ends.

A table of the register is either in `HOLDINGS` or in `NOT_PERSONAL`; a test asks each of them, so
that nobody adds one without deciding. Rows with `is_evidence` are blocked first and destroyed
later; the others have no reason to outlive a request and are destroyed at once.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account, Invitation
from app.acts.models import ActEdition, SealedAct, Signature, Statement
from app.archive.models import Envelope, StoredFile
from app.assurance.models import Act, Assurance, Check, EidAttempt, Leave
from app.booking.models import Visit, VisitProcedure, WaitlistEntry
from app.calls.models import Bridge, Participant, RoomInvitation
from app.core import clock
from app.core.db import Base, new_code
from app.devices.models import DeviceCheck
from app.identity.models import KeptAnswers, OpenSession, Passkey, PhoneCode, RecoveryCheck
from app.insight.models import ChannelChange
from app.kiosks.models import Stay
from app.messaging.models import Message
from app.papers.models import Look, Paper
from app.privacy.models import DataRequest
from app.queue.models import Ticket, WaitEstimate
from app.recordings.models import Consent, Meeting, Segment
from app.requests.models import Request, Tick


@dataclass(frozen=True)
class Person:
    """Somebody, as the register knows them. Their visits are found through their account."""

    account_id: int
    phone: str

    @property
    def visit_ids(self) -> sa.Select[Any]:
        return sa.select(Visit.id).where(Visit.citizen_id == self.account_id)


Condition = Callable[[Person], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Holding:
    """One kind of rows.

    `left`: what is written over a row that others still need, or over every row with `stays`.
    `visit`: the column that says of which visit it is, for what ends with a visit.
    """

    name: str
    model: type[Base]
    theirs: Condition
    shown: tuple[str, ...] = ()
    is_evidence: bool = True
    left: dict[str, Any] = field(default_factory=dict)
    stays: bool = False
    visit: Any = None

    @property
    def can_be_blocked(self) -> bool:
        return hasattr(self.model, "blocked_at")


def _by_account(column: Any) -> Condition:
    return lambda person: column == person.account_id


def _by_phone(column: Any) -> Condition:
    return lambda person: column == person.phone


def _by_visit(column: Any) -> Condition:
    return lambda person: column.in_(person.visit_ids)


def _by_owner(column: Any, *which: sa.ColumnElement[bool]) -> Condition:
    """Files know only the name of what they belong to."""

    def theirs(person: Person) -> sa.ColumnElement[bool]:
        named = sa.select(owner_name()).where(Visit.citizen_id == person.account_id)
        return sa.and_(column.in_(named), *which)

    return theirs


def owner_name() -> Any:
    """What files call a visit."""
    return sa.literal("visit:") + Visit.code


def visit_of(owner: Any) -> Any:
    """The number of the visit that owns it."""
    named = sa.select(Visit.id).where(
        owner.startswith("visit:"), Visit.code == sa.func.substr(owner, len("visit:") + 1)
    )
    return named.scalar_subquery()


def _visit_of_act(act_id: Any) -> Any:
    """The number of the visit whose act it is."""
    return sa.select(SealedAct.visit_id).where(SealedAct.id == act_id).scalar_subquery()


def _visits(person: Person) -> sa.ColumnElement[bool]:
    """Theirs, and what was begun with their telephone and never confirmed."""
    unconfirmed = sa.and_(Visit.citizen_id.is_(None), Visit.phone == person.phone)
    return sa.or_(Visit.citizen_id == person.account_id, unconfirmed)


def _of_visit(name: str, model: Any, *, is_evidence: bool = True) -> Holding:
    """Rows that end with their visit, and say nothing that its citizen would not know."""
    return Holding(
        name,
        model,
        _by_visit(model.visit_id),
        is_evidence=is_evidence,
        visit=model.visit_id,
    )


# In the order in which they end: what points to others before what it points to.
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "files",
        StoredFile,
        _by_owner(StoredFile.owner, StoredFile.destroyed_at.is_(None)),
        shown=("name", "size", "kept_at"),
        left={"name": "", "sha256": "", "destroyed_at": clock.now},
        stays=True,
        visit=visit_of(StoredFile.owner),
    ),
    Holding(
        "keys_of_files",
        Envelope,
        _by_owner(Envelope.owner, Envelope.shredded_at.is_(None)),
        left={"wrapped": None, "shredded_at": clock.now},
        stays=True,
        visit=visit_of(Envelope.owner),
    ),
    Holding(
        "signatures",
        Signature,
        lambda person: _visit_of_act(Signature.made_id).in_(person.visit_ids),
        visit=_visit_of_act(Signature.made_id),
    ),
    Holding(
        "editions",
        ActEdition,
        lambda person: _visit_of_act(ActEdition.act_id).in_(person.visit_ids),
        visit=_visit_of_act(ActEdition.act_id),
    ),
    Holding(
        "sealed_acts",
        SealedAct,
        _by_visit(SealedAct.visit_id),
        shown=("identifier", "sealed_at"),
        visit=SealedAct.visit_id,
    ),
    Holding(
        "statements",
        Statement,
        _by_visit(Statement.visit_id),
        shown=("text", "signed_at"),
        visit=Statement.visit_id,
    ),
    _of_visit("acts", Act),
    _of_visit("looks", Look, is_evidence=False),
    Holding(
        "papers",
        Paper,
        _by_visit(Paper.visit_id),
        shown=("name", "begun_at", "state"),
        left={
            **{"name": "", "digest": "", "contents": dict, "taken_out": list},
            **{"key": new_code, "code": new_code},
        },
        visit=Paper.visit_id,
    ),
    _of_visit("left_to_clerk", Leave),
    _of_visit("other_ways", ChannelChange, is_evidence=False),
    _of_visit("checks", Check),
    _of_visit("tickets", Ticket),
    _of_visit("attempts", EidAttempt, is_evidence=False),
    _of_visit("devices", DeviceCheck, is_evidence=False),
    _of_visit("kiosk_stays", Stay, is_evidence=False),
    _of_visit("ticks", Tick),
    Holding(
        "consents",
        Consent,
        lambda person: Consent.segment_id.in_(
            sa.select(Segment.id).where(Segment.visit_id.in_(person.visit_ids))
        ),
        shown=("asked_at", "answered_at", "withdrawn_at"),
    ),
    Holding(
        "recordings",
        Segment,
        _by_visit(Segment.visit_id),
        shown=("asked_at", "ended_at"),
        visit=Segment.visit_id,
    ),
    _of_visit("meetings", Meeting),
    Holding(
        "asked",
        Request,
        _by_visit(Request.visit_id),
        shown=("title", "asked_at", "answered_at", "answer_state"),
        left={
            **{"title": "", "body": "", "fields": list, "answer": dict, "code": new_code},
            "form_token": new_code,
        },
        visit=Request.visit_id,
    ),
    Holding(
        "identifications",
        Assurance,
        _by_visit(Assurance.visit_id),
        shown=("level", "made_at", "name", "document_kind", "document"),
        left={"name": "", "document": "", "undone_reason": "", "evidence": dict, "code": new_code},
        visit=Assurance.visit_id,
    ),
    Holding("kept_answers", KeptAnswers, _by_account(KeptAnswers.account_id), is_evidence=False),
    Holding("recoveries", RecoveryCheck, _by_account(RecoveryCheck.account_id), is_evidence=False),
    Holding(
        "sessions",
        OpenSession,
        _by_account(OpenSession.account_id),
        shown=("device", "started_at", "seen_at"),
        is_evidence=False,
    ),
    Holding(
        "calls",
        Participant,
        _by_visit(Participant.visit_id),
        shown=("name", "joined_at", "left_at"),
        left={"name": "", "code": new_code},
        visit=Participant.visit_id,
    ),
    Holding(
        "telephone_calls",
        Bridge,
        _by_visit(Bridge.visit_id),
        left={"phone": "", "near_id": None, "far_id": None, "code": new_code},
        visit=Bridge.visit_id,
    ),
    Holding(
        "invited",
        RoomInvitation,
        _by_visit(RoomInvitation.visit_id),
        left={"name": "", "phone": None, "digest": lambda: secrets.token_hex(32)},
        visit=RoomInvitation.visit_id,
    ),
    Holding(
        "waits",
        WaitEstimate,
        _by_visit(WaitEstimate.visit_id),
        is_evidence=False,
        visit=WaitEstimate.visit_id,
    ),
    Holding(
        "also",
        VisitProcedure,
        _by_visit(VisitProcedure.visit_id),
        visit=VisitProcedure.visit_id,
    ),
    Holding(
        "waiting_list",
        WaitlistEntry,
        _by_phone(WaitlistEntry.phone),
        shown=("phone", "name", "made_at", "state"),
        left={"phone": "", "name": "", "needs": list, "code": new_code},
    ),
    Holding(
        "messages",
        Message,
        _by_phone(Message.phone),
        shown=("phone", "written_at", "sent_at", "state"),
        left={"phone": "", "body": "", "problem": None, "provider_id": None},
    ),
    Holding(
        "codes",
        PhoneCode,
        _by_phone(PhoneCode.phone),
        shown=("phone", "sent_at", "used_at"),
        is_evidence=False,
        left={"phone": "", "purpose": "", "digest": "", "address_digest": ""},
    ),
    Holding(
        "passkeys",
        Passkey,
        _by_account(Passkey.account_id),
        shown=("created_at", "last_used_at"),
        is_evidence=False,
    ),
    Holding("invitations", Invitation, _by_account(Invitation.account_id), is_evidence=False),
    Holding(
        "visits",
        Visit,
        _visits,
        shown=(
            *("procedure", "starts_at", "status", "channel", "phone", "name", "language", "needs"),
            *("waiting_at", "called_at", "ended_at", "outcome", "next_steps"),
        ),
        left={
            **{"phone": "", "name": "", "needs": list, "outcome": "", "next_steps": ""},
            **{"host": "", "code": new_code, "citizen_id": None, "blocked_at": clock.now},
            "form_token": lambda: secrets.token_urlsafe(24),
        },
    ),
    Holding(
        "requests",
        DataRequest,
        _by_account(DataRequest.account_id),
        shown=("kind", "received_at", "due_on", "state"),
        left={"account_id": None},
        stays=True,
    ),
    Holding(
        "person",
        Account,
        lambda person: Account.id == person.account_id,
        shown=("phone", "name", "locale", "created_at", "last_seen_at"),
        left={
            "phone": None,
            "name": "",
            "languages": list,
            "code": new_code,
            "is_active": False,
            "last_access_device": "",
        },
    ),
)

# Tables that say nothing of a citizen. The record keeps ids and digests; news of the last minutes
# say what a page must read again; times are taken under the code of a visit.
NOT_PERSONAL = frozenset(
    (
        *("alembic_version", "stream_message", "challenge", "calendar_feed", "usual_length"),
        *("town", "office", "procedure", "closure", "season", "delay_measure", "code_alarm"),
        *("guide", "kiosk", "kiosk_enrolment", "kiosk_order", "kiosk_hand_off"),
        *("procedure_edition", "rule_change", "call_figures", "survey_answer", "authorised_clerk"),
        *("resource", "skill", "shift", "shift_exception", "allocation"),
        *("audit_entry", "audit_anchor", "audit_cut", "audit_check"),
        *("duty_day", "api_key", "api_nonce", "webhook", "webhook_post", "setup_link"),
        *("act_signer", "file_hold", "file_reading", "file_term", "stranger"),
        *("retention_rule", "retention_run", "blocking", "legal_hold", "day_figure"),
        "past_visit",
        # What belongs to a recording or a ledger ends with it.
        *("take", "piece", "gap", "viewing", "ledger_entry", "ledger_stamp", "consent_text"),
    )
)
