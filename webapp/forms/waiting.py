"""The form with which an organiser keeps seats back."""

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms.validators import NumberRange, Optional

from engage.events import Event
from engage.people import Category
from engage.quotas import Quota
from webapp import formats
from webapp.forms.events import category_name
from webapp.forms.fields import LARGEST, WholeNumberField

HELD = "held-"


class HoldForm(FlaskForm):
    """`hold_form` adds a field `held-ID` for each limit, by the Quota's id; left empty it is none."""

    def held(self) -> dict[int, int]:
        """How many seats to keep back of each limit."""
        return {int(name.removeprefix(HELD)): field.data or 0 for name, field in self._fields.items() if name.startswith(HELD)}


def hold_form(event: Event, categories: Sequence[Category]) -> HoldForm:
    """A HoldForm for the event's limits: its own, its categories' and its activities'."""
    names = {("category", category.id): category_name(category) for category in categories}
    names |= {("activity", activity.id): activity.title for activity in event.activities}
    limits = [quota for quota in event.quotas if quota.seats is not None]
    made: type[HoldForm] = type("HoldFormOfEvent", (HoldForm,), {f"{HELD}{quota.id}": _field(quota, names) for quota in limits})
    return made(data={f"{HELD}{quota.id}": quota.held for quota in limits})


def _field(quota: Quota, names: dict[tuple[str, int], str]) -> WholeNumberField:
    key = ("category", quota.category_id) if quota.category_id else ("activity", quota.activity_id)
    taken = gettext("共 %(seats)s 个，已用 %(taken)s 个", seats=formats.number(quota.seats), taken=formats.number(quota.taken))
    return WholeNumberField(
        names[key] if key[1] else lazy_gettext("全部名额"),
        [Optional(), NumberRange(0, LARGEST, lazy_gettext("请填写 0 或更大的整数。"))], description=taken,
    )
