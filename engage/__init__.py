"""Public engagement of an office: who is invited, who gets a seat, who arrives, what was answered, what becomes of it.

    from engage import events, people, registrations

    event = events.create(session, events.Details(title="平台开放日", …), seats=60, by="user:li", now=now)
    events.publish(session, event, by="user:li", now=now)

Every function takes a SQLAlchemy session and commits nothing; `now` is given; `by` says who acts, for the audit trail.
What is refused is told in errors.py.
"""

from engage import (
    activities,
    afterwards,
    answers,
    arrivals,
    audit,
    badges,
    board,
    codes,
    contacts,
    devices,
    doubts,
    events,
    fields,
    invitations,
    outbox,
    parties,
    people,
    presence,
    quotas,
    registrations,
    rehearsals,
    retelling,
    rosters,
    sealing,
    series,
    sheets,
    staff,
    tickets,
    tokens,
    undos,
    venue,
    waiting,
    walk_ins,
)
from engage.errors import Conflict, Denied, EngageError, Invalid, NotFound

__all__ = [
    "Conflict",
    "Denied",
    "EngageError",
    "Invalid",
    "NotFound",
    "activities",
    "afterwards",
    "answers",
    "arrivals",
    "audit",
    "badges",
    "board",
    "codes",
    "contacts",
    "devices",
    "doubts",
    "events",
    "fields",
    "invitations",
    "outbox",
    "parties",
    "people",
    "presence",
    "quotas",
    "registrations",
    "rehearsals",
    "retelling",
    "rosters",
    "sealing",
    "series",
    "sheets",
    "staff",
    "tickets",
    "tokens",
    "undos",
    "venue",
    "waiting",
    "walk_ins",
]
