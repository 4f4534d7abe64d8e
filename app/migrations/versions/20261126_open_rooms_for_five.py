"""open rooms for up to five: roles, invitations, who is at the door, what each one shows

`participant` is written again, because SQLite keeps its checks in the table. `call_figures` points to
it, so on SQLite it steps aside meanwhile, with all its rows.
"""

from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "a5d17c0b9e62"
down_revision = "d94b6f20e1c7"

EVERYBODY = ("citizen", "clerk", "colleague", "interpreter", "companion")
SIDES = sa.text("part IN ('citizen', 'clerk')")


def upgrade():
    op.create_table(
        "room_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("part", a_part(EVERYBODY), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("phone", sa.String(20)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_room_invitation_visit_id_visit"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["account.id"], name="fk_room_invitation_made_by_id_account"
        ),
        sa.ForeignKeyConstraint(["town_id"], ["town.id"], name="fk_room_invitation_town_id_town"),
        sa.PrimaryKeyConstraint("id", name="pk_room_invitation"),
        sa.UniqueConstraint("code", name="uq_room_invitation_code"),
        sa.UniqueConstraint("digest", name="uq_room_invitation_digest"),
    )
    op.create_index("ix_room_invitation_town_id", "room_invitation", ["town_id"])
    op.create_index("ix_room_invitation_visit_id", "room_invitation", ["visit_id"])

    with figures_aside(), op.batch_alter_table("participant") as table:
        table.drop_constraint("uq_participant_visit_id_part", type_="unique")
        table.drop_constraint(op.f("ck_participant_part"), type_="check")
        table.add_column(sa.Column("invitation_id", sa.Integer()))
        table.add_column(sa.Column("window", sa.String(32), nullable=False, server_default=""))
        table.add_column(sa.Column("counted_at", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("counted", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(no("shares_screen"))
        table.add_column(no("saves_data"))
        table.add_column(sa.Column("admitted_at", sa.DateTime(timezone=True)))
        table.create_check_constraint(op.f("ck_participant_part"), sa.column("part").in_(EVERYBODY))
        table.create_foreign_key(
            "fk_participant_invitation_id_room_invitation",
            "room_invitation",
            ["invitation_id"],
            ["id"],
        )
        table.create_unique_constraint("uq_participant_invitation_id", ["invitation_id"])
    op.execute("UPDATE participant SET admitted_at = joined_at")
    op.create_index(
        "uq_participant_visit_side",
        "participant",
        ["visit_id", "part"],
        unique=True,
        sqlite_where=SIDES,
        postgresql_where=SIDES,
    )


def downgrade():
    op.execute(
        "DELETE FROM call_figures WHERE participant_id IN"
        " (SELECT id FROM participant WHERE part NOT IN ('citizen', 'clerk'))"
    )
    op.execute("DELETE FROM participant WHERE part NOT IN ('citizen', 'clerk')")
    op.drop_index("uq_participant_visit_side", "participant")
    with figures_aside(), op.batch_alter_table("participant") as table:
        table.drop_constraint("uq_participant_invitation_id", type_="unique")
        table.drop_constraint("fk_participant_invitation_id_room_invitation", type_="foreignkey")
        table.drop_constraint(op.f("ck_participant_part"), type_="check")
        for name in ("admitted_at", "saves_data", "shares_screen", "counted", "counted_at"):
            table.drop_column(name)
        table.drop_column("window")
        table.drop_column("invitation_id")
        table.create_check_constraint(
            op.f("ck_participant_part"), sa.column("part").in_(EVERYBODY[:2])
        )
        table.create_unique_constraint("uq_participant_visit_id_part", ["visit_id", "part"])
    op.drop_index("ix_room_invitation_visit_id", "room_invitation")
    op.drop_index("ix_room_invitation_town_id", "room_invitation")
    op.drop_table("room_invitation")


@contextmanager
def figures_aside():
    """SQLite does not copy a table to which others point: let the one that does wait outside."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        yield
        return
    written = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'call_figures' AND sql IS NOT NULL"
        " ORDER BY type DESC"  # the table before its indexes
    )
    statements = [row[0] for row in written]
    op.execute("CREATE TABLE call_figures_aside AS SELECT * FROM call_figures")
    op.drop_table("call_figures")
    yield
    for statement in statements:
        connection.exec_driver_sql(statement)
    op.execute("INSERT INTO call_figures SELECT * FROM call_figures_aside")
    op.drop_table("call_figures_aside")


def a_part(parts):
    return sa.Enum(*parts, name="part", native_enum=False, create_constraint=True, length=16)


def no(name):
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
