"""A whole town as one file: taken home, looked at, and loaded."""

import base64
import binascii
import hashlib
import zlib

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from app.core.db import transaction
from app.identity.session import requires
from app.office import services
from app.office.errors import ChangedMeanwhile
from app.office.forms.setup import FileForm
from app.office.services import NotApplied
from app.office.town_file import Draft, document, read, written
from app.office.views.door import MANAGERS, bp, carry_out, page

MOST = 2 * 1024 * 1024


@bp.get("/town/file.toml")
@requires(*MANAGERS)
def town_file() -> Response:
    answer = Response(written(document(g.town)), mimetype="application/toml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{g.town.slug}.toml"'
    return answer


@bp.route("/town/file", methods=["GET", "POST"])
@requires(*MANAGERS)
def load_town() -> Response:
    """First what a file would change, and then the same again to do it."""
    form = FileForm()
    if request.method == "GET" or not form.validate_on_submit():
        return page("town_file", 200 if request.method == "GET" else 422, form=form)
    if "packed" not in request.form:
        sent = request.files.get("file")
        text = _text(sent.read(MOST + 1) if sent else b"")
        return _look(form, text)
    text, mark = _unpacked(request.form["packed"]), request.form.get("seen", "")
    draft = _of_this_town(text)
    if draft.faults:
        return page("town_file", 422, form=form, faults=draft.faults)

    def change() -> None:
        if _mark() != mark and not _is_tried:
            raise ChangedMeanwhile
        _is_tried.append(True)
        services.load(draft)

    _is_tried: list[bool] = []
    try:
        return carry_out(
            form,
            change,
            title=_("A file is loaded"),
            back=url_for(".limits"),
            done=_("The town is as the file says."),
        )
    except NotApplied as refusal:
        return page("town_file", 422, form=form, faults=refusal.faults)


def _look(form: FileForm, text: str) -> Response:
    draft = _of_this_town(text)
    if draft.faults:
        return page("town_file", 422, form=form, faults=draft.faults)
    with transaction():
        found = services.look_at_file(draft)
    if found.faults:
        return page("town_file", 422, form=form, faults=found.faults)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return page("town_file", form=form, changes=found.changes, packed=packed, seen=_mark())


def _of_this_town(text: str) -> Draft:
    """Somebody of one town changes that town and no other."""
    draft = read(text)
    if not draft.faults and draft.values["town"]["slug"] != g.town.slug:
        what = _("This is the file of another town: %(name)s.", name=draft.values["town"]["name"])
        draft.blame(what, "town", "slug")
    return draft


def _mark() -> str:
    """What the town is like now: somebody else may change it while one reads."""
    return hashlib.sha256(written(document(g.town)).encode()).hexdigest()[:24]


def _text(sent: bytes) -> str:
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\x00"


def _unpacked(packed: str) -> str:
    try:
        stream = zlib.decompressobj()
        return _text(stream.decompress(base64.b64decode(packed, validate=True), MOST))
    except (binascii.Error, zlib.error, ValueError):
        return "\x00"
