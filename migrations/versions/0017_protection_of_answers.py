"""who may answer and how many, what anonymous answers keep, and responses that staff leave out"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What anonymous responses stop keeping: the day within the month, and the language.
_MONTH = {"sqlite": "substr(submitted_on, 1, 7) || '-01'", "postgresql": "date_trunc('month', submitted_on)::date"}


def upgrade() -> None:
    op.add_column("questionnaire", sa.Column("most_responses", sa.Integer(), nullable=True))
    op.add_column("questionnaire", sa.Column("access", sa.String(length=20), server_default="both", nullable=False))
    op.add_column("response", sa.Column("fingerprint", sa.BigInteger(), nullable=True))
    op.add_column("response", sa.Column("trapped", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("response", sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("response", sa.Column("excluded_for", sa.String(length=200), server_default="", nullable=False))
    op.create_table(
        "mixing",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_mixing_questionnaire_id")),
        sa.PrimaryKeyConstraint("questionnaire_id", name=op.f("pk_mixing")),
    )
    month = _MONTH[op.get_context().dialect.name]
    op.execute(
        f"UPDATE response SET submitted_on = {month}, language = '' "  # noqa: S608 -- a constant of this file
        "WHERE questionnaire_id IN (SELECT id FROM questionnaire WHERE anonymous)"
    )


def downgrade() -> None:
    op.drop_table("mixing")
    with op.batch_alter_table("response") as batch:
        for column in ("excluded_for", "excluded_at", "trapped", "fingerprint"):
            batch.drop_column(column)
    with op.batch_alter_table("questionnaire") as batch:
        batch.drop_column("access")
        batch.drop_column("most_responses")
