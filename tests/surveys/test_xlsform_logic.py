"""XLSForms whose questions depend on each other, and the kinds that need more than one row or list."""

import pytest
from xlsforms import only, outline, read, told

CHOICES = """
| list_name | name  | label | label::English (en) |
| yn        | y     | 是    | Yes                 |
| yn        | n     | 否    | No                  |
| lv        | good  | 好    | Good                |
| lv        | fair  | 中    | Fair                |
| lv        | bad   | 差    | Bad                 |
| no        | a     | 甲    | A                   |
| no        | b     | 乙    | B                   |
| no        | none  | 以上都不是 | None of the above |
"""
EARLIER = """
| type               | name  | label | relevant |
| select_one yn      | Been  | 来过？ |          |
| select_multiple yn | ways  | 方式？ |          |
| integer            | times | 几次？ |          |
| text               | word  | 一词？ |          |
| rank yn            | order | 排序   |          |
"""


@pytest.mark.parametrize("relevant, condition", [
    ("${Been} = 'y'", {"picked": ["been", "y"]}),
    ("selected( ${Been} , “y”)", {"picked": ["been", "y"]}),
    ("'y' = ${Been}", {"picked": ["been", "y"]}),
    ("${Been} != 'y'", {"not": {"picked": ["been", "y"]}}),
    ("not(selected(${ways}, 'n')) and ${times} >= 3",
     {"all": [{"not": {"picked": ["ways", "n"]}}, {"compared": ["times", ">=", 3]}]}),
    ("3 > ${times} or (${word} = 'ok' and ${times} = -1.5)",
     {"any": [{"compared": ["times", "<", 3]}, {"all": [{"says": ["word", "ok"]}, {"compared": ["times", "=", -1.5]}]}]}),
    ("${word} != ''", {"answered": "word"}), ("${ways} = ''", {"not": {"answered": "ways"}}),
    ("count-selected(${ways}) > 0", {"answered": "ways"}), ("string-length(${word}) > 0", {"answered": "word"}),
    ("true()", None), ("", None),
])
def test_a_relevance_becomes_the_condition_that_says_the_same(relevant, condition):
    found = read(f"{EARLIER}| text | last | 为什么？ | {relevant} |", CHOICES)
    assert (found.sections[0].questions[-1]["show_if"], [finding.code for finding in found.findings]) == (condition, ["renamed"])


@pytest.mark.parametrize("relevant", [
    "${Been} = 'maybe'", "${later} = 'y'", "${nobody} = 'y'", "${last} = 'y'", "${times} + 1 > 3", "pulldata('a', 'b', 'c', ${word})",
    "${Been} > 3", "${word} > 3", "${times} = 'many'", "${order} = 'y'", "selected(${times}, 'y')", "${Been} = ", "((((", "not()", "today()",
    "(" * 41 + "${Been} = 'y'" + ")" * 41, "x" * 5000,
])
def test_a_relevance_that_no_condition_says_is_named_and_the_question_kept(relevant):
    found = read(f"{EARLIER}| text | last | 为什么？ | {relevant} |\n| select_one yn | later | 后来？ | |", CHOICES)
    last = found.sections[0].questions[5]
    assert (last["code"], last["show_if"]) == ("last", None)
    assert told(found)[1:] == [("survey", 7, "relevant", "condition_left_out")]


def test_a_condition_that_can_never_hold_is_named_and_left_out():
    found = read(f"{EARLIER}| text | last | 为什么？ | ${{Been}} = 'y' and ${{Been}} = 'n' |\n| begin group | g | 组 | ${{times}} > 3 and ${{times}} < 2 |"
                 "\n| text | in | 里面 | |\n| end group | | | |", CHOICES)
    assert [found.sections[0].questions[-1]["show_if"], found.sections[1].show_if] == [None, None]
    assert told(found)[1:] == [("survey", 7, "relevant", "condition_never"), ("survey", 8, "relevant", "condition_never")]


def test_when_many_conditions_make_no_sense_none_is_kept():
    never = "".join(f"| text | t{n} | 问 | ${{Been}} = 'y' and ${{Been}} = 'n' |\n" for n in range(12))
    found = read(f"{EARLIER}{never}| text | last | 末 | ${{Been}} = 'y' |", CHOICES)
    assert {fields["show_if"] is None for fields in found.sections[0].questions} == {True}
    assert [finding.row for finding in found.findings[1:]] == list(range(7, 20))


