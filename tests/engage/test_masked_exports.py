"""What people wrote leaves the house masked, in every format; as it was written only where that is asked for and nobody was promised otherwise."""

import json
from dataclasses import replace
from io import BytesIO
from tempfile import NamedTemporaryFile
from zipfile import ZipFile, is_zipfile
from zoneinfo import ZoneInfo

import make
import pyreadstat
import pytest
import sqlalchemy as sa
from make import BY, NOW

from engage import events, exports, registrations
from engage.audit import AuditEntry
from engage.exports import FORMATS, RESPONSE_FORMATS, AnonymousTexts, Texts
from engage.known_names import known_names
from engage.staff import Role
from surveys import finding, tallies, themes

WRITES = {**FORMATS, **{f"raw.{name}": one for name, one in RESPONSE_FORMATS.items()}}
SECRETS = ("王晓芳", "李建国", "赵小满", "陈值守", "13912345678", "0571-8888 8888", "浙A·12345", "li@example.com", "11010519491231002X")
ASKS = (
    {"kind": "single", "text": "从哪里得知", "options": ["单位通知", "网站"], "settings": {"other": True}},
    {"kind": "long_text", "text": "意见建议"},
    {"kind": "phone", "text": "联系电话"},
    {"kind": "number", "text": "序号"},
)
TEXTS = (
    "王 晓 芳主任讲解很好，陈值守也耐心", "李建国的电话139 1234 5678或0571-8888 8888", "赵小满，身份证11010519491231002X，车牌浙A·12345",
    "请发到li@example.com", "预算350万元，2026年3月18日开标，项目编号330100202513812345678",
)


def asking(session):
    """An event with a roster, and answers that name people on it."""
    event = make.event(session)
    make.invitation(session, event, name="王晓芳", phone="13900000001")
    make.registration(session, event, name="李建国")
    form = make.application(session, companions=1)
    form.companions[0] = replace(form.companions[0], name="赵小满")
    registrations.register(session, event, form, invitation=None, by="guest", now=NOW)
    make.user(session, Role.ORGANISER, display_name="陈值守")
    questionnaire = make.questionnaire(session, asks=ASKS)
    events.attach(session, event, questionnaire, by=BY, now=NOW)
    for place, text in enumerate(TEXTS):
        make.response(session, questionnaire, {"q1": "other", "q1.other": "李建国说的", "q2": text, "q3": "13912345678", "q4": place}, context=event.slug)
    session.flush()
    return event


def file_of(session, event, name, texts=Texts.MASKED):
    stream = BytesIO()
    WRITES[name].write(exports.gather(session, event, zone=ZoneInfo("Asia/Shanghai"), below=1, texts=texts, now=NOW), stream)
    return stream


def written(session, event, name, texts=Texts.MASKED):
    """All that a file says, whatever it is packed in, and the same without blanks."""
    stream = file_of(session, event, name, texts)
    if is_zipfile(stream):
        with ZipFile(stream) as packed:
            told = "".join(packed.read(one).decode(errors="ignore") for one in packed.namelist())
    elif name.endswith("sav"):
        with NamedTemporaryFile(suffix=".sav") as file:
            file.write(stream.getvalue())
            file.flush()
            told = "\n".join(map(str, pyreadstat.read_sav(file.name)[0].to_numpy().ravel()))
    else:
        told = stream.getvalue().decode("utf-8-sig")
    return told + told.replace(" ", "")


def test_the_names_of_the_roster_and_of_staff_are_known(session):
    assert {"王晓芳", "李建国", "赵小满", "陈值守"} <= set(known_names(session, asking(session)))


@pytest.mark.parametrize("name", WRITES)
def test_nobody_on_the_roster_and_no_number_leaves_in_any_format(session, name):
    told = written(session, asking(session), name)
    assert [secret for secret in SECRETS if secret in told or secret.replace(" ", "") in told] == []
    if name != "csv":  # which has figures alone
        assert "预算350万元，2026年3月18日开标，项目编号330100202513812345678" in told
        assert "〔姓名〕主任讲解很好，〔姓名〕也耐心" in told


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # where it cannot matter which
def test_a_file_tells_what_was_masked_in_it(session):
    event = asking(session)
    remark = "本次导出已遮盖姓名5处、手机号1处、电话号码1处、身份证号1处、车牌号1处、邮箱1处。"
    assert [remark in written(session, event, name) for name in ("xlsx", "docx")] == [True, True]
    masked = json.loads(file_of(session, event, "json").getvalue())["masked"]
    assert masked == {"name": 5, "mobile": 1, "telephone": 1, "identity": 1, "plate": 1, "email": 1}


