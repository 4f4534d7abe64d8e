"""Questions about towns, their procedures and their closed days."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app, g
from sqlalchemy.orm import joinedload

from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.core.i18n import LANGUAGES, current_slug, in_language
from app.towns.models import Closure, Office, Procedure, Season, Stage, Town

ON_OFFER = (Stage.OFFERED,)
TO_BE_WRITTEN = (Stage.DRAFT, Stage.OFFERED)

# Asked in nearly every request, and so built once.
TOWN_OF_HOST = sa.select(Town).where(Town.host == sa.bindparam("host")).limit(1)
OFFERED = sa.select(Procedure).where(
    Procedure.slug.in_(sa.bindparam("slugs", expanding=True)), Procedure.stage.in_(ON_OFFER)
)


def all_towns() -> Sequence[Town]:
    return db.session.scalars(sa.select(Town).order_by(Town.name)).all()


def town_of_host(host: str) -> Town | None:
    return db.session.scalars(TOWN_OF_HOST, {"host": host}).first()


def current_town_or_404() -> Town:
    """The town of this request's host name; the province's own pages have none."""
    town: Town | None = g.get("town")
    if town is None:
        raise Missing
    return town


def address_of(town: Town, path: str = "/") -> str:
    """A whole address on the town's own host, for messages and lists."""
    config = current_app.config
    scheme, port = config["PUBLIC_SCHEME"], config["PORT"]
    usual = scheme == "https" or config["TRUSTED_PROXIES"] or port in (80, 443)
    return f"{scheme}://{town.host}{'' if usual else f':{port}'}{path}"


def offices() -> Sequence[Office]:
    return db.session.scalars(sa.select(Office).order_by(Office.id)).all()


def office_or_404(slug: str) -> Office:
    office: Office | None = first_or_none(sa.select(Office).where(Office.slug == slug))
    if office is None:
        raise Missing
    return office


def closures() -> Sequence[Closure]:
    """What the town wrote about single days, all of it."""
    return db.session.scalars(sa.select(Closure).order_by(Closure.day, Closure.id)).all()


def closure_or_404(closure_id: int) -> Closure:
    found: Closure | None = first_or_none(sa.select(Closure).where(Closure.id == closure_id))
    if found is None:
        raise Missing
    return found


def seasons() -> Sequence[Season]:
    return db.session.scalars(sa.select(Season).order_by(Season.first_day, Season.id)).all()


def season_or_404(season_id: int) -> Season:
    found: Season | None = first_or_none(sa.select(Season).where(Season.id == season_id))
    if found is None:
        raise Missing
    return found


def procedures(words: str = "", *, stages: Collection[Stage] = ON_OFFER) -> list[Procedure]:
    """What the town offers, or of it what holds every word in its name, summary or keywords."""
    question = sa.select(Procedure).where(Procedure.stage.in_(stages))
    rows = list(db.session.scalars(question.order_by(Procedure.position, Procedure.id)).all())
    wanted = plain(words).split()
    if not wanted:
        return rows
    ranked = [(_match(row, wanted), row) for row in rows]
    return [row for score, row in sorted(ranked, key=lambda pair: -pair[0]) if score]


def procedures_of(slugs: Collection[str]) -> Sequence[Procedure]:
    """Those that the town offers and that have one of these names."""
    return db.session.scalars(OFFERED, {"slugs": list(slugs)}).all()


def procedure_or_404(slug: str, *, stages: Collection[Stage] = ON_OFFER) -> Procedure:
    row = first_or_none(
        sa.select(Procedure)
        .where(Procedure.slug == slug, Procedure.stage.in_(stages))
        .options(joinedload(Procedure.office))
    )
    if row is None:
        raise Missing
    procedure: Procedure = row
    return procedure


def plain(text: str) -> str:
    """Lower case, without accents: how people type into a search box."""
    split = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _match(procedure: Procedure, wanted: list[str]) -> int:
    """How well it answers: 0 when a word is nowhere; a word in the name counts most."""
    name = plain(procedure.name_in())
    rest = plain(" ".join(_searchable(procedure)))
    score = 0
    for word in wanted:
        stem = word[:-1] if len(word) > 4 and word.endswith("s") else word
        if stem in name:
            score += 3
        elif stem in rest:
            score += 1
        else:
            return 0
    return score


def _searchable(procedure: Procedure) -> list[str]:
    """Every text of it in the page's language and its fallbacks: people mix languages."""
    slugs = (current_slug(), *LANGUAGES[current_slug()].fallback)
    texts: list[Any] = [str(in_language(procedure.summary))]
    for slug in slugs:
        texts.append(procedure.name.get(slug, ""))
        texts.extend(procedure.keywords.get(slug, []))
    return [str(text) for text in texts]
