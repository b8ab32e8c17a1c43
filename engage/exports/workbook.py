"""The summary as an Excel workbook: overview, one sheet per section with native charts, open answers, raw data wide and long, codebook.

Texts are written as strings and nothing as a formula, so that what looks like one is shown as it was written. The sheets
that grow with the answers are streamed to disk row by row.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

from itertools import chain, islice
from typing import Any, BinaryIO

from engage.exports import responses, themes
from engage.exports.cells import FONT, STYLES, Book, Sheet
from engage.exports.charts import LEVELS, add_chart
from engage.exports.material import Material
from engage.reports import conclusion, takes_words
from surveys.forms import FormSection
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary

MOST_ROWS = 1_048_575  # of a sheet, beside its heading
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))  # what Excel refuses in the name of a sheet


def write(material: Material, stream: BinaryIO) -> None:
    """Write the workbook. In memory are only the sheets of figures, whose size is the questionnaire's."""
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    options = {"default_format_properties": {"font_name": FONT, "font_size": 11}}
    with Workbook(stream, options) as workbook:
        workbook.set_properties({"title": material.summary.event.title, "created": material.local(material.summary.made_at)})
        styles: dict[str, Any] = {name: workbook.add_format({"font_name": FONT, **style}) for name, style in STYLES.items()}
        book = Book(material, workbook, styles)
        overview, row = _overview(book)
        if material.summary.survey:
            for number, section in enumerate(material.summary.survey.form.sections, start=1):
                _section(book, section, number)
            themes.sheet(book)
            _answers(book)
            _raw(book)
            _long(book)
            _codebook(book)
            overview.row(row, [material.say("文字回答", "Texts"), material.told_of_texts()], ["note", "plain"])


def _overview(book: Book) -> tuple[Sheet, int]:
    """The first sheet, and the row on it that is left free to tell what became of the texts."""
    material, summary = book.material, book.material.summary
    say, event = material.say, material.summary.event
    sheet = book.sheet(say("概览", "Overview"))
    sheet.sheet.set_column(0, 0, 26)
    sheet.sheet.set_column(1, 10, 12)
    sheet.row(0, [event.title], ["title"])
    sheet.sheet.set_row(0, 28)
    sheet.sheet.merge_range(1, 0, 1, 10, "", book.styles["lead"])
    told = "\n".join(filter(None, (summary.remark, conclusion(summary, material.language))))
    sheet.row(1, [told], ["lead"])
    sheet.sheet.set_row(1, 80 if summary.remark else 40)
    row = 2
    for name, value in material.facts():
        sheet.row(row, [name, value], ["note", "plain"])
        row += 1
    free = row
    row += 2 if summary.survey else 1
    sheet.heading(row, [
        say("类别", "Category"), say("邀请", "Invited"), say("已查看", "Opened"), say("接受", "Accepted"), say("谢绝", "Declined"),
        say("报名人数", "Registered"), say("到场人数", "Arrived"), say("其中现场登记", "Of these entered at the door"),
        say("其中代替他人", "Of these in another’s place"), say("到场率", "Arrival rate"), say("问卷", "Responses"),
    ])
    head = row
    for label, turnout in material.turnouts():
        row += 1
        sheet.row(row, [
            label, turnout.invited, turnout.opened, turnout.accepted, turnout.declined, turnout.registered, turnout.arrived,
            turnout.walk_ins, turnout.stand_ins, turnout.arrival_share, turnout.responses,
        ], ["text", *["count"] * 8, "share", "count"])
    row += 2
    if summary.categories:
        chart = book.book.add_chart({"type": "column"})
        name, last = sheet.name, head + len(summary.categories)
        for column, colour in ((1, LEVELS[2]), (5, LEVELS[1]), (6, LEVELS[0])):
            chart.add_series({
                "name": [name, head, column], "categories": [name, head + 1, 0, last, 0], "values": [name, head + 1, column, last, column],
                "fill": {"color": colour}, "data_labels": {"value": True}, "gap": 60,
            })
        chart.set_legend({"position": "top"})
        chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}})
        row = sheet.chart(row, chart, 300)
    if summary.activities:
        sheet.heading(row, [
            say("活动安排", "Activities"), say("地点", "Room"), say("开始", "Start"), say("名额", "Seats"), say("选择人数", "Chosen by"),
            say("到场人数", "Arrived"), say("平均在场时间（分钟）", "Average time present (minutes)"),
        ])
        for activity in summary.activities:
            row += 1
            sheet.row(row, [
                activity.title, activity.room, material.local(activity.starts_at), activity.seats, activity.chosen,
                activity.attended, activity.minutes,
            ], ["text", "text", "start", "count", "count", "count", "number"])
    return sheet, free


def _section(book: Book, section: FormSection, number: int) -> None:
    """One sheet of tables and charts, question below question."""
    material, survey = book.material, book.material.summary.survey
    assert survey is not None
    title = section.label(material.language) or material.say("问卷", "Questions")
    sheet = book.sheet(f"{number} {title.translate(FORBIDDEN)}"[:31].rstrip("' "))
    sheet.sheet.set_column(0, 0, 34)
    sheet.sheet.set_column(1, 1 + len(survey.segments) + 1, 11)
    sheet.row(0, [title], ["title"])
    sheet.sheet.set_row(0, 28)
    sheet.sheet.freeze_panes(1, 1)
    row = 2
    for asked in section.questions:
        one = survey.question(asked.code)
        if one is None:  # it only informs
            sheet.row(row, [asked.label(material.language)], ["note"])
            row += 2
        else:
            row = _question(sheet, one, row)


