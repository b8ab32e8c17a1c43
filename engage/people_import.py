"""Importing an invitation list: first a plan that says what becomes of every row, then the plan carried out.

Queries go by the thousand, never by the row. A plan holds people's data and belongs to one transaction: between the page that
shows it and the confirmation keep the file, plan again, and carry out at once.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engage.audit import AuditEntry
from engage.contacts import InvalidEmail, clean_email, find_phones, valid_uscc
from engage.errors import Conflict
from engage.people import (
    LIMITS,
    Category,
    Invitee,
    categories,
    clean_name,
    name_key,
    organisation_key,
    recognise_category,
)
from engage.sheets import Row, Source, Table, read_tables

COLUMNS = {
    "name": ("姓名", "名字", "人员姓名", "代表姓名", "委员姓名", "参会人员", "参加人员", "受邀人", "被邀请人", "邀请对象", "负责人", "联系人",
             "name", "full name"),
    "category": ("人员类别", "类别", "人员类型", "身份类别", "代表类别", "邀请类别", "类型", "身份", "人员身份", "界别", "category", "type"),
    "organisation": ("工作单位", "单位", "单位名称", "所在单位", "工作单位及职务", "单位及职务", "单位职务", "企业名称", "公司名称", "公司", "机构名称", "代表团",
                     "organisation", "organization", "company"),
    "position": ("职务", "职位", "职称", "岗位", "职务职称", "position", "title", "job title"),
    "phone": ("手机", "手机号", "手机号码", "移动电话", "联系电话", "电话", "电话号码", "联系方式", "mobile", "mobile phone", "phone",
              "phone number", "telephone", "tel"),
    "landline": ("办公电话", "单位电话", "座机", "固定电话", "固话", "备用电话", "其他电话", "office phone", "landline"),
    "email": ("电子邮箱", "邮箱", "邮箱地址", "电子邮件", "邮件", "e-mail", "email", "mail", "email address"),
    "district": ("所属区县", "区县", "县区", "区市县", "所在区县", "地区", "所在地", "辖区", "区域", "district"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "机构代码", "uscc", "credit code"),
    "note": ("备注", "说明", "备注说明", "note", "notes", "remark", "remarks"),
}
NOTHING = {"无", "没有", "暂无", "不详", "未知", "待定", "同上", "空", "-", "--", "—", "——", "/", "／", "\\", "none", "n/a", "na", "null", "#n/a"}

REASONS = {
    "name_missing": "The row has no name.",
    "no_contact": "The row has neither a phone number nor an e-mail address.",
    "invalid_phone": "The phone number is not usable: a mobile number has 11 digits, a landline needs its area code.",
    "invalid_email": "The e-mail address is not usable.",
    "category_missing": "The row has no category.",
    "unknown_category": "Nobody can know which category this is.",
    "too_long": "The name is longer than {limit} characters.",
    "shortened": "The text is longer than {limit} characters and was cut.",
    "wrong_uscc": "The check character of the unified social credit code is wrong.",
    "several_phones": "The cell has {found} phone numbers; the first was taken.",
    "differs": "The person is known with something else here; what is known stays.",
    "taken_by_another": "Phone and e-mail belong to two known people of this name; matched by the phone number.",
}


class Outcome(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    MATCHED = "matched"  # the person is known, or stands in an earlier row
    REFUSED = "refused"


class PeopleChanged(Conflict):
    """Somebody added or changed people since the plan was made; plan again."""


@dataclass(frozen=True, slots=True)
class Note:
    """Why a row is refused, or what is odd about it. `column` is the header as the office wrote it."""

    sheet: str
    row: int
    column: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def reason(self) -> str:
        return REASONS[self.code].format(**self.facts)

    def as_dict(self) -> dict[str, Any]:
        return {"sheet": self.sheet, "row": self.row, "column": self.column, "code": self.code, "reason": self.reason}


@dataclass(slots=True)
class PlannedRow:
    """A row of the file, cleaned, and what will become of it. A refused row has the reason in `refusal`.

    `values` has name, name_key, phone, email, organisation, position, district, uscc and note; `columns` the headers as written.
    """

    sheet: str
    row: int
    outcome: Outcome
    category: Category | None
    values: dict[str, str]
    columns: dict[str, str]
    refusal: Note | None = None
    warnings: list[Note] = field(default_factory=list[Note])
    known_id: int | None = None  # the invitee it is matched to
    repeats: tuple[str, int] | None = None  # or the sheet and row of this file that it repeats

    def refuse(self, column: str, code: str, instead: Note | None = None, **facts: Any) -> None:
        self.outcome, self.warnings = Outcome.REFUSED, []
        self.refusal = instead or Note(self.sheet, self.row, self.columns.get(column, column), code, facts)

    def warn(self, column: str, code: str, **facts: Any) -> None:
        if not self.refusal:
            self.warnings.append(Note(self.sheet, self.row, self.columns.get(column, column), code, facts))

    @property
    def name(self) -> str:
        return self.values["name"]

    @property
    def phone(self) -> str:
        return self.values["phone"]

    @property
    def email(self) -> str:
        return self.values["email"]

    @property
    def organisation(self) -> str:
        return self.values["organisation"]


@dataclass(slots=True)
class ImportPlan:
    """What an import would do, row by row, in the order of the file. `fills` are empty fields of known people, by their id."""

    rows: list[PlannedRow] = field(default_factory=list[PlannedRow])
    fills: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])

    def having(self, outcome: Outcome) -> list[PlannedRow]:
        return [row for row in self.rows if row.outcome is outcome]

    @property
    def added(self) -> int:
        return len(self.having(Outcome.ADDED))

    @property
    def matched(self) -> int:
        return len(self.having(Outcome.MATCHED))

    @property
    def refused(self) -> list[Note]:
        return [row.refusal for row in self.rows if row.refusal]

    @property
    def warnings(self) -> list[Note]:
        return [warning for row in self.rows for warning in row.warnings]

    def as_dict(self) -> dict[str, Any]:
        return _told(self.added, self.matched, self.refused, self.warnings)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    added: int
    matched: int
    refused: list[Note]
    warnings: list[Note]

    def as_dict(self) -> dict[str, Any]:
        return _told(self.added, self.matched, self.refused, self.warnings)


def plan_import(session: Session, source: Source, *, category: Category | None = None) -> ImportPlan:
    """What importing a file would do; writes nothing. `category` is for people whose row names none.

    The same name with the same phone number or e-mail address is the same person, in the file and in the database. Raises what
    `sheets.read_tables` raises when the file cannot be read.
    """
    tables = read_tables(source, COLUMNS, needed={"name"})
    known = categories(session)
    plan = ImportPlan([row for table in tables for row in _clean_rows(table, known, category)])
    index = _known(session, {row.values["name_key"] for row in plan.rows if not row.refusal})
    for row in plan.rows:
        if not row.refusal:
            _match(row, index, plan.fills)
    return plan


def carry_out(session: Session, plan: ImportPlan, *, by: str, now: datetime) -> ImportResult:
    """Add the plan's new people and fill empty fields of known ones. Raises PeopleChanged when the plan is out of date."""
    session.flush()
    new = [row.values | {"category_id": row.category.id, "organisation_key": organisation_key(row.values["organisation"]),
                         "created_at": now, "updated_at": now}
           for row in plan.rows if row.outcome is Outcome.ADDED and row.category]
    try:
        with session.begin_nested():
            if new:
                session.execute(sa.insert(Invitee.metadata.tables["invitee"]), new)  # past the unit of work: nothing is loaded yet
            if plan.fills:
                session.execute(sa.update(Invitee), [{"id": key, "updated_at": now, **values}
                                                     for key, values in plan.fills.items()])
    except IntegrityError as error:
        raise PeopleChanged from error
    if plan.fills:
        session.expire_all()  # the update went past objects that are already loaded
    result = ImportResult(len(new), plan.matched, plan.refused, plan.warnings)
    session.add(AuditEntry(at=now, by=by, action="invitee.import", subject="invitee", detail={
        "added": result.added, "matched": result.matched, "refused": len(result.refused), "filled": len(plan.fills)}))
    session.flush()
    return result


