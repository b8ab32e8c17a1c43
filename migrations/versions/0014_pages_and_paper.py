"""questionnaires on pages, and answers that came on paper"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("questionnaire", sa.Column("paged", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "paper_sheet",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_paper_sheet_questionnaire_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_paper_sheet_response_id")),
        sa.PrimaryKeyConstraint("questionnaire_id", "context", "number", name=op.f("pk_paper_sheet")),
        sa.UniqueConstraint("response_id", name=op.f("uq_paper_sheet_response_id")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("paper_sheet")
    with op.batch_alter_table("questionnaire") as batch:
        batch.drop_column("paged")