def test_groups_within_each_other_are_shown_when_all_their_conditions_hold():
    found = read(f"""{EARLIER}
| begin group | outer | 外 | ${{Been}} = 'y'  |
| text        | a     | 甲 |                  |
| begin group | inner |    | ${{times}} > 1   |
| text        | b     | 乙 |                  |
| end group   |       |    |                  |
| text        | c     | 丙 |                  |
| end group   |       |    |                  |
""", CHOICES)
    been, times = {"picked": ["been", "y"]}, {"compared": ["times", ">", 1]}
    assert [(section.title, section.show_if) for section in found.sections] == [("", None), ("外", been), ("外", {"all": [been, times]}), ("外", been)]


def test_earlier_answers_stand_in_later_texts_and_what_leads_nowhere_is_named():
    found = read(f"{EARLIER}| text | last | 您来过${{times}}次，${{Been}}，${{nobody}}，${{order}} | |", CHOICES)
    assert found.sections[0].questions[-1]["text"] == "您来过${times}次，${been}，〔nobody〕，〔order〕"
    assert told(found)[1:] == [("survey", 7, "label", "reference_left_out")] * 2


@pytest.mark.parametrize("row, kind, settings, codes", [
    ("rank yn | | randomize=true", "ranking", {"random": True}, []),
    ("note | |", "info", {}, []),
    ("date | . >= date('2026-01-01') and . <= date('2026-12-31') |", "date", {"min": "2026-01-01", "max": "2026-12-31"}, []),
    ("date | . >= today() |", "date", {"min": ""}, ["constraint_left_out"]),
    ("time | |", "time", {"min": ""}, []), ("dateTime | |", "datetime", {}, []), ("time | . > 3 |", "time", {"min": ""}, ["constraint_left_out"]),
    ("range | | start=0 end=100 step=1", "number", {"slider": True, "min": 0, "max": 100, "integer": True}, []),
    ("range | | start=0;end=2;step=0.5", "number", {"slider": True, "min": 0, "max": 2, "integer": False}, ["cell_left_out"]),
    ("range | | start=a", "number", {"slider": True, "min": 1, "max": 10}, ["cell_left_out"]),
    ("select_one yn | | randomize=true, seed=4", "single", {"random": True}, []),
    ("select_multiple no | not(selected(., 'none') and count-selected(.) > 1) |", "multiple", {"none": True, "max": None}, []),
    ("text | regex(., '[0-9]{6}') and string-length(.) >= 6 |", "text", {"pattern": "[0-9]{6}", "min_length": 6}, []),
    ("text | regex(., '(?=x)') |", "text", {"pattern": ""}, ["setting_left_out"]),
    ("text | | rows=4", "long_text", {}, []),
    ("acknowledge | |", "single", {"other": False}, ["as_yes_no"]),
])
def test_each_type_becomes_a_kind_with_its_settings(row, kind, settings, codes):
    cell, constraint, parameters = (part.strip() for part in row.split("|"))
    found = read(f"| type | name | label | constraint | parameters |\n| {cell} | a | 问 | {constraint} | {parameters} |", CHOICES)
    question = only(found)
    assert (question["kind"], {name: question["settings"][name] for name in settings}) == (kind, settings)
    assert [finding.code for finding in found.findings] == codes


@pytest.mark.parametrize("appearance, rows, kind", [
    ("table-list", ("", ""), "matrix"), ("field-list", ("list-nolabel", "list-nolabel"), "matrix"), ("table-list", ("", ""), "grid"),
])
def test_questions_in_a_table_become_the_rows_of_a_matrix(appearance, rows, kind):
    word = "select_one" if kind == "matrix" else "select_multiple"
    found = read(f"""
| type        | name     | label  | appearance   | required |
| begin group | rate     | 评价   | {appearance} |          |
| {word} lv   | rate_a   | 环境   | {rows[0]}    | yes      |
| {word} lv   | rate_b   | 服务   | {rows[1]}    | yes      |
| end group   |          |        |              |          |
| text        | why      | 原因   |              |          |
""", CHOICES)
    question = found.sections[0].questions[0]
    name = "labels" if kind == "matrix" else "columns"
    assert outline(found) == [("", [f"rate {kind}", "why text"])]
    assert (question["text"], question["required"], question["settings"][name], question["settings"][f"{name}_en"]) == (
        "评价", True, ["好", "中", "差"], ["Good", "Fair", "Bad"])
    assert [(option["code"], option["label"]) for option in question["options"]] == [("a", "环境"), ("b", "服务")]
    assert told(found) == ([("survey", 2, "type", "first_is_best")] if kind == "matrix" else [])


def test_a_table_with_different_lists_stays_a_group_of_questions():
    found = read("""
| type          | name | label | appearance |
| begin group   | g    | 评价  | table-list |
| select_one lv | a    | 环境  |            |
| select_one yn | b    | 服务  |            |
| end group     |      |       |            |
""", CHOICES)
    assert outline(found) == [("评价", ["a single", "b single"])]
