"""seats that staff gave beyond a limit"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quota") as quota:
        quota.add_column(sa.Column("beyond", sa.Integer(), server_default=sa.text("0"), nullable=False))
        quota.drop_constraint(op.f("ck_quota_not_oversold"), type_="check")
        quota.create_check_constraint(
            op.f("ck_quota_not_oversold"), "taken >= 0 AND beyond >= 0 AND (seats IS NULL OR taken <= seats + beyond)")


def downgrade() -> None:
    op.execute("UPDATE quota SET seats = taken WHERE seats < taken")  # as it was before: the limit grew
    with op.batch_alter_table("quota") as quota:
        quota.drop_constraint(op.f("ck_quota_not_oversold"), type_="check")
        quota.create_check_constraint(op.f("ck_quota_not_oversold"), "taken >= 0 AND (seats IS NULL OR taken <= seats)")
        quota.drop_column("beyond")
