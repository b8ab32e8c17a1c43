"""The summary as a report: the event, turnout, the questionnaire question by question, and what people wrote; in Word, or on any Paper."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from engage.exports import themes
from engage.exports.material import Material
from engage.exports.opinions import QUOTED, opinions
from engage.reports import conclusion
from surveys.asked import Row, show_number
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary

WIDE = 8  # options up to which a table by category has a column for each
CHINESE_NUMBERS = "一二三四五六七八九十"


class Paper(Protocol):
    """What a report is written on, from top to bottom."""

    def heading(self, text: str, level: int) -> None:
        """A heading, level 1 to 3."""

    def paragraph(self, text: str) -> None:
        """A paragraph of text."""

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """A table whose first row is its heading; `widths` are parts of the text's width."""

    def quotation(self, text: str, source: str) -> None:
        """Somebody's own words, and who that is."""

    def figure(self, material: Material, one: QuestionSummary) -> None:
        """A chart of the options or levels of a question."""


def write(material: Material, stream: BinaryIO) -> None:
    """Write the report as a Word document in the layout of official documents, with a table of contents."""
    from engage.exports.official import OfficialDocument  # noqa: PLC0415 -- slow import

    summary, say = material.summary, material.say
    title = say(f"{summary.event.title}\n情况汇总", f"{summary.event.title}\nSummary")
    document = OfficialDocument(title, made_at=summary.made_at, language=material.language)
    document.contents(say("目录", "Contents"))
    tell(document, material)
    document.closing(*filter(None, (material.office, material.day(summary.made_at))))
    document.save(stream)


def tell(paper: Paper, material: Material) -> None:
    """The four parts of the report."""
    say = material.say
    parts = (
        (say("活动概况", "The event"), _event), (say("参与情况", "Turnout"), _turnout),
        (say("问卷情况", "The questionnaire"), _questionnaire), (say("意见建议", "Opinions and suggestions"), _opinions),
    )
    for number, (heading, write_part) in enumerate(parts, start=1):
        paper.heading(say(f"{CHINESE_NUMBERS[number - 1]}、{heading}", f"{number}. {heading}"), 1)
        write_part(paper, material)


def _event(paper: Paper, material: Material) -> None:
    for words in filter(None, (material.summary.remark, conclusion(material.summary, material.language))):
        paper.paragraph(words)
    for name, value in material.facts():
        paper.paragraph(material.say(f"{name}：{value}", f"{name}: {value}"))


def _turnout(paper: Paper, material: Material) -> None:
    say, summary = material.say, material.summary
    total = summary.total
    paper.paragraph(say(
        f"共邀请{total.invited}人，其中接受{total.accepted}人、谢绝{total.declined}人；报名{total.registered}人，到场{total.arrived}人，"
        f"其中现场登记{total.walk_ins}人、代替他人{total.stand_ins}人。",
        f"{total.invited} people were invited; {total.accepted} accepted and {total.declined} declined. "
        f"{total.registered} registered and {total.arrived} came: {total.walk_ins} of them were entered at the door, "
        f"{total.stand_ins} came in another’s place.",
    ))
    if summary.categories:
        head = [
            say("类别", "Category"), say("邀请", "Invited"), say("接受", "Accepted"), say("谢绝", "Declined"),
            say("报名", "Registered"), say("到场", "Arrived"), say("现场\n登记", "At the door"), say("代替\n他人", "In another’s place"),
            say("到场率", "Rate"), say("问卷", "Responses"),
        ]
        rows = [
            [label, *map(str, (one.invited, one.accepted, one.declined, one.registered, one.arrived, one.walk_ins, one.stand_ins)),
             _percent(one.arrival_share), _cell(one.responses)]
            for label, one in material.turnouts()
        ]
        paper.table([head, *rows], [25, 12, 14.5, 14.5, 17.5, 13.5, 13, 15, 16, 16.5])
    if summary.activities:
        paper.paragraph(say("各环节的选择人数如下（一人可选多项）。", "People chose these activities, some of them several."))
        head = [say("环节", "Activity"), say("地点", "Room"), say("时间", "Time"), say("人数", "People")]
        rows = [[one.title, one.room, material.time(one.starts_at), str(one.chosen)] for one in summary.activities]
        paper.table([head, *rows], [60, 34, 44, 18])
    _attendance(paper, material)


