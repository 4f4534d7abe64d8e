"""The code: the page on which it is typed, and what is said when it is not the right one."""

from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _l

from app.booking.forms import CodeForm
from app.booking.models import Visit, WaitlistEntry
from app.core.htmx import page_or_fragment
from app.identity import services as identity
from app.identity.services import CodeOutcome

CODE_ERRORS = {
    CodeOutcome.WRONG: _l("This code is not right. Look at the message and write it again."),
    CodeOutcome.USED: _l("This code has already been used. Ask for a new one below."),
    CodeOutcome.EXPIRED: _l("This code has expired. Ask for a new one below."),
    CodeOutcome.SPENT: _l("There were too many wrong codes. Wait a while, or call us."),
}


def send(what: Visit | WaitlistEntry) -> None:
    """To the telephone of that visit or wish, good for it alone."""
    host = request.host.rsplit(":", 1)[0]
    identity.send_code(what.phone, what.purpose, address=request.remote_addr or "", host=host)


def is_right(what: Visit | WaitlistEntry, form: CodeForm) -> bool:
    """Whether the code typed shows that the telephone is theirs; else the form says why not."""
    outcome = identity.try_code(what.phone, what.purpose, form.code.data or "")
    if outcome is not CodeOutcome.RIGHT:
        form.code.errors = [CODE_ERRORS[outcome]]
    return outcome is CodeOutcome.RIGHT


def page(what: Visit | WaitlistEntry, form: CodeForm, **words: Any) -> Response:
    """`here`: where the code is sent; `again`: where another is asked for; and the page's words."""
    return page_or_fragment(
        "booking/code.html",
        "booking/_code_form.html",
        status=422 if form.errors else 200,
        phone=what.phone,
        procedure=what.procedure,
        form=form,
        **words,
    )
