"""Questions about requests and scripts: what may be asked, what is asked, what is left to do."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from app.booking.models import Visit
from app.core import clock
from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.core.i18n import in_language
from app.requests.models import Kind, Request, State, Tick, Way
from app.towns.models import Procedure, Town

MOST_CENTS = 10_000_000
FREE = "free"  # the version of a text that no procedure defines
SCRIPT_PARTS = ("steps", "phrases", "papers")


@dataclass(frozen=True)
class Words:
    """What is asked, in one language: exactly this is shown, and its digest is kept."""

    kind: Kind
    language: str
    title: str
    body: str = ""
    way: Way | None = None
    fields: tuple[tuple[str, str], ...] = ()
    cents: int | None = None
    version: str = FREE

    @property
    def digest(self) -> str:
        """The same words have the same one, whoever asks and whenever."""
        content = {
            **{"kind": self.kind.value, "language": self.language, "title": self.title},
            **{"body": self.body, "way": self.way.value if self.way else ""},
            **{"fields": self.fields, "cents": self.cents},
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Offer:
    """A request that a procedure defines, ready for this visit."""

    key: str
    words: Words

    @property
    def needs_the_clerk(self) -> bool:
        """Whether something has to be written before it can be asked."""
        words = self.words
        return (words.kind is Kind.DATA and any(not value for _, value in words.fields)) or (
            words.kind is Kind.PAY and not words.cents
        )


def request_or_404(visit: Visit, code: str) -> Request:
    """A request of this very visit. Another visit's is as missing as one that never was."""
    plain = code if code.isascii() and code.isalnum() else ""
    found: Request | None = first_or_none(
        sa.select(Request).where(Request.visit_id == visit.id, Request.code == plain)
    )
    if found is None:
        raise Missing
    return found


def by_id(request_id: int) -> Request:
    return db.session.get_one(Request, request_id)


def asked_in(visit: Visit) -> Sequence[Request]:
    """Everything that was asked in that visit, in order."""
    question = sa.select(Request).where(Request.visit_id == visit.id).order_by(Request.id)
    return db.session.scalars(question.options(joinedload(Request.by))).all()


def open_in(visit: Visit) -> Sequence[Request]:
    """What waits for an answer, the one before the citizen first."""
    question = sa.select(Request).where(Request.visit_id == visit.id, Request.state == State.ASKED)
    return db.session.scalars(question.order_by(Request.id)).all()


def current_in(visit: Visit) -> Request | None:
    """What the citizen is asked now: one thing at a time, and nothing that is too late."""
    if not visit.is_being_attended:
        return None
    return next((one for one in open_in(visit) if not one.is_late), None)


def last_answered(visit: Visit) -> Request | None:
    """What was settled last, so that the citizen reads what became of it."""
    question = (
        sa.select(Request)
        .where(Request.visit_id == visit.id, Request.state != State.ASKED)
        .order_by(Request.answered_at.desc(), Request.id.desc())
    )
    found: Request | None = first_or_none(question)
    return found


def with_token(visit: Visit, token: str) -> Request | None:
    found: Request | None = first_or_none(
        sa.select(Request).where(Request.visit_id == visit.id, Request.form_token == token)
    )
    return found


def due() -> Sequence[Request]:
    """What nobody answered in time."""
    question = sa.select(Request).where(
        Request.state == State.ASKED, Request.expires_at <= clock.now()
    )
    return db.session.scalars(question.order_by(Request.id)).all()


def signed_texts(visit: Visit) -> list[dict[str, Any]]:
    """Everything that was accepted or signed in that visit, word by word, for its act."""
    kinds = (Kind.TEXT, Kind.SIGN, Kind.DATA)
    return [
        {
            "code": one.code,
            "kind": one.kind.value,
            "language": one.language,
            "title": one.title,
            "body": one.body,
            "fields": one.fields,
            "version": one.text_version,
            "sha256": one.text_digest,
            "answer": one.answer,
            "asked_at": one.asked_at.isoformat(timespec="seconds"),
            "answered_at": one.answered_at.isoformat(timespec="seconds") if one.answered_at else "",
            "state": one.state.value,
        }
        for one in asked_in(visit)
        if one.kind in kinds
    ]


# --- what a procedure lets the clerk ask ---------------------------------------------------------


def offers(visit: Visit) -> list[Offer]:
    """What the procedures of a visit define, in the language that its citizen reads."""
    found = []
    for procedure in (visit.procedure, *visit.also):
        for place, item in enumerate(procedure.requests):
            offer = _offer(visit, procedure, item, place)
            if offer and may_be_asked(visit, offer.words):
                found.append(offer)
    return found


def offer_or_404(visit: Visit, key: str) -> Offer:
    for offer in offers(visit):
        if offer.key == key:
            return offer
    raise Missing


