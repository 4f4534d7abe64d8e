"""live at the desk: notes and outcomes, reasons told, numbers of the hall, two questions

Columns are added in place: a table that others point to is never copied. A reference is written
with its column, which both registers can do.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "5c1f8a2e9d47"
down_revision = "3d7e5a91c0b4"


def upgrade():
    op.add_column("office", text("slug", 60))
    op.execute("UPDATE office SET slug = 'oficina-' || id")
    op.create_index("uq_office_town_id_slug", "office", ["town_id", "slug"], unique=True)
    key = sa.ForeignKey("resource.id", name="fk_resource_desk_id_resource")
    op.add_column("resource", sa.Column("desk_id", sa.Integer(), key), inline_references=True)
    op.add_column(
        "procedure", sa.Column("outcomes", sa.JSON(), nullable=False, server_default="{}")
    )
    for column in (
        text("name_plain", 160),
        text("outcome_code", 40),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        text("office_reason", 200),
        text("priority_reason", 20),
    ):
        op.add_column("visit", column)
    find_the_names()
    op.create_table(
        "ticket",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        *of_town("ticket"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_ticket_visit_id_visit"),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name="fk_ticket_office_id_office"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_ticket"),
        sa.UniqueConstraint(
            "office_id", "day", "position", name="uq_ticket_office_id_day_position"
        ),
    )
    op.create_index("ix_ticket_town_id", "ticket", ["town_id"])
    op.create_table(
        "survey_answer",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("understood", what_was_said("understood"), nullable=False),
        sa.Column("solved", what_was_said("solved"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *of_town("survey_answer"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_survey_answer_visit_id_visit"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_survey_answer"),
    )
    op.create_index("ix_survey_answer_town_id", "survey_answer", ["town_id"])
    op.create_index("ix_survey_answer_town_day", "survey_answer", ["town_id", "day"])


def downgrade():
    op.drop_table("survey_answer")
    op.drop_table("ticket")
    for column in ("priority_reason", "office_reason", "note", "outcome_code", "name_plain"):
        op.drop_column("visit", column)
    op.drop_column("procedure", "outcomes")
    op.drop_column("resource", "desk_id")
    op.drop_index("uq_office_town_id_slug", "office")
    op.drop_column("office", "slug")


def text(name, length):
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def of_town(table):
    return (
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name=f"fk_{table}_town_id_town"),
    )


def what_was_said(question):
    return sa.Enum(
        "yes",
        "partly",
        "no",
        name=f"survey_{question}",
        native_enum=False,
        create_constraint=True,
        length=16,
    )


def find_the_names():
    """Those who are here already are found without accents too."""
    register = op.get_bind()
    for number, name in register.execute(sa.text("SELECT id, name FROM visit")).all():
        split = unicodedata.normalize("NFKD", (name or "").lower())
        plain = "".join(letter for letter in split if not unicodedata.combining(letter))
        register.execute(
            sa.text("UPDATE visit SET name_plain = :plain WHERE id = :id"),
            {"plain": plain[:160], "id": number},
        )
