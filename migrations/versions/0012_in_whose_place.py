"""in whose place somebody comes"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ENTRY = sa.table("audit_entry", sa.column("id", sa.Integer), sa.column("action", sa.String), sa.column("detail", sa.JSON))
_ATTENDEE = sa.table("attendee", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("stands_in_for", sa.String))


def upgrade() -> None:
    op.add_column("attendee", sa.Column("stands_in_for", sa.String(length=60), nullable=True))
    # The audit trail knows who was replaced beforehand; whose ticket was given to another at the door nobody knows any more.
    connection = op.get_bind()
    replaced = sa.select(_ENTRY.c.detail).where(_ENTRY.c.action.in_(["registration.swap", "registration.hand_over"])).order_by(_ENTRY.c.id)
    for detail in connection.scalars(replaced).all():
        out = sa.select(sa.func.coalesce(_ATTENDEE.c.stands_in_for, _ATTENDEE.c.name)).where(_ATTENDEE.c.id == detail["out"])
        whom = connection.scalar(out)
        connection.execute(sa.update(_ATTENDEE).where(_ATTENDEE.c.id == detail["come"]).values(stands_in_for=whom))


def downgrade() -> None:
    op.drop_column("attendee", "stands_in_for")
