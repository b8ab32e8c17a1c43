"""what an event's registration form asks beyond name and contact, and the answers"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("extra_fields", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "event_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("label_en", sa.String(length=200), nullable=False),
        sa.Column("hint", sa.String(length=500), nullable=False),
        sa.Column("hint_en", sa.String(length=500), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("per_person", sa.Boolean(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("purpose_en", sa.String(length=500), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("category_ids", sa.JSON(), nullable=False),
        sa.Column("depends_on_id", sa.Integer(), nullable=True),
        sa.Column("depends_values", sa.JSON(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["depends_on_id"], ["event_field.id"], name=op.f("fk_event_field_depends_on_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_field_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_field")),
        sa.UniqueConstraint("event_id", "code", name=op.f("uq_event_field_event_id_code")),
    )
    with op.batch_alter_table("event_field", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_field_depends_on_id"), ["depends_on_id"], unique=False)

    op.create_table(
        "field_answer",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["attendee_id"], ["attendee.id"], name=op.f("fk_field_answer_attendee_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["field_id"], ["event_field.id"], name=op.f("fk_field_answer_field_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("attendee_id", "field_id", name=op.f("pk_field_answer")),
    )
    with op.batch_alter_table("field_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_field_answer_field_id"), ["field_id"], unique=False)

    op.create_table(
        "field_file",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attendee_id", "field_id"], ["field_answer.attendee_id", "field_answer.field_id"],
            name=op.f("fk_field_file_attendee_id_field_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attendee_id", "field_id", name=op.f("pk_field_file")),
    )


def downgrade() -> None:
    op.drop_table("field_file")
    op.drop_table("field_answer")
    op.drop_table("event_field")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_column("extra_fields")
