"""Sealing: a PDF becomes one that anybody can check (PAdES), and stays so (LTA).

    sealed = seal(pdf)            # with time stamps; without them, and saying so, when none comes
    sealed = add_stamps(file)     # later: what was missing, or one more before the last expires
    found = check(file)           # the strict rule; `Altered` says what is wrong

Keys are in a PKCS#12 file or in a PKCS#11 device. Without either, a development authority is made
in the instance folder: it shows that everything works, and nobody has to believe it.
"""

from app.acts.sealing.inside import attachments_in, manifest_in
from app.acts.sealing.keys import NoKey, Sealer, in_hand
from app.acts.sealing.seal import Sealed, add_stamps, seal
from app.acts.sealing.strict import Altered, Found, check

__all__ = [
    "Altered",
    "Found",
    "NoKey",
    "Sealed",
    "Sealer",
    "add_stamps",
    "attachments_in",
    "check",
    "in_hand",
    "manifest_in",
    "seal",
]
