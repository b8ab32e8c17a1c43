"""The summary as a Word report: the event, turnout, the questionnaire question by question, and what people wrote."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from engage.exports.material import Material
from engage.reports import conclusion, takes_words
from surveys.asked import Row, Tally, show_number
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary

if TYPE_CHECKING:
    from engage.exports.official import OfficialDocument

QUOTED = 30  # texts quoted of one question; the workbook has all of them
WIDE = 6  # categories up to which a table of options has a column for each
CHINESE_NUMBERS = "一二三四五六七八九十"


def write(material: Material, stream: BinaryIO) -> None:
    """Write the report. Its order of texts is that of the responses' random numbers, so what is quoted is a fair sample."""
    from engage.exports.official import OfficialDocument  # noqa: PLC0415 -- slow import

    summary, say = material.summary, material.say
    title = say(f"{summary.event.title}情况汇总", f"{summary.event.title}: summary")
    document = OfficialDocument(title, made_at=summary.made_at)
    parts = (
        (say("活动概况", "The event"), _event), (say("参与情况", "Turnout"), _turnout),
        (say("问卷情况", "The questionnaire"), _questionnaire), (say("意见建议", "Opinions and suggestions"), _opinions),
    )
    for number, (heading, write_part) in enumerate(parts, start=1):
        document.heading(say(f"{CHINESE_NUMBERS[number - 1]}、{heading}", f"{number}. {heading}"), 1)
        write_part(document, material)
    document.closing(material.day(summary.made_at))
    document.save(stream)


def _event(document: "OfficialDocument", material: Material) -> None:
    document.paragraph(conclusion(material.summary, material.language))
    for name, value in material.facts():
        document.paragraph(material.say(f"{name}：{value}", f"{name}: {value}"))


def _turnout(document: "OfficialDocument", material: Material) -> None:
    say, summary = material.say, material.summary
    total = summary.total
    document.paragraph(say(
        f"共邀请{total.invited}人，其中接受{total.accepted}人、谢绝{total.declined}人；报名{total.registered}人，到场{total.arrived}人。",
        f"{total.invited} people were invited; {total.accepted} accepted and {total.declined} declined. "
        f"{total.registered} registered and {total.arrived} came.",
    ))
    if summary.categories:
        head = [
            say("类别", "Category"), say("邀请", "Invited"), say("接受", "Accepted"), say("谢绝", "Declined"),
            say("报名", "Regis\u00adtered"), say("到场", "Arrived"), say("到场率", "Rate"), say("问卷", "Re\u00adsponses"),
        ]
        rows = [
            [label, *map(str, (one.invited, one.accepted, one.declined, one.registered, one.arrived)),
             _percent(one.arrival_share), str(one.responses)]
            for label, one in material.turnouts()
        ]
        document.table([head, *rows], [36, *[17] * 7])
    if summary.activities:
        document.paragraph(say("各项活动的选择人数如下（一人可选多项）。", "People chose these activities, some of them several."))
        head = [say("活动", "Activity"), say("地点", "Room"), say("时间", "Time"), say("人数", "People")]
        rows = [[one.title, one.room, material.time(one.starts_at), str(one.chosen)] for one in summary.activities]
        document.table([head, *rows], [60, 34, 44, 18])


def _questionnaire(document: "OfficialDocument", material: Material) -> None:
    say, summary, survey = material.say, material.summary, material.summary.survey
    if survey is None:
        document.paragraph(say("本次活动没有关联问卷。", "No questionnaire belongs to this event."))
        return
    title = summary.title(material.language)
    document.paragraph(say(
        f"问卷《{title}》共{len(survey.questions)}题，回收{survey.responses}份。",
        f"The questionnaire “{title}” has {len(survey.questions)} questions and was returned {survey.responses} times.",
    ))
    for number, section in enumerate(survey.form.sections, start=1):
        if section.label(material.language):
            document.heading(_second(material, number, section.label(material.language)), 2)
        for asked in section.questions:
            if (one := survey.question(asked.code)) is not None:
                _question(document, material, one)


