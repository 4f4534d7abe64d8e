"""How acts, grades and seals are called, and what is asked of a citizen in an act of art. 12.2."""

import hashlib

from flask import Flask
from flask_babel import gettext as _

from app.acts import csv
from app.acts.models import ActEdition, Grade, SealedAct, StatementState
from app.core.i18n import in_language, speaking
from app.towns import queries as towns
from app.towns.models import Town

# Written into every statement. Change it whenever a sentence of `guide_text` changes its meaning.
GUIDE_VERSION = "article-12-2-2026-11"


def init_app(app: Flask) -> None:
    for name in (grade_name, grade_says, seal_says, statement_state, reason_name, guide_in):
        app.add_template_global(name)
    app.add_template_filter(csv.shown, "csv_shown")


def grade_name(grade: str) -> str:
    return {
        Grade.AUTOMATIC.value: _("Automatic seal"),
        Grade.CLERK.value: _("Clerk’s signature"),
        Grade.SECRETARY.value: _("Secretary’s certification"),
    }[grade]


def grade_says(grade: str) -> str:
    """What the grade is, and what it is not."""
    return {
        Grade.AUTOMATIC.value: _(
            "The town hall’s system sealed it by itself. Nobody has certified what it says."
        ),
        Grade.CLERK.value: _(
            "The person who attended has signed what it says. It is not a certification."
        ),
        Grade.SECRETARY.value: _(
            "The secretary, or somebody in their place, certifies what it says."
        ),
    }[grade]


def seal_says(edition: ActEdition) -> list[str]:
    """What the seal reaches, and nothing more."""
    said = []
    if edition.is_for_development:
        said.append(_("This is a trial: its seal is NOT qualified and proves nothing."))
    elif edition.is_qualified:
        said.append(_("Seal and time stamps are qualified."))
    else:
        said.append(_("Its seal is not a qualified one."))
    if edition.is_stamped:
        said.append(_("Time stamps protect it for many years (PAdES B-LTA)."))
    else:
        said.append(_("It has no time stamp yet (PAdES B-B). We add it as soon as we can."))
    return said


def reason_name(reason: str) -> str:
    return {
        "": "",
        "corrected": _("What was written down has been corrected."),
        "signed": _("Somebody has signed what it says."),
        "continued": _("The visit went on after it was sealed. The newer one says how."),
    }[reason]


def statement_state(state: str) -> str:
    return {
        StatementState.WRITTEN.value: _("Being written"),
        StatementState.READ.value: _("Read back: they have to answer"),
        StatementState.AGREED.value: _("They agree: sign it"),
        StatementState.SIGNED.value: _("Signed"),
        StatementState.REFUSED.value: _("They did not agree"),
        StatementState.STOPPED.value: _("Stopped"),
    }[state]


def guide_text(town: Town) -> list[str]:
    """What is said before somebody else signs for a citizen, sentence by sentence."""
    hall = str(in_language(town.council)) or town.name
    return [
        _("A clerk of %(hall)s writes down what you state, and reads it back to you.", hall=hall),
        _("If anything is wrong, say so. The clerk puts it right and reads it again."),
        _("If you agree, the clerk signs it for you (Law 39/2015, article 12.2)."),
        _("It counts as if you had signed it yourself. You get a copy, and so do we."),
        _("You may say no. Then nothing is signed, and we look for another way."),
    ]


def guide_in(slug: str, town: Town) -> list[str]:
    """The script in the language of the citizen, for the clerk to read aloud."""
    with speaking(slug):
        return [str(sentence) for sentence in guide_text(town)]


def guide_digest(town: Town, slug: str, statement: str) -> str:
    """The fingerprint of what somebody agreed to: what was asked of them, and what they state."""
    text = "\n".join([*guide_in(slug, town), statement])
    return hashlib.sha256(text.encode()).hexdigest()


def instructions(act: SealedAct) -> list[str]:
    """What stands beside the files of a package, line by line."""
    return [
        _("How to check this record"),
        "",
        _("act.pdf is the record. manifest.json says the same as data, and is inside it too."),
        _("On the internet: %(address)s", address=towns.address_of(act.town, "/check")),
        _("Code (CSV): %(code)s", code=csv.shown(act.csv)),
        "",
        _("Without us, on any computer with openssl: sh verify.sh --roots roots.pem act.pdf"),
        _("With the recording: sh verify.sh --roots roots.pem act.pdf recording/*"),
        _("roots.pem says whom to believe. Compare it with what the authorities publish."),
        "",
        grade_name(act.grade.value) + ". " + grade_says(act.grade.value),
        *(seal_says(act.edition) if act.edition else []),
    ]