def may_be_asked(visit: Visit, words: Words) -> bool:
    """Whether there is what it takes: a telephone, a gateway, a signing page, a provider."""
    if words.kind is Kind.PAY:
        return gateway(visit.town) is not None
    return {
        Way.SMS: bool(visit.phone),
        Way.PASSKEY: visit.citizen_id is not None,
        Way.EID: bool(visit.town.eid_providers),
        Way.LINK: signing_page(visit.town) is not None,
    }.get(words.way or Way.CLERK, True)


def gateway(town: Town) -> Mapping[str, str] | None:
    """Where this town takes payments: `url` and the `secret` shared with it."""
    return _elsewhere("PAYMENT_GATEWAYS", town)


def signing_page(town: Town) -> Mapping[str, str] | None:
    """Where this town lets people sign with a certificate, for example with AutoFirma."""
    return _elsewhere("SIGNING_PAGES", town)


def _elsewhere(setting: str, town: Town) -> Mapping[str, str] | None:
    found: Mapping[str, str] | None = current_app.config[setting].get(town.slug)
    return found


def seal(secret: str, facts: Mapping[str, str]) -> str:
    """What only who knows the secret can write beside these facts."""
    text = "\n".join(f"{name}={facts[name]}" for name in sorted(facts))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _offer(visit: Visit, procedure: Procedure, item: Mapping[str, Any], place: int) -> Offer | None:
    kind = Kind(item["kind"])
    title = str(in_language(item.get("title"), visit.reads))
    if not title:
        return None
    key = f"{procedure.slug}.{item.get('key') or place}"
    words = Words(
        kind=kind,
        language=visit.reads,
        title=title,
        body=str(in_language(item.get("body"), visit.reads)),
        way=Way(item["way"]) if item.get("way") else usual_way(kind),
        fields=tuple(
            (str(in_language(one.get("label"), visit.reads)), known(visit, one.get("from", "")))
            for one in item.get("fields", ())
        ),
        cents=item.get("cents"),
        version=f"{key}.{procedure.edition}"[:40],
    )
    return Offer(key, words)


def usual_way(kind: Kind) -> Way | None:
    return {Kind.SIGN: Way.SMS, Kind.IDENTIFY: Way.SMS}.get(kind)


def way_for(kind: Kind, wanted: str) -> Way | None:
    """The way that was chosen, if the kind has it; else the usual one; else none."""
    ways = {
        Kind.IDENTIFY: (Way.SMS, Way.PASSKEY, Way.EID, Way.CLERK),
        Kind.SIGN: (Way.SMS, Way.LINK),
    }.get(kind, ())
    return next((way for way in ways if way == wanted), ways[0] if ways else None)


def known(visit: Visit, what: str) -> str:
    """What we know of the citizen already."""
    return {"name": visit.name, "phone": visit.phone}.get(what, "")


# --- the script ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of a script; steps and papers have a key by which they are ticked."""

    key: str
    sentence: str
    tick: Tick | None = None


@dataclass(frozen=True)
class Script:
    """What the clerk does, says and looks at, in the language of the visit."""

    steps: tuple[Line, ...]
    phrases: tuple[Line, ...]
    papers: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.steps or self.phrases or self.papers)

    @property
    def to_tick(self) -> tuple[Line, ...]:
        return self.steps + self.papers

    @property
    def done(self) -> int:
        return sum(line.tick is not None for line in self.to_tick)


def script_of(visit: Visit) -> Script:
    """The script of all that is done in a visit. What was ticked stays, although it was edited."""
    ticks = {tick.key: tick for tick in ticks_of(visit)}
    parts: dict[str, list[Line]] = {name: [] for name in SCRIPT_PARTS}
    for procedure in (visit.procedure, *visit.also):
        for name in SCRIPT_PARTS:
            for text in procedure.script.get(name, ()):
                key = line_key(procedure, name, text)
                sentence = str(in_language(text, visit.language))
                if sentence:
                    parts[name].append(Line(key, sentence, ticks.pop(key, None)))
    gone = [Line(tick.key, tick.sentence, tick) for tick in ticks.values()]
    parts["steps"] = gone + parts["steps"]
    return Script(*(tuple(parts[name]) for name in SCRIPT_PARTS))


def ticks_of(visit: Visit) -> Sequence[Tick]:
    question = sa.select(Tick).where(Tick.visit_id == visit.id)
    return db.session.scalars(question.order_by(Tick.ticked_at)).all()


def line_key(procedure: Procedure, part: str, text: Mapping[str, str]) -> str:
    """A line is the same one as long as nobody writes it anew."""
    said = json.dumps(text, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{procedure.slug}:{part}:{said}".encode()).hexdigest()[:16]
