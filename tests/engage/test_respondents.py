"""Cross-tabs of answers with what the registration tells of those who gave them."""

import make
import pytest
from database import count_queries

from engage import answers, events, fields, respondents
from engage.answers import Keeping, Sent
from engage.presence import Attendance
from engage.sealing import Cipher
from surveys import crosstab
from surveys.crosstabs import NoSuchQuestion


@pytest.fixture
def asked(session):
    """A party of two that chose both activities, and one who was invited from Shibei and chose the talk; a fourth answered in the hall."""
    event = make.event(session)
    visit, talk = (make.activity(session, event, title=title) for title in ("参观", "座谈"))
    kind = make.field(session, event, "single", label="单位性质", label_en="Kind of organisation", options=["国有企业", "民营企业"])
    make.field(session, event, "single", label="民族", sensitive=True)
    questionnaire = make.questionnaire(session)
    events.attach(session, event, questionnaire, by=make.BY, now=make.NOW)
    party = make.registration(session, event, companions=1, activity_ids=[visit.id, talk.id])
    invited = make.registration(session, event, invitation=make.invitation(session, event, district="市北区"), activity_ids=[talk.id])
    for registration, option in ((party, "1"), (invited, "2")):
        form = fields.asked(session, event)
        judged = answers.read(form, [{kind.code: Sent([option])}, {}][: registration.party], category_id=registration.category_id, now=make.NOW)
        names = [guest.name for guest in registration.attendees]
        answers.keep(session, registration, names, asked=form, judged=judged, keeping=Keeping(Cipher(["secret"]), make.BY, make.NOW))
    session.add(Attendance(attendee_id=party.leader.id, activity_id=visit.id, arrived_at=make.NOW))
    session.flush()
    for guest, level in ((party.leader, "5"), (party.companions[0], "4"), (invited.leader, "5"), (None, "1")):
        make.response(session, questionnaire, {"q3": level}, context=event.slug, respondent=guest and respondents.respondent(guest))
    return event


def counted(session, event, side):
    known = respondents.known(session, event)
    table = crosstab(session, event.questionnaire, side, "q3", context=event.slug, known=known)
    return {option.label(): row[:2] for option, row in zip(table.down.options, table.counts, strict=True)}, table.base


def test_answers_are_crossed_with_activities_district_and_the_choices_of_the_form(session, asked):
    assert counted(session, asked, "chosen") == ({"参观": (1, 1), "座谈": (2, 1)}, 3)
    assert counted(session, asked, "attended") == ({"参观": (1, 0)}, 1)
    assert counted(session, asked, "district") == ({"市北区": (1, 0)}, 1)
    assert counted(session, asked, "field.f1") == ({"国有企业": (1, 1), "民营企业": (1, 0)}, 3)


def test_sensitive_choices_are_not_crossed(session, asked):
    assert list(respondents.known(session, asked)) == ["chosen", "attended", "district", "field.f1"]
    with pytest.raises(NoSuchQuestion):
        counted(session, asked, "field.f2")


def test_what_is_known_takes_as_many_queries_for_many_people(session, asked):
    counted(session, asked, "field.f1")  # the form is kept in memory from now on
    seen = []
    for people in (0, 20):
        for _ in range(people):
            make.registration(session, asked)
        session.expire_all()
        with count_queries(session) as queries:
            counted(session, asked, "field.f1")
        seen.append(len(queries))
    assert seen[0] == seen[1]
