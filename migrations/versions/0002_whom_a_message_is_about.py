"""whom a message is about"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attendee_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_message_attendee_id"), ["attendee_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_message_attendee_id"), "attendee", ["attendee_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    # What was not written yet says nothing without whom it is about.
    message = sa.table("message", sa.column("state"), sa.column("body"))
    op.execute(sa.update(message).where(message.c.state == "queued", message.c.body == "").values(state="withdrawn"))
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_message_attendee_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_message_attendee_id"))
        batch_op.drop_column("attendee_id")
