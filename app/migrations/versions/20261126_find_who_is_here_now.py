"""booking: whoever is here now is found by index, in all towns and whatever the years

Not CONCURRENTLY: servers that start at once wait for each other's steps with a transaction open, and
such an index would wait for theirs.
"""

from alembic import op

revision = "d41b7c90ae35"
down_revision = "c41e7b90d2a8"
NAME = "ix_visit_status_procedure"


def upgrade():
    op.create_index(NAME, "visit", ["status", "procedure_id"])


def downgrade():
    op.drop_index(NAME, table_name="visit")
