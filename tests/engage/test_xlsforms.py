"""Questionnaires as workbooks: out and in again, and into ODK's own converter."""

from contextlib import suppress
from io import BytesIO

import make
import openpyxl
import pytest
import sqlalchemy as sa
from database import undone
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert
from workbooks import xlsx

from engage.audit import AuditEntry
from engage.sheets import EncryptedWorkbook, NotAWorkbook, OldWorkbook, SheetTooLarge
from engage.xlsforms import add_form, form_workbook, read_form
from surveys import KINDS, TEMPLATES, create_from_template, questionnaires, questions
from surveys.asked import clean
from surveys.errors import SurveyError
from surveys.kinds import BadSetting
from surveys.pipes import REFERENCE
from surveys.xlsform import NotAnXlsform, TooLongForACell

COLUMNS = [column.key for column in questions.Question.__table__.columns if column.key not in {"id", "questionnaire_id", "section_id", "position"}]
SECTION = [column.key for column in questions.Section.__table__.columns if column.key not in {"id", "questionnaire_id", "position"}]
TEXTS = ("title", "title_en", "intro", "intro_en", "thanks", "thanks_en", "anonymous", "paged", "access")


def written(questionnaire):
    """All that a questionnaire asks and says, whatever its tables hold."""
    return [getattr(questionnaire, name) for name in TEXTS], [
        ({name: getattr(section, name) for name in SECTION},
         [{name: getattr(question, name) for name in COLUMNS} for question in section.questions])
        for section in questionnaire.sections if section.questions
    ]


def out_and_in(session, questionnaire, now):
    data = form_workbook(session, questionnaire, by=make.BY, now=now)
    found = read_form(data, name="form.xlsx")
    assert found.findings == []
    return data, add_form(session, found, by=make.BY, now=now)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_comes_back_from_a_workbook_as_it_was_and_odk_takes_it(session, now, name):
    questionnaire = create_from_template(session, name, now=now)
    data, again = out_and_in(session, questionnaire, now)
    assert written(again) == written(questionnaire)
    assert convert(xlsform=data).warnings == []


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(clean).filter(
    lambda text: text and not REFERENCE.search(text))
maybe = st.one_of(st.just(""), words, st.sampled_from(["${", "$ {", "${${", "=1+1", "_x0041_", "true", "5", '"', "第一\n第二", "\u200b "]).map(clean))
codes = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True).filter(lambda code: code not in {"other", "none"})
short = words.map(lambda text: clean(text[:20])).filter(bool)
labels = st.lists(short, min_size=5, max_size=5)
columns = st.lists(short, min_size=2, max_size=4)
few = st.integers(1, 5)
numbers = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e6, 1e6))
VALUES = {  # of settings, by their names; a kind takes those it knows and finds right
    "other": st.booleans(), "none": st.booleans(), "random": st.booleans(), "integer": st.booleans(), "slider": st.booleans(),
    "max_length": st.integers(20, 500), "min_length": st.integers(1, 20), "labels": labels, "labels_en": labels, "columns": columns,
    "pattern": st.sampled_from(["", "[a-z]+", "'\"", "a  b", "\\d{2,3}", "it's", "“"]), "unit": short, "unit_en": short, "low": short,
    "high_en": short, "pdf": st.booleans(), "office": st.booleans(), "pictures": st.booleans(), "max_files": st.integers(1, 10),
    "megabytes": st.integers(1, 10),
}
ENDS = {"date": ("2026-01-01", "2026-12-31"), "time": ("08:00", "17:30"), "datetime": ("2026-01-01 08:00", "2026-01-02 08:00")}


@st.composite
def fields(draw, code):
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    made = {name: draw(strategy) for name, strategy in VALUES.items() if name in kind.SETTINGS and draw(st.booleans())}
    low, high = ENDS.get(kind.code) or sorted(draw(st.tuples(*[few if kind.has_options else numbers] * 2)))
    ends = draw(st.sampled_from([{}, {"min": low}, {"max": high}, {"min": low, "max": high}]))
    made |= {name: end for name, end in ends.items() if name in kind.SETTINGS}
    options = draw(st.lists(st.fixed_dictionaries({"code": codes, "label": words, "label_en": maybe}), min_size=2, max_size=5,
                            unique_by=lambda option: option["code"])) if kind.has_options else []
    try:
        kind.settings(made)
    except BadSetting:
        made = {}
    return {"code": code, "kind": kind.code, "text": draw(words), "text_en": draw(maybe), "hint": draw(maybe), "hint_en": draw(maybe),
            "required": draw(st.booleans()), "options": options, "settings": made}


GATES = {  # conditions over an earlier question; those that do not fit it are not taken
    "always": lambda _: None,
    "answered": lambda one: {"answered": one.code},
    "picked": lambda one: {"picked": [one.code, one.options[-1]["code"]]},
    "row": lambda one: {"compared": [f"{one.code}.{one.options[0]['code']}", ">=", 2]},
    "column": lambda one: {"not": {"picked": [f"{one.code}.{one.options[0]['code']}", "1"]}},
    "compared": lambda one: {"any": [{"compared": [one.code, "<=", 2.5]}, {"segment": "deputy"}]},
    "says": lambda one: {"all": [{"not": {"says": [one.code, "it's"]}}, {"not": {"says": [one.code, "'\"${"]}}]},
    "context": lambda one: {"not": {"all": [{"context": "event:1"}, {"answered": one.code}]}},
}


def gate(name, earlier):
    try:
        return GATES[name](earlier) if earlier else None
    except IndexError:  # it has no options
        return None


def attempt(change, *subject, **changes):
    """A change that makes no sense here is not made."""
    with suppress(SurveyError):
        change(*subject, **changes)


