"""let the register itself refuse two active allocations of one resource that overlap

PostgreSQL: an exclusion constraint over half-open ranges. SQLite: two triggers that raise.
A hold whose time is over still counts here; the booking transaction frees it first.
"""

from alembic import op

revision = "8b6d1f0c2e47"
down_revision = "b24b742d122f"

ACTIVE = "('held', 'booked', 'in_service', 'blocked')"

TRIGGER = """
CREATE TRIGGER allocation_no_overlap_{when} BEFORE {event} ON allocation
WHEN NEW.state IN {active} AND EXISTS (
    SELECT 1 FROM allocation
    WHERE resource_id = NEW.resource_id AND state IN {active}
      AND id IS NOT {own} AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
)
BEGIN
    SELECT RAISE(ABORT, 'allocation overlaps another of its resource');
END
"""


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE allocation ADD CONSTRAINT ex_allocation_overlap EXCLUDE USING gist ("
            " resource_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&"
            f") WHERE (state IN {ACTIVE})"
        )
        return
    op.execute(TRIGGER.format(when="insert", event="INSERT", active=ACTIVE, own="NULL"))
    event = "UPDATE OF resource_id, starts_at, ends_at, state"
    op.execute(TRIGGER.format(when="update", event=event, active=ACTIVE, own="NEW.id"))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE allocation DROP CONSTRAINT ex_allocation_overlap")
        return
    op.execute("DROP TRIGGER allocation_no_overlap_insert")
    op.execute("DROP TRIGGER allocation_no_overlap_update")
