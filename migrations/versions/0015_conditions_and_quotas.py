"""conditions of questions and sections, and options with a limited number of places"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("section", sa.Column("show_if", sa.JSON(), nullable=True))
    op.add_column("question", sa.Column("show_if", sa.JSON(), nullable=True))
    op.create_table(
        "option_count",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_option_count_question_id")),
        sa.PrimaryKeyConstraint("question_id", "context", "choice", name=op.f("pk_option_count")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("option_count")
    with op.batch_alter_table("question") as table:
        table.drop_column("show_if")
    with op.batch_alter_table("section") as table:
        table.drop_column("show_if")
