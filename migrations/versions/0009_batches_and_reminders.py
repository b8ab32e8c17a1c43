"""batches of invitations, reminders and substitutes"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SUBSTITUTE = {"substitute_name": 60, "substitute_phone": 24, "substitute_email": 254}


def upgrade() -> None:
    op.create_table(
        "invitation_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("category_ids", sa.JSON(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(length=60), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_invitation_batch_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation_batch")),
    )
    with op.batch_alter_table("invitation_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_batch_event_id"), ["event_id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_reminder_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("event_id", "anchor", "days", name=op.f("uq_reminder_event_id_anchor_days")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminder_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_message_reminder_id"), "reminder", ["reminder_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index(
            "uq_message_reminder", ["reminder_id", "invitation_id"], unique=True,
            sqlite_where=sa.text("reminder_id IS NOT NULL"), postgresql_where=sa.text("reminder_id IS NOT NULL"),
        )

    with op.batch_alter_table("invitation", schema=None) as batch_op:
        for name, length in SUBSTITUTE.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), server_default="", nullable=False))
        batch_op.add_column(sa.Column("stands_in_for_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_invitation_stands_in_for_id"), ["stands_in_for_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_invitation_stands_in_for_id"), "invitation", ["stands_in_for_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_invitation_stands_in_for_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_invitation_stands_in_for_id"))
        for name in ("stands_in_for_id", *SUBSTITUTE):
            batch_op.drop_column(name)
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_message_reminder_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_message_reminder", sqlite_where=sa.text("reminder_id IS NOT NULL"), postgresql_where=sa.text("reminder_id IS NOT NULL")
        )
        batch_op.drop_column("reminder_id")
    op.drop_table("reminder")
    op.drop_table("invitation_batch")
