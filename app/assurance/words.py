"""How levels, means and documents are called on screens, and the text that a citizen agrees to."""

import hashlib
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.models import Account
from app.assurance import documents, queries
from app.assurance.models import Assurance, DocumentKind, Method
from app.assurance.queries import Standing
from app.booking.models import Visit
from app.core.i18n import in_language, speaking
from app.identity import eid
from app.towns.models import DocumentRule, Level, Moment, Town

# Written into every consent. Change it whenever a sentence of `consent_text` changes its meaning.
TEXT_VERSION = "clerk-2026-11"

ICONS = {
    Level.NONE: "warning",
    Level.PHONE: "sms",
    Level.PASSKEY: "key",
    Level.CHECKED: "person",
    Level.EID: "check",
}


def init_app(app: Flask) -> None:
    for name in (
        level_name,
        level_for_citizen,
        level_icon,
        method_name,
        document_name,
        document_kept,
        document_shown,
        text_agreed_to,
        rule_name,
        moment_name,
        consent_text,
        what_is_asked,
    ):
        app.add_template_global(name)
    app.add_template_global(queries.standing, "standing_of")
    app.add_template_global(panel_of)
    app.add_template_global(eid_ways)
    app.add_template_global(said_in)
    app.add_template_filter(Moment, "moment")


def level_name(level: str) -> str:
    return {
        Level.NONE.value: _("Not identified"),
        Level.PHONE.value: _("Only their telephone is known"),
        Level.PASSKEY.value: _("Known by a passkey"),
        Level.CHECKED.value: _("Identified by a clerk"),
        Level.EID.value: _("Identified with a national identity"),
    }[level]


def level_for_citizen(level: str) -> str:
    """The same, said to the person themselves."""
    return {
        Level.NONE.value: _("We do not know yet who you are."),
        Level.PHONE.value: _("We only know your telephone."),
        Level.PASSKEY.value: _("Your passkey says who you are."),
        Level.CHECKED.value: _("A clerk has identified you."),
        Level.EID.value: _("Your national identity says who you are."),
    }[level]


def level_icon(level: str) -> str:
    return ICONS[Level(level)]


def method_name(row: Assurance) -> str:
    if row.method is Method.EID:
        known = current_app.extensions["eid"].get(row.evidence.get("provider"))
        return str(known.label) if known else _("National identity")
    return {
        Method.SMS_CODE: _("Code sent to the telephone"),
        Method.PASSKEY: _("Passkey"),
        Method.CLERK: _("Document shown to a clerk"),
    }[row.method]


def document_name(kind: str) -> str:
    return {
        DocumentKind.DNI.value: _("Spanish identity card (DNI)"),
        DocumentKind.NIE.value: _("Foreigner’s card (NIE)"),
        DocumentKind.PASSPORT.value: _("Passport"),
        DocumentKind.OTHER.value: _("Another document"),
    }[kind]


def document_kept(row: Assurance) -> str:
    """What is left of the number, in words where it is nothing to read."""
    if row.document_rule is DocumentRule.DIGEST:
        return _("kept as a fingerprint")
    return row.document


def document_shown(row: Assurance) -> str:
    """To whoever holds the link of the visit: never more than four signs."""
    if row.document_rule is not DocumentRule.FULL:
        return document_kept(row)
    return documents.masked(row.document_kind or DocumentKind.OTHER, row.document)


def text_agreed_to(row: Assurance) -> list[str]:
    """The very sentences, in the language in which they were said, whatever the rule is now."""
    with speaking(str(row.evidence.get("text_language") or row.visit.reads)):
        rule, days = row.evidence.get("text_rule"), row.evidence.get("text_days")
        return [
            str(sentence)
            for sentence in consent_text(row.visit.town, DocumentRule(rule) if rule else None, days)
        ]


def rule_name(rule: str) -> str:
    return {
        DocumentRule.NOTHING.value: _("Keep nothing of the number"),
        DocumentRule.MASKED.value: _("Keep four digits"),
        DocumentRule.DIGEST.value: _("Keep a fingerprint, to recognise the same document"),
        DocumentRule.FULL.value: _("Keep the whole number for some days, then four digits"),
    }[rule]


def moment_name(moment: str) -> str:
    return {
        Moment.BOOK.value: _("To book"),
        Moment.ENTER.value: _("To enter the call"),
        Moment.ACT.value: _("Before a certain act"),
    }[moment]


def what_is_asked(standing: Standing) -> str:
    """Why somebody is asked, in one sentence; nothing more is needed of others."""
    if standing.ahead is None:
        return _("You need nothing more for this visit. If you wish, you can do it all the same.")
    return {
        Moment.BOOK: _("Before we book this visit, we need to be sure who you are."),
        Moment.ENTER: _("Before you come in, we need to be sure who you are."),
        Moment.ACT: _("Before we do this for you, we need to be sure who you are."),
    }[standing.ahead]


def consent_text(
    town: Town, rule: DocumentRule | None = None, days: int | None = None
) -> list[str]:
    """What is said before a clerk identifies somebody, sentence by sentence.

    With `rule` and `days`, as it was said when those were the town's.
    """
    days = max(1, days or town.document_days)
    kept = {
        DocumentRule.NOTHING: _("We do not keep the number of your document."),
        DocumentRule.MASKED: _("Of the number of your document we keep only four digits."),
        DocumentRule.DIGEST: _("Of its number we keep a fingerprint that nobody can read."),
        DocumentRule.FULL: ngettext(
            "We keep its number for %(num)s day, and then only four digits.",
            "We keep its number for %(num)s days, and then only four digits.",
            days,
        ),
    }[rule or town.document_rule]
    hall = str(in_language(town.council)) or town.name
    return [
        _("A clerk of %(hall)s looks at your face and at your identity document.", hall=hall),
        _("The clerk writes down which document it was and that they match."),
        kept,
        _("This is instead of a certificate or a password (Law 39/2015, article 12.2)."),
        _("You may say no. We then help you with everything that does not need it."),
    ]


def said_in(slug: str, town: Town) -> list[str]:
    """The text in the language of the citizen, for the clerk to read aloud."""
    with speaking(slug):
        return [str(sentence) for sentence in consent_text(town)]


def consent_digest(town: Town, slug: str) -> str:
    """The fingerprint of that text in that language, so that it can be proved later."""
    text = "\n".join(said_in(slug, town))
    return f"sha-256:{hashlib.sha256(text.encode()).hexdigest()}"


def eid_ways(town: Town) -> list[eid.Provider]:
    """The national identities that this town takes. None configured: none is shown."""
    return eid.offered(town.eid_providers)


def panel_of(visit: Visit, account: Account) -> dict[str, Any]:
    """What the clerk's panel needs to know."""
    standing = queries.standing(visit)
    return {
        "standing": standing,
        "may_check": queries.is_authorised(account, visit.town),
        "same": [
            other
            for row in standing.rows
            if row.is_valid
            for other in queries.same_document(row)
            if other.visit_id != visit.id
        ],
    }
