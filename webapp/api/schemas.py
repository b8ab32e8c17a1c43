"""What the API takes and gives. The description at /api/v1/openapi.json is made from these schemas, and requests are judged by them.

Unknown members are refused, so that a misspelt one is noticed.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import flask_babel
import marshmallow as ma
import msgspec
from marshmallow import fields, validate
from marshmallow.exceptions import SCHEMA

from engage import events, undos, walk_ins
from engage.parties import State
from engage.presence import Direction, Result

lazy_gettext: Any = flask_babel.lazy_gettext  # marshmallow asks for str and gets what becomes one when it is read
MOST_SCANS = 1000  # in one request
LONGEST_CODE = 500  # a ticket's address is 60 to 100 characters; whatever else a camera reads is answered too
LONGEST_DEVICE = 80
LARGEST_ID = 2**31 - 1
MOST_WALK_INS = 100  # in one request
MOST_EVENTS = 100
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_MOMENT = Annotated[datetime, msgspec.Meta(tz=True)]

_REQUIRED = {"required": lazy_gettext("缺少此项。"), "null": lazy_gettext("此项不能为空。")}
_TEXT = {**_REQUIRED, "invalid": lazy_gettext("应为文字。"), "invalid_utf8": lazy_gettext("应为文字。")}
_LIST = {**_REQUIRED, "invalid": lazy_gettext("应为数组。")}


class Moment(fields.Field):
    """A time of RFC 3339, with its offset from UTC."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": lazy_gettext("应为带时区的时间（RFC 3339），例如 2026-03-18T09:00:00+08:00。")}

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = moment_of(value)
        if moment is None:
            raise self.make_error("invalid")
        return moment


class Identifier(fields.Field):
    """A UUID in its usual form, upper or lower case."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": lazy_gettext("应为 UUID。")}

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not UUID.fullmatch(value):
            raise self.make_error("invalid")
        return value


class WholeNumber(fields.Field):
    """An integer as JSON Schema knows it: 3 and 3.0, but no text and no truth value."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": lazy_gettext("应为整数。")}

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise self.make_error("invalid")
        return int(value)


