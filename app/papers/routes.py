"""The addresses of papers, the same on both sides of the counter: rule, method and what is done."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response

from app.core.security import shows_the_camera, takes_files
from app.papers import protocol
from app.papers.protocol import Door

PAPER = "/visits/<code>/papers/<paper>"
ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/visits/<code>/papers", protocol.listed),
    ("POST", "/visits/<code>/papers", protocol.send),
    ("GET", "/visits/<code>/papers/stream", protocol.listen),
    ("POST", "/visits/<code>/papers/uploads", protocol.begin),
    ("GET", "/visits/<code>/papers/look", protocol.together),
    ("POST", "/visits/<code>/papers/look", protocol.move),
    ("GET", PAPER, protocol.read),
    ("GET", f"{PAPER}/state", protocol.state),
    ("POST", f"{PAPER}/pieces", protocol.append),
    ("POST", f"{PAPER}/finish", protocol.finish),
    ("POST", f"{PAPER}/cancel", protocol.cancel),
    ("POST", f"{PAPER}/remove", protocol.remove),
    ("POST", f"{PAPER}/restore", protocol.restore),
    ("POST", f"{PAPER}/show", protocol.show),
    ("GET", f"{PAPER}/file", protocol.download),
    ("GET", f"{PAPER}/thumb", protocol.thumb),
    ("GET", f"{PAPER}/pages/<int:number>", protocol.sheet),
    ("GET", f"{PAPER}/pages/<int:number>/words", protocol.words_of),
)
LABELS: dict[Callable[..., Response], Callable[[Any], Any]] = {
    protocol.listed: shows_the_camera,
    protocol.send: takes_files,
}


def open_doors(
    bp: Blueprint, door: Callable[[str], Door], who: Callable[[Callable[..., Response]], Any]
) -> None:
    """Every address, in that blueprint, for whoever that label lets in."""
    for method, rule, act in ROUTES:
        view = LABELS.get(act, lambda same: same)(who(_view(act, door)))
        bp.add_url_rule(rule, act.__name__, view, methods=[method])


def _view(act: Callable[..., Response], door: Callable[[str], Door]) -> Callable[..., Response]:
    def view(code: str, **named: Any) -> Response:
        return act(door(code), **named)

    view.__name__ = act.__name__
    return view
