"""A questionnaire as it is being filled in: what was sent and what is wrong with it, for the page to show again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from flask_babel import gettext
from werkzeug.utils import cached_property

from surveys.asked import Asked
from surveys.errors import Invalid
from surveys.files import MEDIA, PICTURES, endings
from surveys.kinds import KINDS, File
from surveys.kinds.files import MEGABYTE
from webapp import wiring
from webapp.errors import words

# Names of our own fields; the code of a question holds no dot, so they cannot meet.
SUBMISSION = "form.submission"
SEGMENT = "form.segment"
VERSION = "form.version"
LONGEST_NUMBER = 9  # digits: below the databases' integers
BESIDE = 200_000  # bytes of a form that are not its files


@dataclass(frozen=True)
class Sheet:
    """`sent` maps field names to what was sent for them, `problems` the code of a question to its refusal; `again` are the codes
    of questions whose files came, but cannot be shown again.
    """

    sent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, Invalid] = field(default_factory=dict)
    again: Collection[str] = ()

    def value(self, name: str) -> str:
        """The text of a field."""
        return next(iter(self.sent.get(name, ())), "")

    def picked(self, name: str, option: str) -> bool:
        """Whether the option was chosen."""
        return option in self.sent.get(name, ())

    def errors(self, code: str) -> list[str]:
        """What is wrong with a question, in words."""
        return [words(self.problems[code])] if code in self.problems else []

    def faults(self, questions: Sequence[Asked]) -> list[tuple[str, str]]:
        """Where to go and what is wrong, for the summary on top."""
        return [
            (f"a-{asked.code}", gettext("第 %(number)s 题：%(problem)s", number=asked.number, problem=words(refusal)))
            for asked in questions if (refusal := self.problems.get(asked.code))
        ]

    def accept(self, asked: Asked) -> str:
        """What a dialog offers for a question that takes files; a phone turns its photos into what is named by its media type."""
        kinds = _files(asked).kinds(asked.settings)
        return ",".join([*(MEDIA[kind] for kind in kinds if kind in PICTURES), *endings([kind for kind in kinds if kind not in PICTURES])])

    def kinds(self, asked: Asked) -> str:
        """The same for a reader."""
        return gettext("、").join(kind.upper() for kind in _files(asked).kinds(asked.settings))

    @property
    def most_bytes(self) -> int:
        """How large all files together can be."""
        return wiring.settings().max_upload_mb * MEGABYTE - BESIDE

    @property
    def version(self) -> int:
        """The version of the questionnaire that was filled in; 0 where none, or nonsense, was sent."""
        sent = self.value(VERSION)
        return int(sent) if sent.isdecimal() and len(sent) < LONGEST_NUMBER else 0

    @cached_property
    def submission(self) -> str:
        """The UUID of this very sheet; a new one where none, or nonsense, was sent."""
        try:
            return str(UUID(self.value(SUBMISSION)))
        except ValueError:
            return str(uuid4())


def _files(asked: Asked) -> File:
    kind = KINDS[asked.kind]
    assert isinstance(kind, File)
    return kind
