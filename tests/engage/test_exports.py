import csv
import json
import re
import sys
from datetime import date, datetime, time
from io import BytesIO, StringIO
from zipfile import ZipFile

import chain
import everykind
import make
import pytest
import sqlalchemy as sa
from database import count_queries
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from doorday import ABSENT, CAME, HOW, OVER, ROOMS, door_day, figures_in
from exported import LABELS, ZONE, opened, plain_count, responses, written
from marks import OUT, held, scanned
from openday import ANSWERS, ASKS, FORMULAS, open_day, questioned
from openpyxl import load_workbook

from engage import events, exports
from engage.audit import AuditEntry
from engage.contacts import mask_email, mask_name, mask_phone
from engage.events import Kind, Topic
from engage.exports import ATTENDEE_FORMATS, FORMATS, FULL, MASKED, RESPONSE_FORMATS, TICKET, Table, Texts
from engage.parties import Attendee
from surveys import answers_frame, raw_rows
from surveys.forms import form_of
from surveys.questionnaires import NoSuchQuestionnaire
from surveys.spss import SpssNotInstalled

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # where it cannot matter which
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def attendees(session, event, suffix, columns=FULL, language="zh", now=make.NOW):
    stream = BytesIO()
    ATTENDEE_FORMATS[suffix].write(Table(session, event, columns, ZONE, language, now=now), stream)
    return stream.getvalue()


def texts_of(document):
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


