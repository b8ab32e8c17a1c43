"""What an event's registration form asks beyond name and contact: fields that organisers add, order, restrict and take off.

An event without such fields says so itself (`Event.extra_fields`), and costs no look-up. The answers are in `answers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.errors import Conflict, Invalid, NotFound
from engage.events import Event, NotEditable, State
from engage.field_kinds import CHECKS, KINDS, Shape
from engage.people import Category, TooLong
from surveys.asked import clean, in_language
from surveys.base import Base
from surveys.kinds import BadOption, OptionsMissing, UnknownKind

MOST = 50  # fields of one event
LIMITS = {"label": 200, "label_en": 200, "hint": 500, "hint_en": 500, "purpose": 500, "purpose_en": 500}


class FieldNotFound(NotFound):
    """There is no such field."""


class LabelMissing(Invalid):
    """A field needs a label."""


class PurposeMissing(Invalid):
    """Whoever asks for sensitive data says what for."""


class UnknownCategory(Invalid):
    """There is no such category."""


class TooManyFields(Conflict):
    """The event's form has as many fields as it may."""


class ConditionNotEarlier(Invalid):
    """A field can depend only on one that stands before it on the form."""


class ConditionImpossible(Invalid):
    """A field can depend only on options that can be picked, of a choice or a yes-or-no that is not sensitive."""


class FieldNeeded(Conflict):
    """Another field depends on this one, or on this answer to it."""


class FieldAnswered(Conflict):
    """Somebody has answered the field: its kind, whom it asks, and whether it is encrypted stay."""


@dataclass(frozen=True)
class Condition:
    """Asked only where the field with this id was answered with one of these values (an option's code, `yes`, `no`)."""

    field_id: int
    values: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What an organiser states of a field.

    `per_person` asks everyone of a party, not just its leader. `category_ids` empty asks all categories. `sensitive` answers
    are encrypted and need a consent of their own, for which `purpose` says why; an identity-card number always is.
    """

    kind: str
    label: str
    label_en: str = ""
    hint: str = ""
    hint_en: str = ""
    required: bool = False
    per_person: bool = False
    sensitive: bool = False
    purpose: str = ""
    purpose_en: str = ""
    options: Sequence[Mapping[str, str] | str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    category_ids: Sequence[int] = ()
    condition: Condition | None = None


class EventField(Base):
    """One question of an event's registration form. An archived one is asked no more; its answers stay."""

    __tablename__ = "event_field"
    __table_args__ = (sa.UniqueConstraint("event_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(sa.String(20))  # names the field on the form and in an export
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(20))
    label: Mapped[str] = mapped_column(sa.String(200))
    label_en: Mapped[str] = mapped_column(sa.String(200), default="")
    hint: Mapped[str] = mapped_column(sa.String(500), default="")
    hint_en: Mapped[str] = mapped_column(sa.String(500), default="")
    required: Mapped[bool] = mapped_column(default=False)
    per_person: Mapped[bool] = mapped_column(default=False)
    sensitive: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[str] = mapped_column(sa.String(500), default="")
    purpose_en: Mapped[str] = mapped_column(sa.String(500), default="")
    options: Mapped[list[Any]] = mapped_column(default=list)  # {"code", "label", "label_en"}, and "retired" once taken off
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    category_ids: Mapped[list[Any]] = mapped_column(default=list)
    depends_on_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event_field.id", ondelete="SET NULL"), index=True)
    depends_values: Mapped[list[Any]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]

    @property
    def shape(self) -> Shape:
        """What its kind needs to know of it."""
        return Shape(self.options, self.settings)

    def words(self, name: str, language: str) -> str:
        """`label`, `hint` or `purpose` in a language."""
        return in_language(language, getattr(self, name), getattr(self, f"{name}_en"))

    def show(self, value: str, language: str = "zh") -> str:
        """A stored answer for a reader."""
        return KINDS[self.kind].show(self.shape, value, language) if value else ""

    def asks(self, place: int, category_id: int, said: Mapping[int, str]) -> bool:
        """Whether it is asked of the person at `place` of a party (0 leads) of that category who has `said` so much already:
        by the ids of the fields before this one.
        """
        return self.concerns(place, category_id) and self.follows(said)

    def concerns(self, place: int, category_id: int) -> bool:
        """Whether it can be asked of the person at `place` of a party of that category, whatever is answered before."""
        return (self.per_person or not place) and (not self.category_ids or category_id in self.category_ids)

    def follows(self, said: Mapping[int, str]) -> bool:
        """Whether what was `said` to the fields before calls for it."""
        return self.depends_on_id is None or not set(self.depends_values).isdisjoint(said.get(self.depends_on_id, "").split("\n"))


class Answer(Base):
    """What one person answered to one field; for a sensitive field `value` is encrypted, which `sealed` tells."""

    __tablename__ = "field_answer"

    attendee_id: Mapped[int] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), primary_key=True)
    field_id: Mapped[int] = mapped_column(sa.ForeignKey("event_field.id", ondelete="CASCADE"), primary_key=True, index=True)
    value: Mapped[str] = mapped_column(sa.Text)
    sealed: Mapped[bool] = mapped_column(default=False)
    consent_at: Mapped[datetime | None]  # to this very answer being kept, where it is sensitive


