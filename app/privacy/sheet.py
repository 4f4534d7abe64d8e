"""The facts of this installation for an impact assessment (GDPR, article 35): asked, not typed."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from app.audit import queries as audit
from app.core.db import db
from app.privacy.holdings import HOLDINGS
from app.towns import queries as towns
from app.towns.models import Town


@dataclass(frozen=True)
class Held:
    """One kind of rows: how many there are now, what of it the person sees, how it ends."""

    name: str
    count: int
    shown: tuple[str, ...]
    is_evidence: bool


@dataclass(frozen=True)
class Sheet:
    """`receivers`: who else gets data, by the names in the settings."""

    held: list[Held]
    receivers: list[str]
    document_rule: str
    recorded: list[str]
    is_record_whole: bool | None
    is_stamped: bool


def sheet_of(town: Town) -> Sheet:
    config = current_app.config
    check, stamp = audit.last_check(), audit.newest_stamp()
    return Sheet(
        held=[
            Held(
                one.name,
                db.session.scalar(sa.select(sa.func.count()).select_from(one.model)) or 0,
                one.shown,
                one.is_evidence,
            )
            for one in HOLDINGS
        ],
        receivers=[
            *([str(config["SMS_PROVIDER"])] if config["SMS_PROVIDER"] != "memory" else []),
            *town.eid_providers,
            *(str(one["name"]) for one in config["TIMESTAMP_AUTHORITIES"]),
        ],
        document_rule=town.document_rule.value,
        recorded=[one.name_in() for one in towns.procedures() if one.recording.value != "none"],
        is_record_whole=check.is_whole if check else None,
        is_stamped=stamp is not None,
    )