@st.composite
def plans(draw):
    """A questionnaire: its own texts, and sections with questions."""
    texts = {name: draw(maybe) for name in TEXTS[1:6]} | {"title": draw(words), "anonymous": draw(st.booleans()), "paged": draw(st.booleans()),
                                                        "access": draw(st.sampled_from(questionnaires.Access))}
    names = iter(draw(st.lists(st.one_of(st.sampled_from(["meta", "page1", "q1", "q1_other", "q2"]),
                                         st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)), unique=True, min_size=9, max_size=9)))
    sections = draw(st.lists(st.tuples(maybe, maybe, st.integers(1, 3)), min_size=1, max_size=3))
    gates = draw(st.lists(st.sampled_from(sorted(GATES)), min_size=12, max_size=12))
    asked = [((title, title_en), [draw(fields(next(names))) for _ in range(size)]) for title, title_en, size in sections]
    texts["anonymous"] &= not any(KINDS[ask["kind"]].attaches for _, asks in asked for ask in asks)
    return texts, asked, gates


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink one takes minutes
@given(plan=plans())
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_any_questionnaire_comes_back_from_a_workbook_as_it_was_and_odk_takes_it(session, now, plan):
    texts, sections, gates = plan[0], plan[1], iter(plan[2])
    first = earlier = None
    with undone(session):
        questionnaire = questionnaires.create(session, now=now, **texts)
        for (title, title_en), asks in sections:
            section = questions.add_section(session, questionnaire, title=title, title_en=title_en, now=now)
            for ask in asks:
                made = questions.add_question(session, section, now=now, **ask)
                attempt(questions.edit_question, session, made, show_if=gate(next(gates), earlier), now=now)
                if earlier and made.required:
                    attempt(questions.edit_question, session, made, hint=f"答${{{earlier.code}}}", now=now)
                limited = [{**option, "quota": place, "show_if": gate(name, first)} for place, (option, name) in enumerate(zip(made.options, GATES, strict=False), start=1)]
                attempt(questions.edit_question, session, made, options=limited, now=now)
                earlier = made
            attempt(questions.show_section_if, session, section, gate(next(gates), first), now=now)
            first = first or section.questions[0]
        data, again = out_and_in(session, questionnaire, now)
        assert written(again) == written(questionnaire)
        assert convert(xlsform=data).xform


def test_a_workbook_can_be_read_by_people(session, now):
    book = openpyxl.load_workbook(BytesIO(form_workbook(session, make.questionnaire(session, title="满意度"), by=make.BY, now=now)))
    survey, choices, about = ([[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)] for sheet in book)
    assert survey == [
        ["type", "name", "label::中文 (zh)", "label::English (en)", "required", "relevant", "constraint", "appearance", "engage::kind"],
        ["begin_group", "page1", "", "", "", "", "", "field-list", ""],
        ["select_one q1", "q1", "您的身份", "", "", "", "", "", ""],
        ["text", "q1_other", "其他（请说明）", "Other (please specify)", "yes", "selected(${q1}, 'other')", "string-length(.) <= 200", "", ""],
        ["select_multiple q1", "q2", "印象最深的是", "", "", "", "", "", ""],
        ["text", "q2_other", "其他（请说明）", "Other (please specify)", "yes", "selected(${q2}, 'other')", "string-length(.) <= 200", "", ""],
        ["select_one q3", "q3", "您对服务是否满意", "", "yes", "", "", "", "scale"],
        ["decimal", "q4", "您来过几次", "", "", "", "", "", ""],
        ["text", "q5", "您最关心的项目", "", "", "", "string-length(.) <= 100", "", ""],
        ["text", "q6", "您的意见和建议", "", "", "", "string-length(.) <= 2000", "multiline", ""],
        ["end_group", "", "", "", "", "", "", "", ""],
    ]
    assert choices[:2] + choices[-1:] == [
        ["list_name", "name", "label::中文 (zh)", "label::English (en)"], ["q1", "1", "大厅宽敞", ""],
        ["q3", "1", "非常不满意", "Very dissatisfied"]]
    assert dict(zip(*about, strict=True))["form_title"] == "满意度"


def test_going_out_and_coming_in_stand_in_the_audit_trail(session, now):
    questionnaire = make.questionnaire(session)
    _, again = out_and_in(session, questionnaire, now)
    noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action.startswith("questionnaire.")).order_by(AuditEntry.id))
    assert [(entry.action, entry.subject, entry.detail) for entry in noted] == [
        ("questionnaire.export", f"questionnaire:{questionnaire.id}", {"format": "xlsform"}),
        ("questionnaire.import", f"questionnaire:{again.id}", {"questions": 6, "refused": 0, "warnings": 0})]


def test_a_text_that_no_cell_holds_is_refused(session, now):
    with pytest.raises(TooLongForACell) as caught:
        form_workbook(session, make.questionnaire(session, intro="字" * 32_768), by=make.BY, now=now)
    assert caught.value.facts == {"sheet": "settings", "row": 2, "column": "engage::intro"}


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize("data, refusal", [
    (b"PK\x03\x04 broken", NotAWorkbook), (b"<html></html>", NotAWorkbook), (OLD + "Workbook".encode("utf-16-le"), OldWorkbook),
    (OLD + "EncryptedPackage".encode("utf-16-le"), EncryptedWorkbook), (b"type,name\ntext,a\n", NotAnXlsform),
    (xlsx([["姓名", "电话"], ["张三", "1"]]), NotAnXlsform), (b"PK\x03\x04" + b"0" * 20 * 1024**2, SheetTooLarge),
], ids=["broken", "page", "old", "encrypted", "csv", "list", "huge"])
def test_a_file_that_is_no_form_gets_one_clear_refusal(data, refusal):
    with pytest.raises(refusal):
        read_form(data, name="form.xlsx")
