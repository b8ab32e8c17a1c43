"""The audit trail: who did what to which record, and when."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa
from flask import render_template, request

from engage.audit import AuditEntry
from engage.staff import Permission
from webapp import formats
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import db

FILTERS = {"by": AuditEntry.by, "action": AuditEntry.action, "subject": AuditEntry.subject}


@desk.get("/settings/audit")
@allowed(Permission.ADMIN)
def audit_trail() -> str:
    """Newest first; filtered by the beginning of who, what and subject, and by local days."""
    found = sa.select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    for name, column in FILTERS.items():
        if wanted := request.args.get(name, "").strip():
            found = found.where(column.startswith(wanted, autoescape=True))
    if since := _midnight("since"):
        found = found.where(AuditEntry.at >= since)
    if until := _midnight("until"):
        found = found.where(AuditEntry.at < until + timedelta(days=1))
    return render_template("desk/audit.html", pages=db.paginate(found, per_page=100))


def _midnight(name: str) -> datetime | None:
    """The local midnight of a day in the address; None when it is absent or no day."""
    try:
        day = datetime.strptime(request.args.get(name, ""), "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        return None
    return datetime.combine(day, time.min, tzinfo=formats.zone())
