"""Reading XLSForms: what maps, and what is named by sheet and row because it does not."""

import json

import pytest
from xlsforms import only, outline, read, told

from surveys.questions import TEXT_LIMIT
from surveys.xlsform import (
    NOT_TAKEN,
    TAKEN_DIFFERENTLY,
    FormTooLarge,
    NotAnXlsform,
    NothingToImport,
    make,
    read_xlsform,
)

YES_NO = """
| list_name | name | label |
| yn        | y    | 是    |
| yn        | n    | 否    |
"""


def test_a_bilingual_form_with_groups_becomes_sections_of_questions():
    found = read("""
| type               | name    | label::中文 (zh)   | label::English (en) | hint::中文 (zh) | required | constraint                  | appearance |
| begin group        | visit   | 参观               | Your visit          |                 |          |                             | field-list |
| select_one way     | way     | 您怎样得知？       | How did you hear?   |                 | yes      |                             |            |
| select_multiple p  | parts   | 参加了哪些环节？   | Which parts?        | 可多选          |          | count-selected(.) <= 2      |            |
| integer            | times   | 第几次来？         | How many times?     |                 | true()   | . > 0 and . <= 99           |            |
| end group          |         |                    |                     |                 |          |                             |            |
| begin group        | remarks | 意见               | Remarks             |                 |          |                             | field-list |
| decimal            | rate    | 打分               | Rate                |                 | no       | 0.5 <= .                    |            |
| text               | word    | 一个词             | One word            |                 |          | string-length(.) <= 20      |            |
| text               | advice  | 建议               | Advice              |                 |          |                             | multiline  |
| end group          |         |                    |                     |                 |          |                             |            |
""", """
| list_name | name | label::中文 (zh) | label::English (en) |
| way       | net  | 网站             | Website             |
| way       | unit | 单位             | Organisation        |
| p         | 1    | 参观             | Visit               |
| p         | 2    | 座谈             | Meeting             |
| p         | 3    | 体验             | Hands-on            |
""", """
| form_title | form_id | default_language | engage::title_en |
| 开放日问卷 | f1      | 中文 (zh)        | Open day         |
""")
    assert told(found) == []
    assert found.details == {"title": "开放日问卷", "title_en": "Open day"}
    assert outline(found) == [("参观", ["way single", "parts multiple", "times number"]), ("意见", ["rate number", "word text", "advice long_text"])]
    way, parts, times, rate, word, _ = [fields for section in found.sections for fields in section.questions]
    assert (way["text"], way["text_en"], way["required"]) == ("您怎样得知？", "How did you hear?", True)
    assert [(option["code"], option["label"], option["label_en"]) for option in way["options"]] == [("net", "网站", "Website"), ("unit", "单位", "Organisation")]
    assert (parts["hint"], parts["settings"]["max"], parts["settings"]["min"]) == ("可多选", 2, None)
    assert (times["settings"]["min"], times["settings"]["max"], times["settings"]["integer"], times["required"]) == (1, 99, True, True)
    assert (rate["settings"]["min"], rate["settings"]["integer"], rate["required"]) == (0.5, False, False)
    assert word["settings"]["max_length"] == 20


@pytest.mark.parametrize("header, default, text, text_en", [
    ("label", "", "甲", ""),
    ("label::Chinese (zh-CN)", "", "甲", ""),
    ("label::English", "", "甲", ""),
    ("Label:简体中文", "", "甲", ""),
    ("caption", "English (en)", "甲", ""),
])
def test_a_form_in_one_language_has_it_as_the_wording(header, default, text, text_en):
    found = read(f"| type | name | {header} |\n| text | a | 甲 |", settings=f"| form_title | default_language |\n| 表 | {default} |")
    assert (only(found)["text"], only(found)["text_en"], told(found)) == (text, text_en, [])


def test_of_several_languages_chinese_and_english_are_kept_and_the_others_named():
    found = read("""
| type | name | label::Français (fr) | label::English (en) | label::中文 (zh) | hint::Français (fr) |
| text | a    | Un                   | One                 | 一               | indice              |
""")
    assert (only(found)["text"], only(found)["text_en"]) == ("一", "One")
    assert [(finding.column, finding.reason) for finding in found.findings] == [
        ("label::Français (fr)", "The language “Français (fr)” is not kept."), ("hint::Français (fr)", "The language “Français (fr)” is not kept.")]