def strings_of(workbook):
    return [cell.value for sheet in workbook for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


# ---- the same number is the same everywhere


def in_csv(rows, _names):
    return {
        (group, int(question[0]), LABELS[int(question[0])][option.removeprefix("\u2060")]): int(count)
        for _section, question, option, group, count, _share, _value in rows[1:]
        if question[:1] in {"1", "2", "3"} and option.removeprefix("\u2060") in LABELS[int(question[0])]
    }


def in_json(body, names):
    questions = [one for section in body["questionnaire"]["sections"] for one in section["questions"]]
    return {
        (group, one["number"], option["code"]): option["count"]
        for one in questions if one["number"] in LABELS
        for group, tally in {"全部": one, **{names[code]: part for code, part in one["by_category"].items()}}.items()
        for option in tally["options"]
    }


def in_xlsx(workbook, _names):
    found = {}
    for sheet in workbook.worksheets[1:3]:
        number, heads = 0, []
        for row in sheet.iter_rows(values_only=True):
            if row[0] and (match := re.match(r"(\d)\. ", str(row[0]))):
                number = int(match[1])
            elif row[0] == "选项或指标":
                heads = [head for head in row[2:] if head]
            elif row[0] in LABELS.get(number, ()):
                found |= {(head, number, LABELS[number][row[0]]): count for head, count in zip(heads, row[2:], strict=False)}
    return found


def in_docx(document, _names):
    found, number = {}, 0
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            cells = [[cell.text for cell in row.cells] for row in part.rows]
            options = LABELS.get(number, {})
            if cells[0][:2] == ["类别", "人数"]:
                found |= {
                    (row[0], number, options[label]): int(count)
                    for row in cells[1:] for label, count in zip(cells[0], row, strict=True) if label in options
                }
            elif cells[0][0] == "选项":
                found |= {("全部", number, options[row[0]]): int(row[1]) for row in cells[1:]}
        elif part.style.name == "Heading 3":
            number = int(part.text[0])
    return found


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_tells_the_numbers_of_a_count_by_hand(session, suffix):
    day = open_day(session)
    names = {day.deputies.code: "代表", day.village.code: "村民"}
    read = {"csv": in_csv, "json": in_json, "xlsx": in_xlsx, "docx": in_docx}[suffix]
    found = read(opened(session, day.event, suffix), names)
    assert {key: n for key, n in found.items() if n} == plain_count(dict(zip(names.values(), ANSWERS, strict=True)))
    assert len(found) == 3 * 10  # all and two categories, ten options, those nobody chose too


def test_turnout_is_the_same_everywhere(session):
    day = open_day(session)
    figures = ["4", "2", "2", "1", "7", "4", "0", "0", "5"]
    csv_rows = [row for row in opened(session, day.event, "csv") if row[0] == "参与情况" and row[3] == "全部"]
    assert [row[4] for row in csv_rows] == figures
    total = opened(session, day.event, "json")["total"]
    names = ("invited", "opened", "accepted", "declined", "registered", "arrived", "walk_ins", "stand_ins", "responses")
    assert [str(total[name]) for name in names] == figures
    sheet = opened(session, day.event, "xlsx").worksheets[0]
    (line,) = [[cell.value for cell in row] for row in sheet.iter_rows() if row[0].value == "合计"]
    assert [str(line[place]) for place in (1, 2, 3, 4, 5, 6, 7, 8, 10)] == figures
    (line,) = [[cell.text for cell in row.cells] for row in opened(session, day.event, "docx").tables[0].rows if row.cells[0].text == "合计"]
    assert line[1:] == ["4", "2", "1", "7", "4", "0", "0", "57.1%", "5"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_walk_ins_stand_ins_and_rooms_are_the_same_everywhere(session, suffix):
    assert figures_in(written(session, door_day(session).event, suffix, now=OVER), suffix) == (HOW, ROOMS)


def test_key_figures_are_the_same_everywhere(session):
    day = open_day(session)
    expected = {"平均数": 15.5 / 3, "中位数": 3.0, "最小": 0.0, "最大": 12.5, "标准差": 5.328122}
    rows = opened(session, day.event, "csv")
    assert {row[2]: float(row[6]) for row in rows if row[1].startswith("4. ") and row[3] == "全部" and row[6]} == pytest.approx(expected, abs=1e-5)
    (one,) = [q for s in opened(session, day.event, "json")["questionnaire"]["sections"] for q in s["questions"] if q["code"] == "q4"]
    assert [one[name] for name in ("mean", "median", "least", "most", "spread")] == pytest.approx(list(expected.values()))
    cells = [[cell.value for cell in row] for row in opened(session, day.event, "xlsx").worksheets[2].iter_rows()]
    assert {row[0]: row[2] for row in cells if row[0] in expected} == pytest.approx(expected)
    assert "共3人回答，平均数5.17次，中位数3次，最小0次，最大12.5次，标准差5.33次。" in texts_of(opened(session, day.event, "docx"))


# ---- texts stay texts


@one_database
@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_stays_what_it_was_written(session, text):
    event = make.event(session)
    questionnaire = questioned(session, event)
    make.response(session, questionnaire, {"q1": "5", "q5": f"x{text}"}, context=event.slug)
    # straight to the table: surveys cleans blanks away, an older row may have them
    session.execute(sa.text("UPDATE answer SET text = :text WHERE text IS NOT NULL"), {"text": text})
    workbook = opened(session, event, "xlsx", texts=Texts.AS_WRITTEN)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", False)] * 3  # among the open answers and in the raw data
    assert [one["text"] for one in opened(session, event, "json", texts=Texts.AS_WRITTEN)["open_answers"]] == [text]
    assert f"“{text}”（未注明类别）" in texts_of(opened(session, event, "docx", texts=Texts.AS_WRITTEN))


@one_database
@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("suffix", ATTENDEE_FORMATS)
def test_a_name_that_looks_like_a_formula_is_exported_as_a_name(session, text, suffix):
    event = make.event(session)
    make.registration(session, event)
    session.execute(sa.update(Attendee).values(organisation=text))
    session.expire_all()
    data = attendees(session, event, suffix)
    if suffix == "json":
        assert json.loads(data)["attendees"][0]["organisation"] == text
    elif suffix == "xlsx":
        cell = load_workbook(BytesIO(data)).worksheets[0]["D2"]
        assert (cell.value, cell.data_type) == (text, "s")
    else:
        cell = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))[1][3]
        assert cell.removeprefix("\u2060") == text  # a word joiner has no width: a reader sees the same
        assert cell.startswith("\u2060") or re.fullmatch(r"[+-]?\d+", cell)


@one_database
def test_no_workbook_holds_a_formula(session):
    day = open_day(session)
    for data in (written(session, day.event, "xlsx"), attendees(session, day.event, "xlsx")):
        with ZipFile(BytesIO(data)) as parts:
            sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not [sheet for sheet in sheets if re.search(r"<f[ >]", sheet)]


