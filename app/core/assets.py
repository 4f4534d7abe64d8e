"""Files of the browser: one stylesheet, a path that changes with the content, compressed once.

`static/css/site.css` is a list of imports that works as it is; here its imports are put in line,
so that a phone asks once; `visit.css` is such a list too. Relative imports between modules keep
working: the whole folder moves.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path
from tempfile import mkdtemp

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

IMPORT = re.compile(r'@import url\("(?P<file>[^"]+)"\)(?: layer\((?P<layer>[\w-]+)\))?;')
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# In our scripts a comment of this kind always begins its line, so it is never inside a string.
SCRIPT_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.S | re.M)
INDENTATION = re.compile(r"^[ \t]+", re.M)
SPACE = re.compile(r"\s+")


def init_app(app: Flask) -> None:
    source = Path(app.config["ROOT"]) / "static"
    mark = fingerprint(source)
    prefix = f"/static/{mark}/"
    app.config["ASSET_PREFIX"] = prefix
    app.add_template_global(lambda name: prefix + name, "asset")
    shelf = Path(app.config["ASSETS"] or Path(app.instance_path) / "assets")
    built = build(source, shelf, mark)
    noise = WhiteNoise(
        app.wsgi_app,
        root=str(built),
        prefix=prefix,
        immutable_file_test=lambda path, url: True,
        allow_all_origins=False,
        add_headers_function=_headers,
        charset="utf-8",
    )
    for file in noise.files.values():
        file.alternatives = [(*kind, _in_short(said)) for *kind, said in file.alternatives]
    app.wsgi_app = noise  # type: ignore[method-assign]


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits of every path and byte below the folder, and of how it is built."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def build(source: Path, shelf: Path, mark: str) -> Path:
    """The folder to serve, made once for each content; a second process finds it ready."""
    target = shelf / mark
    if target.is_dir():
        return target
    shelf.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(dir=shelf, prefix=".draft-"))
    shutil.copytree(source, draft, dirs_exist_ok=True)
    for sheet in draft.glob("css/*.css"):
        sheet.write_text(squeezed(inlined(source / "css" / sheet.name)))
    for script in draft.glob("js/**/*.js"):
        script.write_text(lightened(script.read_text()))
    compressor = Compressor(quiet=True)
    for file in [path for path in draft.rglob("*") if path.is_file()]:
        if compressor.should_compress(file.name):
            list(compressor.compress(str(file)))
    draft.chmod(0o755)
    try:
        os.replace(draft, target)
    except OSError:  # another process was quicker
        shutil.rmtree(draft)
    return target


def inlined(sheet: Path) -> str:
    """The stylesheet with its imports in place, each in its layer or in those it names itself."""

    def put(match: re.Match[str]) -> str:
        text = (sheet.parent / match["file"]).read_text()
        return f"@layer {match['layer']} {{\n{text}\n}}" if match["layer"] else text

    return IMPORT.sub(put, sheet.read_text())


def squeezed(css: str) -> str:
    """Without comments and with single spaces; what is left compresses by itself."""
    return SPACE.sub(" ", COMMENT.sub("", css)).strip()


def lightened(script: str) -> str:
    """Without the comments that explain types, nor indentation: a phone reads neither."""
    return INDENTATION.sub("", SCRIPT_COMMENT.sub("", script))


def _headers(headers: object, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"  # type: ignore[index]
    headers["Cross-Origin-Resource-Policy"] = "same-origin"  # type: ignore[index]


def _in_short(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """An address that changes with its content needs no date, and a phone fetches thirty."""
    return [(name, value) for name, value in headers if name != "Last-Modified"]
