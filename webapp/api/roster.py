"""The roster of an event: all that a scanner needs without a network, packed, and not sent again while nothing changes."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from engage import arrivals, events, people, rosters
from engage.activities import Activity
from engage.events import Event
from engage.rosters import Line
from webapp import formats
from webapp.api import pages, schemas
from webapp.api.answers import described, encode, moment
from webapp.wiring import clock, db

_QUICK = 4  # of zlib's levels: half the time of the usual one, and a tenth more on the wire
_GZIP = 31  # zlib's word for a gzip header around the largest window
_TOGETHER = 1000  # tickets encoded at once


@pages.get("/events/<slug>/roster")
@described(schemas.Roster, 404)
def roster(slug: str) -> Response:
    """What a scanner needs without a network: every ticket's digest, name, category, party and state. No numbers, no codes.

    With `If-None-Match` 304 where nothing has changed; compressed for whoever takes gzip.
    """
    session = db.session()
    event = events.by_slug(session, slug)
    head = encode(_head(event))
    etag = hashlib.blake2b(f"{head}{rosters.mark(session, event)}".encode(), digest_size=16).hexdigest()
    response = Response(content_type="application/json")
    response.set_etag(etag)
    response.headers["Vary"] = "Accept-Encoding"
    if etag in request.if_none_match:
        response.status_code = 304
        return response
    body = _body(head, rosters.roster(session, event))
    if request.accept_encodings.quality("gzip"):
        body, response.headers["Content-Encoding"] = _packed(body), "gzip"
    response.set_data(b"".join(body))
    return response


def _body(head: str, lines: Iterator[Line]) -> Iterator[bytes]:
    """The answer in parts, so that no more than one of them is there unpacked."""
    zone = formats.zone()
    yield f'{head[:-1]},{encode({"made_at": moment(clock())})[1:-1]},"tickets":['.encode()
    comma = ""
    while tickets := [_ticket(line, zone) for line in islice(lines, _TOGETHER)]:
        yield f"{comma}{encode(tickets)[1:-1]}".encode()
        comma = ","
    yield b"]}"


def _packed(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_QUICK, wbits=_GZIP)
    yield from map(packer.compress, parts)
    yield packer.flush()


def _head(event: Event) -> dict[str, Any]:
    scans_from, scans_until = arrivals.Door.of(event).hours() or (None, None)
    return {
        "event": event.slug, "title": event.title, "place": event.place, "starts_at": moment(event.starts_at),
        "ends_at": moment(event.ends_at), "scans_from": moment(scans_from), "scans_until": moment(scans_until),
        "walk_ins": event.walk_ins, "activities": [_room(activity) for activity in event.activities],
        "categories": [{"code": each.code, "name": each.name, "name_en": each.name_en, "colour": each.colour}
                       for each in people.categories(db.session())],
    }


def _room(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id, "title": activity.title, "room": activity.room, "starts_at": moment(activity.starts_at),
        "ends_at": moment(activity.ends_at), "capacity": activity.capacity, "inside": activity.inside,
    }


def _ticket(line: Line, zone: ZoneInfo) -> dict[str, Any]:
    def told(at: datetime | None) -> str | None:
        return at.astimezone(zone).isoformat() if at else None

    shown: dict[str, Any] = {
        "digest": line.digest, "name": line.name, "category": line.category, "party": line.party, "party_id": line.party_id,
        "place": line.place, "state": line.state, "arrived_at": told(line.arrived_at), "left_at": told(line.left_at),
    }
    if line.arrived_at and not line.left_at and not line.inside:
        shown["inside"] = False
    if line.chosen:
        shown["chosen"] = list(line.chosen)
    if line.activities:
        shown["activities"] = [{"id": each.id, "arrived_at": told(each.arrived_at), "left_at": told(each.left_at)}
                               for each in line.activities]
    return shown
