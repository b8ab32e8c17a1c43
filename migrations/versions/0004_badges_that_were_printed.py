"""badges that were printed"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "badge_print",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attendee_id"], ["attendee.id"], name=op.f("fk_badge_print_attendee_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attendee_id", name=op.f("pk_badge_print")),
    )


def downgrade() -> None:
    op.drop_table("badge_print")
