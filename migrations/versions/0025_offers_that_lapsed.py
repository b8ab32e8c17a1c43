"""offers of the waiting list that lapsed are told apart from what was cancelled"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("registration") as registration:
        registration.add_column(sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE registration SET lapsed_at = cancelled_at WHERE state = 'cancelled' AND 'registration:' || id IN "
        "(SELECT subject FROM audit_entry WHERE action = 'registration.lapse')"
    )


def downgrade() -> None:
    with op.batch_alter_table("registration") as registration:
        registration.drop_column("lapsed_at")