def test_without_chinese_the_default_language_is_the_wording_and_a_plain_label_is_in_it():
    found = read("""
| type | name | label | label::English (en) |
| text | a    | Un    | One                 |
""", settings="| form_title | default_language |\n| F | fr |")
    assert (only(found)["text"], only(found)["text_en"], told(found)) == ("Un", "One", [])


@pytest.mark.parametrize("cell, kind, settings", [
    ("select_one yn", "single", {"other": False}), ("select one yn", "single", {}), ("select one from yn", "single", {}),
    ("SELECT_ONE yn or_other", "single", {"other": True}), ("select_multiple yn or_other", "multiple", {"other": True}),
    ("select all that apply from yn", "multiple", {}), ("integer", "number", {"integer": True}), ("int", "number", {"integer": True}),
    ("decimal", "number", {"integer": False}), ("image", "photo", {"max_files": 3}), ("photo", "photo", {}), ("file", "file", {"pdf": True}), ("string", "text", {}), ("  select_one\u00a0 yn ", "single", {}),
])
def test_types_are_understood_in_every_spelling(cell, kind, settings):
    question = only(read(f"| type | name | label |\n| {cell} | a | 问 |", YES_NO))
    assert (question["kind"], {name: question["settings"][name] for name in settings}) == (kind, settings)


def test_what_a_picture_is_to_be_like_is_named_where_nothing_keeps_it():
    found = read("""
| type  | name | label | parameters      | appearance | body::accept |
| image | a    | 签名  | max-pixels=1000 | signature  |              |
| file  | b    | 材料  |                 |            | .pdf         |
""")
    assert told(found) == [("survey", 1, "body::accept", "column_left_out"), ("survey", 2, "parameters", "cell_left_out"),
                           ("survey", 2, "appearance", "cell_left_out")]
    assert outline(found) == [("", ["a photo", "b file"])]


@pytest.mark.parametrize("cell, code", [
    ("geopoint", "type_not_supported"), ("audio", "type_not_supported"), ("barcode", "type_not_supported"), ("start", "metadata"),
    ("deviceid", "metadata"), ("calculate", "calculation"), ("select_one_from_file towns.csv", "choices_elsewhere"),
    ("select_one nowhere", "list_missing"), ("select_one", "list_missing"), ("telepathy", "unknown_type"), ("", "type_missing"),
])
def test_what_cannot_be_asked_is_refused_at_its_row_and_the_rest_is_taken(cell, code):
    found = read(f"| type | name | label |\n| text | a | 一 |\n| {cell} | b | 二 |\n| text | c | 三 |", YES_NO)
    assert (told(found), found.refused == found.findings) == ([("survey", 3, "type", code)], True)
    assert outline(found) == [("", ["a text", "c text"])]


def test_a_repeated_group_is_refused_with_all_that_it_asks():
    found = read("""
| type         | name | label |
| begin repeat | r    | 家人  |
| begin group  | g    | 组    |
| text         | a    | 姓名  |
| end group    |      |       |
| end repeat   |      |       |
| text         | b    | 住址  |
""")
    assert told(found) == [("survey", 2, "type", "repeat"), ("survey", 4, "type", "inside_repeat")]
    assert outline(found) == [("", ["b text"])]


def test_a_group_within_a_group_becomes_a_section_and_one_that_only_arranges_does_not():
    found = read("""
| type        | name | label |
| text        | a    | 甲    |
| begin group | g    | 外    |
| text        | b    | 乙    |
| begin_group | h    | 内    |
| text        | c    | 丙    |
| end_group   |      |       |
| text        | d    | 丁    |
| begin group | i    |       |
| text        | e    | 戊    |
| end group   |      |       |
| text        | f    | 己    |
| end group   |      |       |
| text        | g    | 庚    |
""")
    assert outline(found) == [("", ["a text"]), ("外", ["b text"]), ("内", ["c text"]), ("外", ["d text", "e text", "f text"]), ("", ["g text"])]
    assert told(found) == [("survey", 5, "type", "nested_group")]


