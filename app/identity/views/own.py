"""What everybody has of their own: passkeys, open sessions, and what a session kept for them."""

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    render_template,
    request,
    url_for,
)
from flask import session as browser
from flask_babel import gettext as _
from webauthn.helpers import bytes_to_base64url

from app.accounts.models import Account, Role
from app.core.db import transaction
from app.core.errors import Missing
from app.core.htmx import see_other
from app.core.limits import sends_codes
from app.core.security import uses_passkeys
from app.identity import queries, services, session
from app.identity.devices import device_in_words
from app.identity.errors import ConfirmFirst, PasskeyMissing
from app.identity.forms import ConfirmForm, NameForm
from app.identity.models import OpenSession, Passkey, SessionKind
from app.identity.session import requires
from app.identity.views import ceremony
from app.identity.views.ceremony import safe
from app.identity.views.doors import bp, me_bp

STAFF = tuple(role for role in Role if role.is_staff)


def open_doors(bp: Blueprint, prefix: str, kind: SessionKind, *roles: Role) -> None:
    """The same pages at the staff's door and at the citizen's, each with its own session."""
    is_staff = kind is SessionKind.STAFF
    whoever: Callable[[], Account | None] = session.signed_in if is_staff else session.citizen
    layout = "identity/desk_page.html" if is_staff else "identity/me_page.html"
    door = f"{kind.value} passkeys"

    def mine() -> Account:
        found = whoever()
        assert found is not None  # noqa: S101 - `requires` let them in
        return found

    def now() -> OpenSession:
        found = session.session_of(kind)
        assert found is not None  # noqa: S101 - the same
        return found

    def page(name: str, status: int = 200, **words: Any) -> Response:
        words |= {"layout": layout, "session": now(), "is_staff": is_staff}
        html = render_template(f"identity/{name}.html", **words)
        return make_response(html, status)

    def key_or_404(code: str) -> Passkey:
        found = queries.passkey_of(mine().id, code)
        if found is None:
            raise PasskeyMissing
        return found

    def show_it_first(goes_to: str) -> Response:
        """With a passkey, if they have one; else with another code."""
        if queries.passkeys_of(mine().id):
            return page("confirm", goes_to=goes_to)
        if is_staff:
            return page("confirm", goes_to=goes_to, has_none=True)
        return see_other(url_for("me.sign_in", next=goes_to, again=1))

    @bp.get(f"{prefix}/passkeys")
    @requires(*roles)
    @uses_passkeys
    def passkeys() -> Response:
        keys = queries.passkeys_of(mine().id)
        removed = browser.pop("removed_handle", "")
        handle = bytes_to_base64url(keys[0].user_handle) if keys else removed
        return page(
            "passkeys",
            keys=keys,
            can_change=now().method != "phone" or not keys,
            is_kiosk=session.is_kiosk(),
            rp_id=ceremony.rp_id(),
            handle=handle,
            accepted=[bytes_to_base64url(key.credential_id) for key in keys],
        )

    @bp.get(f"{prefix}/passkeys/new")
    @requires(*roles)
    @uses_passkeys
    def new_passkey() -> Response:
        if session.is_kiosk():
            return page("passkeys", keys=(), can_change=False, is_kiosk=True)
        if not services.is_fresh(now()):
            return show_it_first(url_for(".new_passkey"))
        return page("new_passkey", has_some=bool(queries.passkeys_of(mine().id)))

    @bp.post(f"{prefix}/passkeys/new/options")
    @requires(*roles)
    @ceremony.ceremony(door, refused=422)
    def new_passkey_options() -> dict[str, Any]:
        if not services.is_fresh(now()):
            raise ConfirmFirst
        with transaction():
            begun = services.begin_enrolment(mine(), ceremony.rp_id(), g.town.name)
        return ceremony.begin(begun)

    @bp.post(f"{prefix}/passkeys/new/finish")
    @requires(*roles)
    @sends_codes
    @ceremony.ceremony(door, refused=422)
    def new_passkey_finish() -> dict[str, str]:
        answer = ceremony.credential()
        challenge = ceremony.challenge(answer, f"enrol:{mine().id}")
        with transaction():
            if not services.is_fresh(now()):
                raise ConfirmFirst
            passkey = services.finish_enrolment(
                mine(),
                challenge,
                answer,
                ceremony.rp_id(),
                ceremony.origin(),
                name=device_in_words(request.user_agent.string),
            )
            session.begin(mine(), passkey=passkey)
        flash(_("Your passkey is ready. Next time you need nothing else."))
        return {"next": url_for(".passkeys")}

    @bp.route(f"{prefix}/passkeys/<code>", methods=["GET", "POST"])
    @requires(*roles)
    @uses_passkeys
    def rename_passkey(code: str) -> Response:
        key = key_or_404(code)
        if now().method == "phone":
            return show_it_first(url_for(".rename_passkey", code=code))
        form = NameForm(obj=key)
        if not form.validate_on_submit():
            return page("rename_passkey", 422 if form.errors else 200, form=form, key=key)
        with transaction():
            services.rename(key, form.name.data or "")
        flash(_("The name is changed."))
        return see_other(url_for(".passkeys"))

    @bp.route(f"{prefix}/passkeys/<code>/remove", methods=["GET", "POST"])
    @requires(*roles)
    @uses_passkeys
    def remove_passkey(code: str) -> Response:
        """One to be sure. It needs a passkey shown a moment ago, which may be this one."""
        key = key_or_404(code)
        if not services.is_fresh(now()):
            return show_it_first(url_for(".remove_passkey", code=code))
        form = ConfirmForm()
        is_last = len(queries.passkeys_of(mine().id)) == 1
        if not form.validate_on_submit():
            return page("remove_passkey", key=key, is_last=is_last)
        owner, handle = mine(), bytes_to_base64url(key.user_handle)
        with transaction():
            is_mine_now = now().passkey_id == key.id
            services.remove(key)
            if is_mine_now:  # what it had opened is closed; this browser goes on under a new name
                session.begin(owner, "removed" if is_last else "passkey")
        browser["removed_handle"] = handle
        flash(_("The passkey is removed here. Your device may still show it for a while."))
        return see_other(url_for(".passkeys"))

    @bp.post(f"{prefix}/passkeys/confirm/options")
    @requires(*roles)
    @ceremony.ceremony(door, refused=422)
    def confirm_options() -> dict[str, Any]:
        with transaction():
            return ceremony.begin(services.begin_confirmation(mine(), ceremony.rp_id()))

    @bp.post(f"{prefix}/passkeys/confirm/finish")
    @requires(*roles)
    @sends_codes
    @ceremony.ceremony(door, refused=422)
    def confirm_finish() -> dict[str, str]:
        answer = ceremony.credential()
        challenge = ceremony.challenge(answer, f"confirm:{mine().id}")
        with transaction():
            passkey = services.finish_confirmation(
                mine(), challenge, answer, ceremony.rp_id(), ceremony.origin()
            )
            session.begin(passkey.account, passkey=passkey)
        return {"next": safe(request.args.get("next"), url_for(".passkeys"))}

    @bp.get(f"{prefix}/sessions")
    @requires(*roles)
    def sessions() -> Response:
        found = [one for one in queries.sessions_of(mine().id) if not services.is_over(one)]
        return page("sessions", found=found)

    @bp.post(f"{prefix}/sessions/<code>/close")
    @requires(*roles)
    def close_session(code: str) -> Response:
        """Closed twice is closed once; somebody else's is not here."""
        found = queries.session_by_code(mine().id, code)
        if found is None:
            raise Missing
        with transaction():
            services.close_session(found, "closed by its owner")
        return see_other(url_for(".sessions"))

    @bp.post(f"{prefix}/sessions/close-others")
    @requires(*roles)
    def close_others() -> Response:
        with transaction():
            count = services.close_sessions(mine().id, "everywhere", but=now())
        flash(_("Done. You are signed in here and nowhere else.") if count else _("Done."))
        return see_other(url_for(".sessions"))

    @bp.post(f"{prefix}/sign-out-everywhere")
    @requires(*roles)
    def sign_out_everywhere() -> Response:
        with transaction():
            services.close_sessions(mine().id, "everywhere")
            session.end(kind)
        return see_other(url_for(".sign_in"))

    @bp.get(f"{prefix}/session")
    @requires(*roles)
    def time_left() -> Response:
        """How long is left, for a page that asks before it warns. Asking changes nothing."""
        return with_seconds(make_response("", 204))

    @bp.post(f"{prefix}/session")
    @requires(*roles)
    def more_time() -> Response:
        """Somebody is there."""
        with transaction():
            services.see(now())
        return with_seconds(make_response("", 204))

    def with_seconds(answer: Response) -> Response:
        answer.headers["X-Session-Seconds"] = str(services.seconds_left(now()))
        return answer

    @bp.post(f"{prefix}/kept")
    @requires(*roles)
    def keep() -> Response:
        """A page whose time runs out hands over what was written on it."""
        kept = session.keep(mine().id, request.args.get("for", ""))
        url = url_for(".kept", code=kept) if kept else ""
        return make_response({"next": url_for(".sign_in", over=1, next=url)}, 200 if kept else 422)

    @bp.get(f"{prefix}/kept/<code>")
    @requires(*roles)
    def kept(code: str) -> Response:
        """What they had written, to be sent now that they are back."""
        found = services.kept_answers(code, mine())
        return page("kept", answers=found.answers["fields"], action=found.path)


open_doors(bp, "", SessionKind.STAFF, *STAFF)
open_doors(me_bp, "/me", SessionKind.CITIZEN, Role.CITIZEN)
