"""Parties on their way into the database, several at once: who is there already, and the rows of those who are new."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from engage.audit import Note
from engage.invitations import Invitation
from engage.parties import Addressee, Attendee, ChosenActivity, Registration, State
from engage.quotas import Claim
from surveys.statements import Statement, among, columns, pipelined


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


# Somebody whom `Known` could not know, because the transaction is not alone with the event, is passed over without an error.
_INSERT_REGISTRATION = Statement(
    postgresql.insert(Registration).values(columns(Registration, "id")).on_conflict_do_nothing().returning(Registration.id)
)
_INSERT_ATTENDEE = Statement(sa.insert(Attendee).values(columns(Attendee, "id")).returning(Attendee.id))
_CHOOSE = Statement(sa.insert(ChosenActivity).values(columns(ChosenActivity)))


def store(connection: sa.Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those that are stored now, in order; the others are registered already."""
    stored: list[Entry] = []
    for entry, keys in zip(entries, _inserted(connection, _INSERT_REGISTRATION, [entry.row for entry in entries]), strict=True):
        for (key,) in keys:
            entry.row["id"] = key
            stored.append(entry)
    guests = [guest | {"registration_id": entry.row["id"]} for entry in stored for guest in entry.guests]
    keys = iter(_inserted(connection, _INSERT_ATTENDEE, guests))
    for entry in stored:
        for guest in entry.guests:
            ((guest["id"],),) = next(keys)
        choose(connection, entry.row["id"], entry.claim.activity_ids)
    return stored


def choose(connection: sa.Connection, registration_id: int, activity_ids: Sequence[int]) -> None:
    """Store which activities a party has chosen."""
    _CHOOSE.send(connection, [{"registration_id": registration_id, "activity_id": key} for key in dict.fromkeys(activity_ids)])


def _inserted(connection: sa.Connection, insert: Statement, rows: Sequence[dict[str, Any]]) -> list[Sequence[Any]]:
    """What the database gives back for each row; all are sent before the first is waited for."""
    with pipelined(connection):
        cursors = [insert.asked(connection, **row) for row in rows]
        return [cursor.fetchall() for cursor in cursors]
