"""Which browser somebody has in hand, only to tell them where its switches are.

Nothing else depends on it: a browser that lies gets a remedy that does not fit, and is served all
the same.
"""

import enum
import re


class Family(enum.StrEnum):
    """Browsers that keep the permission of the camera in the same place."""

    IPHONE = "iphone"  # Safari on iPhone and iPad
    IPHONE_OTHER = "iphone_other"  # another browser there: the system asks for it
    SAMSUNG = "samsung"
    ANDROID = "android"  # Chrome and its relatives
    ANDROID_FIREFOX = "android_firefox"
    SAFARI = "safari"  # on a computer
    FIREFOX = "firefox"
    CHROME = "chrome"  # and Edge, Opera, Brave
    OTHER = "other"


# In this order: the later names stand in the words of the earlier ones too.
SIGNS = (
    (Family.IPHONE_OTHER, re.compile(r"(iPhone|iPad|iPod).*(CriOS|FxiOS|EdgiOS|OPiOS|GSA)")),
    (Family.IPHONE, re.compile(r"iPhone|iPad|iPod")),
    (Family.SAMSUNG, re.compile(r"SamsungBrowser")),
    (Family.ANDROID_FIREFOX, re.compile(r"Android.*Firefox")),
    (Family.ANDROID, re.compile(r"Android.*(Chrome|EdgA|OPR)")),
    (Family.FIREFOX, re.compile(r"Firefox")),
    (Family.CHROME, re.compile(r"Chrome|Chromium|Edg|OPR")),
    (Family.SAFARI, re.compile(r"Macintosh.*Safari")),
)


def family_of(user_agent: str) -> Family:
    for family, sign in SIGNS:
        if sign.search(user_agent):
            return family
    return Family.OTHER
