"""Questionnaires: ask, collect answers once, sum up.

    from surveys import create_from_template, questionnaires, submit, summarise

    questionnaire = create_from_template(session, "open_day", now=now)
    questionnaires.open_for_answers(session, questionnaire, now=now)
    submit(session, questionnaire, {"q1": "1", "q2": ["1", "3"], "q4": 5}, now=now)
    summarise(session, questionnaire).frame()

Every function takes a SQLAlchemy session and commits nothing. What is refused is told in errors.py.
"""

from surveys import (
    bank,
    clouds,
    conclusions,
    conditions,
    doubts,
    finding,
    gallery,
    mixing,
    paper,
    questionnaires,
    questions,
    quotas,
    raw,
    releases,
    responses,
    summaries,
    tallies,
    theme_decisions,
    themes,
    versions,
    wordings,
)
from surveys.asked import Asked, Option, Tally
from surveys.base import Base
from surveys.crosstabs import CrossTab, crosstab
from surveys.deidentify import Mask
from surveys.errors import Conflict, Invalid, NotFound, SurveyError
from surveys.finding import FoundTheme, find_themes
from surveys.forms import Form, draft_of, form_of, form_of_version, whole_form
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section, State, accepts
from surveys.raw import RawLine, RawRow, answers_frame, raw_lines, raw_rows, responses_frame
from surveys.responses import AlreadyAnswered, Answer, InvalidAnswers, NotOpen, Response, answered, submit
from surveys.summaries import Summary, compare, open_answers, summarise
from surveys.suppression import suppressed, suppressed_table
from surveys.templates import TEMPLATES, create_from_template

__all__ = [
    "KINDS",
    "TEMPLATES",
    "AlreadyAnswered",
    "Answer",
    "Asked",
    "Base",
    "Conflict",
    "CrossTab",
    "Form",
    "FoundTheme",
    "Invalid",
    "InvalidAnswers",
    "Mask",
    "NotFound",
    "NotOpen",
    "Option",
    "Question",
    "Questionnaire",
    "RawLine",
    "RawRow",
    "Response",
    "Section",
    "State",
    "Summary",
    "SurveyError",
    "Tally",
    "accepts",
    "answered",
    "answers_frame",
    "bank",
    "clouds",
    "compare",
    "conclusions",
    "conditions",
    "create_from_template",
    "crosstab",
    "doubts",
    "draft_of",
    "find_themes",
    "finding",
    "form_of",
    "form_of_version",
    "gallery",
    "mixing",
    "open_answers",
    "paper",
    "questionnaires",
    "questions",
    "quotas",
    "raw",
    "raw_lines",
    "raw_rows",
    "releases",
    "responses",
    "responses_frame",
    "submit",
    "summaries",
    "summarise",
    "suppressed",
    "suppressed_table",
    "tallies",
    "theme_decisions",
    "themes",
    "versions",
    "whole_form",
    "wordings",
]
