"""themes of open answers, and what staff conclude"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conclusion",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_conclusion_questionnaire_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("questionnaire_id", "context", name=op.f("pk_conclusion")),
    )
    op.create_table(
        "theme_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_theme_finding_question_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_finding")),
        sa.UniqueConstraint("question_id", "context", name=op.f("uq_theme_finding_question_id_context")),
    )
    op.create_index(op.f("ix_theme_finding_asked_at"), "theme_finding", ["asked_at"])
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["theme_finding.id"], name=op.f("fk_theme_finding_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["theme.id"], name=op.f("fk_theme_merged_into_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_theme_finding_id"), "theme", ["finding_id"])
    op.create_index(op.f("ix_theme_merged_into_id"), "theme", ["merged_into_id"])
    op.create_table(
        "theme_answer",
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Integer(), nullable=True),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("nearness", sa.Double(), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.Column("tone", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_theme_answer_response_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_theme_answer_question_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["finding_id"], ["theme_finding.id"], name=op.f("fk_theme_answer_finding_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name=op.f("fk_theme_answer_theme_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("response_id", "question_id", "place", name=op.f("pk_theme_answer")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_theme_answer_finding_id"), "theme_answer", ["finding_id"])
    op.create_index(op.f("ix_theme_answer_theme_id"), "theme_answer", ["theme_id"])


def downgrade() -> None:
    for table in ("theme_answer", "theme", "theme_finding", "conclusion"):
        op.drop_table(table)
