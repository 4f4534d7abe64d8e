"""The keys of other machines, and the addresses that are told."""

from collections.abc import Sequence

import sqlalchemy as sa

from app.core.db import db, first_or_none
from app.core.errors import Missing
from app.insight.models import ApiKey, Webhook, WebhookPost


def keys() -> Sequence[ApiKey]:
    return db.session.scalars(sa.select(ApiKey).order_by(ApiKey.id.desc())).all()


def key_or_404(code: str) -> ApiKey:
    found = key_named(code)
    if found is None:
        raise Missing
    return found


def key_named(code: str) -> ApiKey | None:
    found: ApiKey | None = first_or_none(sa.select(ApiKey).where(ApiKey.code == code))
    return found


def webhooks() -> Sequence[Webhook]:
    return db.session.scalars(sa.select(Webhook).order_by(Webhook.id.desc())).all()


def webhook_or_404(code: str) -> Webhook:
    found: Webhook | None = first_or_none(sa.select(Webhook).where(Webhook.code == code))
    if found is None:
        raise Missing
    return found


def posts_of(webhook: Webhook, most: int = 20) -> Sequence[WebhookPost]:
    """What it was told last, newest first."""
    question = sa.select(WebhookPost).where(WebhookPost.webhook_id == webhook.id)
    return db.session.scalars(question.order_by(WebhookPost.id.desc()).limit(most)).all()
