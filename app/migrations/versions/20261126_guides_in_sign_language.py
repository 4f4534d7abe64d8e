"""guides: a page or a procedure in sign language or aloud"""

import sqlalchemy as sa
from alembic import op

revision = "9e3a6c15d8f2"
down_revision = "4b7d20c9e6f1"

KIND = sa.Enum(
    *("lse", "lsc", "audio"),
    name="guidekind",
    native_enum=False,
    length=16,
    create_constraint=True,
)
OF_A_PAGE = sa.text("procedure_id IS NULL")
OF_A_PROCEDURE = sa.text("procedure_id IS NOT NULL")


def upgrade():
    op.create_table(
        "guide",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=True),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("file_id", sa.String(length=16), nullable=False),
        sa.Column("captions", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(procedure_id IS NULL) = (page <> '')", name="ck_guide_about"),
        sa.CheckConstraint("kind <> 'audio' OR transcript <> ''", name="ck_guide_words"),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_guide_town_id_town"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_guide_procedure_id_procedure"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name="fk_guide_file_id_stored_file"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name="fk_guide_by_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_guide"),
        sa.UniqueConstraint("code", name="uq_guide_code"),
    )
    for column in ("town_id", "procedure_id", "file_id", "by_id"):
        op.create_index(f"ix_guide_{column}", "guide", [column])
    op.create_index(
        "uq_guide_page",
        "guide",
        ["town_id", "page", "kind", "language"],
        unique=True,
        sqlite_where=OF_A_PAGE,
        postgresql_where=OF_A_PAGE,
    )
    op.create_index(
        "uq_guide_procedure",
        "guide",
        ["town_id", "procedure_id", "kind", "language"],
        unique=True,
        sqlite_where=OF_A_PROCEDURE,
        postgresql_where=OF_A_PROCEDURE,
    )


def downgrade():
    op.drop_table("guide")
