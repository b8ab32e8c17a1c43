"""Parties on their way into the database, several at once: who is there already, and the rows of those who are new."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from engage.audit import Note
from engage.invitations import Invitation
from engage.parties import Addressee, Attendee, ChosenActivity, Registration, State
from engage.quotas import Claim
from surveys.statements import Rows, Statement, among, new_keys


class Seated(NamedTuple):
    """What became of an application; `repeated` when the same form had come before."""

    id: int
    state: State
    ticket_code: str  # the leader's
    leader: Addressee
    repeated: bool = False


@dataclass(eq=False)
class Entry:
    """A party as it is stored: the columns of its registration, and of its guests, the leader first. They get their keys by `store`."""

    claim: Claim
    row: dict[str, Any]
    guests: list[dict[str, Any]]
    by: str
    invitation: Invitation | None

    def seated(self) -> Seated:
        """What became of it, once it is stored."""
        row, leader = self.row, self.guests[0]
        told = Addressee(row["event_id"], row["invitation_id"], leader["id"], leader["name"], leader["phone"], leader["email"])
        return Seated(row["id"], row["state"], leader["ticket_code"], told)

    def note(self) -> Note:
        """For the audit trail, once it is stored."""
        done = "wait" if self.row["state"] is State.WAITING else "create"
        return Note(f"registration.{done}", f"registration:{self.row['id']}", self.by, {"event": self.claim.event_id, "party": self.claim.party})


_TABLE = cast("sa.Table", Registration.__table__)
_COLUMNS = (
    Registration.id, Registration.event_id, Registration.person_key, Registration.invitation_id, Registration.submission, Registration.state,
)
_STANDING = sa.text("registration.state <> 'cancelled'")  # stated literally: else a prepared statement could not use the partial indexes
_KNOWN = Statement(sa.union_all(  # each by an index of its own
    sa.select(*_COLUMNS).where(among(_TABLE.c.event_id, "events"), among(_TABLE.c.person_key, "people"), _STANDING),
    sa.select(*_COLUMNS).where(among(_TABLE.c.invitation_id, "invited"), _STANDING),
    sa.select(*_COLUMNS).where(among(_TABLE.c.submission, "sent")),
))


class Known:
    """Who is registered already, among those who may come now: by person, by invitation, and by form."""

    def __init__(
        self, connection: sa.Connection, *, events: Iterable[int], people: Iterable[str], invited: Iterable[int], sent: Iterable[str]
    ) -> None:
        found = _KNOWN.rows(connection, events=list(events), people=list(people), invited=list(invited), sent=list(sent))
        standing = [row for row in found if row[5] != State.CANCELLED]
        self._people: set[tuple[int, str]] = {(row[1], row[2]) for row in standing}
        self._invited: set[int | None] = {row[3] for row in standing} - {None}
        self._forms: dict[str | None, tuple[int, int | Entry]] = {row[4]: (row[1], row[0]) for row in found if row[4]}

    def first(self, event_id: int, submission: str | None) -> int | Entry | None:
        """What the same form came to before: the id of a registration, or an entry of now."""
        found = self._forms.get(submission)
        return found[1] if found and found[0] == event_id else None

    def holds(self, entry: Entry) -> bool:
        """Whether this party is another's person, invitation or form."""
        row = entry.row
        return ((row["event_id"], row["person_key"]) in self._people or row["invitation_id"] in self._invited
                or row["submission"] in self._forms)

    def add(self, entry: Entry) -> None:
        """Know this one too."""
        row = entry.row
        self._people.add((row["event_id"], row["person_key"]))
        if row["invitation_id"]:
            self._invited.add(row["invitation_id"])
        if row["submission"]:
            self._forms[row["submission"]] = row["event_id"], entry


_PARTY = (
    "id", "event_id", "invitation_id", "category_id", "state", "party", "person_key", "submission", "language", "consent_at", "created_at",
)
_GUEST = (
    "id", "event_id", "registration_id", "category_id", "place", "state", "name", "phone", "email", "organisation", "position",
    "ticket_code", "survey_code",
)
# Passed over is somebody whom `Known` could not know, because the transaction is not alone with the event.
_ADD_PARTIES, _ADD_GUESTS = Rows(Registration, _PARTY, passing_over=True), Rows(Attendee, _GUEST)
_CHOOSE = Rows(ChosenActivity, ("registration_id", "activity_id"))
_STORED = Statement(sa.select(Registration.id).where(among(_TABLE.c.id, "keys")))


def store(connection: sa.Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those that are stored now, in order; the others are registered already."""
    if not entries:
        return []
    keys, guest_keys = new_keys(connection, {Registration: len(entries), Attendee: sum(len(entry.guests) for entry in entries)})
    keys_left = iter(guest_keys)
    for entry, key in zip(entries, keys, strict=True):
        entry.row["id"] = key
        for guest in entry.guests:
            guest |= {"id": next(keys_left), "registration_id": key}
    _ADD_PARTIES.send(connection, [[entry.row[name] for name in _PARTY] for entry in entries])
    there = {key for (key,) in _STORED.rows(connection, keys=keys)}
    stored = [entry for entry in entries if entry.row["id"] in there]
    _ADD_GUESTS.send(connection, [[guest[name] for name in _GUEST] for entry in stored for guest in entry.guests])
    choose(connection, {entry.row["id"]: entry.claim.activity_ids for entry in stored})
    return stored


def choose(connection: sa.Connection, activity_ids: Mapping[int, Sequence[int]]) -> None:
    """Store which activities parties have chosen, by the ids of their registrations."""
    _CHOOSE.send(connection, [(key, each) for key, chosen in activity_ids.items() for each in dict.fromkeys(chosen)])
