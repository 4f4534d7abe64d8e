"""Which software this is: a digest of its own files, the same wherever the same files run."""

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app

FOLDERS = {"app": ("*.py", "*.html"), "static": ("*.js", "*.css"), "translations": ("*.po",)}


def build() -> str:
    """Thirty-two digits that change when any file of ours does."""
    return _build(Path(current_app.config["ROOT"]))


@cache
def _build(root: Path) -> str:
    digest = hashlib.sha256()
    for folder, patterns in FOLDERS.items():
        files = {file for pattern in patterns for file in (root / folder).rglob(pattern)}
        for file in sorted(files):
            digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]
