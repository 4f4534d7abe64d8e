"""Who reads a message aloud: the voices that Twilio has for our languages, and what they say.

No telephone voice speaks Aranese: its speakers hear Catalan, and are told before. Valencian is read
by the Catalan voice, in Valencian words.
"""

from typing import Any

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

from app.messaging.providers import Joint, Parcel

# Name of the voice, and the language it speaks, by our slugs.
VOICES = {
    "es": ("Polly.Lucia-Neural", "es-ES"),
    "ca": ("Polly.Arlet-Neural", "ca-ES"),
    "va": ("Polly.Arlet-Neural", "ca-ES"),
    "gl": ("Google.gl-ES-Standard-A", "gl-ES"),
    "eu": ("Google.eu-ES-Standard-A", "eu-ES"),
    "en": ("Polly.Amy-Neural", "en-GB"),
}
PAUSE_SECONDS = 1
KEY_SECONDS = 6
TIMES_ASKED = 3


def asking(parcel: Parcel) -> str:
    """The document for whoever or whatever picks up: who calls, and a key to press.

    Any key will do. Without one it is asked again, twice, and then it is said where to get help.
    """
    answer = VoiceResponse()
    answer.pause(length=PAUSE_SECONDS)  # who picks up says something first
    for _ in range(TIMES_ASKED):
        asked = answer.gather(
            input="dtmf",
            num_digits=1,
            finish_on_key="",  # or # would only end the waiting, without asking us
            timeout=KEY_SECONDS,
            action=parcel.key_to,
            method="POST",
        )
        _say(asked, parcel.body, parcel.locale)
    _say(answer, parcel.otherwise, parcel.locale)
    answer.hangup()
    return str(answer)


def telling(text: str, locale: str) -> str:
    """The document after the key, and the last one."""
    answer = VoiceResponse()
    _say(answer, text, locale)
    answer.hangup()
    return str(answer)


def _say(verb: Any, text: str, locale: str) -> None:
    """One line after the other, with time to write."""
    voice, language = VOICES[locale]
    for line in text.splitlines():
        verb.say(line, voice=voice, language=language)
        verb.pause(length=PAUSE_SECONDS)


def joining(joint: Joint, caller: str, rings_seconds: int) -> str:
    """The document for whoever picks up first: what is about to happen, then the other person.

    The other sees `caller`, a number of the town hall, and never the clerk's own.
    """
    voice, language = VOICES[joint.locale]
    answer = VoiceResponse()
    answer.say(joint.words, voice=voice, language=language)
    other = answer.dial(caller_id=caller, timeout=rings_seconds)
    reports = {}
    if joint.far_reports_to:
        reports["status_callback"] = joint.far_reports_to
        reports["status_callback_event"] = "ringing answered completed"
    other.number(joint.far, **reports)
    return str(answer)
