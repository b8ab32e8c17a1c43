"""what was answered, counted once and kept"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("question_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("numbered", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Double(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_tally_questionnaire_id")),
        sa.PrimaryKeyConstraint(
            "questionnaire_id", "context", "segment", "submitted_on", "question_id", "part", "choice", "numbered", "number",
            name=op.f("pk_tally"),
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("response", sa.Column("folded", sa.Boolean(), server_default=sa.false(), nullable=False))
    # What is looked for by its questionnaire alone is found by the unique constraint, which begins with the same columns.
    op.drop_index("ix_response_questionnaire_id_context_segment", table_name="response")
    op.create_index(
        "ix_response_unfolded", "response", ["questionnaire_id", "context", "segment"], unique=False,
        sqlite_where=sa.text("folded = 0"), postgresql_where=sa.text("NOT folded"),
    )


def downgrade() -> None:
    op.drop_index("ix_response_unfolded", table_name="response")
    op.create_index("ix_response_questionnaire_id_context_segment", "response", ["questionnaire_id", "context", "segment"], unique=False)
    with op.batch_alter_table("response") as batch:
        batch.drop_column("folded")
    op.drop_table("tally")
