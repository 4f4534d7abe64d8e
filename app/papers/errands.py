"""What takes several transactions: a paper is completed, looked into, and settled."""

import structlog

from app.archive import services as archive
from app.core.db import transaction
from app.papers import services
from app.papers.models import Paper
from app.papers.services import Examined

log = structlog.get_logger()


def finish(paper: Paper) -> None:
    """All of it is here: look into it now, unless somebody else is at it."""
    with transaction():
        is_ours = services.complete(paper)
    if is_ours:
        look_into(paper)


def look_into(paper: Paper) -> None:
    """Nothing of ours is held while a scanner and a reader do their work."""
    with transaction():
        envelope = archive.envelope_for(paper.owner)
    try:
        examined = services.examine(paper, envelope)
    except Exception:  # a mistake of ours must not let a paper through, nor be made for ever
        log.exception("a paper could not be looked into")
        examined = Examined(refused="broken")
    with transaction():
        services.settle(paper, examined)
