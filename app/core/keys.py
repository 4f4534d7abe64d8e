"""Keys of this installation: digests that only it can make, and keys that wrap other keys."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyLost(Exception):
    """What a key opens stays closed: the installation no longer has it, or it was changed."""


def keyed(text: str) -> str:
    """Made with the key that signs today."""
    return _digest(str(current_app.config["SECRET_KEY"]), text)


def keyed_by_any(text: str) -> list[str]:
    """As today's key and each older one that is still read would have made it."""
    older = current_app.config["SECRET_KEY_FALLBACKS"]
    return [keyed(text), *(_digest(str(key), text) for key in older)]


def _digest(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class WrappingKey:
    """Closes other keys, so that what they closed need not be written again when it is changed."""

    key: bytes

    @property
    def id(self) -> str:
        """Says which one it is, and nothing about it."""
        return hashlib.sha256(b"ventanilla wrapping key" + self.key).hexdigest()[:16]


def wrap(secret: bytes, about: str) -> tuple[str, bytes]:
    """Closed by the newest key, for this use alone: the key's id and what may be kept."""
    newest = wrapping_keys()[0]
    nonce = secrets.token_bytes(NONCE_BYTES)
    return newest.id, nonce + AESGCM(newest.key).encrypt(nonce, secret, about.encode())


def unwrap(key_id: str, wrapped: bytes, about: str) -> bytes:
    """The secret again, when the key is still here and nobody touched what was kept."""
    key = next((one for one in wrapping_keys() if one.id == key_id), None)
    if key is None:
        raise KeyLost(f"The key {key_id} is not among those of this installation.")
    try:
        return AESGCM(key.key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about.encode())
    except InvalidTag as error:
        raise KeyLost(f"What the key {key_id} closed is not as it was.") from error


def wrapping_keys() -> list[WrappingKey]:
    """Newest first: of the settings, or of the file, which is read again each time it is needed.

    So a key that was added counts at once for every process, without starting it again.
    """
    given = current_app.config["ARCHIVE_KEYS"]
    lines = given.split(",") if isinstance(given, str) else list(given)
    if not lines:
        file = _file()
        if not file.exists():
            _write_first(file)
        lines = file.read_text().splitlines()
    return [_read(line.strip()) for line in lines if line.strip()]


def add_wrapping_key() -> WrappingKey:
    """From here on it closes; the others still open."""
    made = WrappingKey(secrets.token_bytes(KEY_BYTES))
    keep_wrapping_keys([made, *wrapping_keys()])
    return made


def keep_wrapping_keys(keys: list[WrappingKey]) -> None:
    """These and no others. Only for keys that stand in the file."""
    if current_app.config["ARCHIVE_KEYS"]:
        raise KeyLost("The keys stand in the settings: change them there.")
    draft = _draft(keys)
    os.replace(draft, _file())


def _write_first(file: Path) -> None:
    """Two processes may begin at once: the first one's key is everybody's."""
    draft = _draft([WrappingKey(secrets.token_bytes(KEY_BYTES))])
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _draft(keys: list[WrappingKey]) -> Path:
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".archive_keys.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as page:
        page.writelines(f"{base64.b64encode(one.key).decode()}\n" for one in keys)
        page.flush()
        os.fsync(page.fileno())
    return draft


def _file() -> Path:
    return Path(current_app.instance_path) / "archive_keys"


def _read(line: str) -> WrappingKey:
    try:
        key = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise KeyLost("A line of the archive keys cannot be read.") from error
    if len(key) != KEY_BYTES:
        raise KeyLost("A line of the archive keys is not a key of 32 bytes.")
    return WrappingKey(key)
