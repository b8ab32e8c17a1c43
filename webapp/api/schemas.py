"""What the API takes and gives. The description at /api/v1/openapi.json is made from these schemas, and requests are judged by them.

Unknown members are refused, so that a misspelt one is noticed.
"""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

import flask_babel
import marshmallow as ma
from marshmallow import fields, validate
from marshmallow.exceptions import SCHEMA

from engage import events
from engage.arrivals import Direction, Result
from engage.parties import State

lazy_gettext: Any = flask_babel.lazy_gettext  # marshmallow asks for str and gets what becomes one when it is read
MOST_SCANS = 1000  # in one request
LONGEST_CODE = 500  # a ticket's address is 60 to 100 characters; whatever else a camera reads is answered too
LONGEST_DEVICE = 80
MOST_EVENTS = 100
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

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


FORMATS = ((Moment, "string", "date-time"), (Identifier, "string", "uuid"))  # as JSON Schema says it


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
        "description": "What was read: a ticket's address (…/t/CODE) or its bare code."})
    at = Moment(required=True, error_messages=_REQUIRED, metadata={"description": "When it was read."})
    direction = fields.Enum(Direction, by_value=True, load_default=Direction.IN, error_messages={
        **_REQUIRED, "unknown": lazy_gettext("应为 {choices} 之一。")})
    activity = fields.Raw(allow_none=True, load_default=None, validate=validate.OneOf(
        [None], error=lazy_gettext("目前不支持按环节签到，此项应为 null。")), metadata={
        "description": "Null: activities are not scanned one by one yet."})
    device = fields.String(load_default="", error_messages=_TEXT, validate=validate.Length(
        max=LONGEST_DEVICE, error=lazy_gettext("最多 {max} 个字符。")), metadata={
        "description": "Which of several scanners behind one token; for the record."})


class Scans(Strict):
    """Scans in the order in which they happened: one live, or many late ones."""

    scans = fields.List(fields.Nested(Scan), required=True, error_messages=_LIST, validate=validate.Length(
        max=MOST_SCANS, error=lazy_gettext("最多 {max} 条，请分批发送。")))


class Outcome(ma.Schema):
    """The answer to a scan. Name and category are empty where the ticket is not this event's."""

    id = Identifier(required=True, metadata={"description": "As it was sent."})
    result = fields.String(required=True, validate=validate.OneOf([*Result, "waitlisted", "over_capacity"]))
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


class Ticket(ma.Schema):
    """What a scanner must know of a ticket to decide without a network."""

    digest = fields.String(required=True, metadata={
        "description": "The first 16 bytes of the SHA-256 of the bare code, in base64url without padding.",
        "minLength": 22, "maxLength": 22})
    name = fields.String(required=True)
    category = fields.String(required=True)
    party = fields.Integer(required=True, metadata={"description": "How many people come together."})
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    arrived_at = Moment(required=True, allow_none=True)


class Roster(ma.Schema):
    """All tickets of an event, cancelled ones too."""

    event = fields.String(required=True, metadata={"description": "The event's slug."})
    made_at = Moment(required=True)
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
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def faults(messages: object, path: str = "") -> list[dict[str, str]]:
    """Marshmallow's messages as a flat list: where, and what is wrong."""
    if isinstance(messages, dict):
        return [fault for key, inner in messages.items()
                for fault in faults(inner, path if key == SCHEMA else f"{path}/{key}")]
    found = messages if isinstance(messages, list) else [messages]
    return [{"path": path, "detail": str(each)} for each in found]