def test_as_they_were_written_texts_leave_only_noted_and_never_anonymous_ones(session):
    event = asking(session)
    exports.note_export(session, event, "summary.json", texts=Texts.AS_WRITTEN, by=BY, now=NOW)
    noted = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "event.export")).all()
    assert noted == [{"what": "summary.json", "texts": "as_written"}]
    assert {text for text in TEXTS if text in written(session, event, "json", Texts.AS_WRITTEN)} == set(TEXTS)
    assert "13912345678" in written(session, event, "raw.csv", Texts.AS_WRITTEN)
    secret = make.event(session)
    events.attach(session, secret, make.questionnaire(session, anonymous=True), by=BY, now=NOW)
    for refused in (
        lambda: exports.note_export(session, secret, "summary.json", texts=Texts.AS_WRITTEN, by=BY, now=NOW),
        lambda: written(session, secret, "json", Texts.AS_WRITTEN),
    ):
        with pytest.raises(AnonymousTexts):
            refused()
    assert len(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export")).all()) == 1


@pytest.mark.parametrize("name", ["raw.csv", "raw.long.csv", "raw.sav", "json"])
def test_anonymous_responses_leave_in_another_order_than_they_came_and_with_the_month(session, name):
    event = make.event(session)
    questionnaire = make.questionnaire(session, asks=[{"kind": "text", "text": "第几"}], anonymous=True)
    events.attach(session, event, questionnaire, by=BY, now=NOW)
    sent = [f"第{number:02}位" for number in range(30)]
    for text in sent:
        make.response(session, questionnaire, {"q1": text}, context=event.slug)
    make.released(session, questionnaire)
    told = written(session, event, name)
    places = [told.index(text) for text in sent]
    assert -1 not in places
    assert places not in (sorted(places), sorted(places, reverse=True))
    if name.startswith("raw"):
        assert "2026-03-18" not in told


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"csv"}))  # which has no texts
def test_whoever_has_just_answered_anonymously_is_in_no_file_before_four_others_are(session, name):
    event = make.event(session)
    questionnaire = make.questionnaire(session, asks=[{"kind": "text", "text": "第几"}], anonymous=True)
    events.attach(session, event, questionnaire, by=BY, now=NOW)
    sent, told = [f"第{number:02}位" for number in range(11)], []
    for more in (sent[:9], sent[9:]):
        for text in more:
            make.response(session, questionnaire, {"q1": text}, context=event.slug)
        tallies.fold(session, questionnaire, now=NOW)
        file = written(session, event, name)
        told.append((sum(text in file for text in sent), "另有9份待计入" in file, "回收问卷6份（另有5份待计入）" in file))
    concluded = not name.startswith("raw")
    assert told == [(0, concluded, False), (6, False, concluded)]


def test_a_theme_is_not_called_after_somebody(session):
    event = asking(session)
    for text in ("王晓芳讲解停车位清楚", "王晓芳讲解停车位真好", "听王晓芳讲解停车位", "王晓芳的停车位讲解"):
        make.response(session, event.questionnaire, {"q1": "1", "q2": text}, context=event.slug)
    for wanted in themes.ask(session, event.questionnaire, context=event.slug, now=NOW):
        assert finding.keep(session, finding.sort(finding.read(session, wanted)), now=NOW)

    def told(texts):
        made = exports.gather(session, event, zone=ZoneInfo("Asia/Shanghai"), texts=texts, now=NOW)
        return str([theme for one in made.themes.values() for theme in one.themes])

    assert "王晓芳" in told(Texts.AS_WRITTEN)
    assert "王晓芳" not in told(Texts.MASKED)
    assert "停车位" in told(Texts.MASKED)
