"""Who reads a message aloud: the voices that Twilio has for our languages, and what they say.

No telephone voice speaks Aranese: its speakers hear Catalan, and are told before. Valencian is read
by the Catalan voice, in Valencian words.
"""

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

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