class AnswerFile(Base):
    """The content of a file that was handed in, encrypted where its answer is; a table of its own, so that no list loads it."""

    __tablename__ = "field_file"
    __table_args__ = (
        sa.ForeignKeyConstraint(["attendee_id", "field_id"], ["field_answer.attendee_id", "field_answer.field_id"], ondelete="CASCADE"),
    )

    attendee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(10))  # a key of `files.KINDS`
    content: Mapped[bytes]


def asked(session: Session, event: Event) -> Sequence[EventField]:
    """What the event's form asks now, in order. Costs nothing where it asks nothing."""
    if not event.extra_fields:
        return ()
    return _live(session, event)


def all_of(session: Session, event: Event) -> Sequence[EventField]:
    """Every field of the event, in order, archived ones last."""
    return session.scalars(
        sa.select(EventField).where(EventField.event_id == event.id)
        .order_by(EventField.archived_at.is_not(None), EventField.position, EventField.id)
    ).all()


def answer_counts(session: Session, event: Event) -> dict[int, int]:
    """How many people have answered each field, by its id; fields without an answer are left out."""
    counted = (
        sa.select(Answer.field_id, sa.func.count()).join(EventField, EventField.id == Answer.field_id)
        .where(EventField.event_id == event.id).group_by(Answer.field_id)
    )
    return {field_id: number for field_id, number in session.execute(counted)}  # noqa: C416 -- dict() of rows has no type


def get(session: Session, event: Event, field_id: int) -> EventField:
    """A field of the event. Raises FieldNotFound."""
    found = session.get(EventField, field_id)
    if found is None or found.event_id != event.id:
        raise FieldNotFound(id=field_id)
    return found


def add(session: Session, event: Event, definition: Definition, *, by: str, now: datetime) -> EventField:
    """A new last field. Raises Invalid (a part of the definition), TooManyFields, or NotEditable once the event is over."""
    live = _held(session, event)
    if len(live) >= MOST:
        raise TooManyFields(most=MOST)
    values = _checked(session, definition, live, None)
    made = EventField(event_id=event.id, code=_new_code(session, event), position=_last(live) + 1, **values)
    session.add(made)
    event.extra_fields = len(live) + 1
    audit.record(session, "event_field.create", made, by=by, now=now, event=event.id, kind=made.kind)
    return made


def edit(session: Session, event: Event, changing: EventField, definition: Definition, *, by: str, now: datetime) -> None:
    """State anew what a field is. An option that is left out is offered no more, and stays readable where it was picked.

    Raises what `add` raises, FieldAnswered, or FieldNeeded when a later field depends on what would go.
    """
    live = _held(session, event)
    if changing not in live:
        raise FieldNotFound(id=changing.id)
    values = _checked(session, definition, live, changing)
    settled = [name for name in ("kind", "per_person", "sensitive") if values[name] != getattr(changing, name)]
    if settled and (answers := _answers(session, changing)):
        raise FieldAnswered(field=settled[0], answers=answers)
    shape = Shape(values["options"], values["settings"])
    for later in live:
        if later.depends_on_id == changing.id and not _can_depend(
            later.depends_values, values["kind"], shape, sensitive=values["sensitive"]
        ):
            raise FieldNeeded(field="options" if KINDS[values["kind"]].has_options else "label", label=later.label)
    changed = [name for name, value in values.items() if value != getattr(changing, name)]
    for name in changed:
        setattr(changing, name, values[name])
    audit.record(session, "event_field.edit", changing, by=by, now=now, event=event.id, changed=changed)


