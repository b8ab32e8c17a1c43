"""A walk: one person's way through a form, on which conditions and full options decide what is put to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from surveys.asked import Asked, Option, Stored, given
from surveys.conditions import Given
from surveys.errors import Invalid
from surveys.kinds import KINDS, UnknownOption
from surveys.quotas import OptionFull

if TYPE_CHECKING:
    from surveys.forms import Form


class OptionNotShown(Invalid):
    """This option is not for those who answered as stated."""


class Walk:
    """Questions are put and answered in the order of the form; `full` holds what has no place left, as codes of question and option.

    What is not shown is not asked: nobody has to answer it, and what was sent for it does not count. So it is with a question of
    which no option is left. Where an answer is refused, nothing is said about what depends on it.
    """

    def __init__(self, form: "Form", *, segment: str, context: str, full: Collection[tuple[str, str]] = ()) -> None:
        self._form, self._full = form, full
        self._rows: dict[str, Sequence[Stored]] = {}
        self._given = Given(self._rows, segment, context)
        self._doubtful: set[str] = set()

    def put(self, asked: Asked) -> Asked | None:
        """The question as it is put to this person, None when it is not."""
        code, gate = asked.code, self._form.gates.get(asked.code)
        if self._doubtful and not self._doubtful.isdisjoint(self._form.relies.get(code, ())):
            self._doubtful.add(code)
            return None
        if gate is not None and not gate.holds(self._given):
            return None
        if code not in self._form.narrowed:
            return asked
        options = tuple(one for one in asked.options if self._shown(one) and (code, one.code) not in self._full)
        return replace(asked, options=options) if options else None

    def _shown(self, option: Option) -> bool:
        return option.show_if is None or option.show_if.holds(self._given)

    def answer(self, asked: Asked, rows: Sequence[Stored]) -> None:
        """Note what was answered."""
        self._rows[asked.code] = rows
        for row in rows if asked.parts else ():
            part = f"{asked.code}.{row.part}"
            self._rows[part] = [*self._rows.get(part, ()), row]

    def refused(self, asked: Asked, refusal: Invalid, raw: Mapping[str, Any]) -> Invalid:
        """Note that an answer was refused; why, in view of what this person is shown."""
        self._doubtful.add(asked.code)
        if not isinstance(refusal, UnknownOption) or asked.code not in self._form.narrowed:
            return refusal
        sent = {str(value) for value in given(KINDS[asked.kind].sent(asked, raw))}
        gone = next((one for one in asked.options if one.code in sent and (asked.code, one.code) in self._full), None)
        if gone is not None:
            return OptionFull(option=gone.label_zh)
        hidden = next((one for one in asked.options if one.code in sent and not self._shown(one)), None)
        return OptionNotShown(option=hidden.label_zh) if hidden else refusal