def _question(sheet: Sheet, one: QuestionSummary, row: int) -> int:
    """The block of one question from a row on: its words, its table and its chart; answers the first free row below."""
    material, asked, tally = sheet.book.material, one.question, one.tally
    say, groups = material.say, material.groups(one)
    sheet.row(row, [f"{asked.number}. {asked.label(material.language)}"], ["question"])
    kind = KINDS[asked.kind].label(material.language)
    sheet.row(row + 1, [say(f"{kind}，{tally.answered}人回答", f"{kind}, {tally.answered} answered")], ["note"])
    head = row + 2
    if not tally.answered:
        return head + 1
    if tally.parts:
        return _parts(sheet, one, head)
    sheet.heading(head, [say("选项或指标", "Option or figure"), say("占比", "Share"), *(label for label, _ in groups)])
    row = head + 1
    counted = [{option.code: option.count for option in (*group.rows, *group.groups, *group.days)} for _, group in groups]
    for option in (*tally.rows, *tally.groups, *tally.days):
        counts = [each.get(option.code, 0) for each in counted]
        sheet.row(row, [option.label(material.language), option.share, *counts], ["text", "share", "count"])
        row += 1
    sheet.row(row, [say("回答人数", "Answered"), None, *(group.answered for _, group in groups)], ["text", "count"])
    row += 1
    if tally.satisfied is not None:
        sheet.row(row, [say("满意率", "Satisfied"), None, *(group.satisfied for _, group in groups)], ["text", "share"])
        row += 1
    for name, _ in material.spread(tally):
        sheet.row(row, [name, None, *(dict(material.spread(group)).get(name) for _, group in groups)], ["text", "number"])
        row += 1
    bounds = [dict(material.bounds(asked, group)) for _, group in groups]
    for name in bounds[0]:
        sheet.row(row, [name, None, *(each.get(name) for each in bounds)], ["text"])
        row += 1
    if not tally.rows:
        return row + 1
    return sheet.chart(row, *add_chart(sheet.book.book, one, sheet=sheet.name, head=head, groups=len(groups)))


def _parts(sheet: Sheet, one: QuestionSummary, row: int) -> int:
    """A table of the rows of a matrix or of what was ranked, the more the darker; below it the means by category."""
    material = sheet.book.material
    heads, lines = material.parts(one.tally)
    sheet.heading(row, heads)
    first, width = row + 1, len(one.tally.parts[0].tally.rows)
    for line in lines:
        row += 1
        sheet.row(row, line, ["text", *["count"] * (1 + width), "number"])
    sheet.sheet.conditional_format(first, 2, row, 1 + width, {
        "type": "2_color_scale", "min_type": "num", "min_value": 0, "min_color": "#FFFFFF", "max_color": "#B5CBE3",
    })
    row += 2
    groups = material.groups(one)
    if not any(part.tally.mean is not None for part in one.tally.parts):
        return row
    scored = one.tally.parts[0].tally.score is not None
    sheet.heading(row, [material.say("得分", "Score") if scored else material.say("平均数", "Mean"), "", *(label for label, _ in groups)])
    for place, part in enumerate(one.tally.parts):
        row += 1
        figures = [group.parts[place].tally for _, group in groups]
        values = [figure.score if scored else figure.mean for figure in figures]
        sheet.row(row, [part.label(material.language), None, *values], ["text", "number"])
    return row + 2


def _answers(book: Book) -> None:
    """What people wrote, one text a row."""
    material = book.material
    say = material.say
    questions = {one.question.code: one.question for one in material.summary.questions if takes_words(one.question)}
    sheet = book.streamed(say("文字回答", "Open answers"))
    for column, width in enumerate((8, 36, 18, 90)):
        sheet.sheet.set_column(column, column, width)
    rows = sheet.table([say("题号", "No."), say("题目", "Question"), say("类别", "Category"), say("内容", "Text")], (
        (questions[said.question].number, questions[said.question].label(material.language), material.group_of(said.segment), said.text)
        for said in material.answers()
    ), ["plain", "wrapped"])
    sheet.sheet.autofilter(0, 0, rows, 3)


def _raw(book: Book) -> None:
    """Every response as a row."""
    material, heads = book.material, responses.wide_heads(book.material)
    anonymous, say = material.questionnaire.anonymous, book.material.say
    sheet = book.streamed(say("原始数据", "Raw data"))
    first = len(heads) - len(material.columns)
    sheet.sheet.set_column(0, first - 1, 17)
    for place, (asked, _) in enumerate(material.columns, start=first):
        sheet.sheet.set_column(place, place, 40 if takes_words(asked) else 18)
    styles = ["plain", "month", "plain"] if anonymous else ["plain", "day", "moment", "plain"]
    rows = sheet.table(heads, responses.wide_rows(material), styles)
    sheet.sheet.autofilter(0, 0, rows, len(heads) - 1)


def _long(book: Book) -> None:
    """Every part of an answer as a row, on as many sheets as it takes."""
    rows, number = responses.long_rows(book.material), 1
    name = book.material.say("原始数据（长表）", "Raw data (long)")
    while (first := next(rows, None)) is not None or number == 1:
        sheet = book.streamed(name if number == 1 else f"{name} {number}")
        for column, width in enumerate((8, 14, 14, 14, 30, 60)):
            sheet.sheet.set_column(column, column, width)
        sheet.table(responses.long_heads(book.material), islice(chain([first] if first else [], rows), MOST_ROWS), ["plain"])
        number += 1


def _codebook(book: Book) -> None:
    """What the columns of the raw data mean."""
    sheet = book.sheet(book.material.say("编码表", "Codebook"))
    for column, width in enumerate((8, 12, 40, 40, 14, 8, 50, 50, 28, 10, 10)):
        sheet.sheet.set_column(column, column, width)
    sheet.table(responses.codebook_heads(book.material), responses.codebook_rows(book.material), ["count", "text"])
