"""Answers that came on paper: staff enter each sheet once, by the number that is written on it, typing what stands beside the boxes.

A sheet entered wrongly is withdrawn, which leaves its response out of all figures, and entered again.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from surveys import doubts, releases
from surveys.asked import Asked, Stored
from surveys.base import Base
from surveys.errors import Conflict, Invalid, NotFound
from surveys.forms import Form, form_of
from surveys.kinds import KINDS, OTHER, OnPaper, Ranking
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer, Response, submit

LARGEST = 1_000_000  # the number of a sheet
_APART = re.compile(r"[\s,，、;；./]+")  # between the numbers of several options


class SheetEntered(Conflict):
    """A sheet with this number has been entered already."""


class BadSheetNumber(Invalid):
    """The number of a sheet is a whole number from 1."""


class NoSuchSheet(NotFound):
    """No sheet with this number has been entered, or it was withdrawn."""


class PaperSheet(Base):
    """That a response came on paper, on the sheet with this number. No time: it would tell the order of anonymous answers."""

    __tablename__ = "paper_sheet"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    response_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("response.id"), unique=True)

    response: Mapped[Response] = relationship(viewonly=True)


def numbers(asked: Asked) -> dict[str, str]:
    """What is printed beside each option's box and typed for it, with the option's code: levels and points are their own numbers,
    other options are counted from 1.
    """
    codes = [option.code for option in asked.options]
    if all(code.isdecimal() for code in codes):
        return {code: code for code in codes}
    return {str(place): code for place, code in enumerate(codes, start=1)}


def names(asked: Asked) -> list[str]:
    """The fields of a question, as in a form: its code, or one for each of its parts; and the text of "other". Files stay with the sheet."""
    if KINDS[asked.kind].attaches:
        return []
    if asked.parts:
        return [f"{asked.code}.{part.code}" for part in asked.parts]
    return [asked.code, *(f"{asked.code}.{OTHER}" for option in asked.options if option.other)]


def read(form: Form, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, by the names of its fields, as `responses.check` takes it. What is no option's number stays as it is."""
    raw: dict[str, Any] = {one.code: OnPaper() for one in form.questions if KINDS[one.kind].attaches}
    for asked in form.questions:
        codes = numbers(asked) if asked.options and asked.kind != Ranking.code else {}
        for name in names(asked):
            text = typed.get(name, "").strip()
            if codes and name != f"{asked.code}.{OTHER}":
                raw[name] = [codes.get(number, number) for number in _APART.split(text) if number]
            elif text:
                raw[name] = text
    return raw


def typed(form: Form, stored: Mapping[int, Sequence[Stored]]) -> dict[str, str]:
    """What would be typed for these answers, given by the ids of their questions: the way back from `read`.

    What is no option any more stands behind a question mark, so that it is refused and not taken for another option's number.
    """
    found: dict[str, list[str]] = {}
    for asked in form.questions:
        places = {code: number for number, code in numbers(asked).items()}
        for row in stored.get(asked.id, ()):
            name = f"{asked.code}.{row.part}" if row.part else asked.code
            if row.choice is not None:
                found.setdefault(name, []).append(places.get(row.choice, f"?{row.choice}"))
                if row.text:
                    found[f"{asked.code}.{OTHER}"] = [row.text]
            elif row.number is not None:
                found.setdefault(name, []).append(KINDS[asked.kind].figure(row.number))
            else:
                found.setdefault(name, []).append(row.text or "")
    return {name: " ".join(values) for name, values in found.items()}


def enter(  # noqa: PLR0913 -- as `submit`
    session: Session, questionnaire: Questionnaire, number: int, raw: Mapping[str, Any], *, now: datetime, context: str = "",
    segment: str = "",
) -> Response:
    """Store the answers of a sheet. Those of a questionnaire whose time is over count for its last moment.

    Raises BadSheetNumber, SheetEntered, and what `submit` raises.
    """
    if not 1 <= number <= LARGEST:
        raise BadSheetNumber(field="number")
    if session.get(PaperSheet, (questionnaire.id, context, number)):
        raise SheetEntered(field="number", number=number)
    if questionnaire.closes_at and now >= questionnaire.closes_at:
        now = questionnaire.closes_at.astimezone(now.tzinfo) - timedelta(seconds=1)
    response = submit(session, questionnaire, raw, now=now, context=context, segment=segment)
    try:
        with session.begin_nested():
            session.add(PaperSheet(questionnaire_id=questionnaire.id, context=context, number=number, response_id=response.id))
    except IntegrityError:
        raise SheetEntered(field="number", number=number) from None
    return response


def withdraw(
    session: Session, questionnaire: Questionnaire, number: int, *, now: datetime, context: str = "", reason: str
) -> None:
    """Leave the sheet's response out of all figures, so that the number is free again. Raises NoSuchSheet or ReasonMissing."""
    sheet = get(session, questionnaire, number, context=context)
    doubts.exclude(session, sheet.response, reason=reason, now=now)
    session.delete(sheet)
    session.flush()


def get(session: Session, questionnaire: Questionnaire, number: int, *, context: str = "") -> PaperSheet:
    """The sheet with this number. Raises NoSuchSheet."""
    sheet = session.get(PaperSheet, (questionnaire.id, context, number))
    if sheet is None:
        raise NoSuchSheet
    return sheet


def answers(session: Session, questionnaire: Questionnaire, sheet: PaperSheet) -> dict[str, str]:
    """What was typed for the sheet, by the names of its fields."""
    rows = session.execute(
        sa.select(Answer.question_id, Answer.choice, Answer.number, Answer.text, Answer.part)
        .where(Answer.response_id == sheet.response_id).order_by(Answer.question_id, Answer.place)
    )
    stored: dict[int, list[Stored]] = {}
    for question_id, choice, number, text, part in rows:
        stored.setdefault(question_id, []).append(Stored(choice, number, text, part))
    return typed(form_of(session, questionnaire), stored)


def find(questionnaire: Questionnaire, *, context: str = "") -> sa.Select[PaperSheet]:
    """The sheets that were entered, the highest number first, each with its response."""
    return (
        sa.select(PaperSheet).where(PaperSheet.questionnaire_id == questionnaire.id, PaperSheet.context == context)
        .options(joinedload(PaperSheet.response)).order_by(PaperSheet.number.desc())
    )


def count(session: Session, questionnaire: Questionnaire, *, context: str = "") -> int:
    """How many of the responses that results are made of came on paper."""
    return session.scalar(
        sa.select(sa.func.count()).select_from(PaperSheet).join(PaperSheet.response)
        .where(PaperSheet.questionnaire_id == questionnaire.id, PaperSheet.context == context, releases.counted(questionnaire))
    ) or 0


def next_number(session: Session, questionnaire: Questionnaire, *, context: str = "") -> int:
    """One more than the highest number that was entered."""
    highest = sa.select(sa.func.max(PaperSheet.number)).where(
        PaperSheet.questionnaire_id == questionnaire.id, PaperSheet.context == context)
    return (session.scalar(highest) or 0) + 1