class Truth(fields.Boolean):
    """True or false, and nothing that means the same elsewhere."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": lazy_gettext("应为 true 或 false。")}

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


FORMATS = ((Moment, "string", "date-time"), (Identifier, "string", "uuid"), (WholeNumber, "integer", None))  # as JSON Schema says it


class Strict(ma.Schema):
    """Refuses what it does not know."""

    class Meta:
        unknown = ma.RAISE

    error_messages: ClassVar[dict[str, Any]] = {"unknown": lazy_gettext("没有这一项。"), "type": lazy_gettext("应为对象。")}


class Scan(Strict):
    """A ticket held before a scanner."""

    id = Identifier(required=True, error_messages=_REQUIRED, metadata={
        "description": "The scanner's own UUID for this scan. The same id is the same scan: its answer is repeated."})
    code = fields.String(required=True, error_messages=_TEXT, validate=validate.Length(
        1, LONGEST_CODE, error=lazy_gettext("长度应为 {min} 至 {max} 个字符。")), metadata={
        "description": "What was read: a ticket's address (…/t/CODE) or its bare code; `#` and a digest of the roster for whom staff picked by name."})
    at = Moment(required=True, error_messages=_REQUIRED, metadata={"description": "When it was read."})
    direction = fields.Enum(Direction, by_value=True, load_default=Direction.IN, error_messages={
        **_REQUIRED, "unknown": lazy_gettext("应为 {choices} 之一。")})
    activity = WholeNumber(allow_none=True, load_default=None, validate=validate.Range(
        1, LARGEST_ID, error=lazy_gettext("应为 {min} 至 {max}。")), metadata={
        "description": "The id of the activity at whose door it was read; null at the event's own."})
    told = fields.Enum(Result, by_value=True, allow_none=True, load_default=None, error_messages={
        **_REQUIRED, "unknown": lazy_gettext("应为 {choices} 之一。")}, metadata={
        "description": "What a device without a network has told the guest by itself. Where the answer differs, staff are asked."})
    device = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=LONGEST_DEVICE, error=lazy_gettext("最多 {max} 个字符。")), metadata={
        "description": "Which of several scanners behind one token; for the record."})


_SENT_AT: Any = {"error_messages": _REQUIRED, "metadata": {
    "description": "What the device's clock says as it sends this, anew with each sending: the times given are corrected by what it is wrong."}}


class Scans(Strict):
    """Scans in the order in which they happened: one live, or many late ones."""

    sent_at = Moment(**_SENT_AT)
    scans = fields.List(fields.Nested(Scan), required=True, error_messages=_LIST, validate=validate.Length(
        max=MOST_SCANS, error=lazy_gettext("最多 {max} 条，请分批发送。")))


class Undo(Strict):
    """A scan that shall not count."""

    id = Identifier(required=True, error_messages=_REQUIRED, metadata={
        "description": "The device's own UUID for this undo. The same id is the same undo."})
    scan = Identifier(required=True, error_messages=_REQUIRED, metadata={"description": "The id of the scan, or of the walk-in."})
    at = Moment(required=True, error_messages=_REQUIRED, metadata={"description": "When it was taken back."})
    reason = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=300, error=lazy_gettext("最多 {max} 个字符。")))
    device = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=LONGEST_DEVICE, error=lazy_gettext("最多 {max} 个字符。")))


class Undos(Strict):
    """Undos in their order, each sent after the scan that it takes back."""

    sent_at = Moment(**_SENT_AT)
    undos = fields.List(fields.Nested(Undo), required=True, error_messages=_LIST, validate=validate.Length(
        max=MOST_SCANS, error=lazy_gettext("最多 {max} 条，请分批发送。")))


class Undone(ma.Schema):
    """What became of an undo."""

    id = Identifier(required=True)
    result = fields.String(required=True, validate=validate.OneOf([*undos.Result]))


class UndosDone(ma.Schema):
    """One answer for each undo, in the same order."""

    undos = fields.List(fields.Nested(Undone), required=True)


LETTER = r"[0-9A-Za-z\u00c0-\u017f\u0400-\u04ff\u0620-\u064a\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff]"  # of a name, at least one


class WalkIn(Strict):
    """Somebody who came without a registration."""

    id = Identifier(required=True, error_messages=_REQUIRED, metadata={
        "description": "The device's own UUID for this person; also the id of the scan that admits them."})
    name = fields.String(required=True, error_messages=_TEXT, validate=[
        validate.Length(1, 60, error=lazy_gettext("长度应为 {min} 至 {max} 个字符。")),
        validate.Regexp(f".*{LETTER}", flags=re.DOTALL, error=lazy_gettext("请填写姓名。"))])
    category = fields.String(required=True, error_messages=_TEXT, validate=validate.Length(
        1, 40, error=lazy_gettext("长度应为 {min} 至 {max} 个字符。")), metadata={"description": "A category's code."})
    phone = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=24, error=lazy_gettext("最多 {max} 个字符。")))
    organisation = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=120, error=lazy_gettext("最多 {max} 个字符。")))
    consent = Truth(required=True, error_messages=_REQUIRED, validate=validate.Equal(
        True, error=lazy_gettext("请先征得本人同意。")), metadata={
        "description": "This person has agreed that the name is kept for this event; nobody is entered without."})
    at = Moment(required=True, error_messages=_REQUIRED, metadata={"description": "When the person came in."})
    beyond_seats = Truth(load_default=False, error_messages=_REQUIRED, metadata={
        "description": "Staff let the person in although all seats are taken."})
    device = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=LONGEST_DEVICE, error=lazy_gettext("最多 {max} 个字符。")))


class WalkIns(Strict):
    """Walk-ins in their order."""

    sent_at = Moment(**_SENT_AT)
    walk_ins = fields.List(fields.Nested(WalkIn), required=True, error_messages=_LIST, validate=validate.Length(
        max=MOST_WALK_INS, error=lazy_gettext("最多 {max} 条，请分批发送。")))


class Entered(ma.Schema):
    """What became of a walk-in; `digest` is that of the new ticket, null where there is none."""

    id = Identifier(required=True)
    result = fields.String(required=True, validate=validate.OneOf([*walk_ins.Result]))
    digest = fields.String(required=True, allow_none=True)


class WalkInsEntered(ma.Schema):
    """One answer for each walk-in, in the same order."""

    walk_ins = fields.List(fields.Nested(Entered), required=True)


class Outcome(ma.Schema):
    """The answer to a scan. Name and category are empty where the ticket is not this event's."""

    id = Identifier(required=True, metadata={"description": "As it was sent."})
    result = fields.String(required=True, validate=validate.OneOf([*Result]))
    name = fields.String(required=True)
    category = fields.String(required=True)
    first_at = Moment(required=True, allow_none=True, metadata={"description": "When this person was first admitted."})


class Outcomes(ma.Schema):
    """One answer for each scan, in the same order."""

    scans = fields.List(fields.Nested(Outcome), required=True)


class Event(ma.Schema):
    """An event. `expected` and `arrived` count people."""

    slug = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*events.Kind]))
    state = fields.String(required=True, validate=validate.OneOf([*events.State]))
    visibility = fields.String(required=True, validate=validate.OneOf([*events.Visibility]))
    starts_at = Moment(required=True, allow_none=True)
    ends_at = Moment(required=True, allow_none=True)
    place = fields.String(required=True)
    address = fields.String(required=True)
    expected = fields.Integer(required=True)
    arrived = fields.Integer(required=True)


