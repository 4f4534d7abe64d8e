"""Digests that only this installation can make, so that a stolen table tells nothing."""

import hashlib
import hmac

from flask import current_app


def keyed(text: str) -> str:
    """Made with the key that signs today."""
    return _digest(str(current_app.config["SECRET_KEY"]), text)


def keyed_by_any(text: str) -> list[str]:
    """As today's key and each older one that is still read would have made it."""
    older = current_app.config["SECRET_KEY_FALLBACKS"]
    return [keyed(text), *(_digest(str(key), text) for key in older)]


def _digest(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
