"""What reading a form gives: the questionnaire it would make, and every place that is not taken or taken differently."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surveys.errors import Invalid
from surveys.questionnaires import Details
from surveys.questions import Fields

# What is left out altogether, and what is taken in another way: a code and what it means. Words for a reader in another
# language are the caller's business.
NOT_TAKEN: Mapping[str, str] = {
    "type_missing": "The row has no type.",
    "unknown_type": "There is no question type “{type}”.",
    "type_not_supported": "Questions of the type “{type}” cannot be asked here.",
    "metadata": "“{type}” is noted by the collecting device; nothing is asked.",
    "calculation": "Calculated values are not supported.",
    "repeat": "Groups that are repeated are not supported.",
    "inside_repeat": "The question belongs to a group that is repeated.",
    "choices_elsewhere": "The choices are in another file or sheet.",
    "list_missing": "The choice list “{list}” is missing or empty.",
    "too_few_choices": "The choice list “{list}” has fewer than two choices that can be taken.",
    "choice_without_name": "The choice has no list or no name.",
    "choice_repeated": "The choice list has “{name}” already.",
    "too_many_choices": "The choice list has more than {limit} choices.",
    "cannot_be_asked": "The question cannot be asked like this ({refusal}).",
}
TAKEN_DIFFERENTLY: Mapping[str, str] = {
    "renamed": "The name “{name}” became “{became}”.",
    "label_missing": "There is no label; the name is shown instead.",
    "shortened": "The text is longer than {limit} characters and was cut.",
    "language_left_out": "The language “{language}” is not kept.",
    "column_left_out": "What stands in this column is not used.",
    "cell_left_out": "“{value}” is not used.",
    "required_sometimes": "It is required only sometimes; here it never is.",
    "constraint_left_out": "The constraint “{expression}” cannot be kept.",
    "condition_left_out": "The condition “{expression}” cannot be kept; here it is always asked.",
    "reference_left_out": "“{reference}” in a text cannot be kept.",
    "setting_left_out": "The setting “{setting}” is not right for this question.",
    "other_label": "The choice “{label}” became the usual “Other” with a text.",
    "condition_never": "By its condition it would never be asked; here it always is.",
    "first_is_best": "It became a matrix; its choices count as levels, the first one as the best.",
    "as_yes_no": "It became a question with the choices yes and no.",
    "nested_group": "A group within a group became a section of its own.",
    "not_closed": "The group is never closed.",
    "never_begun": "There is no group to close here.",
    "no_title": "The form has no title; “{title}” was taken.",
}


class NotAnXlsform(Invalid):
    """The workbook is no XLSForm: it has no sheet `survey` with a column `type`."""


class FormTooLarge(Invalid):
    """The form has more rows than a questionnaire can hold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the workbook. `row` counts as Excel does; `column` is the header as written, "" for the whole row."""

    sheet: str
    row: int
    column: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def refused(self) -> bool:
        return self.code in NOT_TAKEN

    @property
    def reason(self) -> str:
        return (NOT_TAKEN.get(self.code) or TAKEN_DIFFERENTLY[self.code]).format(**self.facts)

    def as_dict(self) -> dict[str, Any]:
        return {"sheet": self.sheet, "row": self.row, "column": self.column, "code": self.code, "reason": self.reason}


@dataclass(slots=True)
class FoundSection:
    """A section as it would be made."""

    title: str = ""
    title_en: str = ""
    show_if: dict[str, Any] | None = None
    questions: list[Fields] = field(default_factory=list[Fields])


@dataclass(slots=True)
class Found:
    """A form that was read: what it would make, and what was found on the way, in the order of the sheets' rows."""

    details: Details
    sections: list[FoundSection] = field(default_factory=list[FoundSection])
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def questions(self) -> int:
        return sum(len(section.questions) for section in self.sections)

    @property
    def refused(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.refused]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.refused]

    def as_dict(self) -> dict[str, Any]:
        """What an import tells: questions added, none matched, and the findings."""
        return {"added": self.questions, "matched": 0, "refused": [one.as_dict() for one in self.refused],
                "warnings": [one.as_dict() for one in self.warnings]}