def _question(document: "OfficialDocument", material: Material, one: QuestionSummary) -> None:
    say, asked, tally = material.say, one.question, one.tally
    kind = KINDS[asked.kind].label(material.language)
    label = asked.label(material.language)
    document.heading(say(f"{asked.number}．{label}（{kind}）", f"{asked.number}. {label} ({kind})"), 3)
    document.paragraph(_sentence(material, one))
    if not tally.answered:
        return
    if tally.satisfied is not None:
        _levels_table(document, material, one)
    elif tally.rows:
        _options_table(document, material, one)
    elif tally.mean is not None:
        head = [say("类别", "Category"), say("人数", "Answered"), *(name for name, _ in material.spread(tally))]
        rows = [
            [group, str(part.answered), *(_figure(value) for _, value in material.spread(part))]
            for group, part in material.groups(one) if part.answered
        ]
        document.table([head, *rows], [50, *[20] * (len(head) - 1)])


def _sentence(material: Material, one: QuestionSummary) -> str:
    say, tally = material.say, one.tally
    if not tally.answered:
        return say("没有人回答。", "Nobody answered.")
    told = say(f"共{tally.answered}人回答", f"{tally.answered} people answered")
    if tally.satisfied is not None:
        told += say(
            f"，满意率{_percent(tally.satisfied)}（基本满意及以上）",
            f"; {_percent(tally.satisfied)} were satisfied (the upper three levels)",
        )
    elif tally.rows:
        first: Row = max(tally.rows, key=lambda row: row.count)
        label = first.label(material.language)
        told += say(
            f"，选择最多的是“{label}”（{first.count}人，{_percent(first.share)}）",
            f"; most often “{label}” ({first.count}, {_percent(first.share)})",
        )
    unit = one.question.unit(material.language)
    for name, value in material.spread(tally):
        told += say(f"，{name}{_figure(value)}{unit}", f", {name.lower()} {_figure(value)} {unit}".rstrip())
    return told + say("。", ".")


def _levels_table(document: "OfficialDocument", material: Material, one: QuestionSummary) -> None:
    say = material.say
    head = [
        say("类别", "Category"), say("人数", "Answered"), *(row.label(material.language) for row in one.tally.rows),
        say("满意率", "Satisfied"),
    ]
    rows = [
        [group, str(part.answered), *(str(row.count) for row in part.rows), _percent(part.satisfied)]
        for group, part in material.groups(one)
    ]
    document.table([head, *rows], [36, 15, *[17] * len(one.tally.rows), 18])


def _options_table(document: "OfficialDocument", material: Material, one: QuestionSummary) -> None:
    say = material.say
    groups: Sequence[tuple[str, Tally]] = material.groups(one)[1:]
    groups = groups if len(groups) <= WIDE else ()
    head = [say("选项", "Option"), say("人数", "Count"), say("占比", "Share"), *(label for label, _ in groups)]
    rows = [
        [row.label(material.language), str(row.count), _percent(row.share), *(str(part.rows[place].count) for _, part in groups)]
        for place, row in enumerate(one.tally.rows)
    ]
    document.table([head, *rows], [48, 14, 17, *[14] * len(groups)])


def _opinions(document: "OfficialDocument", material: Material) -> None:
    say, labels = material.say, material.summary.segments(material.language)
    number = 0
    for one in material.summary.questions:
        received = _texts(one)
        if not received:
            continue
        number += 1
        document.heading(_second(material, number, one.question.label(material.language)), 2)
        document.paragraph(say(f"共收到{received}条", f"{received} texts were received") + (say(
            f"，以下为其中{QUOTED}条，全部内容见电子表格。", f"; here are {QUOTED} of them, the workbook has all.",
        ) if received > QUOTED else say("。", ".")))
        for answer in material.answers(question=one.question.code, most=QUOTED):
            segment = answer.response.segment
            source = labels.get(segment, segment)
            document.quotation(say(f"“{answer.text}”", f"“{answer.text}”"), say(f"（{source}）", f" ({source})"))
    if not number:
        document.paragraph(say("没有收到文字意见。", "Nobody wrote anything."))


def _texts(one: QuestionSummary) -> int:
    """How many texts people wrote to a question: its open answers, or what they said for "other"."""
    if not takes_words(one.question):
        return 0
    others = {option.code for option in one.question.options if option.other}
    return sum(row.count for row in one.tally.rows if row.code in others) if one.tally.rows else one.tally.answered


def _second(material: Material, number: int, heading: str) -> str:
    """A heading of the second level with its number: （一） or (1)."""
    chinese = CHINESE_NUMBERS[number - 1] if number <= len(CHINESE_NUMBERS) else str(number)
    return material.say(f"（{chinese}）{heading}", f"({number}) {heading}")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _figure(value: float) -> str:
    return show_number(round(value, 2))
