"""The form: a questionnaire as it is put to people, immutable and kept in memory between requests."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys.asked import Asked, in_language
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section

KEPT = 64  # forms in memory; a form takes some 20 kB


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section with its questions, in order."""

    id: int
    title: str
    title_en: str
    questions: tuple[Asked, ...]

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.title, self.title_en)


@dataclass(frozen=True, slots=True)
class Form:
    """All that is asked, in order; sections without questions are left out."""

    sections: tuple[FormSection, ...]
    quotas: Mapping[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])  # places of question id and option

    @property
    def questions(self) -> tuple[Asked, ...]:
        return tuple(question for section in self.sections for question in section.questions)

    def question(self, code: str) -> Asked | None:
        """The question with this code, if there is one."""
        return next((question for question in self.questions if question.code == code), None)


_forms: OrderedDict[int, Form] = OrderedDict()  # by edition, the one used last at the end
_lock = Lock()


def form_of(session: Session, questionnaire: Questionnaire) -> Form:
    """The form of the questionnaire as it now stands: one query, none while its edition is in memory."""
    with _lock:
        form = _forms.get(questionnaire.edition)
        if form is not None:
            _forms.move_to_end(questionnaire.edition)
            return form
    form = _load(session, questionnaire)
    with _lock:
        _forms[questionnaire.edition] = form
        while len(_forms) > KEPT:
            _forms.popitem(last=False)
    return form


def _load(session: Session, questionnaire: Questionnaire) -> Form:
    found = session.execute(
        sa.select(
            Section.id.label("section_id"), Section.title, Section.title_en,
            Question.id, Question.code, Question.kind, Question.text, Question.text_en, Question.hint, Question.hint_en,
            Question.required, Question.options, Question.settings,
        )
        .join(Question, Question.section_id == Section.id)
        .where(Section.questionnaire_id == questionnaire.id)
        .order_by(Section.position, Section.id, Question.position, Question.id)
    ).all()
    numbers = {row.id: number for number, row in enumerate(found, start=1)}
    sections: list[FormSection] = []
    for (section_id, title, title_en), rows in groupby(found, key=lambda row: (row.section_id, row.title, row.title_en)):
        sections.append(FormSection(section_id, title, title_en, tuple(
            Asked(
                id=row.id, code=row.code, kind=row.kind, number=numbers[row.id], text=row.text, text_en=row.text_en,
                hint=row.hint, hint_en=row.hint_en, required=row.required,
                options=KINDS[row.kind].offered(row.options, row.settings), settings=row.settings,
            )
            for row in rows
        )))
    return Form(tuple(sections))
