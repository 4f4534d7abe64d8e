"""All of an installation in one file: its register, its own folder with its keys, its files."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from flask import current_app

from app.core import clock
from app.core.storage import NotStored, Store, the_store
from app.core.upkeep import registers
from app.core.upkeep.pack import ABOUT, DIGESTS, FORMAT, Unfit, check, members, packing

REGISTER = "register"
OWN = "instance/"
FILES = "files/"
# What can be made again, or is in the backup another way.
LEFT_OUT = ("assets", "files", "logs", "run")
MARK = "last_backup"  # when the last one was made, for the monitor

Tell = Callable[[str], None]


def keep(path: Path, *, password: str, with_files: bool, tell: Tell) -> None:
    """The register first: every file it speaks of is in the store already, and none is changed."""
    if path.exists():
        raise Unfit(f"{path} exists already, and nothing is written over.")
    folder = Path(current_app.instance_path)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as place,
        packing(path, password) as pack,
    ):
        pack.add_bytes(ABOUT, json.dumps(_about(with_files=with_files)).encode())
        tell(f"The register ({registers.kind()})…")
        copy = Path(place) / "register"
        registers.dump(copy)
        with copy.open("rb") as stream:
            pack.add(REGISTER, stream, copy.stat().st_size)
        copy.unlink()
        for file in own_files(folder):
            with file.open("rb") as stream:
                name = OWN + file.relative_to(folder).as_posix()
                pack.add(name, stream, file.stat().st_size, file.stat().st_mode & 0o777)
        if with_files:
            _keep_files(pack.add, tell)
    (folder / MARK).write_text(clock.now().isoformat())


def _about(*, with_files: bool) -> dict[str, object]:
    revision = registers.revision()
    if revision is None:
        raise Unfit("There is no register here yet. Run: flask --app wsgi core prepare")
    return {
        "format": FORMAT,
        "made_at": clock.now().isoformat(),
        "register": registers.kind(),
        "revision": revision,
        "with_files": with_files,
    }


def own_files(folder: Path) -> Iterator[Path]:
    """Settings, keys, certificates: what belongs to the installation and is no register."""
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        is_left_out = parts[0] in LEFT_OUT or parts[0].startswith(".") or parts[0] == MARK
        is_register = file.name.split(".db")[0] != file.name
        if file.is_file() and not file.is_symlink() and not is_left_out and not is_register:
            yield file


def _keep_files(add: Callable[..., None], tell: Tell) -> None:
    store, count, size, told = the_store(), 0, 0, time.monotonic()
    for entry in store.entries():
        try:
            with store.open(entry.key) as stream:
                add(FILES + entry.key, stream, entry.size)
        except NotStored:
            continue  # destroyed meanwhile, as it should
        count, size = count + 1, size + entry.size
        if time.monotonic() - told > 2:
            told = time.monotonic()
            tell(f"{count} files, {size // 1_000_000} MB…")
    tell(f"{count} files, {size // 1_000_000} MB.")


def bring_back(path: Path, *, password: str, tell: Tell) -> datetime:
    """Into a clean folder and register. All of it is read before anything is done."""
    tell("Reading all of it…")
    about = check(path, password)
    _refuse(about)
    folder = Path(current_app.instance_path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store, count = the_store(), 0
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as place:
        copy = Path(place) / "register"
        for name, content, _size in members(path, password):
            if name == REGISTER:
                copy.touch(mode=0o600)
                with copy.open("wb") as into:
                    while piece := content.read(1 << 20):
                        into.write(piece)
            elif name.startswith(OWN):
                _put_back(folder / PurePosixPath(name.removeprefix(OWN)), content.read())
            elif name.startswith(FILES):
                _put_into(store, name.removeprefix(FILES), content)
                count += 1
            elif name not in (ABOUT, DIGESTS):
                raise Unfit(f"There is something in it that no backup has: {name!r}")
        tell(f"{count} files are back. The register…")
        registers.load(copy)
    return datetime.fromisoformat(about["made_at"])


def _refuse(about: dict[str, object]) -> None:
    revision = str(about.get("revision"))
    if about["register"] != registers.kind():
        raise Unfit(
            f"Its register is {about['register']} and this installation's is {registers.kind()}."
            " Restore it there, then move it with: flask --app wsgi db-copy"
        )
    if not registers.knows(revision):
        raise Unfit(
            f"It comes from a newer version of Ventanilla (step {revision}): install that one."
        )
    if not registers.is_empty():
        raise Unfit("There is a register here already: restore into a clean installation.")
    folder = Path(current_app.instance_path)
    if taken := [name for name in ("secret_key", "archive_keys") if (folder / name).exists()]:
        raise Unfit(f"There is a {taken[0]} here already: restore into a clean installation.")
    if next(iter(the_store().entries()), None):
        raise Unfit("There are files here already: restore into a clean installation.")


def _put_back(place: Path, content: bytes) -> None:
    """Settings that whoever restores has just written stay as they are."""
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.touch(mode=0o600)
    place.write_bytes(content)


def _put_into(store: Store, key: str, content: object) -> None:
    from app.core.storage import pieces_of

    store.put(key, pieces_of(content))  # type: ignore[arg-type]


def age_seconds() -> float | None:
    """Since the last backup; None when there was none."""
    mark = Path(current_app.instance_path) / MARK
    if not mark.exists():
        return None
    return (clock.now() - datetime.fromisoformat(mark.read_text())).total_seconds()
