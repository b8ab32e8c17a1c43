"""The list of an event's attendees, streamed from the database into csv, xlsx or json."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import BinaryIO

from sqlalchemy.orm import Session

from engage import answers, attendance, fields, origins, parties
from engage.answers import MASK
from engage.answers import Line as Answered
from engage.attendance import Presence
from engage.contacts import mask_email, mask_name, mask_phone
from engage.events import Event, Kind
from engage.exports.material import text_layer
from engage.fields import EventField
from engage.origins import Came, Origin
from engage.parties import Attendee, Standing
from engage.sealing import Cipher
from engage.sheets import disarm
from surveys.asked import in_language
from surveys.raw import BATCH

Cell = str | datetime | float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One attendee with the name of the party's leader, "" for somebody who comes alone; `presence` is None for who did not come."""

    attendee: Attendee
    leader: str
    language: str
    came: Came
    presence: Presence | None
    answers: Mapping[int, Answered] = field(default_factory=dict[int, Answered])  # by the id of the field


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in JSON, its heading in Chinese and English, its width in characters, and where it comes from."""

    key: str
    chinese: str
    english: str
    width: int
    cell: Callable[[Line], Cell]
    code: Callable[[Line], Cell] | None = None  # what JSON holds instead of a label


STATES = {
    Standing.CONFIRMED: ("已报名", "Registered"), Standing.WAITING: ("候补", "Waiting"), Standing.OFFERED: ("候补待确认", "Offered a seat"),
    Standing.CANCELLED: ("已取消", "Cancelled"), Standing.LAPSED: ("逾期未确认", "Offer lapsed"),
}
ORIGINS = {
    Origin.REGISTERED: ("报名", "Registered"), Origin.WALK_IN: ("现场登记", "Entered at the door"),
    Origin.STAND_IN: ("代替他人", "In another’s place"),
}

FULL: tuple[Column, ...] = (
    Column("name", "姓名", "Name", 12, lambda line: line.attendee.name),
    Column("phone", "手机", "Phone", 16, lambda line: line.attendee.phone),
    Column("email", "邮箱", "E-mail", 28, lambda line: line.attendee.email),
    Column("organisation", "单位", "Organisation", 30, lambda line: line.attendee.organisation),
    Column("position", "职务", "Position", 14, lambda line: line.attendee.position),
    Column("category", "类别", "Category", 18,
           lambda line: in_language(line.language, line.attendee.category.name, line.attendee.category.name_en),
           lambda line: line.attendee.category.code),
    Column("party", "团队", "Party", 14, lambda line: line.leader),
    Column("state", "报名状态", "State", 12, lambda line: in_language(line.language, *STATES[line.attendee.standing]),
           lambda line: line.attendee.standing.value),
    Column("arrived_at", "到场时间", "Arrived", 18, lambda line: line.attendee.arrived_at),
    Column("left_at", "离场时间", "Left", 18, lambda line: line.attendee.left_at),
    Column("minutes", "在场分钟", "Minutes present", 12, lambda line: line.presence and line.presence.minutes),
    Column("came_as", "参加方式", "Came as", 14, lambda line: in_language(line.language, *ORIGINS[line.came.origin]),
           lambda line: line.came.origin.value),
    Column("stands_in_for", "代替何人", "In place of", 12, lambda line: line.came.stands_in_for),
)
_MASKS: dict[str, Callable[[Line], Cell]] = {
    "name": lambda line: mask_name(line.attendee.name),
    "phone": lambda line: mask_phone(line.attendee.phone),
    "email": lambda line: mask_email(line.attendee.email),
    "party": lambda line: mask_name(line.leader),
    "stands_in_for": lambda line: mask_name(line.came.stands_in_for),
}
MASKED = tuple(
    replace(column, cell=_MASKS.get(column.key, column.cell)) for column in FULL
)
TICKET = Column("ticket_code", "ticket_code", "ticket_code", 30, lambda line: line.attendee.ticket_code)
_HOURS = Column("attended_hours", "参训小时", "Hours attended", 12, lambda line: line.presence and round(line.presence.within / 60, 1))


def presence_columns(event: Event) -> tuple[Column, ...]:
    """The minutes in the room of each of the event's activities; before them, at a training, the hours between its start and its end."""
    hours = [_HOURS] if event.kind is Kind.TRAINING else []
    return (*hours, *(
        Column(f"activity_{one.id}", f"{one.title}（分钟）", f"{one.title} (minutes)", 14, partial(_in_room, one.id))
        for one in event.activities
    ))


def _in_room(activity_id: int, line: Line) -> Cell:
    return line.presence and line.presence.rooms.get(activity_id)


_COUNTABLE = {"single", "multiple", "number", "yes_no"}  # says little of a person, and is what organisers count


