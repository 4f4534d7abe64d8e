"""How papers are spoken of on screens."""

from flask import Flask
from flask_babel import gettext as _

from app.booking.models import Visit
from app.papers import queries
from app.papers.errors import REASONS
from app.papers.models import Paper, PaperState, Side


def init_app(app: Flask) -> None:
    app.add_template_global(paper_words)
    app.add_template_global(paper_facts)
    app.add_template_global(size_in_words)
    app.add_template_global(is_looked_at)
    app.add_template_global(papers_to_read)


def is_looked_at(visit: Visit) -> bool:
    """Whether both sides have a paper before them now."""
    return visit.is_being_attended and queries.look_of(visit) is not None


def papers_to_read(visit: Visit) -> int:
    return len(queries.ready_papers(visit))


def paper_words(paper: Paper) -> str:
    """How it stands, in a sentence."""
    if paper.state is PaperState.REFUSED:
        return str(REASONS.get(paper.reason, REASONS["broken"]))
    if paper.state is PaperState.CHECKING and paper.waits_for:
        return _("We keep it safe. It is shown as soon as it has been checked.")
    return {
        PaperState.RECEIVING: _("Only a part of it has arrived. Choose it again to go on."),
        PaperState.CHECKING: _("We are checking it."),
        PaperState.READY: "",
        PaperState.REMOVED: _("Removed. You can bring it back for an hour."),
    }[paper.state]


def paper_facts(paper: Paper, reader: Side) -> list[str]:
    """What it is: how many pages, how large, from whom, and what was left out of it."""
    facts = [size_in_words(paper.size)]
    if paper.pages:
        facts.insert(0, _pages(paper.pages))
    if paper.side is reader:
        facts.append(_("sent by you") if reader is Side.CITIZEN else _("sent by the town hall"))
    else:
        facts.append(_("from the town hall") if reader is Side.CITIZEN else _("from the citizen"))
    if paper.taken_out:
        facts.append(_("what could run inside was left out"))
    return facts


def _pages(count: int) -> str:
    from flask_babel import ngettext

    return ngettext("%(num)s page", "%(num)s pages", count)


def size_in_words(size: int) -> str:
    """1.2 MB, 340 kB: in the way of every language here but English, with a comma."""
    from app.core.i18n import current_slug

    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    figure = f"{size / 1_000_000:.1f}".removesuffix(".0")
    return f"{figure if current_slug() == 'en' else figure.replace('.', ',')} MB"