# ---- languages and empty events


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_english_export_has_no_chinese_left(session, suffix, monkeypatch):
    monkeypatch.setattr("openday.ANSWERS", (({"q1": "5", "q2": "other", "q2.other": "a friend", "q3": ["1"], "q4": 3, "q5": "Fine."},) * 3,) * 2)
    day = open_day(session, title="Open day")
    made = opened(session, day.event, suffix, "en")
    if suffix == "xlsx":  # the codebook has both languages side by side
        for column in (7, 3):
            made["Codebook"].delete_cols(column)
    texts = {
        "csv": lambda: [cell for row in made for cell in row], "json": lambda: [json.dumps(made, ensure_ascii=False)],
        "xlsx": lambda: strings_of(made) + made.sheetnames, "docx": lambda: texts_of(made),
    }[suffix]()
    assert any("How was it?" in text for text in texts)
    assert [text for text in texts if CHINESE.search(text)] == []


@one_database
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_an_event_without_questionnaire_can_be_exported(session, suffix, language):
    assert opened(session, make.event(session), suffix, language)


@one_database
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_questionnaire_without_answers_can_be_exported(session, suffix, language):
    event = make.event(session)
    questioned(session, event)
    assert opened(session, event, suffix, language)


@one_database
def test_an_empty_report_says_so(session):
    assert {"本次活动没有关联问卷。", "没有收到文字意见。"} <= set(texts_of(opened(session, make.event(session), "docx")))


# ---- the workbook


@one_database
def test_the_workbook_has_a_sheet_for_each_section_with_a_chart_for_each_question_of_options(session):
    workbook = opened(session, open_day(session).event, "xlsx")
    assert workbook.sheetnames == ["概览", "1 总体评价", "2 意见-建议", "文字回答", "原始数据", "原始数据（长表）", "编码表"]
    assert [len(sheet._charts) for sheet in workbook] == [1, 2, 1, 0, 0, 0, 0]
    levels, options = workbook["1 总体评价"]._charts
    assert (levels.grouping, levels.barDir, len(levels.series)) == ("percentStacked", "bar", 5)
    assert (options.barDir, len(options.series), options.y_axis.scaling.orientation) == ("bar", 1, "minMax")


@one_database
def test_charts_carry_the_figures_of_the_cells_they_point_to(session):
    sheet = opened(session, open_day(session).event, "xlsx")["2 意见-建议"]
    (series,) = sheet._charts[0].series
    area = series.val.numRef.f.split("!")[1].replace("$", "")
    assert [row[0].value for row in sheet[area]] == [2, 2]
    assert [float(point.v) for point in series.val.numRef.numCache.pt] == [2, 2]


def test_the_raw_data_has_a_row_for_each_response(session):
    day = open_day(session)
    rows = [list(row) for row in opened(session, day.event, "xlsx")["原始数据"].iter_rows(values_only=True)]
    assert rows[0] == ["序号", "提交日期", "提交时间", "类别", "语言", "问卷版本", "1. 总体评价", "2. 从哪里得知", "3. 印象最深的环节", "4. 办事次数", "5. 意见建议"]
    at = [datetime(2026, 3, 18), datetime(2026, 3, 18, 9)]
    expected = [
        [*at, "代表", "zh", 1, 5, "单位通知", "参观；=座谈", 3, "停车位太少"],
        [*at, "代表", "zh", 1, 4, "其他：=邻居", "=座谈", 0, None],
        [*at, "代表", "zh", 1, 1, "单位通知", None, None, "停车位太少"],
        [*at, "村民", "zh", 1, 3, "中心网站", "参观", 12.5, "讲解很好\n下次再来"],
        [*at, "村民", "zh", 1, 2, None, None, None, None],
    ]
    assert sorted((row[1:] for row in rows[1:]), key=str) == sorted(expected, key=str)
    assert [row[0] for row in rows[1:]] == [1, 2, 3, 4, 5]


@one_database
def test_the_raw_data_of_an_anonymous_questionnaire_has_the_month_and_neither_time_nor_language(session):
    day = open_day(session, anonymous=True)
    make.released(session, day.event.questionnaire)
    sheet = opened(session, day.event, "xlsx")["原始数据"]
    assert [cell.value for cell in sheet[1]][:5] == ["序号", "月份", "类别", "问卷版本", "1. 总体评价"]
    assert {(row[1].value, row[1].number_format) for row in sheet.iter_rows(min_row=2)} == {(datetime(2026, 3, 1), "yyyy-mm")}
    assert {row[1] for row in responses(session, day.event, "csv")[1:]} == {"2026-03"}