def _attendance(paper: Paper, material: Material) -> None:
    say = material.say
    rows = [
        [one.title, str(one.attended), _figure(one.minutes or 0)]
        for one in material.summary.activities if one.attended is not None
    ]
    if rows:
        paper.paragraph(say("各环节门口签到的人数和平均在场时间如下。", "Scanned at the doors of the activities, and for how long they stayed:"))
        paper.table([[say("环节", "Activity"), say("到场", "Arrived"), say("平均在场时间（分钟）", "Average time present (minutes)")], *rows], [92, 24, 40])


def _questionnaire(paper: Paper, material: Material) -> None:
    say, summary, survey = material.say, material.summary, material.summary.survey
    if survey is None:
        paper.paragraph(say("本次活动没有关联问卷。", "No questionnaire belongs to this event."))
        return
    title = summary.title(material.language)
    paper.paragraph(say(
        f"问卷《{title}》共{len(survey.questions)}题，回收{survey.responses}份。",
        f"The questionnaire “{title}” has {len(survey.questions)} questions and was returned {survey.responses} times.",
    ))
    for number, section in enumerate(survey.form.sections, start=1):
        if section.label(material.language):
            paper.heading(_second(material, number, section.label(material.language)), 2)
        for asked in section.questions:
            if (one := survey.question(asked.code)) is not None:
                _question(paper, material, one)


def _question(paper: Paper, material: Material, one: QuestionSummary) -> None:
    say, asked, tally = material.say, one.question, one.tally
    kind = KINDS[asked.kind].label(material.language)
    label = asked.label(material.language)
    paper.heading(say(f"{asked.number}．{label}（{kind}）", f"{asked.number}. {label} ({kind})"), 3)
    paper.paragraph(_sentence(material, one))
    if not tally.answered:
        return
    if tally.rows:
        paper.figure(material, one)
    if tally.parts:
        heads, lines = material.parts(tally)
        paper.table([heads, *([_cell(cell) for cell in line] for line in lines)], [44, *[_share_of(112, heads)] * (len(heads) - 1)])
    elif tally.satisfied is not None:
        _levels_table(paper, material, one)
    elif tally.groups:
        _groups_table(paper, material, one)
    elif tally.days:
        head = [say("日期或时间", "Date or time"), say("人数", "Count"), say("占比", "Share")]
        paper.table([head, *([row.label(material.language), _cell(row.count), _percent(row.share)] for row in tally.days)], [90, 20, 20])
    elif tally.rows:
        _options_table(paper, material, one)
    elif tally.mean is not None:
        head = [say("类别", "Category"), say("人数", "Count"), *(name for name, _ in material.spread(tally))]
        rows = [
            [group, _cell(part.answered), *(_figure(value) for _, value in material.spread(part))]
            for group, part in material.groups(one) if part.answered
        ]
        paper.table([head, *rows], [50, *[20] * (len(head) - 1)])


def _sentence(material: Material, one: QuestionSummary) -> str:
    say, tally = material.say, one.tally
    if tally.answered is None:
        return say("回答人数太少，不单独列出。", "Too few answered to be shown.")
    if not tally.answered:
        return say("没有人回答。", "Nobody answered.")
    told = say(f"共{tally.answered}人回答", f"{tally.answered} people answered")
    if tally.satisfied is not None:
        told += say(
            f"，满意率{_percent(tally.satisfied)}（基本满意及以上）",
            f"; {_percent(tally.satisfied)} were satisfied (the upper three levels)",
        )
    elif tally.rows and tally.nps is None:
        first: Row = max(tally.rows, key=lambda row: row.count or 0)
        label = first.label(material.language)
        told += say(
            f"，选择最多的是“{label}”（{first.count}人，{_percent(first.share)}）",
            f"; most often “{label}” ({first.count}, {_percent(first.share)})",
        )
    unit = one.question.unit(material.language)
    for name, value in material.spread(tally):
        told += say(f"，{name}{_figure(value)}{unit}", f", {name if name.isupper() else name.lower()} {_figure(value)} {unit}".rstrip())
    for name, words in material.bounds(one.question, tally):
        told += say(f"，{name}{words}", f", {name.lower()} {words}")
    return told + say("。", ".")


