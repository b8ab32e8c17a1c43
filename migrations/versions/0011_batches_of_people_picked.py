"""batches that invite people who were picked one by one, and an index that tells when somebody was last invited"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitation_batch", sa.Column("picked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "invitation_batch_invitee",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("invitee_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["invitation_batch.id"], name=op.f("fk_invitation_batch_invitee_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invitee_id"], ["invitee.id"], name=op.f("fk_invitation_batch_invitee_invitee_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "invitee_id", name=op.f("pk_invitation_batch_invitee")),
    )
    op.drop_index("ix_invitation_invitee_id", "invitation")
    op.create_index("ix_invitation_asked", "invitation", ["invitee_id", "state", "invited_at", "opened_at", "answered_at"])


def downgrade() -> None:
    op.create_index("ix_invitation_invitee_id", "invitation", ["invitee_id"])
    op.drop_index("ix_invitation_asked", "invitation")
    op.drop_table("invitation_batch_invitee")
    op.drop_column("invitation_batch", "picked")