def test_long_raw_data_has_a_row_for_each_part_of_an_answer(session):
    """On a sheet, as CSV and as a DataFrame; with the numbers under which the wide rows stand."""
    day = open_day(session)
    workbook = opened(session, day.event, "xlsx")
    rows = [list(row) for row in workbook["原始数据（长表）"].iter_rows(values_only=True)]
    assert rows[0] == ["序号", "题目代码", "分项代码", "取值", "含义", "文字"]
    wide = {row[0]: row[6:] for row in workbook["原始数据"].iter_rows(min_row=2, values_only=True)}
    (first,) = [number for number, cells in wide.items() if cells[0] == 5]
    assert [row for number, *row in rows[1:] if number == first] == [
        ["q1", None, 5, "非常满意", None], ["q2", None, "1", "单位通知", None], ["q3", None, "1", "参观", None],
        ["q3", None, "2", "=座谈", None], ["q4", None, 3, None, None], ["q5", None, None, None, "停车位太少"],
    ]
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    assert [[cell.removeprefix("\u2060") for cell in row] for row in responses(session, day.event, "long.csv")] == lines
    frame = answers_frame(session, day.event.questionnaire, context=day.event.slug)
    assert [len(frame), list(frame.question)] == [len(rows) - 1, [row[1] for row in rows[1:]]]


@one_database
def test_long_raw_data_goes_on_to_a_further_sheet(session, monkeypatch):
    monkeypatch.setattr("engage.exports.workbook.MOST_ROWS", 10)
    workbook = opened(session, open_day(session).event, "xlsx")
    names = [name for name in workbook.sheetnames if "长表" in name]
    assert names == ["原始数据（长表）", "原始数据（长表） 2"]
    assert [workbook[name].max_row for name in names] == [11, 10]


@one_database
def test_the_codebook_explains_every_column(session):
    rows = list(opened(session, open_day(session).event, "xlsx")["编码表"].iter_rows(min_row=2, values_only=True))
    asks = [ask for *_, asks in ASKS for ask in asks]
    assert [row[1:4] for row in rows] == [(f"q{n}", ask["text"], ask.get("text_en")) for n, ask in enumerate(asks, start=1)]
    assert rows[2][6] == "1 = 参观；2 = =座谈"
    assert rows[0][6:10] == (
        "5 = 非常满意；4 = 满意；3 = 基本满意；2 = 不满意；1 = 非常不满意",
        "5 = Very satisfied; 4 = Satisfied; 3 = Fairly satisfied; 2 = Dissatisfied; 1 = Very dissatisfied", "空白：没有回答或没有问到", "1",
    )
    assert [row[10] for row in rows] == [5, 4, 3, 3, 3]


