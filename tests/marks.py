"""Scans, undos and walk-ins by the minute, for tests of the door's order of time."""

import uuid
from datetime import timedelta

import chain
from chain import NOW

from engage import arrivals, undos
from engage.arrivals import ScanRequest
from engage.presence import Direction
from engage.undos import UndoRequest
from engage.walk_ins import WalkInRequest

OPEN = NOW + timedelta(days=7)  # the made event starts then
MINUTE = timedelta(minutes=1)
IN, OUT = Direction.IN, Direction.OUT


def held(ticket, minute, **changes):
    return ScanRequest(**{"id": str(uuid.uuid4()), "code": ticket, "at": OPEN + minute * MINUTE} | changes)


def scanned(session, event, *requests, by="device:a", now=OPEN + timedelta(hours=1)):
    return [outcome.result for outcome in arrivals.scan(session, event, requests, by=by, now=now)]


def taken_back(session, event, scan, minute, **changes):
    at = OPEN + minute * MINUTE
    request = UndoRequest(**{"id": str(uuid.uuid4()), "scan": scan.id, "at": at, "clock_at": at} | changes)
    return undos.take_back(session, event, [request], by="device:a", now=at)[0]


def walked_in(minute=0, **changes):
    at = OPEN + minute * MINUTE
    return WalkInRequest(**{"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "at": at, "clock_at": at} | changes)


def presence(session, attendee):
    session.refresh(attendee)
    return [at and round((at - OPEN) / MINUTE) for at in (attendee.arrived_at, attendee.left_at, attendee.inside_since)]


def guest_of(session, **changes):
    event = chain.event(session, walk_ins=True, **changes)
    return event, chain.registration(session, event).leader
