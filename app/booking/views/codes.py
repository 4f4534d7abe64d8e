"""The code: the page on which it is typed, and what is said when it is not the right one."""

from typing import Any

from flask import Response

from app.booking.forms import CodeForm
from app.booking.models import Visit, WaitlistEntry
from app.core.htmx import page_or_fragment
from app.identity import telephone


def send(what: Visit | WaitlistEntry) -> None:
    """To the telephone of that visit or wish, good for it alone."""
    telephone.send(what.phone, what.purpose)


def send_again(what: Visit | WaitlistEntry) -> str:
    """Once more, written or read aloud as they asked. Returns what the page says about it."""
    return telephone.send_again(what.phone, what.purpose)


def is_right(what: Visit | WaitlistEntry, form: CodeForm) -> bool:
    """Whether the code typed shows that the telephone is theirs; else the form says why not."""
    problem = telephone.problem_with(what.phone, what.purpose, form.code.data or "")
    if problem:
        form.code.errors = [problem]
    return problem is None


def page(what: Visit | WaitlistEntry, form: CodeForm, **words: Any) -> Response:
    """`here`: where the code is sent; `again`: where another is asked for; and the page's words."""
    return page_or_fragment(
        "booking/code.html",
        "booking/_code_form.html",
        status=422 if form.errors else 200,
        phone=what.phone,
        procedure=what.procedure,
        form=form,
        ways=telephone.ways(what.phone, what.purpose),
        **words,
    )
