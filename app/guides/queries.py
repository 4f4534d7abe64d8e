"""Which guides there are."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import g

from app.core.db import db
from app.core.errors import Missing
from app.core.i18n import current_slug
from app.guides.models import Guide, Kind
from app.towns.models import Procedure


def guides_for(page: str = "", procedure: Procedure | None = None) -> Sequence[Guide]:
    """Of that page or procedure: sign languages, and the voice of the language spoken now."""
    if g.get("town") is None:
        return ()
    return db.session.scalars(
        sa.select(Guide)
        .where(
            Guide.page == page,
            Guide.procedure_id == (procedure.id if procedure else None),
            sa.or_(Guide.kind != Kind.AUDIO, Guide.language == current_slug()),
        )
        .order_by(Guide.kind.desc(), Guide.id)
    ).all()


def all_guides() -> Sequence[Guide]:
    return db.session.scalars(sa.select(Guide).order_by(Guide.page, Guide.id)).all()


def guide_or_404(code: str) -> Guide:
    found = db.session.scalar(sa.select(Guide).where(Guide.code == code))
    if found is None:
        raise Missing
    return found


def like(guide: Guide) -> Guide | None:
    """The one that already tells the same in the same language."""
    return db.session.scalar(
        sa.select(Guide).where(
            Guide.page == guide.page,
            Guide.procedure_id == guide.procedure_id,
            Guide.kind == guide.kind,
            Guide.language == guide.language,
        )
    )
