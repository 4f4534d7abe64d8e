"""Errands about papers: received in pieces, checked, kept, removed, and looked at together."""

from app.papers.services.checking import Examined, complete, examine, settle
from app.papers.services.keeping import bring_back, forget, remove
from app.papers.services.looking import close, end_looking, move, point, show
from app.papers.services.receiving import append, begin, begin_whole, cancel

__all__ = [
    "Examined",
    "append",
    "begin",
    "begin_whole",
    "bring_back",
    "cancel",
    "close",
    "complete",
    "end_looking",
    "examine",
    "forget",
    "move",
    "point",
    "remove",
    "settle",
    "show",
]