def _levels_table(paper: Paper, material: Material, one: QuestionSummary) -> None:
    say = material.say
    head = [
        say("类别", "Category"), say("人数", "Count"), *(row.label(material.language) for row in one.tally.rows),
        say("满意率", "Satisfied"),
    ]
    rows = [
        [group, _cell(part.answered), *(_cell(row.count) for row in part.rows), _percent(part.satisfied)]
        for group, part in material.groups(one)
    ]
    paper.table([head, *rows], [34, 14, *[18] * len(one.tally.rows), 18])


def _groups_table(paper: Paper, material: Material, one: QuestionSummary) -> None:
    """Promoters, passives and detractors by category, with the score."""
    say = material.say
    head = [say("类别", "Category"), say("人数", "Count"), *(row.label(material.language) for row in one.tally.groups), "NPS"]
    rows = [
        [group, _cell(part.answered), *(f"{_cell(row.count)}（{_percent(row.share)}）" for row in part.groups), _figure((part.nps or 0) * 100)]
        for group, part in material.groups(one) if part.answered
    ]
    paper.table([head, *rows], [40, 16, 28, 28, 28, 16])


def _options_table(paper: Paper, material: Material, one: QuestionSummary) -> None:
    """The options with their counts and shares; and by category, where the page is wide enough."""
    say, options = material.say, [row.label(material.language) for row in one.tally.rows]
    head = [say("选项", "Option"), say("人数", "Count"), say("占比", "Share")]
    paper.table([head, *([row.label(material.language), _cell(row.count), _percent(row.share)] for row in one.tally.rows)], [90, 20, 20])
    groups = [(group, part) for group, part in material.groups(one) if part.answered]
    if len(groups) > 2 and len(options) <= WIDE:  # noqa: PLR2004 -- all, and at least two categories
        head = [say("类别", "Category"), say("人数", "Count"), *options]
        rows = [[group, _cell(part.answered), *(_cell(row.count) for row in part.rows)] for group, part in groups]
        paper.table([head, *rows], [44, 16, *[18] * len(options)])


def _opinions(paper: Paper, material: Material) -> None:
    say, number = material.say, 0
    for number, one in enumerate(opinions(material), start=1):
        paper.heading(_second(material, number, one.question.label(material.language)), 2)
        if one.themes:
            themes.tell(paper, material, one.themes)
        paper.paragraph(say(
            f"共收到{one.received}条，相同的合并后{one.different}条", f"{one.received} texts were received, {one.different} of them different",
        ) + (say(f"，以下摘录{QUOTED}条，全部内容见电子表格。", f"; here are {QUOTED} of them, the workbook has all.")
             if one.different > QUOTED else say("。", ".")))
        for text, told in one.quoted:
            paper.quotation(f"“{text}”", say(f"（{told}）", f" ({told})") if told else "")
    paper.paragraph(material.told_of_texts() if number else say("没有收到文字意见。", "Nobody wrote anything."))


def _second(material: Material, number: int, heading: str) -> str:
    """A heading of the second level with its number: （一） or (1)."""
    chinese = CHINESE_NUMBERS[number - 1] if number <= len(CHINESE_NUMBERS) else str(number)
    return material.say(f"（{chinese}）{heading}", f"({number}) {heading}")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _figure(value: float) -> str:
    return show_number(round(value, 2))


def _cell(cell: str | float | None) -> str:
    """A cell of a table; what is left out, as where too few answered, is a dash."""
    return "–" if cell is None else cell if isinstance(cell, str) else _figure(cell)


def _share_of(width: float, heads: list[str]) -> float:
    return width / (len(heads) - 1)
