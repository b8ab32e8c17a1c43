"""The summary as CSV, one figure a line, and as JSON; both are described in docs/exports.md."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from engage import reports
from engage.exports.material import Material, text_layer
from engage.reports import CategoryTurnout, Turnout
from engage.sheets import disarm
from surveys.asked import Asked, Row, Tally
from surveys.forms import FormSection
from surveys.summaries import QuestionSummary, Summary

SCHEMA = "engage/event-summary/1"


class Line(NamedTuple):
    """One figure. `category` is a label, of all together too; `share` is 0 to 1; `value` is what is no count of people."""

    section: str
    question: str
    option: str
    category: str
    people: int | None = None
    share: float | None = None
    value: float | None = None


def write_csv(material: Material, stream: BinaryIO) -> None:
    """The figures in long form, UTF-8 with the byte order mark that Excel looks for; texts that look like formulas disarmed."""
    say = material.say
    with text_layer(stream, "utf-8-sig") as text:
        table = csv.writer(text)
        table.writerow((
            say("部分", "Section"), say("题目", "Question"), say("选项或指标", "Option or figure"), say("类别", "Category"),
            say("人数", "Count"), say("占比", "Share"), say("数值", "Value"),
        ))
        for line in lines(material):
            table.writerow([disarm(cell) if isinstance(cell, str) else _short(cell) for cell in line])


def lines(material: Material) -> Iterator[Line]:
    """Every figure of the summary once: turnout, activities, then each question by category, and the themes of open answers."""
    say, summary = material.say, material.summary
    turnout, activities = say("参与情况", "Turnout"), say("活动安排", "Activities")
    everyone = say("全部", "All")
    names = {
        "invited": say("邀请", "Invited"), "opened": say("已查看", "Opened"), "accepted": say("接受", "Accepted"),
        "declined": say("谢绝", "Declined"), "registered": say("报名人数", "Registered"), "arrived": say("到场人数", "Arrived"),
        "walk_ins": say("其中现场登记", "Of these entered at the door"), "stand_ins": say("其中代替他人", "Of these in another’s place"),
        "responses": say("问卷", "Responses"),
    }
    for label, figures in material.turnouts()[:-1]:
        for name, words in names.items():
            yield Line(turnout, "", words, label, people=getattr(figures, name))
    for name, words in names.items():
        share = summary.total.arrival_share if name == "arrived" else None
        yield Line(turnout, "", words, everyone, people=getattr(summary.total, name), share=share)
    for activity in summary.activities:
        share = summary.share_of_registered(activity)
        yield Line(activities, "", activity.title, everyone, people=activity.chosen, share=share)
        if activity.attended is not None:
            yield Line(activities, "", f"{activity.title}{say('：到场人数', ': arrived')}", everyone, people=activity.attended)
            yield Line(activities, "", f"{activity.title}{say('：平均在场时间（分钟）', ': average time present (minutes)')}", everyone, value=activity.minutes)
    yield from _answers(material)
    for one in material.themes.values():
        text = f"{one.question.number}. {one.question.label(material.language)}"
        for theme in one.themes:
            yield Line(say("意见主题", "Themes"), text, theme.title, everyone, people=theme.size, share=theme.share)


def _answers(material: Material) -> Iterator[Line]:
    say, summary = material.say, material.summary
    for section in summary.survey.form.sections if summary.survey else ():
        title = section.label(material.language) or summary.title(material.language)
        for asked in section.questions:
            question = summary.survey.question(asked.code) if summary.survey else None
            text = f"{asked.number}. {asked.label(material.language)}"
            for label, tally in material.groups(question) if question else ():
                for option, count, share, value in _figures(material, tally):
                    yield Line(title, text, option, label, count, share, value)
                for option, words in material.bounds(asked, tally):
                    yield Line(title, text, f"{option}{say('：', ': ')}{words}", label)


def _figures(material: Material, tally: Tally) -> Iterator[tuple[str, int | None, float | None, float | None]]:
    say = material.say
    yield say("回答人数", "Answered"), tally.answered, None, None
    for row in (*tally.rows, *tally.groups, *tally.days):
        yield row.label(material.language), row.count, row.share, None
    if tally.satisfied is not None:
        yield say("满意率", "Satisfied"), None, tally.satisfied, None
    for name, value in material.spread(tally):
        yield name, None, None, value
    for part in tally.parts:
        for name, count, share, value in _figures(material, part.tally):
            yield f"{part.label(material.language)}{say('：', ': ')}{name}", count, share, value


def _short(value: float | None) -> float | str:
    """A figure with at most six digits after the point; nothing as an empty cell."""
    return "" if value is None else round(value, 6)


def write_json(material: Material, stream: BinaryIO) -> None:
    """Everything but the single responses as one object; see docs/exports.md. The open answers come last, as a stream."""
    summary = material.summary
    open_groups = summary.survey is not None and not summary.survey.suppressed  # else single answers would tell what was left out
    body = {
        "schema": SCHEMA, "language": material.language, "made_at": summary.made_at.astimezone(material.zone).isoformat(),
        "conclusion": reports.conclusion(summary, material.language), "remark": summary.remark,
        "event": {name: _plain(material, value) for name, value in asdict(summary.event).items()},
        "total": _turnout(summary.total),
        "categories": [_category(material, category) for category in summary.categories],
        "activities": [
            {name: _plain(material, value) for name, value in asdict(activity).items()} for activity in summary.activities
        ],
        "questionnaire": _questionnaire(material, summary.survey) if summary.survey else None,
        "themes": [
            {"question": code, "sorted": one.sorted, "fresh": one.fresh, "themes": [asdict(theme) for theme in one.themes]}
            for code, one in material.themes.items()
        ],
    }
    with text_layer(stream, "utf-8") as text:
        text.write(json.dumps(body, ensure_ascii=False, indent=2).removesuffix("\n}"))
        text.write(',\n  "open_answers": [')
        for place, answer in enumerate(material.answers()):
            said = {
                "question": answer.question, "category": answer.segment if open_groups else None, "option": answer.option,
                "text": answer.text,
            }
            text.write(("," if place else "") + "\n    " + json.dumps(said, ensure_ascii=False))
        masked = None if material.mask is None else material.mask.counts
        text.write(f'\n  ],\n  "masked": {json.dumps(masked)}\n}}\n')


def _plain(material: Material, value: Any) -> Any:
    return value.astimezone(material.zone).isoformat() if isinstance(value, datetime) else value


def _turnout(turnout: Turnout) -> dict[str, float | None]:
    return {**asdict(turnout), "arrival_share": turnout.arrival_share}


def _category(material: Material, category: CategoryTurnout) -> dict[str, Any]:
    return {"code": category.code, "label": category.label(material.language), **_turnout(category.turnout)}


def _questionnaire(material: Material, survey: Summary) -> dict[str, Any]:
    return {
        "title": material.summary.title(material.language), "responses": survey.responses,
        "satisfied": material.summary.satisfied, "by_category": survey.by_segment,
        "sections": [_section(material, survey, section) for section in survey.form.sections],
    }


def _section(material: Material, survey: Summary, section: FormSection) -> dict[str, Any]:
    codes = {asked.code for asked in section.questions}
    questions = [_question(material, one) for one in survey.questions if one.question.code in codes]
    return {"title": section.label(material.language), "questions": questions}


def _question(material: Material, one: QuestionSummary) -> dict[str, Any]:
    asked = one.question
    return {
        "code": asked.code, "number": asked.number, "kind": asked.kind, "text": asked.label(material.language),
        "unit": asked.unit(material.language), "required": asked.required,
        **_tally(material, asked, one.tally),
        "by_category": {code: _tally(material, asked, tally) for code, tally in one.by_segment.items()},
    }


def _tally(material: Material, asked: Asked, tally: Tally) -> dict[str, Any]:
    names = ("answered", "mean", "median", "least", "most", "spread", "satisfied", "nps", "score")
    figures = {name: getattr(tally, name) for name in names}
    if bounds := material.bounds(asked, tally):
        figures |= {name: words for name, (_, words) in zip(("least", "most"), bounds, strict=True)}
    return {
        **figures, "options": [_option(material, row) for row in tally.rows],
        "groups": [_option(material, row) for row in tally.groups], "days": [_option(material, row) for row in tally.days],
        "parts": [{"code": part.code, "label": part.label(material.language), **_tally(material, asked, part.tally)} for part in tally.parts],
    }


def _option(material: Material, row: Row) -> dict[str, Any]:
    return {"code": row.code, "label": row.label(material.language), "count": row.count, "share": row.share}

