"""Who reads a message aloud: the voices that Twilio has for our languages, and what they say.

No telephone voice speaks Aranese: its speakers hear Catalan, and are told before. Valencian is read
by the Catalan voice, in Valencian words.
"""

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

from app.messaging.providers import Joint

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


def spoken(body: str, locale: str) -> str:
    """The document that Twilio reads aloud: one line after the other, with time to write."""
    voice, language = VOICES[locale]
    answer = VoiceResponse()
    answer.pause(length=PAUSE_SECONDS)  # who picks up says something first
    for line in body.splitlines():
        answer.say(line, voice=voice, language=language)
        answer.pause(length=PAUSE_SECONDS)
    return str(answer)


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
