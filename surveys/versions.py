"""Versions: what was put to people stays as it was. What is changed afterwards reaches nobody before it is the next version."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.errors import NotFound

if TYPE_CHECKING:
    from surveys.questionnaires import Questionnaire

TEXTS = ("title", "title_en", "intro", "intro_en", "thanks", "thanks_en")
_PLACE = {"questionnaire_id", "section_id", "position"}  # told by where a record stands in the content


class NoSuchVersion(NotFound):
    """The questionnaire has no version of this number."""


class Version(Base):
    """A questionnaire as it was put to people from `made_at` on; never changed. `by` is who published it, "" when nobody said."""

    __tablename__ = "questionnaire_version"

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 1
    content: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80), default="")


def content_of(questionnaire: "Questionnaire") -> dict[str, Any]:
    """All that the questionnaire now says and asks, as JSON: TEXTS, and `sections` with their `questions`, each in order and with
    every column that is not its place.
    """
    return {name: getattr(questionnaire, name) for name in TEXTS} | {"sections": [
        _columns(section) | {"questions": [_columns(question) for question in section.questions]}
        for section in questionnaire.sections
    ]}


def _columns(record: Base) -> dict[str, Any]:
    return {column.key: getattr(record, column.key) for column in record.__table__.columns if column.key not in _PLACE}


def questions_of(content: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The questions of a content by their ids, in order."""
    return {question["id"]: question for section in content["sections"] for question in section["questions"]}


def versions(session: Session, questionnaire: "Questionnaire") -> list[Version]:
    """All versions, the first one first."""
    return list(session.scalars(
        sa.select(Version).where(Version.questionnaire_id == questionnaire.id).order_by(Version.number)
    ))


def get(session: Session, questionnaire: "Questionnaire", number: int) -> Version:
    """The version with this number. Raises NoSuchVersion."""
    version = session.get(Version, (questionnaire.id, number))
    if version is None:
        raise NoSuchVersion(number=number)
    return version


def unpublished(session: Session, questionnaire: "Questionnaire") -> bool:
    """Whether something was changed that people are not asked yet; never so before the first version."""
    return questionnaire.version > 0 and content_of(questionnaire) != get(session, questionnaire, questionnaire.version).content


def add(session: Session, questionnaire: "Questionnaire", content: Mapping[str, Any], *, now: datetime, by: str) -> None:
    """Make the content the next version."""
    questionnaire.version += 1
    session.add(Version(questionnaire_id=questionnaire.id, number=questionnaire.version, content=dict(content), made_at=now, by=by))