@one_database
def test_every_kind_of_question_has_its_columns_in_the_codebook_and_in_spss(session):
    event = make.event(session)
    questionnaire = make.questionnaire(session, asks=everykind.ASKS)
    events.attach(session, event, questionnaire, by=make.BY, now=make.NOW)
    make.response(session, questionnaire, everykind.SENT, context=event.slug)
    rows = list(opened(session, event, "xlsx")["编码表"].iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == list(next(raw_rows(session, questionnaire)).answers)
    frame, told = responses(session, event, "sav")
    assert told.column_names_to_labels["parts.talk"] == "请评价各个环节：讲解"
    assert told.variable_value_labels["parts.talk"] == {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
    wanted = {
        "role": 4, "role.other_text": "教师", "liked.1": 1, "liked.3": 0, "liked.none": 0, "service": 4, "nps": 9, "parts.way": 1,
        "used.web.2": 1, "order.b": 1, "times": 3, "wish": 45, "day": date(2026, 4, 1), "hour": time(9, 30), "moment": datetime(2026, 3, 18, 10, 5),
        "line": "A123", "words": "很好\n继续", "mail": "a***@example.org", "response_time": datetime(2026, 3, 18, 9),
    }
    assert {name: frame[name][0] for name in wanted} == wanted
    assert bool(frame["used.desk.1"].isna()[0])
    assert (told.variable_value_labels["role"][4], told.variable_measure["service"], told.variable_measure["liked.1"]) == ("其他", "ordinal", "nominal")


@one_database
def test_without_pyreadstat_spss_is_refused_in_words(session, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(SpssNotInstalled, match="pip install engage"):
        responses(session, open_day(session).event, "sav")


@one_database
@pytest.mark.parametrize("suffix", RESPONSE_FORMATS)
def test_responses_of_an_event_without_a_questionnaire_are_refused(session, suffix):
    with pytest.raises(NoSuchQuestionnaire):
        responses(session, make.event(session), suffix)


def test_a_thousand_open_answers_are_all_in_the_workbook_and_sampled_in_the_report(session):
    event = make.event(session)
    questionnaire = questioned(session, event)
    texts = {f"第{number}条意见" for number in range(1100)}
    for text in texts:
        make.response(session, questionnaire, {"q1": "5", "q5": text}, context=event.slug)
    sheet = opened(session, event, "xlsx")["文字回答"]
    assert {row[3] for row in sheet.iter_rows(min_row=2, values_only=True)} == texts
    assert {one["text"] for one in opened(session, event, "json")["open_answers"]} == texts
    document = opened(session, event, "docx")
    assert "共收到1100条，相同的合并后1100条，以下摘录30条，全部内容见电子表格。" in texts_of(document)
    assert len([one for one in document.paragraphs if one.style.name == "Quotation"]) == 30


def test_the_number_of_queries_depends_on_neither_answers_nor_people(session):
    small, day = make.event(session), open_day(session)
    questioned(session, small)
    for suffix in FORMATS:
        seen = []
        for event in (small, day.event):
            form_of(session, event.questionnaire)
            session.expire_all()
            with count_queries(session) as queries:
                written(session, event, suffix)
            seen.append(len(queries))
        assert (suffix, seen[1] - seen[0]) == (suffix, 0)


# ---- the report


@one_database
def test_the_report_is_laid_out_as_an_official_document(session):
    document = opened(session, open_day(session).event, "docx")
    page = document.sections[0]
    measured = [page.page_width, page.page_height, page.top_margin, page.left_margin]
    assert [round(length.mm) for length in measured] == [210, 297, 37, 28]
    assert round((page.page_width - page.left_margin - page.right_margin) / Mm(1)) == 156
    assert round((page.page_height - page.top_margin - page.bottom_margin) / Mm(1)) == 225
    fonts = {}
    for name in ("Title", "Normal", "Heading 1", "Heading 2"):
        style = document.styles[name]
        fonts[name] = (style.element.rPr.rFonts.get(qn("w:eastAsia")), style.font.size, style.paragraph_format.line_spacing)
    assert fonts == {
        "Title": ("方正小标宋简体", Pt(22), Pt(36)), "Normal": ("仿宋_GB2312", Pt(16), Pt(28)),
        "Heading 1": ("黑体", Pt(16), Pt(28)), "Heading 2": ("楷体_GB2312", Pt(16), Pt(28)),
    }
    assert document.styles["Normal"].paragraph_format.first_line_indent == Pt(32)


@one_database
def test_the_report_has_four_parts_under_words_own_headings(session):
    document = opened(session, open_day(session).event, "docx")
    headings = [(one.style.name, one.text) for one in document.paragraphs if one.style.name.startswith("Heading")]
    assert [text for style, text in headings if style == "Heading 1"] == ["一、活动概况", "二、参与情况", "三、问卷情况", "四、意见建议"]
    assert [text for style, text in headings if style == "Heading 2"] == [
        "（一）总体评价", "（二）意见/建议", "（一）从哪里得知", "（二）意见建议",
    ]
    assert document.sections[0].footer.paragraphs[0]._p.findall(qn("w:fldSimple"))[0].get(qn("w:instr")) == "PAGE"


@one_database
def test_fonts_that_are_missing_have_an_alternative(session):
    with ZipFile(BytesIO(written(session, make.event(session), "docx"))) as parts:
        table = parts.read("word/fontTable.xml").decode()
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋"/>' in table


@one_database
def test_a_table_repeats_its_heading_and_fits_the_page(session):
    for table in opened(session, open_day(session).event, "docx").tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert abs(sum(column.width for column in table.columns) - Mm(156)) < Mm(1)


def test_the_report_quotes_each_text_once_with_who_wrote_it(session):
    quoted = [one.text for one in opened(session, open_day(session).event, "docx").paragraphs if one.style.name == "Quotation"]
    assert quoted == ["“=邻居”（代表）", "“停车位太少”（代表2人）", "“讲解很好\n下次再来”（村民）"]


# ---- attendees


HEADINGS = ["姓名", "手机", "邮箱", "单位", "职务", "类别", "团队", "报名状态", "到场时间", "离场时间", "在场分钟", "参加方式", "代替何人",
            "Visit（分钟）", "Talk（分钟）"]


def test_the_list_of_attendees_has_everybody_party_by_party(session):
    day = open_day(session)
    rows = list(csv.reader(StringIO(attendees(session, day.event, "csv").decode("utf-8-sig"), newline="")))
    assert rows[0] == HEADINGS
    people = session.scalars(sa.select(Attendee).order_by(Attendee.registration_id, Attendee.place)).all()
    leaders = {one.registration_id: one.name for one in people if one.place == 0}
    states = {"confirmed": "已报名", "cancelled": "已取消"}
    assert [[cell.removeprefix("\u2060") for cell in row] for row in rows[1:]] == [
        [
            one.name, one.phone, one.email, one.organisation, one.position, one.category.name,
            leaders[one.registration_id] if one.registration.party > 1 else "", states[one.state.value],
            "2026-03-18 09:00" if one.arrived_at else "", "", "", "报名", "", "", "",
        ]
        for one in people
    ]


def test_ticket_codes_come_only_when_asked_for(session):
    day = open_day(session)
    codes = [code for (code,) in session.execute(sa.select(Attendee.ticket_code).order_by(Attendee.registration_id, Attendee.place))]
    rows = list(csv.reader(StringIO(attendees(session, day.event, "csv", (*FULL, TICKET)).decode("utf-8-sig"), newline="")))
    place = len(FULL)  # before the minutes in rooms
    assert [row[place] for row in rows] == ["ticket_code", *codes]
    assert [one["ticket_code"] for one in json.loads(attendees(session, day.event, "json", (*FULL, TICKET)))["attendees"]] == codes
    sheet = load_workbook(BytesIO(attendees(session, day.event, "xlsx", (*FULL, TICKET)))).worksheets[0]
    assert [row[place] for row in sheet.iter_rows(values_only=True)] == ["ticket_code", *codes]
    for suffix in ATTENDEE_FORMATS:
        assert b"ticket_code" not in attendees(session, day.event, suffix)


@one_database
def test_masked_lists_hold_no_name_and_no_number(session):
    event = make.event(session)
    make.registration(session, event, name="欧阳小明", phone="13912345678", email="ouyang@example.com", companions=1)
    (leader, _companion) = json.loads(attendees(session, event, "json", MASKED))["attendees"]
    shown = [leader[key] for key in ("name", "phone", "email", "party")]
    assert shown == [mask_name("欧阳小明"), mask_phone("13912345678"), mask_email("ouyang@example.com"), mask_name("欧阳小明")]
    assert not [secret for secret in ("欧阳小明", "13912345678", "ouyang") if secret in str(leader)]


@one_database
def test_json_of_attendees_speaks_in_codes(session):
    day = open_day(session)
    body = json.loads(attendees(session, day.event, "json"))
    assert body["event"] == day.event.slug
    first = body["attendees"][0]
    assert (first["category"], first["state"], first["arrived_at"]) == (day.deputies.code, "confirmed", "2026-03-18T09:00:00+08:00")
    assert list(first) == [*(column.key for column in FULL), *(f"activity_{one.id}" for one in day.event.activities)]


@one_database
def test_arrivals_in_the_workbook_are_times_and_numbers_are_texts(session):
    day = open_day(session)
    sheet = load_workbook(BytesIO(attendees(session, day.event, "xlsx"))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEADINGS
    assert (sheet["I2"].value, sheet["B2"].data_type, sheet.freeze_panes) == (datetime(2026, 3, 18, 9), "s", "B2")


@one_database
@pytest.mark.parametrize("suffix", ATTENDEE_FORMATS)
def test_a_list_of_nobody_is_a_list(session, suffix):
    assert attendees(session, make.event(session), suffix, language="en")


def test_attendees_are_read_in_as_many_queries_for_thirty_as_for_one(session):
    counted = []
    event = chain.event(session)
    room = chain.activity(session, event)
    session.flush()
    for guests in (1, 29):
        for _ in range(guests):
            code = make.registration(session, event).leader.ticket_code
            scanned(session, event, held(code, 0), held(code, 1, activity=room.id))
        session.expire_all()
        event.slug  # noqa: B018 -- loaded again before counting
        with count_queries(session) as seen:
            attendees(session, event, "csv")
        counted.append(len(seen))
    assert counted == [5, 5]  # people, how they came, the activities, rooms, scans


KEYS = ("minutes", "came_as", "stands_in_for")


def test_the_list_tells_how_everybody_came_and_for_how_long(session):
    day = door_day(session)
    rooms = [f"activity_{one.id}" for one in (day.visit, day.talk)]
    told = json.loads(attendees(session, day.event, "json", now=OVER))["attendees"]
    assert {one["name"]: tuple(one[key] for key in (*KEYS, *rooms)) for one in told} == {
        **CAME, **dict.fromkeys(ABSENT, (None, "registered", "", None, None)),
    }
    left = {one["name"]: one["left_at"] for one in told if one["left_at"]}
    assert left == {"张一": "2026-03-25T10:30:00+08:00", "赵四": "2026-03-25T09:30:00+08:00", "卫二": "2026-03-25T10:10:00+08:00"}


def test_the_three_formats_of_the_list_tell_the_same(session):
    day = door_day(session)
    sheet = load_workbook(BytesIO(attendees(session, day.event, "xlsx", now=OVER))).worksheets[0]
    rows = list(csv.reader(StringIO(attendees(session, day.event, "csv", now=OVER).decode("utf-8-sig"), newline="")))
    told = json.loads(attendees(session, day.event, "json", now=OVER))["attendees"]
    place = rows[0].index("在场分钟")
    in_sheet = [row[place:] for row in sheet.iter_rows(values_only=True)]
    assert in_sheet[0] == tuple(rows[0][place:]) == ("在场分钟", "参加方式", "代替何人", "参观（分钟）", "座谈（分钟）", "问卷（分钟）")
    assert [["" if cell is None else str(cell) for cell in row] for row in in_sheet] == [row[place:] for row in rows]
    printed = sheet.page_setup
    assert (printed.orientation, printed.paperSize, printed.fitToHeight, sheet.print_title_rows) == ("landscape", 9, 0, "$1:$1")
    words = {"registered": "报名", "walk_in": "现场登记", "stand_in": "代替他人"}
    assert [[one["minutes"], words[one["came_as"]], one["stands_in_for"] or None] for one in told] == [list(row[:3]) for row in in_sheet[1:]]


def test_at_a_training_the_list_has_the_hours_between_start_and_end(session):
    event = chain.event(session, kind=Kind.TRAINING, topic=Topic.SYSTEM, hours=3)
    code = make.registration(session, event, name="学员").leader.ticket_code
    make.registration(session, event, name="缺席")
    scanned(session, event, held(code, -20), held(code, 75, direction=OUT), now=OVER)
    session.expire_all()
    told = json.loads(attendees(session, event, "json", now=OVER))["attendees"]
    assert {one["name"]: (one["minutes"], one["attended_hours"]) for one in told} == {"学员": (95, 1.2), "缺席": (None, None)}
    rows = list(csv.reader(StringIO(attendees(session, event, "csv", now=OVER).decode("utf-8-sig"), newline="")))
    assert [row[-1] for row in rows] == ["参训小时", "1.2", ""]


@one_database
def test_who_was_to_come_first_is_masked_like_everybody(session):
    day = door_day(session)
    told = json.loads(attendees(session, day.event, "json", MASKED, now=OVER))["attendees"]
    assert {one["stands_in_for"] for one in told} == {"", *(mask_name(whom) for _, _, whom, *_ in CAME.values() if whom)}
    assert not [name for name in (*CAME, *ABSENT, "郑九", "褚一") if name in json.dumps(told, ensure_ascii=False)]


def test_an_export_is_noted_in_the_audit_trail(session):
    event = make.event(session)
    exports.note_export(session, event, "attendees.csv", by="user:wang", now=make.NOW)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export")).one()
    assert (entry.by, entry.subject, entry.detail) == ("user:wang", f"event:{event.id}", {"what": "attendees.csv"})
