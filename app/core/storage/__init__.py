"""Where files are kept: a folder of this machine, or an object store that speaks S3.

Whoever keeps something gives it a key of its own and never writes over it. What is in the bytes
is nobody's business here: features encrypt before they come (`app/archive`).
"""

from flask import Flask, current_app

from app.core.settings import PREFIX, Unsafe
from app.core.storage.folder import Folder
from app.core.storage.port import (
    AlreadyStored,
    Away,
    Entry,
    KeptUntil,
    NoRoom,
    NotStored,
    Store,
    UnfitKey,
    fit,
    pieces_of,
)

__all__ = [
    "AlreadyStored",
    "Away",
    "Entry",
    "Folder",
    "KeptUntil",
    "NoRoom",
    "NotStored",
    "Store",
    "UnfitKey",
    "fit",
    "pieces_of",
    "the_store",
]

LOCKS = ("", "GOVERNANCE", "COMPLIANCE")


def init_app(app: Flask) -> None:
    kind, lock = app.config["STORAGE"], app.config["S3_OBJECT_LOCK"]
    if kind not in ("folder", "s3"):
        raise Unsafe(f"{PREFIX}_STORAGE is folder or s3, not {kind!r}.")
    if kind == "s3" and not app.config["S3_BUCKET"]:
        raise Unsafe(f"An object store needs the name of its bucket: {PREFIX}_S3_BUCKET.")
    if lock not in LOCKS:
        raise Unsafe(f"{PREFIX}_S3_OBJECT_LOCK is empty, GOVERNANCE or COMPLIANCE, not {lock!r}.")


def the_store() -> Store:
    """The one that the settings name; made once for each process."""
    made: Store | None = current_app.extensions.get("storage")
    if made is None:
        made = current_app.extensions["storage"] = _make()
    return made


def _make() -> Store:
    config = current_app.config
    if config["STORAGE"] == "s3":
        from app.core.storage.s3 import Bucket  # a large library that a folder does not need

        return Bucket.of(config)
    folder = config["STORAGE_FOLDER"] or f"{current_app.instance_path}/files"
    return Folder(folder, spare=int(config["STORAGE_SPARE_MEGABYTES"]) * 1024 * 1024)
