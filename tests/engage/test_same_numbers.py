"""The same number is the same in the raw data, on the page to print and in SPSS too; themes in every format; JSON as its schema says."""

import json
import re
from collections import Counter
from pathlib import Path
from tempfile import NamedTemporaryFile

import everykind
import jsonschema_rs
import make
import pyreadstat
import pytest
from exported import LABELS, ZONE, opened, plain_count, responses
from openday import ANSWERS, open_day, questioned

from engage import events, exports
from engage.exports import FORMATS
from surveys import finding, themes
from surveys.raw import answers_frame

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # where it cannot matter which
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/event-summary.schema.json").read_text(encoding="utf-8"))
MATTERS = ("停车位太少，绕了两圈才找到车位", "讲解很细致，讲解员通俗易懂", "盒饭冷了才送来，午餐分量太少")


def outlined(session, event):
    return exports.outline(exports.gather(session, event, zone=ZONE, below=1, now=make.NOW))


def by_hand():
    return plain_count(dict(zip(("代表", "村民"), ANSWERS, strict=True)))


@pytest.fixture
def sorted_day(session):
    """An open day whose remarks were sorted into themes."""
    event = make.event(session, title="主题开放日")
    questionnaire = questioned(session, event)
    for number in range(18):
        make.response(session, questionnaire, {"q1": "5", "q5": MATTERS[number % 3] + "。" * (number // 3)}, context=event.slug)
    for one in themes.ask(session, questionnaire, context=event.slug, now=make.NOW):
        finding.keep(session, finding.sort(finding.read(session, one)), now=make.NOW)
    return event


def test_spss_tells_the_numbers_of_a_count_by_hand(session):
    frame, told = responses(session, open_day(session).event, "sav")
    found = Counter()
    for row in frame.to_dict("records"):
        groups = ("全部", told.variable_value_labels["response_category"][row["response_category"]])
        answers = [(number, str(int(row[f"q{number}"]))) for number in (1, 2) if row[f"q{number}"] == row[f"q{number}"]]
        answers = [(number, LABELS[number][told.variable_value_labels[f"q{number}"][int(code)]]) for number, code in answers]
        answers += [(3, code) for code in LABELS[3].values() if row[f"q3.{code}"] == 1]
        found.update((group, number, option) for group in groups for number, option in answers)
    assert found == by_hand()


def test_the_page_to_print_tells_the_numbers_of_a_count_by_hand(session):
    day = open_day(session)
    found, number = {}, 0
    for block in outlined(session, day.event):
        if block.kind == "heading" and block.level == 3:
            number = int(block.text[0])
        elif block.kind == "table" and number in LABELS:
            options, (heads, *rows) = LABELS[number], block.rows
            if heads[:2] == ["类别", "人数"]:
                found |= {(row[0], number, options[label]): int(n) for row in rows for label, n in zip(heads, row, strict=True) if label in options}
            elif heads[0] == "选项":
                found |= {("全部", number, options[row[0]]): int(row[1]) for row in rows}
    assert {key: n for key, n in found.items() if n} == by_hand()
    assert len(found) == 3 * 10


@one_database
def test_the_page_to_print_says_what_the_word_document_says(session):
    event = open_day(session).event
    document, blocks = opened(session, event, "docx"), outlined(session, event)
    words = {paragraph.text for paragraph in document.paragraphs}
    assert {block.text for block in blocks if block.kind in {"heading", "paragraph"}} <= words
    assert [[list(row) for row in block.rows] for block in blocks if block.kind == "table"] == [
        [[cell.text for cell in row.cells] for row in table.rows] for table in document.tables
    ]
    assert [f"{block.text}{block.source}" for block in blocks if block.kind == "quotation"] == [
        paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Quotation"
    ]
    figures = [block.text for block in blocks if block.kind == "figure"]
    assert figures == ["总体评价", "从哪里得知", "印象最深的环节"]
    assert [f"图{n}　{text}" for n, text in enumerate(figures, start=1)] == [
        paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Figure" and paragraph.text
    ]


def test_long_raw_data_counts_to_the_same_numbers(session):
    event = open_day(session).event
    frame = answers_frame(session, event.questionnaire, context=event.slug)
    counted = frame[frame.question.isin(["q1", "q2", "q3"])].groupby(["question", "value"]).size()
    assert {("全部", int(code[1]), str(value)): n for (code, value), n in counted.items()} == {
        key: n for key, n in by_hand().items() if key[0] == "全部"
    }


def test_themes_are_the_same_everywhere(session, sorted_day):
    body = opened(session, sorted_day, "json")
    (told,) = body["themes"]
    expected = [(theme["title"], theme["size"], round(theme["share"], 4)) for theme in told["themes"]]
    assert (told["question"], told["sorted"], sum(size for _, size, _ in expected)) == ("q5", 18, 18)
    rows = [row for row in opened(session, sorted_day, "csv") if row[0] == "意见主题"]
    assert [(row[2], int(row[4]), round(float(row[5]), 4)) for row in rows] == expected
    sheet = opened(session, sorted_day, "xlsx")["意见主题"]
    assert [(row[2], row[3], round(row[4], 4)) for row in sheet.iter_rows(min_row=2, values_only=True)] == expected
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in opened(session, sorted_day, "docx").tables]
    (table,) = [table for table in tables if table[0][0] == "主题"]
    assert table[1:] == [[title, str(size), f"{share:.1%}"] for title, size, share in expected]
    assert [list(map(list, block.rows)) for block in outlined(session, sorted_day) if block.kind == "table" and block.rows[0][0] == "主题"] == [table]


@one_database
def test_json_is_as_its_schema_says(session, sorted_day):
    event = make.event(session)
    questionnaire = make.questionnaire(session, asks=everykind.ASKS)
    events.attach(session, event, questionnaire, by=make.BY, now=make.NOW)
    make.response(session, questionnaire, everykind.SENT, context=event.slug)
    validator = jsonschema_rs.validator_for(SCHEMA)
    for one in (event, sorted_day, open_day(session).event, make.event(session)):
        for below in (1, 5):
            with NamedTemporaryFile() as file:
                FORMATS["json"].write(exports.gather(session, one, zone=ZONE, below=below, now=make.NOW), file)
                file.seek(0)
                assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.load(file))] == []
    assert not validator.is_valid(opened(session, event, "json") | {"schema": "engage/event-summary/2"})


