"""until when companions are swapped, registrations that were handed over, and who is found by phone or e-mail"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("swap_until_hours", sa.Integer(), nullable=True))
    op.add_column("registration", sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_attendee_phone", "attendee", ["phone"])
    op.create_index("ix_attendee_email", "attendee", ["email"])
    op.create_table(
        "lost_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_link")),
    )


def downgrade() -> None:
    op.drop_table("lost_link")
    op.drop_index("ix_attendee_email", "attendee")
    op.drop_index("ix_attendee_phone", "attendee")
    op.drop_column("registration", "handed_over_at")
    op.drop_column("event", "swap_until_hours")
