"""The themes of open answers in the workbook and in the document: with sizes and quotations, hidden ones left out."""

from typing import TYPE_CHECKING

from engage.exports.material import Material, ThemesTold
from surveys.themes import QUOTED

if TYPE_CHECKING:
    from engage.exports.cells import Book
    from engage.exports.document import Paper

IN_DOCUMENT = 10  # themes of a question that are quoted; its table has all


def tell(paper: "Paper", material: Material, one: ThemesTold) -> None:
    """The themes as a table, then the foremost with quotations."""
    say, shown = material.say, one.themes
    paper.paragraph(say(
        f"{one.sorted}条回答按用词归为{len(shown)}个主题，数量如下。", f"{one.sorted} answers fall into {len(shown)} themes by their words.",
    ) + _since(material, one))
    rows = [[theme.title, str(theme.size), f"{theme.share:.1%}"] for theme in shown]
    paper.table([[say("主题", "Theme"), say("条数", "Answers"), say("占比", "Share")], *rows], [100, 28, 28])
    for theme in shown[:IN_DOCUMENT]:
        paper.paragraph(say(f"关于“{theme.title}”（{theme.size}条）：", f"On “{theme.title}” ({theme.size}):"))
        for text in theme.quotations:
            paper.quotation(f"“{text}”", "")


def sheet(book: "Book") -> None:
    """One theme a row, question by question; no sheet where no answers were sorted."""
    material, sorted_answers = book.material, book.material.themes
    if not sorted_answers:
        return
    say = material.say
    table = book.streamed(say("意见主题", "Themes"))
    for column, width in enumerate((8, 36, 28, 8, 8, 10, 36, 60, 60, 60)):
        table.sheet.set_column(column, column, width)
    table.heading(0, [
        say("题号", "No."), say("题目", "Question"), say("主题", "Theme"), say("条数", "Answers"), say("占比", "Share"), say("不重复", "Different"),
        say("关键词", "Key terms"), *(say(f"摘录{number}", f"Quotation {number}") for number in range(1, QUOTED + 1)),
    ])
    table.sheet.freeze_panes(1, 0)
    row = 0
    for one in sorted_answers.values():
        for theme in one.themes:
            row += 1
            table.row(row, [
                one.question.number, one.question.label(material.language), theme.title, theme.size, theme.share, theme.distinct,
                say("、", ", ").join(theme.words), *theme.quotations,
            ], ["plain", "wrapped", "wrapped", "count", "share", "count", "wrapped"])


def _since(material: Material, one: ThemesTold) -> str:
    return material.say(f"另有{one.fresh}条新回答尚未归类。", f" {one.fresh} newer answers are not sorted yet.") if one.fresh else ""