def _told(added: int, matched: int, refused: list[Note], warnings: list[Note]) -> dict[str, Any]:
    return {"added": added, "matched": matched, "refused": [note.as_dict() for note in refused],
            "warnings": [note.as_dict() for note in warnings]}


def _clean_rows(table: Table, known: list[Category], default: Category | None) -> list[PlannedRow]:
    meanings: dict[str, Category | None] = {"": default}
    planned: list[PlannedRow] = []
    for row in table.rows:
        word = _told_in(row, "category")
        if word not in meanings:
            meanings[word] = recognise_category(word, known)
        planned.append(_clean_row(row, table.columns, meanings[word]))
    return planned


def _told_in(row: Row, column: str) -> str:
    text = row.cells.get(column, "")
    return "" if len(text) < 6 and text.casefold() in NOTHING else text  # noqa: PLR2004 -- the longest word for nothing


def _clean_row(row: Row, columns: dict[str, str], category: Category | None) -> PlannedRow:
    name = clean_name(_told_in(row, "name"))
    values = {column: _told_in(row, column) for column in ("organisation", "position", "district", "note")}
    values |= {"name": name, "name_key": name_key(name), "phone": "", "email": "",
               "uscc": "".join(_told_in(row, "uscc").split()).upper()}
    planned = PlannedRow(row.sheet, row.number, Outcome.ADDED, category, values, columns)
    _reach(planned, row)
    if not name:
        planned.refuse("name", "name_missing")
    elif max(len(name), len(values["name_key"])) > LIMITS["name"]:
        planned.refuse("name", "too_long", limit=LIMITS["name"])
    elif not values["phone"] and not values["email"]:
        unusable = next((warning for warning in planned.warnings if warning.code.startswith("invalid_")), None)
        planned.refuse("phone", "no_contact", unusable)
    elif not category and _told_in(row, "category"):
        planned.refuse("category", "unknown_category")
    if values["uscc"] and not valid_uscc(values["uscc"]):
        planned.warn("uscc", "wrong_uscc")
    for column in ("organisation", "position", "district", "uscc"):
        if len(values[column]) > LIMITS[column]:
            planned.warn(column, "shortened", limit=LIMITS[column])
            values[column] = values[column][: LIMITS[column]]
    return planned