def move(session: Session, event: Event, moving: EventField, way: Literal["up", "down"], *, by: str, now: datetime) -> None:
    """One place up or down; nothing happens at either end. Raises ConditionNotEarlier when a field would come before the one
    that it depends on.
    """
    live = _held(session, event)
    if moving not in live:
        raise FieldNotFound(id=moving.id)
    place = live.index(moving) + (-1 if way == "up" else 1)
    if not 0 <= place < len(live):
        return
    other = live[place]
    first, second = (other, moving) if way == "up" else (moving, other)
    if second.depends_on_id == first.id:
        raise ConditionNotEarlier(label=second.label, place=live.index(first) + 1, other=first.label)
    moving.position, other.position = other.position, moving.position
    audit.record(session, "event_field.move", moving, by=by, now=now, event=event.id, way=way)


def remove(session: Session, event: Event, removing: EventField, *, by: str, now: datetime) -> bool:
    """Take a field off the form; answers whether it was archived, because somebody has answered it.

    Raises FieldNeeded when a field on the form depends on it.
    """
    live = _held(session, event)
    for later in live:
        if later.depends_on_id == removing.id:
            raise FieldNeeded(label=later.label)
    audit.record(session, "event_field.remove", removing, by=by, now=now, event=event.id, code=removing.code)
    archived = bool(_answers(session, removing))
    if archived:
        removing.archived_at = removing.archived_at or now
    else:
        session.delete(removing)
    session.flush()
    event.extra_fields = len([each for each in live if each is not removing])
    return archived


def restore(session: Session, event: Event, archived: EventField, *, by: str, now: datetime) -> None:
    """Ask an archived field again, as the last one; a condition that cannot hold any more is dropped. Raises TooManyFields."""
    live = _held(session, event)
    if archived.archived_at is None:
        return
    if len(live) >= MOST:
        raise TooManyFields(most=MOST)
    leads = next((each for each in live if each.id == archived.depends_on_id), None)
    if leads is None or not _can_depend(archived.depends_values, leads.kind, leads.shape, sensitive=leads.sensitive):
        archived.depends_on_id, archived.depends_values = None, []
    archived.archived_at, archived.position = None, _last(live) + 1
    event.extra_fields = len(live) + 1
    audit.record(session, "event_field.restore", archived, by=by, now=now, event=event.id, code=archived.code)


def copy(session: Session, source: Event, target: Event, *, by: str, now: datetime) -> int:
    """Add what the source's form asks to the target's, conditions included; answers how many fields. Raises TooManyFields."""
    present, copies = _held(session, target), dict[int, EventField]()
    asked_there = _live(session, source)
    if len(present) + len(asked_there) > MOST:
        raise TooManyFields(most=MOST)
    for position, original in enumerate(asked_there, start=_last(present) + 1):
        stated = {
            name: getattr(original, name) for name in (
                *LIMITS, "kind", "required", "per_person", "sensitive", "settings", "category_ids", "depends_values",
            )
        }
        leads = copies.get(original.depends_on_id or 0)
        made = EventField(event_id=target.id, code=_new_code(session, target), position=position, options=original.shape.offered,
                          depends_on_id=leads.id if leads else None, **stated)
        session.add(made)
        session.flush()
        copies[original.id] = made
        audit.record(session, "event_field.create", made, by=by, now=now, event=target.id, copied_from=original.id)
    target.extra_fields = len(present) + len(copies)
    return len(copies)


def _live(session: Session, event: Event) -> list[EventField]:
    found = sa.select(EventField).where(EventField.event_id == event.id, EventField.archived_at.is_(None))
    return list(session.scalars(found.order_by(EventField.position, EventField.id)))


def _held(session: Session, event: Event) -> list[EventField]:
    """The fields on the form, while nobody else changes it: the event's row is the gate."""
    if event.state in {State.CLOSED, State.CANCELLED}:
        raise NotEditable(state=event.state)
    session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update())
    return _live(session, event)


