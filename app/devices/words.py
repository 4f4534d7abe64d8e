"""What the test of a device is told in, to whoever comes and to whoever attends."""

from flask import Flask
from flask_babel import gettext as _

from app.devices.browsers import Family
from app.devices.models import DeviceCheck, Line, Sense, Verdict


def init_app(app: Flask) -> None:
    app.add_template_global(how_to_allow)
    app.add_template_global(device_in_words)
    app.add_template_global(line_in_words)


def how_to_allow(family: str) -> str:
    """Where that browser keeps the switch of camera and microphone, once they were refused."""
    return {
        Family.IPHONE: _(
            "Touch the sign at the left of the address, then the website's settings."
            " Allow camera and microphone there."
        ),
        Family.IPHONE_OTHER: _(
            "Open Settings on your phone and look for this browser."
            " Switch on camera and microphone there."
        ),
        Family.SAMSUNG: _(
            "Touch the padlock beside the address, then Permissions."
            " Allow camera and microphone there."
        ),
        Family.ANDROID: _(
            "Touch the sign at the left of the address, then Permissions."
            " Allow camera and microphone there."
        ),
        Family.ANDROID_FIREFOX: _(
            "Touch the padlock at the left of the address."
            " Touch what is blocked, camera or microphone, and allow it."
        ),
        Family.SAFARI: _(
            "Open the Safari menu and choose the settings for this website."
            " Allow camera and microphone there."
        ),
        Family.FIREFOX: _(
            "Press the crossed-out camera at the left of the address."
            " Remove the block, and try again."
        ),
        Family.CHROME: _(
            "Press the sign at the left of the address. Switch on camera and microphone there."
        ),
    }.get(
        Family(family), _("Open the browser's settings for this page. Allow camera and microphone.")
    )


def line_in_words(line: str) -> str:
    return {
        Line.GOOD.value: _("The line is good."),
        Line.WEAK.value: _("The line is weak, but enough. Stay near your router, if you have one."),
        Line.POOR.value: _("The line is too weak for a picture. Sound will work."),
        Line.UNKNOWN.value: _("We could not measure the line."),
    }[line]


def device_in_words(check: DeviceCheck | None) -> str:
    """One line for the clerk: whether they tested, and what will not work."""
    if check is None:
        return _("Not tested")
    if check.verdict is Verdict.READY:
        return _("Tested: everything works")
    faults = []
    if check.camera is not Sense.WORKS:
        faults.append(_("no camera"))
    if check.microphone is not Sense.WORKS:
        faults.append(_("no microphone"))
    if check.loudspeaker.value == "no":
        faults.append(_("they do not hear"))
    if check.line is Line.POOR:
        faults.append(_("weak line"))
    return _("Tested: %(faults)s", faults=", ".join(faults))
