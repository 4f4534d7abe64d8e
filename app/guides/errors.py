"""Files that cannot be a guide, each with what to send instead."""

from flask_babel import lazy_gettext as _l

from app.core.errors import Refusal


class WrongFile(Refusal):
    """Something of the form is at fault; `field` is where the person reads it."""

    status = 422
    field = "file"


class NotAVideo(WrongFile):
    message = _l("This is no MP4 or WebM video. Save it as MP4 and choose it again.")


class NotASound(WrongFile):
    message = _l("This is no MP3, Ogg or M4A recording. Save it as MP3 and choose it again.")


class BrokenFile(WrongFile):
    message = _l("This file is not whole. Save it again and choose it once more.")


class TooLarge(WrongFile):
    message = _l("This file is too large. Save it smaller: up to 20 MB.")


class NeedsCaptions(WrongFile):
    field = "captions"
    message = _l("This video has sound. Add captions, so that everybody can follow it.")


class WrongCaptions(WrongFile):
    field = "captions"
    message = _l("These are no WebVTT captions. The file begins with WEBVTT and has times.")


class NeedsWords(WrongFile):
    field = "transcript"
    message = _l("Write what is said, for whoever does not hear it.")