def answer_columns(session: Session, event: Event, *, personal: bool, cipher: Cipher | None = None) -> tuple[Column, ...]:
    """A column for each field of the event's registration form, archived ones last and marked.

    Without `personal`, what was written freely is masked; what is sensitive always is, unless a `cipher` opens it: note that
    with `note_export`, and expect SealedWithAnotherKey while writing.
    """
    return tuple(
        Column(one.code, one.label + ("（已停用）" if one.archived_at else ""),
               (one.label_en or one.label) + (" (archived)" if one.archived_at else ""), 20,
               partial(_answer, one, personal=personal, cipher=cipher))
        for one in fields.all_of(session, event)
    )


def _answer(one: EventField, line: Line, *, personal: bool, cipher: Cipher | None) -> str:
    answered = line.answers.get(one.id)
    if answered is None:
        return ""
    if answered.answer.sealed and personal and cipher:
        return one.show(cipher.open_text(answered.answer.value), line.language)
    return answered.text(line.language) if personal or one.kind in _COUNTABLE else MASK


@dataclass(frozen=True, slots=True)
class Table:
    """The list on its way out, as it stands `now`, with times in `zone`. Columns are MASKED, FULL, or (*FULL, TICKET), which is as
    good as tickets; those of `presence_columns` follow by themselves, then `extra`, which are those of `answer_columns`.
    """

    session: Session
    event: Event
    columns: Sequence[Column]
    zone: tzinfo
    language: str = "zh"
    extra: Sequence[Column] = ()
    now: datetime = field(kw_only=True)
    read: Callable[[int], object] = id  # told how many people were read since it was told last

    @property
    def shown(self) -> Sequence[Column]:
        """All columns, in order."""
        return (*self.columns, *presence_columns(self.event), *self.extra)

    @property
    def headings(self) -> list[str]:
        return [in_language(self.language, column.chinese, column.english) for column in self.shown]

    def rows(self) -> Iterator[list[Cell]]:
        """The cells of every attendee, cancelled ones too, party by party, fetched in batches; times are aware."""
        return self._rows([column.cell for column in self.shown])

    def coded(self) -> Iterator[dict[str, Cell]]:
        """The same for programs: by the columns' keys, with codes for category and state."""
        for row in self._rows([column.code or column.cell for column in self.shown]):
            yield dict(zip((column.key for column in self.shown), row, strict=True))

    def _rows(self, cells: Sequence[Callable[[Line], Cell]]) -> Iterator[list[Cell]]:
        found = self.session.scalars(parties.attendees(self.event), execution_options={"yield_per": BATCH})
        leader = ""
        for batch in found.partitions():
            ids = [attendee.id for attendee in batch]
            answered = answers.of_people(self.session, ids) if self.extra else {}
            came = origins.of_people(self.session, ids)
            present = attendance.presences(self.session, self.event, ids, now=self.now)
            for attendee in batch:
                if attendee.place == 0:
                    leader = attendee.name
                own = {line.field.id: line for line in answered.get(attendee.id, ())}
                line = Line(attendee, leader if attendee.registration.party > 1 else "", self.language,
                            came.get(attendee.id, Came()), present.get(attendee.id), own)
                values = [cell(line) for cell in cells]
                yield [value.astimezone(self.zone) if isinstance(value, datetime) else value for value in values]
            self.read(len(batch))


def write_csv(table: Table, stream: BinaryIO) -> None:
    """UTF-8 with the byte order mark that Excel looks for; times to the minute; what looks like a formula is disarmed."""
    with text_layer(stream, "utf-8-sig") as text:
        out = csv.writer(text)
        out.writerow(table.headings)
        for row in table.rows():
            out.writerow([_written(cell) for cell in row])


def _written(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return disarm(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def write_json(table: Table, stream: BinaryIO) -> None:
    """`{"event": slug, "attendees": [{…}]}` with the columns' keys, codes for category and state, times in ISO 8601."""
    with text_layer(stream, "utf-8") as text:
        text.write(f'{{"event": {json.dumps(table.event.slug)}, "attendees": [')
        for place, attendee in enumerate(table.coded()):
            text.write((",\n" if place else "\n") + json.dumps(attendee, ensure_ascii=False, default=datetime.isoformat))
        text.write("\n]}\n")


def write_xlsx(table: Table, stream: BinaryIO) -> None:
    """One sheet, texts as texts, times as times, minutes as numbers; written row by row in constant memory."""
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    with Workbook(stream, {"constant_memory": True, "default_format_properties": {"font_name": "Microsoft YaHei"}}) as book:
        sheet = book.add_worksheet(in_language(table.language, "参会名单", "Attendees"))
        heading = book.add_format({"bold": True, "bg_color": "#E6EEF7", "bottom": 1})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        for place, (column, words) in enumerate(zip(table.shown, table.headings, strict=True)):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, words, heading)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()  # it is printed for the table at the door too
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        last = 0
        for last, row in enumerate(table.rows(), start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(last, place, cell.replace(tzinfo=None), moment)
                elif isinstance(cell, float | int):
                    sheet.write_number(last, place, cell)
                elif cell:
                    sheet.write_string(last, place, cell)
        sheet.autofilter(0, 0, last, len(table.shown) - 1)
