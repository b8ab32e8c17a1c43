from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pytest
from workbooks import saved, with_part, worksheet, xlsx

from engage import sheets, workbook
from engage.sheets import disarm, read_sheets, read_tables

NAMES = {"name": ["姓名"], "phone": ["手机", "联系电话", "电话"], "unit": ["工作单位", "单位"]}


def cells(data) -> list[list[str]]:
    return [texts for _, texts in read_sheets(data)[0].rows]


def rows(data) -> list[tuple[int, dict[str, str]]]:
    return [(row.number, row.cells) for table in read_tables(data, NAMES, needed={"name"}) for row in table.rows]


def test_numbers_keep_all_their_digits():
    data = xlsx([[13800138000, 13800138000.0, 1.38e10, "913703001234567890", -5, 0.1, 12.50, True]])
    assert cells(data) == [["13800138000", "13800138000", "13800000000", "913703001234567890", "-5", "0.1", "12.5", "TRUE"]]
    row = "<row><c><v>110101199003070012</v></c><c><v>1.3800138001E10</v></c><c><v>0.30000000000000004</v></c></row>"
    assert cells(with_part(xlsx([[1]]), "xl/worksheets/sheet1.xml", worksheet(row))) == [
        ["110101199003070012", "13800138001", "0.3"]]


def test_dates_come_in_iso_form_and_plain_numbers_do_not_become_dates():
    book = openpyxl.Workbook()
    book.active.append([date(2026, 3, 2), datetime(2026, 3, 2, 9, 30), time(9, 30), 46083])
    assert cells(saved(book)) == [["2026-03-02", "2026-03-02 09:30:00", "09:30:00", "46083"]]


def test_what_nobody_sees_is_cleaned_away_and_inner_line_breaks_stay():
    assert cells(xlsx([["\u3000张 三\u200b ", "一\r\n二", "\ufeffA\u00a0B"]])) == [
        ["张 三", "一\n二", "A B"]]


def test_the_header_is_found_below_titles_and_form_lines_and_totals_and_blank_rows_are_skipped():
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["拟邀请人员名单"], ["填报单位：综合科", None, "联系电话：0631-5231234"], ["序号", "姓 名", "联系电话（手机）", "单位"],
                [1, "张三", 13800138000, "甲公司"], [None], [2], ["小计", "1人"], [3, "李四", "13900139000"], ["合  计", "2人"]):
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    assert rows(saved(book)) == [(4, {"name": "张三", "phone": "13800138000", "unit": "甲公司"}),
                                 (8, {"name": "李四", "phone": "13900139000"})]


