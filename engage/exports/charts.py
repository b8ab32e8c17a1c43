"""Native charts of a question, which Excel and Word draw themselves and everybody can edit."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# -- xlsxwriter has hardly any types.

from io import BytesIO
from typing import Any
from zipfile import ZipFile

from engage.exports.material import Material
from surveys.summaries import QuestionSummary

BLUE = "#14508C"
LEVELS = (BLUE, "#6797CB", "#B5CBE3", "#E39A8B", "#B3261E")  # from the best to the worst, as on the page
# What a label shows; Excel takes what is not said for no, others for yes.
_LABELS = b'<c:showLegendKey val="0"/><c:showVal val="1"/>' + b"".join(
    b'<c:show%b val="0"/>' % name for name in (b"CatName", b"SerName", b"Percent", b"BubbleSize")
)
FIRST = 2  # the column of all answers, after labels and shares; those of the categories follow


def add_chart(book: Any, one: QuestionSummary, *, sheet: str, head: int, groups: int) -> tuple[Any, int]:
    """A chart of the table whose heading is in the row `head`, with a column for all answers and each category; and its height in pixels."""
    if one.tally.satisfied is not None:
        return _levels(book, one, sheet=sheet, head=head, groups=groups), 110 + 34 * groups
    return _options(book, one, sheet=sheet, head=head), 60 + 34 * len(one.tally.rows)


def drawn(material: Material, one: QuestionSummary) -> tuple[bytes, bytes, int]:
    """A chart on its own: its XML, the workbook with its figures, and its height in pixels."""
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    groups, stream = material.groups(one), BytesIO()
    with Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("1")
        sheet.write_row(0, FIRST, [label for label, _ in groups])
        for number, row in enumerate(one.tally.rows, start=1):
            sheet.write_string(number, 0, row.label(material.language))
            for place, (_, tally) in enumerate(groups, start=FIRST):
                counts = {each.code: each.count for each in tally.rows}
                if (count := counts.get(row.code)) is not None:
                    sheet.write_number(number, place, count)
        chart, height = add_chart(book, one, sheet="1", head=0, groups=len(groups))
        sheet.insert_chart(len(one.tally.rows) + 2, 0, chart)
    with ZipFile(stream) as parts:
        return parts.read("xl/charts/chart1.xml").replace(b'<c:showVal val="1"/>', _LABELS), stream.getvalue(), height


def _options(book: Any, one: QuestionSummary, *, sheet: str, head: int) -> Any:
    """A bar for each option in the question's own order."""
    chart, last = book.add_chart({"type": "bar"}), head + len(one.tally.rows)
    chart.add_series({
        "name": [sheet, head, FIRST], "categories": [sheet, head + 1, 0, last, 0], "values": [sheet, head + 1, FIRST, last, FIRST],
        "fill": {"color": BLUE}, "data_labels": {"value": True}, "gap": 50,
    })
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
    return chart


def _levels(book: Any, one: QuestionSummary, *, sheet: str, head: int, groups: int) -> Any:
    """One stacked bar for all and for each category, from the lowest level to the highest."""
    chart = book.add_chart({"type": "bar", "subtype": "percent_stacked"})
    levels = list(zip(range(head + 1, head + 1 + len(one.tally.rows)), LEVELS, strict=True))
    for row, colour in reversed(levels):
        chart.add_series({
            "name": [sheet, row, 0], "categories": [sheet, head, FIRST, head, FIRST + groups - 1], "values": [sheet, row, FIRST, row, FIRST + groups - 1],
            "fill": {"color": colour}, "gap": 50,
        })
    chart.set_legend({"position": "top"})
    chart.set_title({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0%", "label_position": "high", "major_gridlines": {"visible": True, "line": {"color": "#D8DEE6"}}})
    return chart
