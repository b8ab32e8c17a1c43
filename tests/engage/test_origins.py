"""How people came: registered, entered at the door, or in somebody's place."""

import make
import sqlalchemy as sa
from doorday import ABSENT, CAME, door_day

from engage import origins, replacements, stand_ins
from engage.applications import Person
from engage.origins import Came, Origin
from engage.parties import Attendee


def came(session, event):
    people = {one.id: one.name for one in session.scalars(sa.select(Attendee).where(Attendee.event_id == event.id))}
    found = origins.of_people(session, list(people))
    return {name: found.get(each, Came()) for each, name in people.items()}


def test_each_origin_is_told_with_the_name_of_who_was_to_come_first(session):
    expected = {name: Came(Origin(origin), whom) for name, (_, origin, whom, *_) in CAME.items()}
    assert came(session, door_day(session).event) == expected | dict.fromkeys(ABSENT, Came())


def test_who_is_replaced_twice_is_still_the_first(session, now):
    event = make.event(session)
    leader = make.registration(session, event, name="张三").leader
    for name in ("李四", "王五"):
        stand_ins.stand_in(session, leader, name, by=make.BY, now=now)
    assert came(session, event) == {"王五": Came(Origin.STAND_IN, "张三")}


def test_a_ticket_that_gets_its_first_name_back_is_nobodys_stand_in(session, now):
    event = make.event(session)
    leader = make.registration(session, event, name="张三").leader
    for name in ("李四", "张三"):
        stand_ins.stand_in(session, leader, name, by=make.BY, now=now)
    assert came(session, event) == {"张三": Came()}


def test_who_takes_over_a_registration_stands_in_for_its_leader(session, now):
    event = make.event(session, swap_until_hours=0, starts_at=now.replace(hour=20), ends_at=now.replace(hour=22),
                       registration_closes_at=now.replace(hour=19))
    party = make.registration(session, event, name="张三")
    party = replacements.hand_over(session, party.leader, Person(name="李四", phone="13800138001"), by="guest", now=now)
    party = replacements.hand_over(session, party.leader, Person(name="王五", phone="13800138002"), by="guest", now=now)
    assert came(session, event) == {"张三": Came(), "李四": Came(Origin.STAND_IN, "张三"), "王五": Came(Origin.STAND_IN, "张三")}
    assert party.leader.name == "王五"
