"""The record on the screen: look for something, read it, download it, check all of it."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from app.accounts import queries as accounts
from app.accounts.models import Power, who_may
from app.audit import queries, services, words
from app.audit.events import AuditDownloaded, AuditRead, AuditVerified
from app.audit.forms import SearchForm
from app.audit.models import AuditEntry
from app.audit.queries import Search
from app.booking import queries as booking
from app.core import timestamps
from app.core.db import transaction
from app.core.events import publish
from app.core.htmx import see_other
from app.core.phones import UnfitNumber, mobile
from app.identity.session import current_account, requires

bp = Blueprint("audit", __name__, url_prefix="/office/audit", template_folder="templates")
bp.add_app_template_global(words.fault_sentence)

READERS = who_may(Power.READ_AUDIT)
PER_PAGE = 50
MOST_LINES = 50_000  # in one file; a year of a small town
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = ("number", "time", "author", "address", "kind", "facts", "previous", "digest")


@bp.get("")
@requires(*READERS)
def read() -> Response:
    """Newest first, fifty a page. That somebody looked is a line of the record itself."""
    form = SearchForm.of(request.args)
    search = None if form.errors else _search(form)
    if search is not None:
        with transaction():
            publish(AuditRead(**_by(), about=form.about))
    count = queries.count(search) if search else 0
    pages = max(1, -(-count // PER_PAGE))
    form.page = min(form.page, pages)
    entries: Sequence[AuditEntry] = ()
    if search:
        entries = queries.found(search, limit=PER_PAGE, offset=PER_PAGE * (form.page - 1))
    page = render_template(
        "audit/read.html",
        form=form,
        entries=entries,
        count=count,
        pages=pages,
        kinds=sorted({name: words.kind_name(name) for name in queries.names()}.items(), key=_name),
        names={person.id: person.name for person in accounts.staff()},
        words=words,
        **_state(),
    )
    return make_response(page, 422 if form.errors else 200)


@bp.get("/lines.csv")
@requires(*READERS)
def download() -> Response:
    """What was found, for a spreadsheet: no cell of it is taken for a formula."""
    form = SearchForm.of(request.args)
    if form.errors:
        return see_other(url_for(".read", **form.link))
    search = _search(form)
    with transaction():
        lines = min(queries.count(search), MOST_LINES)
        publish(AuditDownloaded(**_by(), about=form.about, lines=lines))
    text = "".join(_table(queries.found(search, limit=MOST_LINES)))
    answer = Response("\ufeff" + text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


@bp.post("/verify")
@requires(*READERS)
def verify() -> Response:
    """Read every line and hold the stamps against them; what was found stays on the page."""
    with transaction():
        found = services.check(services.author())
        publish(AuditVerified(**_by(), lines=found.lines, faults=len(found.faults)))
    return see_other(url_for(".read", checked=1))


def _search(form: SearchForm) -> Search:
    since, until = form.times(g.town)
    people, visits = None, None
    if form.person:
        people, visits = _people(form.person)
    if form.visit:
        people, visits = people or frozenset(), _visits(form.visit)
    return Search(since=since, until=until, name=form.kind, people=people, visits=visits)


def _people(typed: str) -> tuple[frozenset[int], frozenset[int]]:
    """Staff by a part of their name; a citizen by telephone, with everything of their visits."""
    try:
        citizen = accounts.citizen_of(mobile(typed, g.town.phone_countries))
    except UnfitNumber:
        staff = {one.id for one in accounts.staff() if typed.casefold() in one.name.casefold()}
        numbered = {int(typed)} if typed.isascii() and typed.isdecimal() else set()
        return frozenset(staff | numbered), frozenset()
    if citizen is None:
        return frozenset(), frozenset()
    return frozenset({citizen.id}), frozenset(booking.visit_ids_of(citizen.id))


def _visits(typed: str) -> frozenset[int]:
    """By the code that its citizen has, or by the number that the record gives it."""
    if typed.isascii() and typed.isdecimal() and len(typed) < 12:
        return frozenset({int(typed)})
    found = booking.by_claim(typed.lower())
    return frozenset({found.id} if found else ())


def _state() -> dict[str, object]:
    """Whether the record is known to be whole, and until when it is stamped."""
    return {
        "check": queries.last_check(),
        "stamp": queries.newest_stamp(),
        "unstamped": queries.unstamped(),
        "is_for_development": timestamps.is_for_development(),
    }


def _by() -> dict[str, int]:
    return {"town_id": g.town.id, "account_id": current_account.id}


def _table(entries: Sequence[AuditEntry]) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(COLUMNS)
    rows = iter(entries)
    while some := list(islice(rows, 500)):
        writer.writerows([_plain(cell) for cell in _row(entry)] for entry in some)
        yield page.getvalue()
        page.seek(0)
        page.truncate()
    yield page.getvalue()


def _row(entry: AuditEntry) -> tuple[str, ...]:
    facts = "; ".join(f"{name}={value}" for name, value in words.facts_of(entry))
    at = entry.happened_at.isoformat(timespec="milliseconds")
    told = (entry.author, entry.address, words.kind_name(entry.name), facts)
    return (str(entry.number), at, *told, entry.previous, entry.digest)


def _plain(cell: str) -> str:
    """A spreadsheet takes what begins like this for an order (OWASP, CSV injection)."""
    return (
        f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋")) else cell
    )


def _name(pair: tuple[str, str]) -> str:
    return pair[1]
