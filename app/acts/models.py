"""An act with its code, the files that it has been, who may sign it, and what they signed."""

import enum
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.booking.models import Visit
from app.core import clock
from app.core.db import Base, new_code, stored
from app.towns.models import OfTown, Town


class Grade(enum.StrEnum):
    """Who stands for an act. Only the last one is a certification (fe pública)."""

    AUTOMATIC = "automatic"  # the town's seal, by itself (Ley 40/2015, arts. 41 and 42)
    CLERK = "clerk"  # and the signature of who attended (art. 43)
    SECRETARY = "secretary"  # and that of the holder of the public faith, or their delegate

    @property
    def rank(self) -> int:
        return list(Grade).index(self)


class Step(enum.StrEnum):
    """How far an act is. Whatever stops it, a job goes on from here."""

    ASKED = "asked"  # it has its code
    FIXED = "fixed"  # what it says is written down and digested
    SEALED = "sealed"


class SealedAct(OfTown, Base):
    """What is sealed of a visit. Another one of the same visit says which it replaces, and why.

    `manifest` stands here between the digest and the seal, and is emptied then: it is in the file.
    """

    __tablename__ = "sealed_act"
    __table_args__ = (
        sa.UniqueConstraint("visit_id", "version"),
        sa.CheckConstraint("(step = 'asked') = (digest = '')", name="digested"),
        sa.CheckConstraint("(step = 'fixed') = (manifest <> '')", name="written"),
        sa.CheckConstraint("(step = 'sealed') = (sealed_at IS NOT NULL)", name="sealed"),
        sa.Index("ix_sealed_act_step_try", "step", "try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    csv: Mapped[str] = mapped_column(sa.String(40), unique=True)
    identifier: Mapped[str] = mapped_column(sa.String(60), unique=True)  # ENI: ES_<organ>_<year>_…
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    meeting: Mapped[str] = mapped_column(sa.String(40))  # the visit's code is its citizen's key
    version: Mapped[int]
    step: Mapped[Step] = mapped_column(stored(Step, name="actstep"), default=Step.ASKED)
    grade: Mapped[Grade] = mapped_column(stored(Grade), default=Grade.AUTOMATIC)
    language: Mapped[str] = mapped_column(sa.String(2))
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sealed_act.id"), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(20), default="")  # for replacing it
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))  # None: the house
    manifest: Mapped[str] = mapped_column(sa.Text, default="")
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of the manifest
    sealed_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str] = mapped_column(sa.String(300), default="")

    town: Mapped[Town] = relationship()
    visit: Mapped[Visit] = relationship()
    replaces: Mapped["SealedAct | None"] = relationship(
        remote_side=[id], back_populates="replaced_by"
    )
    replaced_by: Mapped["SealedAct | None"] = relationship(back_populates="replaces", uselist=False)
    editions: Mapped[list["ActEdition"]] = relationship(
        back_populates="act", order_by="ActEdition.number", lazy="selectin"
    )
    signature: Mapped["Signature | None"] = relationship(
        back_populates="made", foreign_keys="Signature.made_id", uselist=False
    )

    @property
    def is_sealed(self) -> bool:
        return self.step is Step.SEALED

    @property
    def edition(self) -> "ActEdition | None":
        """The file that counts today."""
        return self.editions[-1] if self.editions else None

    @property
    def file(self) -> str:
        """Its code in the archive."""
        return self.editions[-1].file if self.editions else ""

    @property
    def owner(self) -> str:
        """Whose file it is in the archive."""
        return f"visit:{self.visit.code}"


