"""parts of answers: rows of a matrix, options of a ranking"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answer", sa.Column("part", sa.String(length=40), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("answer") as batch:
        batch.drop_column("part")