def _last(live: Sequence[EventField]) -> int:
    return live[-1].position if live else 0


def _new_code(session: Session, event: Event) -> str:
    taken = set(session.scalars(sa.select(EventField.code).where(EventField.event_id == event.id)))
    return next(code for number in count(len(taken) + 1) if (code := f"f{number}") not in taken)


def _answers(session: Session, answered: EventField) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Answer).where(Answer.field_id == answered.id)) or 0


def _can_depend(values: Sequence[str], kind: str, shape: Shape, *, sensitive: bool) -> bool:
    """Whether a field can depend on these answers to a field of that kind; what is sensitive would show through."""
    return not sensitive and bool(values) and set(values) <= set(KINDS[kind].conditions(shape))


def _checked(
    session: Session, definition: Definition, live: Sequence[EventField], present: EventField | None
) -> dict[str, Any]:
    """The columns' values, or a refusal of what can never be asked or answered."""
    if definition.kind not in KINDS:
        raise UnknownKind(field="kind", kind=definition.kind)
    kind = KINDS[definition.kind]
    values: dict[str, Any] = {name: clean(getattr(definition, name)) for name in LIMITS}
    if not values["label"]:
        raise LabelMissing(field="label")
    for name, limit in LIMITS.items():
        if len(values[name]) > limit:
            raise TooLong(field=name, limit=limit)
    options = _options(definition.options, present) if kind.has_options else []
    settings = kind.settings(definition.settings, [option for option in options if not option.get("retired")])
    check = CHECKS.get(settings.get("check", ""))
    sensitive = definition.sensitive or (check is not None and check.sensitive)
    if sensitive and not values["purpose"]:
        raise PurposeMissing(field="purpose")
    categories = sorted(set(definition.category_ids))
    known = session.scalar(sa.select(sa.func.count()).select_from(Category).where(Category.id.in_(categories)))
    if known != len(categories):
        raise UnknownCategory(field="category_ids")
    condition = definition.condition
    if condition is not None:
        earlier = live[:live.index(present)] if present else live
        leads = next((each for each in earlier if each.id == condition.field_id), None)
        if leads is None:
            raise _not_earlier(condition, live)
        if not _can_depend(condition.values, leads.kind, leads.shape, sensitive=leads.sensitive):
            raise ConditionImpossible(field="condition", label=leads.label)
    return values | {
        "kind": definition.kind, "required": definition.required, "per_person": definition.per_person, "sensitive": sensitive,
        "options": options, "settings": settings, "category_ids": categories,
        "depends_on_id": condition and condition.field_id, "depends_values": list(condition.values) if condition else [],
    }


def _not_earlier(condition: Condition, live: Sequence[EventField]) -> ConditionNotEarlier:
    """The refusal of a condition on a field that stands later (with its place), or is not on the form any more (place 0)."""
    for place, found in enumerate(live, start=1):
        if found.id == condition.field_id:
            return ConditionNotEarlier(field="condition", other=found.label, place=place)
    return ConditionNotEarlier(field="condition", other="", place=0)


def _options(stated: Sequence[Mapping[str, str] | str], present: EventField | None) -> list[dict[str, Any]]:
    """Options as they are stored. One that keeps its wording or its code keeps its code; no code is ever given twice."""
    before = {option["code"]: option for option in present.options} if present else {}
    free = (str(number) for number in count(1) if str(number) not in before)
    by_label = {option["label"]: code for code, option in before.items()}
    listed: list[dict[str, Any]] = []
    for place, option in enumerate(stated, start=1):
        given = {"label": option} if isinstance(option, str) else option
        label = clean(given.get("label", ""))
        code = given.get("code", "")
        code = code if code in before else by_label.get(label) or next(free)
        if not label or len(label) > LIMITS["label"] or code in {other["code"] for other in listed}:
            raise BadOption(field="options", place=place)
        listed.append({"code": code, "label": label, "label_en": clean(given.get("label_en", ""))[:LIMITS["label_en"]]})
    if len(listed) < 2:  # noqa: PLR2004 -- one option is no choice
        raise OptionsMissing(field="options")
    kept = {option["code"] for option in listed}
    return listed + [{**option, "retired": True} for code, option in before.items() if code not in kept]
