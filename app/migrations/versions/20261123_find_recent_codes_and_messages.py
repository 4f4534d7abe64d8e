"""let what is counted each time a code is sent be found by its date"""

from alembic import op

revision = "e7a2c95b3d60"
down_revision = "c41e0a6f7d15"


def upgrade():
    op.create_index("ix_message_town_id_written_at", "message", ["town_id", "written_at"])
    op.drop_index("ix_phone_code_address_digest", "phone_code")
    op.create_index("ix_phone_code_address_sent", "phone_code", ["address_digest", "sent_at"])


def downgrade():
    op.drop_index("ix_phone_code_address_sent", "phone_code")
    op.create_index("ix_phone_code_address_digest", "phone_code", ["address_digest"])
    op.drop_index("ix_message_town_id_written_at", "message")
