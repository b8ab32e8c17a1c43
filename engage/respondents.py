"""What the registration tells of those who answered under their personal link, for cross-tabs: activities, district, the form's choices.

Answers to an anonymous questionnaire, and those given by the link in the hall, belong to nobody and are not among them.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engage import fields
from engage.events import Event
from engage.fields import Answer, EventField
from engage.invitations import Invitation
from engage.parties import Attendee, ChosenActivity, Registration
from engage.people import Invitee
from engage.presence import Attendance
from surveys.asked import in_language
from surveys.crosstabs import Known

PREFIX = "attendee:"


def respondent(attendee: Attendee) -> str:
    """The name under which somebody answers."""
    return f"{PREFIX}{attendee.id}"


def known(session: Session, event: Event, *, language: str = "zh") -> dict[str, Known]:
    """What answers can be crossed with, by its code: `chosen` and `attended` are activities, `district` is that of the roster, and
    `field.CODE` each single choice of the registration form that is not sensitive, the kind of organisation perhaps.

    A few queries, whatever the number of people.
    """
    found: dict[str, Known] = {}
    titles = {str(one.id): one.title for one in event.activities}
    if titles:
        party = ChosenActivity.registration_id == Attendee.registration_id
        chosen = _of(event, sa.cast(ChosenActivity.activity_id, sa.String)).join(ChosenActivity, party)
        attended = _of(event, sa.cast(Attendance.activity_id, sa.String)).join(Attendance, Attendance.attendee_id == Attendee.id)
        attended = attended.where(Attendance.arrived_at.is_not(None))
        found["chosen"] = Known(text_zh="选择的环节", text_en="Activity chosen", pairs=chosen, labels=titles, several=True)
        found["attended"] = Known(text_zh="到场的环节", text_en="Activity attended", pairs=attended, labels=titles, several=True)
    found["district"] = Known(text_zh="所在地区", text_en="District", pairs=_districts(event), labels={})
    choices = [one for one in fields.asked(session, event) if one.kind == "single" and not one.sensitive]
    return found | {f"field.{one.code}": _choice(event, one, language) for one in choices}


def _of(event: Event, value: Any) -> sa.Select[str, Any]:
    """Everybody on the event's lists under the name they answer under, with a value that is still to be joined."""
    return sa.select(PREFIX + sa.cast(Attendee.id, sa.String), value).select_from(Attendee).where(Attendee.event_id == event.id)


def _districts(event: Event) -> sa.Select[str, Any]:
    """The roster knows those who were invited, and not who came in their place."""
    invited = (
        _of(event, Invitee.district).join(Attendee.registration).join(Registration.invitation).join(Invitation.invitee)
    )
    return invited.where(
        Attendee.place == 0, Attendee.stands_in_for.is_(None), Registration.handed_over_at.is_(None), Invitee.district != "",
    )


def _choice(event: Event, one: EventField, language: str) -> Known:
    """The picked option. Where only the leader is asked it holds for the whole party."""
    labels: dict[str, str] = {each["code"]: in_language(language, each["label"], each["label_en"]) for each in one.options}
    answer, asked = aliased(Answer), aliased(Attendee)
    whose = asked.id == Attendee.id if one.per_person else sa.and_(asked.registration_id == Attendee.registration_id, asked.place == 0)
    pairs = _of(event, answer.value).join(asked, whose).join(answer, sa.and_(answer.attendee_id == asked.id, answer.field_id == one.id))
    return Known(text_zh=one.label, text_en=one.label_en, pairs=pairs, labels=labels)
