"""The responses themselves: one a row with a column for each question, or one row for each part of an answer; what the columns mean.

The workbook's sheets and the files of their own are made of the same rows. An anonymous questionnaire's have the month for a date,
and neither time nor language; no id ever leaves.
"""

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from engage.exports.material import Material, text_layer
from engage.sheets import disarm
from surveys import versions
from surveys.asked import Asked, Option
from surveys.kinds import KINDS
from surveys.questionnaires import NoSuchQuestionnaire
from surveys.spss import write_sav as write_spss

Cell = str | float | date | None


def wide_heads(material: Material) -> list[str]:
    """The headings of `wide_rows`."""
    return [*_heads(material), *(f"{one.number}. {column.label(material.language)}" for one, column in material.columns)]


def _heads(material: Material) -> list[str]:
    say = material.say
    known = [say("月份", "Month")] if material.questionnaire.anonymous else [say("提交日期", "Date"), say("提交时间", "Time")]
    return [
        say("序号", "No."), *known, say("类别", "Category"), *([] if material.questionnaire.anonymous else [say("语言", "Language")]), say("问卷版本", "Version"),
    ]


def wide_rows(material: Material) -> Iterator[list[Cell]]:
    """Every response as a row, numbered; dates and times as such, in the export's zone."""
    codes, anonymous = [column.code for _, column in material.columns], material.questionnaire.anonymous
    for number, response in enumerate(material.responses(), start=1):
        answers, group = response.answers, material.group_of(response.segment)
        own = [answers[code] for code in codes]
        if anonymous:
            yield [number, response.submitted_on, group, response.version, *own]
        else:
            at = material.local(response.submitted_at)
            yield [number, response.submitted_on, at, group, response.language, response.version, *own]


def long_heads(material: Material) -> list[str]:
    """The headings of `long_rows`."""
    say = material.say
    return [say("序号", "No."), say("题目代码", "Question"), say("分项代码", "Part"), say("取值", "Value"), say("含义", "Meaning"), say("文字", "Text")]


def long_rows(material: Material) -> Iterator[list[Cell]]:
    """Every picked option, level, number or text as a row; the number is that of the response in `wide_rows`."""
    for response in material.coded():
        for line in response.lines:
            yield [line.response, line.question.code, line.part or None, line.value, line.label or None, line.text or None]


def codebook_heads(material: Material) -> list[str]:
    """The headings of `codebook_rows`."""
    say = material.say
    return [
        say("题号", "No."), say("代码", "Code"), say("题目", "Question (Chinese)"), say("题目（英文）", "Question"), say("题型", "Kind"),
        say("必答", "Required"), say("选项或单位", "Values or unit (Chinese)"), say("选项或单位（英文）", "Values or unit"), say("缺失值", "Missing"),
        say("出现的版本", "Versions"), say("回答人数", "Answered"),
    ]


def codebook_rows(material: Material) -> Iterator[list[Cell]]:
    """What each column of `wide_rows` asks and what its values mean, in both languages whatever the export's is."""
    say, asked_in = material.say, _versions(material)
    tallies = {one.question.code: one.tally for one in material.summary.questions}
    for asked, column in material.columns:
        tally = tallies[asked.code]
        parts = {f"{asked.code}.{part.code}": part.tally.answered for part in tally.parts}
        yield [
            asked.number, column.code, column.label_zh, column.label_en, KINDS[asked.kind].label(material.language),
            say("是", "yes") if asked.required else say("否", "no"), _values(asked, "zh"), _values(asked, "en"),
            say("空白：没有回答或没有问到", "empty: not answered, or not asked"), asked_in.get(asked.id, "1"), parts.get(column.code, tally.answered),
        ]


def _values(asked: Asked, language: str) -> str:
    """What the values of a column mean: code and label, or the unit of a number."""
    options: Sequence[Option] = () if asked.parts == asked.options else asked.options
    semicolon = "; " if language == "en" else "；"
    return semicolon.join(f"{option.code} = {option.label(language)}" for option in options) or asked.unit(language)


def _versions(material: Material) -> dict[int, str]:
    """The numbers of the versions that had a question, by its id: 2, 1–3."""
    found: dict[int, list[int]] = {}
    for version in versions.versions(material.session, material.questionnaire):
        for question_id in versions.questions_of(version.content):
            found.setdefault(question_id, []).append(version.number)
    return {key: str(those[0]) if len(those) == 1 else f"{those[0]}–{those[-1]}" for key, those in found.items()}


def write_wide(material: Material, stream: BinaryIO) -> None:
    """The rows of `wide_rows` as CSV, UTF-8 with the byte order mark that Excel looks for; what looks like a formula is disarmed."""
    _write_csv(wide_heads(material), wide_rows(material), stream, month=material.questionnaire.anonymous)


def write_long(material: Material, stream: BinaryIO) -> None:
    """As `write_wide`, of the rows of `long_rows`."""
    _write_csv(long_heads(material), long_rows(material), stream, month=material.questionnaire.anonymous)


def _write_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]], stream: BinaryIO, *, month: bool) -> None:
    def written(cell: Cell) -> str | float:
        if isinstance(cell, str):
            return disarm(cell)
        if isinstance(cell, datetime):
            return f"{cell:%Y-%m-%d %H:%M}"
        if isinstance(cell, date):
            return f"{cell:%Y-%m}" if month else cell.isoformat()
        return "" if cell is None else cell

    with text_layer(stream, "utf-8-sig") as text:
        table = csv.writer(text)
        table.writerow([disarm(head) for head in heads])
        table.writerows([written(cell) for cell in row] for row in rows)


def write_sav(material: Material, stream: BinaryIO) -> None:
    """The responses for SPSS, see surveys.spss. Raises SpssNotInstalled and NoSuchQuestionnaire."""
    if (survey := material.summary.survey) is None:
        raise NoSuchQuestionnaire
    with TemporaryDirectory() as folder:
        path = Path(folder) / "responses.sav"
        write_spss(
            path, survey.form, material.coded(), language=material.language, zone=material.zone,
            segments=None if survey.suppressed else material.summary.segments(material.language),
        )
        with path.open("rb") as written:
            shutil.copyfileobj(written, stream)