@one_database
def test_the_report_has_a_table_of_contents_and_charts_with_their_figures_inside(session):
    document = opened(session, open_day(session).event, "docx")
    entries = [one.text.partition("\t")[0] for one in document.paragraphs if one.style.name.startswith("toc")]
    headings = [one.text for one in document.paragraphs if one.style.name in {"Heading 1", "Heading 2"}]
    assert entries == headings
    parts = {str(part.partname): part for part in document.part.package.iter_parts()}
    charts = [parts[name].blob.decode() for name in sorted(parts) if "/charts/" in name]
    assert [re.findall(r"<c:(bar|pie)Chart>", chart) for chart in charts] == [["bar"]] * 3
    assert re.findall(r"<c:v>([^<]*)</c:v>", charts[1])[-3:] == ["2", "1", "1"]  # 单位通知, 中心网站, 其他
    assert [bool(re.search(r'<c:externalData r:id="rId1">', chart)) for chart in charts] == [True] * 3
    assert sum("/embeddings/" in name for name in parts) == 3


@one_database
def test_a_file_for_spss_is_read_again_in_english(session):
    day = open_day(session)
    with NamedTemporaryFile(suffix=".sav") as file:
        made = exports.gather(session, day.event, zone=ZONE, language="en", below=5, now=make.NOW)
        exports.RESPONSE_FORMATS["sav"].write(made, file)
        file.flush()
        frame, told = pyreadstat.read_sav(file.name)
    assert (len(frame), told.column_names_to_labels["q1"], told.variable_value_labels["q1"][5]) == (5, "How was it?", "Very satisfied")
    assert "response_category" not in told.column_names  # small figures could be counted again from single answers
