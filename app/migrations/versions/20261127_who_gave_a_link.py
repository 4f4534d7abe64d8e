"""accounts: who gave a link with which somebody got in"""

import sqlalchemy as sa
from alembic import op

revision = "a83f5d10c6e2"
down_revision = "d41b7c90ae35"


def upgrade():
    key = sa.ForeignKey("account.id", name="fk_invitation_given_by_id_account")
    op.add_column("invitation", sa.Column("given_by_id", sa.Integer(), key), inline_references=True)


def downgrade():
    op.drop_column("invitation", "given_by_id")