class ActEdition(OfTown, Base):
    """One file that an act has been: as first sealed, with its stamp, with one stamp more.

    Whoever holds an older one holds the same act: its digest stays here.
    """

    __tablename__ = "act_edition"
    __table_args__ = (
        sa.UniqueConstraint("act_id", "number"),
        sa.Index("ix_act_edition_town_sha256", "town_id", "sha256"),
        sa.CheckConstraint("is_stamped OR NOT is_qualified", name="qualified"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(sa.ForeignKey(SealedAct.id))
    number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    file: Mapped[str] = mapped_column(sa.String(16))  # its code in the archive
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    sealed_by: Mapped[str] = mapped_column(sa.String(200))
    is_stamped: Mapped[bool]
    is_qualified: Mapped[bool] = mapped_column(default=False)
    is_for_development: Mapped[bool] = mapped_column(default=False)
    stamped_by: Mapped[str] = mapped_column(sa.String(80), default="")
    good_until: Mapped[datetime | None]  # the certificate of its last stamp

    act: Mapped[SealedAct] = relationship(back_populates="editions")


class Signer(OfTown, Base):
    """Whose certificate counts, for which grade, and by which resolution. Never deleted."""

    __tablename__ = "act_signer"
    __table_args__ = (
        sa.UniqueConstraint("town_id", "fingerprint", "first_day"),
        sa.CheckConstraint("grade <> 'automatic'", name="grade_of_people"),
        sa.CheckConstraint("last_day IS NULL OR first_day <= last_day", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    grade: Mapped[Grade] = mapped_column(stored(Grade, name="signergrade"))
    post: Mapped[str] = mapped_column(sa.String(120), default="")  # secretary, by delegation of…
    reference: Mapped[str] = mapped_column(sa.String(120), default="")  # of the resolution
    certificate: Mapped[str] = mapped_column(sa.Text)  # PEM
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Account.id))
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(foreign_keys=account_id)

    def covers(self, day: date) -> bool:
        is_over = self.ended_at is not None or (self.last_day is not None and self.last_day < day)
        return self.first_day <= day and not is_over


class Signature(OfTown, Base):
    """Somebody signed what an act says; another act, with this inside, was made for it."""

    __tablename__ = "act_signature"

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(sa.ForeignKey(SealedAct.id), unique=True)  # whose manifest
    made_id: Mapped[int] = mapped_column(
        sa.ForeignKey(SealedAct.id), unique=True
    )  # what came of it
    signer_id: Mapped[int] = mapped_column(sa.ForeignKey(Signer.id))
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    content: Mapped[str] = mapped_column(sa.Text)  # a detached CMS, in PEM
    digest: Mapped[str] = mapped_column(sa.String(64))

    act: Mapped[SealedAct] = relationship(foreign_keys=act_id)
    made: Mapped[SealedAct] = relationship(foreign_keys=made_id, back_populates="signature")
    signer: Mapped[Signer] = relationship()


class StatementState(enum.StrEnum):
    """Where a guided act is (Ley 39/2015, art. 12.2)."""

    WRITTEN = "written"  # the clerk is still writing or correcting it
    READ = "read"  # read back: the citizen has to answer
    AGREED = "agreed"
    SIGNED = "signed"  # the clerk has signed for the citizen
    REFUSED = "refused"
    STOPPED = "stopped"


OPEN_STATEMENTS = (StatementState.WRITTEN, StatementState.READ, StatementState.AGREED)


class Statement(OfTown, Base):
    """What a citizen without means declares, read back and agreed to, and who signs it for them.

    `drafts`: what it said before each correction, with the time. The citizen agrees to one text:
    its digest stands beside their answer.
    """

    __tablename__ = "act_statement"
    __table_args__ = (
        sa.Index(
            "uq_act_statement_open",
            "visit_id",
            unique=True,
            sqlite_where=sa.text("state IN ('written', 'read', 'agreed')"),
            postgresql_where=sa.text("state IN ('written', 'read', 'agreed')"),
        ),
        sa.CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name="signed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_code)
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey(Visit.id), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey(Account.id))
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("authorised_clerk.id"))  # in the register
    assurance_id: Mapped[int] = mapped_column(sa.ForeignKey("assurance.id"))
    state: Mapped[StatementState] = mapped_column(
        stored(StatementState), default=StatementState.WRITTEN
    )
    language: Mapped[str] = mapped_column(sa.String(2))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    drafts: Mapped[list[dict[str, str]]] = mapped_column(default=list)
    text_version: Mapped[str] = mapped_column(sa.String(40))  # of what is asked of the citizen
    text_digest: Mapped[str] = mapped_column(sa.String(64), default="")  # of that and of the text
    way: Mapped[str] = mapped_column(sa.String(10), default="")  # clicked or spoken
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    read_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()
    by: Mapped[Account] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATEMENTS
