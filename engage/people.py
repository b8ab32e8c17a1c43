"""Invitees and their categories: who can be invited, and when two entries are the same person."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship, validates

from engage import audit
from engage.audit import AuditEntry
from engage.contacts import (
    InvalidEmail,
    InvalidPhone,
    clean_email,
    clean_phone,
    find_phones,
    mask_email,
    mask_name,
    mask_phone,
    valid_uscc,
)
from engage.errors import Conflict, Invalid
from surveys.base import Base

__all__ = [
    "BadCode", "BadColour", "Category", "CategoryExists", "InvalidEmail", "InvalidPhone", "Invitee", "InviteeForm",
    "InviteeInUse", "NameMissing", "NoContact", "SamePerson", "TooLong", "add_category", "add_invitee", "categories",
    "clean_email", "clean_name", "clean_phone", "districts", "edit_category", "edit_invitee", "find_invitees", "find_phones",
    "known_person", "mask_email", "mask_name", "mask_phone", "name_key", "note_export", "recognise_category", "remove_invitee",
    "restore_category", "retire_category", "seed_categories", "valid_uscc",
]


class NameMissing(Invalid):
    """A person needs a name."""


class NoContact(Invalid):
    """A person needs a phone number or an e-mail address."""


class TooLong(Invalid):
    """The text is longer than can be kept."""


class SamePerson(Conflict):
    """Somebody with this name and this phone number or e-mail address is already known."""


class InviteeInUse(Conflict):
    """The person has been invited or registered and is part of those records."""


class CategoryExists(Conflict):
    """There is already a category with this code or name."""


class Category(Base):
    """A kind of invitee: a row, so that staff can add their own. Never branch on a code."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name_en: Mapped[str] = mapped_column(sa.String(60), default="")
    colour: Mapped[str] = mapped_column(sa.String(7), default="#14508c")
    position: Mapped[int] = mapped_column(default=0)
    companions: Mapped[int] = mapped_column(default=0)  # how many extra people one registration may bring
    self_chosen: Mapped[bool] = mapped_column(default=False)  # a stranger may pick it on a public event's form
    retired: Mapped[bool] = mapped_column(default=False)


class Invitee(Base):
    """Somebody the office may invite. The same normalised name with the same phone or e-mail is the same person."""

    __tablename__ = "invitee"
    __table_args__ = (
        sa.Index("uq_invitee_name_phone", "name_key", "phone", unique=True,
                 sqlite_where=sa.text("phone <> ''"), postgresql_where=sa.text("phone <> ''")),
        sa.Index("uq_invitee_name_email", "name_key", "email", unique=True,
                 sqlite_where=sa.text("email <> ''"), postgresql_where=sa.text("email <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    name_key: Mapped[str] = mapped_column(sa.String(60), index=True)  # see `name_key()`
    phone: Mapped[str] = mapped_column(sa.String(24), default="", index=True)  # see `clean_phone()`
    email: Mapped[str] = mapped_column(sa.String(254), default="")  # lower case
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    organisation_key: Mapped[str] = mapped_column(sa.String(120), default="", server_default="", index=True)  # see `organisation_key()`
    position: Mapped[str] = mapped_column(sa.String(60), default="")  # 职务
    district: Mapped[str] = mapped_column(sa.String(60), default="")
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")  # unified social credit code, GB 32100-2015
    note: Mapped[str] = mapped_column(sa.Text, default="")
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    category: Mapped[Category] = relationship(lazy="joined")

    @validates("organisation")
    def _compare_by(self, _name: str, organisation: str) -> str:
        self.organisation_key = organisation_key(organisation)
        return organisation


@dataclass(frozen=True, kw_only=True)
class InviteeForm:
    """What is known of a person, as it was typed; cleaned and judged by `add_invitee` and `edit_invitee`."""

    name: str
    category: Category
    phone: str = ""
    email: str = ""
    organisation: str = ""
    position: str = ""
    district: str = ""
    uscc: str = ""
    note: str = ""


LIMITS = {column.name: column.type.length for column in Invitee.__table__.columns
          if isinstance(column.type, sa.String) and column.type.length}

# code, Chinese name, English name, colour, companions, a stranger may choose it. The colours keep 4.5:1 against white text.
_STANDARD = (
    ("deputy", "人大代表", "People's congress deputy", "#a3241b", 0, False),
    ("cppcc", "政协委员", "CPPCC member", "#14508c", 0, False),
    ("project_lead", "重大项目负责人", "Major project lead", "#7a4a00", 2, False),
    ("enterprise", "企业代表", "Enterprise", "#1b6e3c", 2, True),
    ("village", "村集体组织负责人", "Village collective head", "#5d6b00", 1, True),
    ("public", "社会公众", "Member of the public", "#5b3a8c", 0, True),
    ("media", "新闻媒体", "News media", "#9c2a6b", 0, True),
    ("agency", "代理机构", "Agency", "#00666b", 1, True),
)

# How offices write the standard categories; the first line of each is enough alone or inside a longer text, the second only when
# nothing of the first kind fits anywhere. Staff's own categories are known by their names and codes.
_SPELLINGS: dict[str, tuple[str, str]] = {
    "deputy": ("人大代表 人民代表 人大 people'scongress npcdeputy", "deputy"),
    "cppcc": ("政协委员 政协 cppcc", ""),
    "project_lead": ("项目负责人 项目单位 项目经理 项目业主 项目法人 项目代表 重大项目 重点项目 projectlead projectmanager", "项目"),
    "enterprise": ("企业代表 企业负责人 市场主体 投标人 采购人 供应商 招标人 采购单位 投标单位 经营主体 enterprise bidder buyer supplier",
                   "企业 公司 company business 厂商"),
    "village": ("村集体 农村集体 集体经济组织 村书记 村支书 村支部书记 村党支部 村主任 村委 村干部 村民委员会 村级组织 经济合作社 village", ""),
    "public": ("社会公众 公众 市民 群众 居民 网民 社会人士 generalpublic citizen resident", "public"),
    "media": ("媒体 记者 新闻 报社 电视台 newsmedia journalist reporter", "media press"),
    "agency": ("代理机构 代理公司 招标代理 采购代理 代理企业 代理单位 中介机构 agency", "代理 中介 agent"),
}


def name_key(name: str) -> str:
    """What a name is compared by: compatible characters unified (NFKC), no blanks, no case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


_BRACKETS = str.maketrans("〔【[〕】]", "((()))")


def organisation_key(organisation: str) -> str:
    """What an organisation is compared by: as a name, with one kind of brackets. What it is called otherwise stays: another
    legal form is another organisation.
    """
    return name_key(organisation.translate(_BRACKETS)).translate(_BRACKETS)[:120]


def clean_name(name: str) -> str:
    """A name as it is shown: no blanks between Chinese characters (张 三 → 张三), single ones elsewhere."""
    words = unicodedata.normalize("NFKC", name).split()
    return ("" if all(ord(word[0]) > 0x2E7F for word in words) else " ").join(words)  # noqa: PLR2004 -- where CJK begins


def _category_words(categories: Iterable[Category]) -> list[tuple[str, Category, bool]]:
    """(word, category, whether it also counts inside a longer text) for each category, its own names first."""
    words: list[tuple[str, Category, bool]] = []
    for category in categories:
        strong, weak = _SPELLINGS.get(category.code, ("", ""))
        words += [(_plain(word), category, True) for word in (category.name, category.name_en, *strong.split()) if word]
        words += [(_plain(word), category, False) for word in (category.code, *weak.split())]
    return words


def recognise_category(text: str, categories: Iterable[Category]) -> Category | None:
    """The category that a text means (市人大代表, 省人大代表（一组）, 投标企业, CPPCC member), or None when nobody can know.

    First the whole text, then without what stands in brackets, then by the words in it; words of two categories are no answer.
    Retired categories are not recognised.
    """
    words = _category_words(category for category in categories if not category.retired)
    whole = _plain(text)
    bare = _plain(re.sub(r"[(（\[【].*?[)）\]】]", "", text))
    for candidate in (whole, bare):
        for word, category, _ in words:
            if candidate == word:
                return category
    for only_strong in (True, False):
        found = [(word, category) for word, category, strong in words
                 if len(word) > 1 and word in (bare or whole) and (strong or not only_strong)]
        longest = [category for word, category in found if not any(word != other and word in other for other, _ in found)]
        if len({id(category) for category in longest}) == 1:
            return longest[0]
        if longest:
            return None
    return None


def _plain(text: str) -> str:
    return re.sub(r"[\s*:/、,_\-()\[\]]", "", unicodedata.normalize("NFKC", text)).casefold()


def seed_categories(session: Session) -> list[Category]:
    """Add the standard categories that are not there yet; what staff changed stays. Returns all that are in use."""
    known = {word for pair in session.execute(sa.select(Category.code, Category.name)) for word in pair}
    for position, (code, name, name_en, colour, companions, self_chosen) in enumerate(_STANDARD, start=1):
        if not known & {code, name}:
            session.add(Category(code=code, name=name, name_en=name_en, colour=colour, position=position * 10,
                                 companions=companions, self_chosen=self_chosen))
    session.flush()
    return categories(session)


def categories(session: Session) -> list[Category]:
    """The categories in use, in their order."""
    return list(session.scalars(sa.select(Category).where(~Category.retired).order_by(Category.position, Category.id)))


def add_category(session: Session, *, code: str, name: str, by: str, now: datetime, **more: Any) -> Category:
    """A category of the office's own; `more` are other columns. Raises Invalid or CategoryExists."""
    last = session.scalar(sa.select(sa.func.max(Category.position))) or 0
    category = Category(position=last + 10)
    _keep_category(session, category, {"code": code, "name": name, **more})
    audit.record(session, "category.add", category, by=by, now=now, code=category.code)
    return category


def edit_category(session: Session, category: Category, *, by: str, now: datetime, **changes: Any) -> None:
    """Change columns of a category (not its code, which responses are filed under). Raises Invalid or CategoryExists."""
    if unknown := changes.keys() - {"name", "name_en", "colour", "position", "companions", "self_chosen"}:
        raise TypeError(unknown)
    _keep_category(session, category, dict(changes))
    audit.record(session, "category.edit", category, by=by, now=now, changed=sorted(changes))


def retire_category(session: Session, category: Category, *, by: str, now: datetime) -> None:
    """Take a category out of use; people keep it, nobody gets it any more."""
    category.retired = True
    audit.record(session, "category.retire", category, by=by, now=now)


def restore_category(session: Session, category: Category, *, by: str, now: datetime) -> None:
    """Take a retired category into use again."""
    category.retired = False
    audit.record(session, "category.restore", category, by=by, now=now)


class BadCode(Invalid):
    """A code is 1 to 40 small letters, digits and underscores and begins with a letter."""


class BadColour(Invalid):
    """A colour is written like #14508c."""


def _keep_category(session: Session, category: Category, values: dict[str, Any]) -> None:
    values |= {column: values[column].strip() for column in ("name", "name_en") if column in values}
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", values.get("code", category.code)):
        raise BadCode(field="code")
    if not values.get("name", category.name):
        raise NameMissing(field="name")
    for field in ("name", "name_en"):
        if len(values.get(field, "")) > LIMITS["name"]:
            raise TooLong(field=field, limit=LIMITS["name"])
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", values.get("colour", "#000000")):
        raise BadColour(field="colour")
    try:
        with session.begin_nested():
            for column, value in values.items():
                setattr(category, column, value)
            session.add(category)
    except IntegrityError as error:
        raise CategoryExists(field="code" if "code" in str(error.orig) else "name") from error


def add_invitee(session: Session, details: InviteeForm, *, by: str, now: datetime) -> Invitee:
    """Add a person. Raises NameMissing, NoContact, InvalidPhone, InvalidEmail, TooLong, or SamePerson with `invitee_id`."""
    invitee = Invitee(created_at=now)
    _keep_invitee(session, invitee, _cleaned(details) | {"updated_at": now})
    audit.record(session, "invitee.add", invitee, by=by, now=now)
    return invitee


def edit_invitee(session: Session, invitee: Invitee, details: InviteeForm, *, by: str, now: datetime) -> None:
    """Change what is known of a person. Raises as `add_invitee` does and then changes nothing."""
    values = _cleaned(details)
    changed = sorted(column for column, value in values.items() if getattr(invitee, column) != value)
    if not changed:
        return
    _keep_invitee(session, invitee, values | {"updated_at": now})
    audit.record(session, "invitee.edit", invitee, by=by, now=now, changed=changed)


def remove_invitee(session: Session, invitee: Invitee, *, by: str, now: datetime) -> None:
    """Forget a person. Raises InviteeInUse when an invitation or a registration points to them."""
    try:
        with session.begin_nested():
            audit.record(session, "invitee.remove", invitee, by=by, now=now)
            session.delete(invitee)
    except IntegrityError as error:
        raise InviteeInUse(invitee_id=invitee.id) from error


def note_export(session: Session, *, count: int, by: str, now: datetime) -> None:
    """Put into the audit trail that a list of so many people leaves the house; before the file is made."""
    session.add(AuditEntry(at=now, by=by, action="invitee.export", subject="invitee", detail={"people": count}))


def known_person(session: Session, *, name: str, phone: str = "", email: str = "") -> Invitee | None:
    """Who has this name and this (clean) phone number, or else this name and this e-mail address."""
    key = name_key(name)
    for column, value in ((Invitee.phone, phone), (Invitee.email, email)):
        if value and (found := session.scalar(sa.select(Invitee).where(Invitee.name_key == key, column == value))):
            return found
    return None


_SORTS: dict[str, Sequence[sa.ColumnElement[Any]]] = {
    "name": (Invitee.name_key.expression,),
    "organisation": (Invitee.organisation.expression, Invitee.name_key.expression),
    "district": (Invitee.district.expression, Invitee.name_key.expression),
    "category": (Category.position.expression, Invitee.name_key.expression),
    "created_at": (Invitee.created_at.expression,),
    "updated_at": (Invitee.updated_at.expression,),
}


def find_invitees(*, text: str = "", category: Category | None = None, district: str = "",
                  sort: str = "name") -> sa.Select[Invitee]:
    """A query of people for a page: `text` in name, phone, e-mail or organisation; `sort` a column, with `-` downwards.

    Sorts by name, organisation, district, category, created_at or updated_at; anything else sorts by name.
    """
    query = sa.select(Invitee).join(Invitee.category).options(contains_eager(Invitee.category))
    if key := name_key(text):
        places = [Invitee.name_key.contains(key, autoescape=True), Invitee.email.contains(key, autoescape=True),
                  Invitee.organisation_key.contains(organisation_key(text), autoescape=True)]
        digits = re.sub(r"[\s\-+()]", "", key)
        if digits.isdecimal():
            places.append(Invitee.phone.contains(digits))
        query = query.where(sa.or_(*places))
    if category:
        query = query.where(Invitee.category_id == category.id)
    if district:
        query = query.where(Invitee.district == district)
    columns = _SORTS.get(sort.removeprefix("-"), _SORTS["name"])
    return query.order_by(*(column.desc() if sort.startswith("-") else column for column in columns), Invitee.id)


def districts(session: Session) -> list[str]:
    """The districts that people come from, for a filter."""
    return list(session.scalars(sa.select(Invitee.district).where(Invitee.district != "").distinct()
                                .order_by(Invitee.district)))


def _cleaned(details: InviteeForm) -> dict[str, Any]:
    values: dict[str, Any] = {column: getattr(details, column).strip()
                              for column in ("organisation", "position", "district", "note")}
    values["name"] = clean_name(details.name)
    values["name_key"] = name_key(details.name)
    values["uscc"] = "".join(details.uscc.split()).upper()
    values["category_id"] = details.category.id
    if not values["name"]:
        raise NameMissing(field="name")
    values["phone"] = clean_phone(details.phone) if details.phone.strip() else ""
    values["email"] = clean_email(details.email) if details.email.strip() else ""
    if not values["phone"] and not values["email"]:
        raise NoContact(field="phone")
    for column, limit in LIMITS.items():
        if len(values.get(column, "")) > limit:
            raise TooLong(field="name" if column == "name_key" else column, limit=limit)
    return values


def _keep_invitee(session: Session, invitee: Invitee, values: dict[str, Any]) -> None:
    try:
        with session.begin_nested():  # which flushes first: what may clash is set inside
            for column, value in values.items():
                setattr(invitee, column, value)
            session.add(invitee)
    except IntegrityError as error:
        known = known_person(session, name=values["name"], phone=values["phone"], email=values["email"])
        if known is None:
            raise
        raise SamePerson(field="phone" if known.phone == values["phone"] else "email", invitee_id=known.id) from error
