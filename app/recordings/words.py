"""How recordings are called on screens, and what is read before somebody agrees to one."""

import hashlib
from dataclasses import dataclass

from flask import Flask
from flask_babel import gettext as _

from app.core.i18n import in_language, speaking
from app.recordings import queries
from app.recordings.models import Consent, End, Reason, Segment, State
from app.towns.models import Procedure, Town

# Whoever says it aloud says these words, in the language in which they read.
ALOUD = {
    "es": "Estoy de acuerdo con que se grabe esta parte.",
    "ca": "Estic d’acord que es gravi aquesta part.",
    "va": "Estic d’acord que es grave esta part.",
    "gl": "Estou de acordo con que se grave esta parte.",
    "eu": "Ados nago zati hau grabatzearekin.",
    "oc": "Sò d’acòrd que se grave aguesta part.",
    "en": "I agree that this part is recorded.",
}


def init_app(app: Flask) -> None:
    app.add_template_global(state_name, "segment_state")
    app.add_template_global(queries.rule_of, "recording_rule")
    for word in (gap_name, end_name, words_to_say, text_to_show, minutes_and_seconds):
        app.add_template_global(word)
    for question in (
        queries.unagreed,
        queries.consent_of,
        queries.was_recorded,
        queries.last_segment,
    ):
        app.add_template_global(question)


@dataclass(frozen=True)
class Text:
    """What is shown to somebody now: today's words, whatever they were when they were asked."""

    language: str
    sentences: list[str]

    @property
    def digest(self) -> str:
        return digest_of(self.sentences)


def text_to_show(segment: Segment, consent: Consent) -> Text:
    language = consent.text.language
    procedure = queries.recorded_procedure_of(segment.visit)
    town = segment.visit.town
    return Text(language, consent_sentences(procedure, town, language, is_spoken=segment.is_spoken))


def digest_of(sentences: list[str]) -> str:
    """SHA-256 of the sentences, one a line."""
    return hashlib.sha256("\n".join(sentences).encode()).hexdigest()


def minutes_and_seconds(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}:{seconds:02}"


def consent_sentences(
    procedure: Procedure, town: Town, language: str, *, is_spoken: bool = False
) -> list[str]:
    """What is read before one agrees. Another word makes another version by itself."""
    hall = str(in_language(town.council, language)) or town.name
    with speaking(language):
        sentences = [
            _("%(hall)s asks to record a part of this meeting.", hall=hall),
            str(in_language(procedure.recording_reason, language) or ""),
            _("Picture, sound and what is written are recorded, of everybody in the call."),
            _("A sign and a sound say when it begins and ends."),
            _("Your identity card is not recorded: the clerk pauses while you show it."),
            _("The recording is kept encrypted. Whoever looks at it must say why."),
            _("You may get a copy from the link of your visit."),
            _("You may say no, or stop it later. Your visit goes on all the same."),
        ]
        if is_spoken:
            sentences.append(_("At the beginning you also say aloud that you agree."))
    return [sentence.strip() for sentence in sentences if sentence.strip()]


def words_to_say(language: str) -> str:
    return ALOUD.get(language, ALOUD["es"])


def state_name(state: str) -> str:
    return {
        State.ASKED.value: _("Everybody is being asked"),
        State.REFUSED.value: _("Not recorded: somebody said no"),
        State.CALLED_OFF.value: _("Not recorded"),
        State.RECORDING.value: _("Recording"),
        State.PAUSED.value: _("The recording is paused"),
        State.CLOSING.value: _("The recording is being saved"),
        State.KEPT.value: _("Recorded"),
        State.LOST.value: _("The recording was lost"),
    }[state]


def board() -> str:
    """What stands in the picture while nobody is recorded."""
    return _("Pause")


def gap_name(reason: str) -> str:
    """Why something is not in the recording."""
    return {
        Reason.IDENTITY_CARD.value: _("an identity card was shown"),
        Reason.ASKED.value: _("the clerk paused it"),
        Reason.NEWCOMER.value: _("somebody came in who had not been asked"),
        Reason.WITHDRAWN.value: _("somebody no longer agreed"),
        Reason.RELOAD.value: _("the page that records was loaded again"),
        Reason.LOST.value: _("pieces of it did not arrive"),
    }[reason]


def end_name(why: str) -> str:
    return {
        End.CLERK.value: _("The clerk ended it"),
        End.WITHDRAWN.value: _("Somebody no longer agreed"),
        End.CALL_OVER.value: _("The call ended"),
        End.TOO_LONG.value: _("It was as long as it may be"),
        End.SILENT.value: _("Nothing more arrived"),
    }[why]