def _reach(planned: PlannedRow, row: Row) -> None:
    """Fill in phone and e-mail, and warn of what is not usable."""
    told = _told_in(row, "phone")
    phones = find_phones(told)
    if told and not phones:
        planned.warn("phone", "invalid_phone")
    if len(phones) > 1:
        planned.warn("phone", "several_phones", found=len(phones))
    planned.values["phone"] = next(iter(phones or find_phones(_told_in(row, "landline"))), "")
    if told := _told_in(row, "email"):
        try:
            planned.values["email"] = clean_email(told)
        except InvalidEmail:
            planned.warn("email", "invalid_email")


@dataclass(slots=True)
class _Person:
    """Somebody that a row can be: known already (`id`) or in an earlier row of the file (`place`)."""

    values: dict[str, str]
    category_id: int
    id: int | None = None
    place: tuple[str, int] | None = None


_Index = dict[tuple[str, str, str], _Person]  # by ("phone" or "email", name key, number or address)
_FILLED = ("phone", "email", "organisation", "position", "district", "uscc")  # a remark is about the list, not the person


def _known(session: Session, keys: set[str]) -> _Index:
    index: _Index = {}
    wanted = sorted(keys)
    columns: list[Any] = [Invitee.id, Invitee.category_id, Invitee.name_key, *(getattr(Invitee, column) for column in _FILLED)]
    for start in range(0, len(wanted), 5_000):  # below every database's limit of parameters
        for found in session.execute(sa.select(*columns).where(Invitee.name_key.in_(wanted[start : start + 5_000]))):
            key, category_id, *values = tuple(found)
            _enter(index, _Person(dict(zip(("name_key", *_FILLED), values, strict=True)), category_id, id=key))
    return index


def _enter(index: _Index, person: _Person) -> None:
    for way in ("phone", "email"):
        if person.values[way]:
            index.setdefault((way, person.values["name_key"], person.values[way]), person)


def _match(row: PlannedRow, index: _Index, fills: dict[int, dict[str, str]]) -> None:
    """Decide whether a good row is somebody; if not, it becomes somebody for the rows below it."""
    values, key = row.values, row.values["name_key"]
    by_phone = index.get(("phone", key, values["phone"]))
    by_email = index.get(("email", key, values["email"]))
    person = by_phone or by_email
    if person:
        row.outcome, row.known_id, row.repeats = Outcome.MATCHED, person.id, person.place
        if by_phone and by_email and by_phone is not by_email:
            row.warn("email", "taken_by_another")
        _compare(row, person, index, fills)
    elif row.category:
        _enter(index, _Person(values, row.category.id, place=(row.sheet, row.row)))
    else:
        row.refuse("category", "category_missing")


def _compare(row: PlannedRow, person: _Person, index: _Index, fills: dict[int, dict[str, str]]) -> None:
    """Fill what is not known yet; tell where the row says something else."""
    if row.category and row.category.id != person.category_id:
        row.warn("category", "differs")
    for column in _FILLED:
        given, known = row.values[column], person.values[column]
        if not given or name_key(given) == name_key(known):
            continue
        if known:
            row.warn(column, "differs", known=known, given=given)
        elif column not in {"phone", "email"} or (column, person.values["name_key"], given) not in index:
            person.values[column] = given
            _enter(index, person)
            if person.id is not None:
                fills.setdefault(person.id, {})[column] = given
                if column == "organisation":
                    fills[person.id]["organisation_key"] = organisation_key(given)
