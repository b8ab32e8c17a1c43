"""by what organisations are compared, however they are written"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BRACKETS = str.maketrans("〔【[", "(((") | str.maketrans("〕】]", ")))")


def upgrade() -> None:
    with op.batch_alter_table("invitee") as invitee:
        invitee.add_column(sa.Column("organisation_key", sa.String(length=120), server_default="", nullable=False))
        invitee.create_index(op.f("ix_invitee_organisation_key"), ["organisation_key"])
    invitee = sa.table("invitee", sa.column("organisation", sa.String), sa.column("organisation_key", sa.String))
    connection = op.get_bind()
    written = connection.scalars(sa.select(invitee.c.organisation).where(invitee.c.organisation != "").distinct()).all()
    for organisation in written:
        key = "".join(unicodedata.normalize("NFKC", organisation).translate(BRACKETS).split()).casefold()[:120]
        connection.execute(sa.update(invitee).where(invitee.c.organisation == organisation).values(organisation_key=key))


def downgrade() -> None:
    with op.batch_alter_table("invitee") as invitee:
        invitee.drop_index(op.f("ix_invitee_organisation_key"))
        invitee.drop_column("organisation_key")
