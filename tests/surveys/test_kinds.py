"""Every kind of question: what it takes, stores, counts and shows."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from everykind import picture

from surveys import kinds
from surveys.asked import Asked, Counts, Option, Row, Stored, Tally
from surveys.errors import Invalid
from surveys.files import Upload
from surveys.kinds import KINDS
from surveys.pictures import made_anew

OPTIONS = [{"code": "a", "label": "甲", "label_en": "A"}, {"code": "b", "label": "乙"}]


def asked(kind, *, required=False, **settings):
    complete = KINDS[kind].settings(settings)
    options = OPTIONS if KINDS[kind].has_options else []
    offered, parts = KINDS[kind].offered(options, complete), KINDS[kind].parts(options, complete)
    return Asked(1, "q1", kind, 1, "问题", required=required, options=offered, parts=parts, settings=complete)


def read(question, value, other=None):
    return KINDS[question.kind].read(question, value, other)


def refusal(question, value, other=None):
    with pytest.raises(Invalid) as caught:
        read(question, value, other)
    return caught.value.code, caught.value.facts


PDF = Upload("证明.pdf", b"%PDF-1.7\n")
PHOTO = made_anew(Upload("门口.jpg", picture("JPEG"), "jpg"))  # as it is stored
GOOD = {  # for each kind: a value as a form sends it, the same from Python, the rows, as text, as a cell
    "single": (["b"], "b", [Stored(choice="b")], "乙", "乙"),
    "multiple": (["b", "a"], ["a", "b"], [Stored(choice="a"), Stored(choice="b")], "甲；乙", "甲；乙"),
    "scale": (["4"], 4, [Stored(number=4)], "满意", 4),
    "likelihood": (["9"], 9, [Stored(number=9)], "9", 9),
    "matrix": ({"b": ["1"], "a": ["5"]}, {"a": 5, "b": 1}, [Stored(number=5, part="a"), Stored(number=1, part="b")],
               "甲：非常满意；乙：非常不满意", "甲：非常满意；乙：非常不满意"),
    "grid": ({"a": ["2", "1"], "b": []}, {"a": ["1", "2"]}, [Stored(choice="1", part="a"), Stored(choice="2", part="a")],
             "甲：已经使用、希望使用", "甲：已经使用、希望使用"),
    "ranking": ({"a": ["2"], "b": ["1"]}, ["b", "a"], [Stored(number=1, part="b"), Stored(number=2, part="a")], "1. 乙；2. 甲", "1. 乙；2. 甲"),
    "date": (["2026-03-18"], date(2026, 3, 18), [Stored(number=20530)], "2026-03-18", "2026-03-18"),
    "time": (["09:30"], time(9, 30), [Stored(number=570)], "09:30", "09:30"),
    "datetime": (["2026-03-18T09:30"], datetime(2026, 3, 18, 9, 30), [Stored(number=20530 * 1440 + 570)],
                 "2026-03-18 09:30", "2026-03-18 09:30"),
    "email": ([" Anna@Example.org "], "anna@example.org", [Stored(text="anna@example.org")], "anna@example.org", "anna@example.org"),
    "phone": (["138 1234 5678"], "+86 13812345678", [Stored(text="13812345678")], "13812345678", "13812345678"),
    "credit_code": (["91350100m000100y43"], "91350100M000100Y43", [Stored(text="91350100M000100Y43")],
                    "91350100M000100Y43", "91350100M000100Y43"),
    "number": (["1,234.5"], 1234.5, [Stored(number=1234.5)], "1234.5", 1234.5),
    "text": ([" 很 好\n"], "很 好", [Stored(text="很 好")], "很 好", "很 好"),
    "file": ([PDF], PDF, [Stored(text="证明.pdf (1 kB)", file=replace(PDF, kind="pdf"))], "证明.pdf (1 kB)", "证明.pdf (1 kB)"),
    "photo": ([PHOTO], PHOTO, [Stored(text="门口.jpg (1 kB)", file=PHOTO)], "门口.jpg (1 kB)", "门口.jpg (1 kB)"),
    "long_text": (["一\r\n二 "], "一\n二", [Stored(text="一\n二")], "一\n二", "一\n二"),
}


ASKING = [code for code, kind in KINDS.items() if kind.asks]


@pytest.mark.parametrize("code", ASKING)
def test_every_kind_reads_a_form_and_python_alike_and_shows_what_it_stored(code):
    question = asked(code)
    from_form, from_python, stored, text, cell = GOOD[code]
    kind = KINDS[code]
    assert kind.code == code
    assert (read(question, from_form), read(question, from_python)) == (stored, stored)
    assert (kind.show(question, stored), kind.cell(question, stored)) == (text, cell)


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_has_two_names_and_default_settings_that_it_accepts_again(code):
    kind = KINDS[code]
    assert kind.label("zh") != kind.label("en")
    assert kind.settings(kind.settings({})) == kind.settings({})
    assert {name for name, _ in kind.SETTINGS.items()} == set(kind.settings({}))


@pytest.mark.parametrize("code", ASKING)
@pytest.mark.parametrize("nothing", [None, "", [], ["", "  "], [None]])
def test_nothing_is_no_answer_unless_one_is_required(code, nothing):
    assert read(asked(code), nothing) == []
    assert refusal(asked(code, required=True), nothing) == ("missing", {})
    assert (KINDS[code].show(asked(code), []), KINDS[code].cell(asked(code), [])) == ("", None)


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_counts_nothing_without_dividing_by_it(code):
    tally = KINDS[code].tally(asked(code), Counts())
    assert (tally.answered, [row.share for row in tally.rows], tally.mean) == (0, [None] * len(tally.rows), None)


@pytest.mark.parametrize("code", KINDS)
def test_a_setting_that_a_kind_does_not_have_is_refused(code):
    with pytest.raises(kinds.BadSetting) as caught:
        KINDS[code].settings({"colour": "red"})
    assert (caught.value.field, caught.value.facts) == ("settings", {"setting": "colour"})


@pytest.mark.parametrize("code, settings, setting", [
    ("single", {"other": "yes"}, "other"),
    ("multiple", {"min": 0}, "min"),
    ("multiple", {"min": 3, "max": 2}, "max"),
    ("scale", {"labels": ["好", "坏"]}, "labels"),
    ("scale", {"labels": "非常满意满意"}, "labels"),
    ("number", {"min": "1"}, "min"),
    ("number", {"min": float("nan")}, "min"),
    ("number", {"min": 2, "max": 1}, "max"),
    ("number", {"unit": "字" * 21}, "unit"),
    ("text", {"max_length": 0}, "max_length"),
    ("long_text", {"max_length": 10_001}, "max_length"),
])
def test_a_setting_out_of_its_bounds_is_refused_by_name(code, settings, setting):
    with pytest.raises(kinds.BadSetting) as caught:
        KINDS[code].settings(settings)
    assert caught.value.facts["setting"] == setting


@pytest.mark.parametrize("question, value, other, expected", [
    (asked("single"), ["a", "b"], None, ("more_than_one", {})),
    (asked("single"), "c", None, ("unknown_option", {})),
    (asked("single"), "other", None, ("unknown_option", {})),
    (asked("single", other=True), "other", " ", ("other_missing", {})),
    (asked("single", other=True), "other", "字" * 201, ("too_long", {"limit": 200})),
    (asked("multiple", min=2), "a", None, ("too_few_picks", {"min": 2})),
    (asked("multiple", max=1), ["a", "b"], None, ("too_many_picks", {"max": 1})),
    (asked("multiple"), ["a", "x"], None, ("unknown_option", {})),
    (asked("scale"), "6", None, ("unknown_option", {})),
    (asked("scale"), "0", None, ("unknown_option", {})),
    (asked("scale"), ["1", "2"], None, ("more_than_one", {})),
    (asked("number"), "很多", None, ("not_a_number", {})),
    (asked("number"), "1e5", None, ("not_a_number", {})),
    (asked("number"), "nan", None, ("not_a_number", {})),
    (asked("number"), float("nan"), None, ("not_a_number", {})),
    (asked("number"), True, None, ("not_a_number", {})),
    (asked("number"), float("inf"), None, ("above_maximum", {"max": 10**15})),
    (asked("number"), 10**400, None, ("above_maximum", {"max": 10**15})),
    (asked("number", integer=True), "1.5", None, ("not_whole", {})),
    (asked("number", min=1), "0", None, ("below_minimum", {"min": 1})),
    (asked("number", max=9), "10", None, ("above_maximum", {"max": 9})),
    (asked("text", max_length=2), "三个字", None, ("too_long", {"limit": 2})),
    (asked("long_text", max_length=2), "三个字", None, ("too_long", {"limit": 2})),
])
def test_an_answer_that_cannot_be_taken_is_refused_with_the_reason(question, value, other, expected):
    assert refusal(question, value, other) == expected


def test_nobody_has_to_pick_more_options_than_there_are():
    question = asked("multiple", required=True, min=9)
    there = [option.code for option in question.options if not option.alone]
    assert [row.choice for row in read(question, there)] == there
    assert refusal(question, there[:1]) == ("too_few_picks", {"min": len(there)})


def test_the_text_of_other_counts_only_when_other_is_picked():
    question = asked("multiple", other=True)
    assert read(question, ["other", "a"], [" 朋友 "]) == [Stored(choice="a"), Stored(choice="other", text="朋友")]
    assert read(question, ["a"], "朋友") == [Stored(choice="a")]
    shown = [KINDS["multiple"].show(question, read(question, ["other", "a"], "朋友"), language) for language in ("zh", "en")]
    assert shown == ["甲；其他：朋友", "A; Other: 朋友"]


def test_full_width_digits_are_a_number_and_the_unit_is_shown_in_the_language():
    question = asked("number", unit="年", unit_en="years", integer=True)
    assert read(question, "１２") == [Stored(number=12)]
    assert [KINDS["number"].show(question, [Stored(number=12)], language) for language in ("zh", "en")] == ["12年", "12 years"]


def test_what_no_database_can_hold_is_taken_out_of_a_text():
    assert read(asked("text"), "a\x00b\ud800c") == [Stored(text="abc")]
    assert read(asked("text", required=False), "\x00") == []


def test_options_get_the_codes_that_nobody_chose_and_bad_ones_are_refused():
    options = KINDS["single"].options(["甲", {"label": "乙", "code": "1"}, {"label": " 丙 ", "label_en": "C"}])
    assert [(option["code"], option["label"], option["label_en"]) for option in options] == [
        ("2", "甲", ""), ("1", "乙", ""), ("3", "丙", "C"),
    ]
    for bad in (["甲", ""], ["甲", {"label": "乙", "code": "other"}], [{"label": "甲", "code": "x"}, {"label": "乙", "code": "x"}],
                ["甲", {"label": "乙", "code": "a b"}]):
        with pytest.raises(kinds.BadOption) as caught:
            KINDS["single"].options(bad)
        assert (caught.value.field, caught.value.facts) == ("options", {"place": 2})
    with pytest.raises(kinds.OptionsMissing):
        KINDS["multiple"].options(["甲"])
    with pytest.raises(kinds.BadOption):
        KINDS["text"].options(["甲"])


def test_a_scale_counts_levels_from_the_best_down_with_mean_median_and_satisfaction():
    tally = KINDS["scale"].tally(asked("scale"), Counts(10, numbers={5: 4, 4: 2, 3: 1, 1: 3}))
    assert tally == Tally(
        answered=10, mean=3.4, median=4, least=1, most=5, satisfied=0.7, spread=pytest.approx(2.84**0.5), rows=(
            Row("5", "非常满意", "Very satisfied", 4, 0.4), Row("4", "满意", "Satisfied", 2, 0.2),
            Row("3", "基本满意", "Fairly satisfied", 1, 0.1), Row("2", "不满意", "Dissatisfied", 0, 0.0),
            Row("1", "非常不满意", "Very dissatisfied", 3, 0.3),
        ),
    )


def test_the_median_of_an_even_number_of_numbers_lies_between_the_two_in_the_middle():
    assert KINDS["number"].tally(asked("number"), Counts(4, numbers={1: 2, 4: 1, 10: 1})) == Tally(
        answered=4, mean=4, median=2.5, least=1, most=10, spread=pytest.approx(13.5**0.5),
    )


def test_shares_of_a_multiple_choice_are_of_the_people_not_of_the_picks():
    rows = KINDS["multiple"].tally(asked("multiple", other=True), Counts(2, choices={"a": 2, "other": 1})).rows
    assert [(row.label("en"), row.count, row.share) for row in rows] == [("A", 2, 1.0), ("乙", 0, 0.0), ("Other", 1, 0.5)]


def test_an_option_without_english_is_shown_in_chinese():
    assert [Option("a", "甲", "A").label("en"), Option("a", "甲").label("en"), Option("a", "甲", "A").label()] == ["A", "甲", "甲"]


def test_a_kind_that_is_not_there_is_refused():
    with pytest.raises(kinds.UnknownKind) as caught:
        kinds.kind_of("telepathy")
    assert (caught.value.field, caught.value.facts) == ("kind", {"kind": "telepathy"})
