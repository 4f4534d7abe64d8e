"""Who is signed in, and who may enter. The cookie is signed and belongs to one host only."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, g, redirect, request, session, url_for
from werkzeug.local import LocalProxy

from app.accounts import queries as accounts
from app.accounts.models import Account, Role
from app.core.htmx import wants_fragment
from app.identity.errors import NotForYou, SignInFirst

F = TypeVar("F", bound=Callable[..., Any])


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"current_account": signed_in()})


def signed_in() -> Account | None:
    """The person of this request, if any; asked of the register once."""
    if "account" not in g:
        g.account = _known() if g.get("town") else None
    account: Account | None = g.account
    return account


def _known() -> Account | None:
    account_id, epoch = session.get("account"), session.get("epoch")
    if not isinstance(account_id, int):
        return None
    account = accounts.account(account_id)
    if account is None or not account.is_active or account.session_epoch != epoch:
        return None
    return account


current_account = cast(Account, LocalProxy(signed_in))


def begin(account: Account) -> None:
    """This browser is now that person. What the session held before is gone."""
    session.clear()
    session.permanent = True  # ends SESSION_MINUTES after the last answer
    session["account"], session["epoch"] = account.id, account.session_epoch
    g.account = account


def end() -> None:
    session.clear()
    g.account = None


def requires(*roles: Role) -> Callable[[F], F]:
    """Label: only people with one of these roles may enter."""

    def label(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            account = signed_in()
            if account is None:
                if request.method == "GET" and not wants_fragment() and g.get("town"):
                    return redirect(
                        url_for("identity.sign_in", next=request.full_path.rstrip("?")), 303
                    )
                raise SignInFirst
            if account.role not in roles:
                raise NotForYou
            if "lang_from_address" not in g:
                g.lang = account.locale
            return view(*args, **kwargs)

        guarded.who_may_enter = roles  # type: ignore[attr-defined]
        return cast(F, guarded)

    return label
