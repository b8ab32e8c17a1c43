"""the door without a network: rooms, late scans, undos, walk-ins, and what a person should look at"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTED = ("admitted", "already", "left")


def upgrade() -> None:
    op.add_column("event", sa.Column("walk_ins", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("activity", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("activity", sa.Column("inside", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("attendee", sa.Column("inside_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attendee", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("scan") as batch:
        batch.add_column(sa.Column("activity_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("stands", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("told", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(batch.f("fk_scan_activity_id"), "activity", ["activity_id"], ["id"])
        batch.create_index(batch.f("ix_scan_activity_id"), ["activity_id"])
    _tell_what_was()
    with op.batch_alter_table("scan") as batch:
        batch.alter_column("stands", existing_type=sa.String(length=20), nullable=False)
        batch.alter_column("clock_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_table(
        "attendance",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inside_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attendee_id"], ["attendee.id"], name=op.f("fk_attendance_attendee_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_attendance_activity_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("attendee_id", "activity_id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_activity_id", "attendance", ["activity_id"])
    op.create_table(
        "scan_undo",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_scan_undo_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_scan_undo_scan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_undo")),
    )
    op.create_index("ix_scan_undo_event_id", "scan_undo", ["event_id"])
    op.create_index("ix_scan_undo_scan_id", "scan_undo", ["scan_id"])
    op.create_table(
        "walk_in",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("attendee_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("category_code", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=24), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_walk_in_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["attendee_id"], ["attendee.id"], name=op.f("fk_walk_in_attendee_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_in")),
        sa.UniqueConstraint("attendee_id", name=op.f("uq_walk_in_attendee_id")),
    )
    op.create_index("ix_walk_in_event_id", "walk_in", ["event_id"])
    op.create_table(
        "door_doubt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.String(length=36), nullable=True),
        sa.Column("walk_in_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=False),
        sa.Column("settlement", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_door_doubt_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_door_doubt_scan_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["walk_in_id"], ["walk_in.id"], name=op.f("fk_door_doubt_walk_in_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_doubt")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_door_doubt_scan_id")),
        sa.UniqueConstraint("walk_in_id", name=op.f("uq_door_doubt_walk_in_id")),
    )
    op.create_index("ix_door_doubt_event_id_settled_at", "door_doubt", ["event_id", "settled_at"])


def _tell_what_was() -> None:
    """Scans stand as they were answered. An admission that was taken back left an attendee who arrived later or not at all."""
    names = ("id", "attendee_id", "result", "stands", "at", "clock_at", "undone_at")
    scan = sa.table("scan", *(sa.column(name) for name in names))
    attendee = sa.table("attendee", *(sa.column(name) for name in ("id", "arrived_at", "left_at", "inside_since", "seen_at")))
    op.execute(sa.update(scan).values(stands=scan.c.result, clock_at=scan.c.at))
    arrived_at = sa.select(attendee.c.arrived_at).where(attendee.c.id == scan.c.attendee_id).scalar_subquery()
    taken_back = sa.or_(arrived_at.is_(None), scan.c.at < arrived_at)
    counted = scan.c.result.in_(COUNTED)
    op.execute(sa.update(scan).where(counted, scan.c.attendee_id.is_not(None), taken_back).values(undone_at=scan.c.at))
    of_the_attendee = sa.and_(scan.c.attendee_id == attendee.c.id, counted, scan.c.undone_at.is_(None))
    last = sa.select(sa.func.max(scan.c.at)).where(of_the_attendee).scalar_subquery()
    came = sa.select(sa.func.max(scan.c.at)).where(of_the_attendee, scan.c.result == "admitted").scalar_subquery()
    here = sa.and_(attendee.c.arrived_at.is_not(None), attendee.c.left_at.is_(None))
    arrived = attendee.c.arrived_at.is_not(None)
    op.execute(sa.update(attendee).where(arrived).values(seen_at=sa.func.coalesce(last, attendee.c.arrived_at)))
    op.execute(sa.update(attendee).where(here).values(inside_since=sa.func.coalesce(came, attendee.c.arrived_at)))


def downgrade() -> None:
    # Scans at a room's door, and what was never decided at the event's, mean nothing to what was before.
    op.execute("DELETE FROM scan WHERE activity_id IS NOT NULL OR result IN ('waitlisted', 'over_capacity')")
    for table in ("door_doubt", "walk_in", "scan_undo", "attendance"):
        op.drop_table(table)
    with op.batch_alter_table("scan") as batch:
        batch.drop_index(batch.f("ix_scan_activity_id"))
        batch.drop_constraint(batch.f("fk_scan_activity_id"), type_="foreignkey")
        for column in ("undone_at", "clock_at", "told", "stands", "activity_id"):
            batch.drop_column(column)
    for table, column in (("attendee", "seen_at"), ("attendee", "inside_since"), ("activity", "inside"), ("activity", "capacity"),
                          ("event", "walk_ins")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