def test_groups_that_do_not_match_are_named_and_nothing_is_lost():
    found = read("| type | name | label |\n| end group |  |  |\n| begin group | g | 组 |\n| text | a | 甲 |")
    assert (told(found), outline(found)) == ([("survey", 2, "type", "never_begun"), ("survey", 3, "type", "not_closed")], [("组", ["a text"])])


def test_names_that_are_no_codes_are_changed_told_and_kept_apart():
    found = read("""
| type | name         | label |
| text | Q1           | 甲    |
| text | q1           | 乙    |
| text | 姓名         | 丙    |
| text | first-name   | 丁    |
| text |              | 戊    |
""")
    assert outline(found) == [("", ["q1 text", "q2 text", "q3 text", "first_name text", "q4 text"])]
    assert [(finding.row, finding.facts["name"], finding.facts["became"]) for finding in found.findings] == [
        (2, "Q1", "q1"), (3, "q1", "q2"), (4, "姓名", "q3"), (5, "first-name", "first_name")]


def test_a_text_that_asks_what_other_is_becomes_our_own_other():
    found = read("""
| type             | name    | label      | relevant                 |
| select_one kind  | kind    | 您是       |                          |
| text             | which   | 请说明     | selected(${kind}, 'other') |
| select_one kind  | again   | 再问       |                          |
| text             | unlike  | 别的       | ${kind} = 'other'        |
""", """
| list_name | name  | label          |
| kind      | a     | 甲方           |
| kind      | b     | 乙方           |
| kind      | other | 其他（请说明） |
""")
    kind, again, unlike = found.sections[0].questions
    assert (kind["settings"]["other"], [option["code"] for option in kind["options"]]) == (True, ["a", "b"])
    assert (again["settings"]["other"], [option["code"] for option in again["options"]]) == (False, ["a", "b", "other_1"])
    assert unlike["kind"] == "text"


def test_choices_that_cannot_be_taken_are_named():
    found = read("| type | name | label |\n| select_one a | q | 问 |\n| select_one b | r | 问 |", """
| list_name | name   | label | image |
| a         | 1      | 一    | x.png |
| a         | 1      | 又    |       |
| a         | two    |       |       |
| a         | 第三   | 三    |       |
|           | x      | 无    |       |
| a         |        | 无名  |       |
| b         | 1      | 独    |       |
""")
    assert told(found) == [
        ("survey", 3, "type", "too_few_choices"), ("choices", 1, "image", "column_left_out"), ("choices", 3, "name", "choice_repeated"),
        ("choices", 4, "label", "label_missing"), ("choices", 5, "name", "renamed"), ("choices", 6, "list_name", "choice_without_name"),
        ("choices", 7, "name", "choice_without_name")]
    assert [(option["code"], option["label"]) for option in only(found)["options"]] == [("1", "一"), ("two", "two"), ("__", "三")]


@pytest.mark.parametrize("kind, constraint, settings, codes", [
    ("integer", ". >= 1 and . <= 10", {"min": 1, "max": 10}, []), ("integer", ".>0", {"min": 1}, []), ("integer", "10 > .", {"max": 9}, []),
    ("decimal", ". >= -0.5", {"min": -0.5}, []), ("decimal", ". > 0", {"min": None}, ["constraint_left_out"]),
    ("integer", ". >= 1 and . mod 2 = 0", {"min": None}, ["constraint_left_out"]),
    ("integer", ". >= 1 and . <= ${other}", {"min": 1, "max": None}, ["constraint_left_out"]),
    ("integer", ". >= 1 or . = 99", {"min": None}, ["constraint_left_out"]),
    ("integer", ". >= 5 and . <= 2", {"min": 5, "max": None}, ["setting_left_out"]),
    ("text", "string-length(.) < 11", {"max_length": 10}, []), ("text", "string-length(.) <= 9999", {"max_length": 100}, ["setting_left_out"]),
    ("select_multiple yn", "count-selected(.) >= 1 and count-selected(.) <= 2", {"min": 1, "max": 2}, []),
    ("integer", "(" * 100 + ". > 1" + ")" * 100, {"min": None}, ["constraint_left_out"]),
    ("integer", "once-per-lifetime()", {"min": None}, ["constraint_left_out"]),
])
def test_constraints_become_limits_where_they_say_the_same(kind, constraint, settings, codes):
    found = read(f"| type | name | label | constraint |\n| {kind} | a | 问 | {constraint} |", YES_NO)
    assert {name: only(found)["settings"][name] for name in settings} == settings
    assert [finding.code for finding in found.findings] == codes


