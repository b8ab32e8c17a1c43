"""Files that came with answers: each lies beside the row of its answer, see responses.Answer."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.asked import Stored, placed
from surveys.base import Base
from surveys.errors import Invalid
from surveys.files import NAME_LIMIT
from surveys.kinds import KINDS

if TYPE_CHECKING:
    from surveys.questionnaires import Question, Questionnaire
    from surveys.responses import Response


class FilesNotAnonymous(Invalid):
    """What is in a file would tell who sent it: an anonymous questionnaire asks for none."""


class Attachment(Base):
    """One file. `kind` is a key of files.MEDIA, `name` may hold personal data. No time: it goes with its response.

    The id is random, so that no address tells how many there are. Of a picture there is a small one to show, else `preview` is empty.
    """

    __tablename__ = "attachment"
    __table_args__ = (sa.UniqueConstraint("response_id", "question_id", "place"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    response_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("response.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"), index=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger)
    kind: Mapped[str] = mapped_column(sa.String(8))
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT))
    size: Mapped[int]  # bytes
    preview: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)

    response: Mapped["Response"] = relationship(viewonly=True)
    question: Mapped["Question"] = relationship(viewonly=True)


def keep(connection: sa.Connection, response_id: int, answers: Iterable[tuple[int, list[Stored]]]) -> None:
    """Store the files of a response: its answers as question ids with their rows."""
    rows = [
        {"id": secrets.randbits(62), "response_id": response_id, "question_id": question_id, "place": place, "kind": stored.file.kind,
         "name": stored.file.name, "size": len(stored.file.content), "preview": stored.file.preview, "content": stored.file.content}
        for question_id, found in answers for place, stored in placed(found) if stored.file
    ]
    if rows:
        connection.execute(sa.insert(Attachment), rows)


def refuse_where(questionnaire: "Questionnaire", *, anonymous: bool) -> None:
    """Raises FilesNotAnonymous for a questionnaire that asks for files where it is, or would be, anonymous."""
    for section in questionnaire.sections if anonymous else ():
        for question in section.questions:
            if KINDS[question.kind].attaches:
                raise FilesNotAnonymous(field="anonymous", question=question.text)
