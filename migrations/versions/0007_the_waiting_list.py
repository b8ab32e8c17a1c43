"""the waiting list, and seats that are held back"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("waiting_list", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("event", sa.Column("confirm_hours", sa.Integer(), server_default=sa.text("24"), nullable=False))
    with op.batch_alter_table("quota") as quota:
        quota.add_column(sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False))
        quota.create_check_constraint(op.f("ck_quota_held"), "held >= 0")
    op.add_column("registration", sa.Column("rank", sa.Integer(), nullable=True))
    op.add_column("registration", sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_registration_event_state", "registration", ["event_id", "state"])
    op.create_index(
        "ix_registration_offer", "registration", ["offered_until"],
        sqlite_where=sa.text("state = 'offered'"), postgresql_where=sa.text("state = 'offered'"),
    )


def downgrade() -> None:
    op.drop_index("ix_registration_offer", "registration")
    op.drop_index("ix_registration_event_state", "registration")
    op.drop_column("registration", "offered_until")
    op.drop_column("registration", "rank")
    with op.batch_alter_table("quota") as quota:
        quota.drop_constraint(op.f("ck_quota_held"), type_="check")
        quota.drop_column("held")
    op.drop_column("event", "confirm_hours")
    op.drop_column("event", "waiting_list")