def test_a_cell_merged_over_several_rows_counts_for_each_of_them():
    book = openpyxl.Workbook()
    for row in (["姓名", "单位", "电话"], ["张三", "甲公司", "1"], ["李四", None, "2"], ["王五", "乙公司", "3"]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    assert [row.get("unit") for row in read_tables(saved(book), NAMES, needed={"name"})[0].rows] == ["甲公司", "甲公司", "乙公司"]


def test_a_header_repeated_further_down_is_no_person_and_another_header_starts_another_table():
    data = xlsx([["姓名", "电话"], ["张三", "1"], ["姓名", "电话"], ["李四", "2"], ["姓名", "单位", "电话"], ["王五", "甲公司", "3"]])
    assert rows(data) == [(2, {"name": "张三", "phone": "1"}), (4, {"name": "李四", "phone": "2"}),
                          (6, {"name": "王五", "unit": "甲公司", "phone": "3"})]


def test_a_header_in_two_rows_and_a_form_line_that_looks_like_one_are_understood():
    book = openpyxl.Workbook()
    for row in (["填表人姓名", "王科长", "联系电话", "5231234"], ["姓名", "单位", "联系电话", None], [None, None, "电话", "手机"],
                ["张三", "某项目负责人", "0631-5231234", "13800138000"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("B2:B3")
    assert rows(saved(book)) == [(4, {"name": "张三", "unit": "某项目负责人", "phone": "13800138000"})]


def test_of_two_columns_for_the_same_thing_the_better_name_wins():
    assert rows(xlsx([["姓名", "电话", "手机"], ["张三", "1", "2"]])) == [(2, {"name": "张三", "phone": "2"})]


def test_sheets_of_instructions_and_hidden_sheets_are_not_data():
    book = openpyxl.load_workbook(BytesIO(xlsx([["姓名", "电话"], ["张三", "1"]], [["1. 请填写姓名"]], [["姓名", "电话"], ["李四", "2"]])))
    book["第三页"].sheet_state = "hidden"
    assert rows(saved(book)) == [(2, {"name": "张三", "phone": "1"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_in_every_encoding_and_with_every_delimiter(encoding, mark):
    text = "名单\r\n姓名,手机\r\n张三,13800138000\r\n\r\n李四,1.0\r\n".replace(",", mark)
    assert rows(text.encode(encoding)) == [(3, {"name": "张三", "phone": "13800138000"}), (5, {"name": "李四", "phone": "1.0"})]


def test_a_delimiter_that_the_file_names_is_taken():
    assert rows("sep=|\n姓名|手机\n张三|1,2;3\n".encode()) == [(3, {"name": "张三", "phone": "1,2;3"})]


def test_the_content_decides_what_a_file_is_and_paths_and_streams_are_read_alike(tmp_path):
    data = xlsx([["姓名", "电话"], ["张三", "1"]])
    path = tmp_path / "名单.csv"
    path.write_bytes(data)
    assert rows(path) == rows(str(path)) == rows(BytesIO(data)) == rows(data) == [(2, {"name": "张三", "phone": "1"})]


def test_a_style_sheet_that_makes_no_sense_spoils_nothing():
    data = with_part(xlsx([["姓名", "电话"], ["张三", 5]]), "xl/styles.xml", b"<styleSheet><cellXfs><xf/></cellXfs></styleSheet>")
    assert rows(data) == [(2, {"name": "张三", "phone": "5"})]


def test_pronunciation_hints_and_escaped_characters_are_understood():
    row = '<row><c t="inlineStr"><is><r><t>张</t></r><r><t>_x000D_三</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh></is></c></row>'
    assert cells(with_part(xlsx([[1]]), "xl/worksheets/sheet1.xml", worksheet(row))) == [["张\n三"]]


@pytest.mark.parametrize("data", [
    b"", b"PK\x03\x04 broken", b"%PDF-1.7", b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table></html>", b"\x89PNG\r\n\x1a\n\0\0\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"),
], ids=["empty", "cut", "pdf", "web page", "picture", "word"])
def test_what_is_no_workbook_gets_one_clear_refusal(data):
    with pytest.raises(sheets.UnreadableFile) as refusal:
        rows(data)
    assert refusal.value.code in {"not_a_workbook", "no_header"}


def test_another_zip_file_is_no_workbook():
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(sheets.NotAWorkbook):
        read_sheets(stream.getvalue())


def test_an_encrypted_workbook_and_an_old_one_are_told_apart():
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
    with pytest.raises(sheets.EncryptedWorkbook):
        read_sheets(container + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(sheets.OldWorkbook):
        read_sheets(container + "Workbook".encode("utf-16-le"))


@pytest.mark.parametrize("content", [
    "<row/>" * 60_000,
    '<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
    '<row r="1"><c r="XFD1"><v>1</v></c></row>',
], ids=["many rows", "a far row", "a far column"])
def test_a_million_empty_rows_or_columns_get_one_clear_refusal(content):
    with pytest.raises(sheets.SheetTooLarge) as refusal:
        read_sheets(with_part(xlsx([[1]]), "xl/worksheets/sheet1.xml", worksheet(content)))
    assert refusal.value.facts["sheet"] == "名单"


def test_a_workbook_that_expands_without_end_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(workbook, "EXPANDED_BYTES", 1_000_000)
    bomb = with_part(xlsx([[1]]), "xl/media/image1.png", b"\0" * 2_000_000)
    assert len(bomb) < 20_000
    with pytest.raises(sheets.SheetTooLarge) as refusal:
        read_sheets(bomb)
    assert refusal.value.facts == {"limit": 1_000_000, "unit": "bytes"}


def test_a_directory_that_lies_about_sizes_helps_nobody():
    data = with_part(xlsx([[1]]), "xl/worksheets/sheet1.xml", worksheet("<row><c><v>1</v></c></row>" * 5_000))
    size = ZipFile(BytesIO(data)).getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    with pytest.raises(sheets.NotAWorkbook):
        read_sheets(data.replace(size, (100).to_bytes(4, "little")))


def test_entities_are_refused():
    evil = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData/></worksheet>'
    with pytest.raises(sheets.NotAWorkbook):
        read_sheets(with_part(xlsx([[1]]), "xl/worksheets/sheet1.xml", evil))


def test_a_file_or_a_cell_beyond_the_limit_is_refused(monkeypatch):
    with pytest.raises(sheets.SheetTooLarge):
        read_sheets("姓名,手机\n张三,".encode() + b"1" * 40_000)
    monkeypatch.setattr(sheets, "UPLOAD_BYTES", 100)
    with pytest.raises(sheets.SheetTooLarge):
        read_sheets(BytesIO(b"a,b\n" * 100))


def test_a_file_without_a_header_says_what_it_needs():
    with pytest.raises(sheets.NoHeader) as refusal:
        rows(xlsx([["张三", "13800138000"]]))
    assert refusal.value.facts == {"needed": ["name"]}


@pytest.mark.parametrize("text", ["-5", "+5", "-0.25", "12.5%", "+8613800138000", "", "张三", "a=b", "2026-03-02", "1-2"])
def test_what_cannot_be_a_formula_stays_as_it_is(text):
    assert disarm(text) == text


@pytest.mark.parametrize("text", [
    "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "＝1", " =1", "\t=1", "\n=1", "+86-138-0013-8000", "+86 138 0013 8000", "-",
])
def test_what_could_be_a_formula_reads_the_same_and_no_longer_begins_like_one(text):
    assert disarm(text) == f"\u2060{text}"
    assert cells(f'甲,乙\n"{disarm(text)}",1'.encode())[1][0] == text.strip()