def test_what_xlsform_has_no_word_for_comes_from_columns_of_our_own():
    found = read("""
| type           | name | label | engage::kind | engage::unit | engage::min | engage::magic |
| select_one lv  | a    | 满意？ | scale       |              |             |               |
| integer        | b    | 几年  |              | 年           | 2           |               |
| integer        | c    | 几次  |              |              | many        | x             |
""", "| list_name | name | label |\n" + "".join(f"| lv | {6 - n} | 第{n}级 |\n" for n in range(1, 6)))
    a, b, c = found.sections[0].questions
    assert (a["kind"], a["settings"]["labels"]) == ("scale", ["第1级", "第2级", "第3级", "第4级", "第5级"])
    assert (b["settings"]["unit"], b["settings"]["min"], c["settings"]["min"]) == ("年", 2, None)
    assert told(found) == [("survey", 4, "engage::magic", "setting_left_out"), ("survey", 4, "engage::min", "setting_left_out")]


def test_columns_and_cells_without_a_meaning_here_are_named_once():
    found = read("""
| type    | name | label | default | media::image | constraint_message | required      | notes |
| integer | a    | 甲    | 5       | a.png        | 太小               | ${b} = 'x'    |       |
| text    |      |       |         | b.png        |                    |               |       |
""")
    assert told(found) == [
        ("survey", 1, "media::image", "column_left_out"), ("survey", 1, "constraint_message", "column_left_out"),
        ("survey", 2, "required", "required_sometimes"), ("survey", 2, "default", "cell_left_out"), ("survey", 3, "label", "label_missing")]


def test_long_texts_are_cut_and_that_is_told():
    found = read(f"| type | name | label |\n| begin group | g | {'组' * 200} |\n| text | a | {'长' * 600} |\n| end group | | |",
                 settings=f"| form_title |\n| {'题' * 200} |")
    assert (len(found.details["title"]), len(found.sections[0].title), len(only(found)["text"])) == (120, 120, TEXT_LIMIT)
    assert [finding.code for finding in found.findings] == ["shortened"] * 3


def test_a_form_without_a_title_is_called_like_its_file():
    found = read("| type | name | label |\n| text | a | 甲 |", settings="", title="居民调查")
    assert (found.details["title"], told(found)) == ("居民调查", [("survey", 1, "form_title", "no_title")])


@pytest.mark.parametrize("sheets", [{}, {"survey": []}, {"Sheet1": [(1, ["type", "name"])]}, {"survey": [(1, ["姓名", "电话"]), (2, ["张三", "1"])]}])
def test_a_workbook_that_is_no_form_is_refused_as_a_whole(sheets):
    with pytest.raises(NotAnXlsform):
        read_xlsform(sheets, title="表")


def test_a_form_with_too_many_rows_is_refused_as_a_whole():
    with pytest.raises(FormTooLarge) as caught:
        read_xlsform({"survey": [(1, ["type"]), *((number, ["note"]) for number in range(2, 1003))]}, title="表")
    assert caught.value.facts == {"sheet": "survey", "limit": 1000}


def test_a_form_with_nothing_to_ask_makes_no_draft(session, now):
    with pytest.raises(NothingToImport):
        make(session, read("| type | name | label |\n| start | s | |"), now=now)


def test_what_is_found_can_be_told_as_json():
    found = read("| type | name | label |\n| text | a | 甲 |\n| geopoint | b | 乙 |", settings="| form_title |\n| 表 |")
    assert json.loads(json.dumps(found.as_dict())) == {
        "added": 1, "matched": 0, "warnings": [], "refused": [
            {"sheet": "survey", "row": 3, "column": "type", "code": "type_not_supported",
             "reason": "Questions of the type “geopoint” cannot be asked here."}]}


def test_no_code_is_both_refused_and_warned_of():
    assert not NOT_TAKEN.keys() & TAKEN_DIFFERENTLY.keys()