class CategoryCount(ma.Schema):
    """People of one category."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    expected = fields.Integer(required=True)
    arrived = fields.Integer(required=True)


class EventInFull(Event):
    """An event with what a scanner wants to know of it."""

    scans_from = Moment(required=True, allow_none=True, metadata={"description": "Scans count from here on."})
    scans_until = Moment(required=True, allow_none=True, metadata={"description": "The last time that counts."})
    categories = fields.List(fields.Nested(CategoryCount), required=True)


class Page(ma.Schema):
    """Which part of a long list."""

    cursor = fields.String(error_messages=_TEXT, validate=validate.Regexp(
        re.compile(r"^[1-9][0-9]{0,17}\Z", re.ASCII), error=lazy_gettext("不是先前答复中的 next。")), metadata={
        "description": "`next` of the answer before.", "pattern": "^[1-9][0-9]{0,17}$"})
    limit = fields.Integer(load_default=50, error_messages={**_REQUIRED, "invalid": lazy_gettext("应为整数。")},
                           validate=validate.Range(1, MOST_EVENTS, error=lazy_gettext("应为 {min} 至 {max}。")))


class Events(ma.Schema):
    """Events, the newest first."""

    events = fields.List(fields.Nested(Event), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "The next part's `cursor`; null at the end."})


class InRoom(ma.Schema):
    """A ticket at an activity's door."""

    id = fields.Integer(required=True, metadata={"description": "The activity's."})
    arrived_at = Moment(required=True, allow_none=True)
    left_at = Moment(required=True, allow_none=True)


class Ticket(ma.Schema):
    """What a scanner must know of a ticket to decide without a network."""

    digest = fields.String(required=True, metadata={
        "description": "The first 16 bytes of the SHA-256 of the bare code, in base64url without padding.",
        "minLength": 22, "maxLength": 22})
    name = fields.String(required=True)
    category = fields.String(required=True)
    party = fields.Integer(required=True, metadata={"description": "How many people come together."})
    party_id = fields.Integer(required=True, metadata={"description": "The same for those who come together."})
    place = fields.Integer(required=True, metadata={"description": "0 leads the party."})
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    arrived_at = Moment(required=True, allow_none=True)
    left_at = Moment(required=True, allow_none=True, metadata={"description": "When the holder went out; null while inside."})
    inside = fields.Boolean(metadata={"description": "False for who was seen in rooms only, and not at the event's own door; else as the times say."})
    activities = fields.List(fields.Nested(InRoom), metadata={"description": "At which rooms' doors the ticket was scanned."})
    chosen = fields.List(fields.Integer(), metadata={"description": "Ids of the activities that the party has chosen."})


class Room(ma.Schema):
    """An activity as its door sees it."""

    id = fields.Integer(required=True)
    title = fields.String(required=True)
    room = fields.String(required=True)
    starts_at = Moment(required=True, allow_none=True)
    ends_at = Moment(required=True, allow_none=True)
    capacity = fields.Integer(required=True, allow_none=True, metadata={"description": "People whom the room holds; null is no limit."})
    inside = fields.Integer(required=True, metadata={"description": "People in it now."})


class DoorCategory(ma.Schema):
    """What a walk-in can come as."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    colour = fields.String(required=True)


class Roster(ma.Schema):
    """All tickets of an event, cancelled ones too, and what else a door must know."""

    event = fields.String(required=True, metadata={"description": "The event's slug."})
    title = fields.String(required=True)
    place = fields.String(required=True)
    starts_at = Moment(required=True, allow_none=True)
    ends_at = Moment(required=True, allow_none=True)
    scans_from = Moment(required=True, allow_none=True, metadata={"description": "Scans count from here on."})
    scans_until = Moment(required=True, allow_none=True, metadata={"description": "The last time that counts."})
    walk_ins = fields.Boolean(required=True, metadata={"description": "Whether people may be entered who are not registered."})
    activities = fields.List(fields.Nested(Room), required=True)
    categories = fields.List(fields.Nested(DoorCategory), required=True)
    made_at = Moment(required=True, metadata={"description": "What the server's clock said."})
    tickets = fields.List(fields.Nested(Ticket), required=True)


class Fault(ma.Schema):
    """One thing that is wrong with a request."""

    path = fields.String(required=True, metadata={"description": "Where, as a JSON pointer into the body, or the parameter's name."})
    detail = fields.String(required=True)


class Problem(ma.Schema):
    """RFC 9457, with a stable `code`, and `errors` where a request has faults of its own."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))


def moment_of(text: object) -> datetime | None:
    """An RFC 3339 time in UTC; None for anything else, a time that lies outside the calendar included."""
    try:
        return in_utc(msgspec.convert(text, _MOMENT))
    except ValueError:  # of which msgspec's own is one
        return None


def in_utc(at: datetime) -> datetime:
    """The same time; ValueError where it lies outside the calendar."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError from error


def faults(messages: object, path: str = "") -> list[dict[str, str]]:
    """Marshmallow's messages as a flat list: where, and what is wrong."""
    if isinstance(messages, dict):
        return [fault for key, inner in messages.items()
                for fault in faults(inner, path if key == SCHEMA else f"{path}/{key}")]
    found = messages if isinstance(messages, list) else [messages]
    return [{"path": path, "detail": str(each)} for each in found]
