"""What every export is made of: the event's summary, and the answers behind it one after the other."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from engage.events import Event
from engage.reports import EventSummary, Turnout
from surveys import themes
from surveys.asked import Asked, Option, Tally, in_language
from surveys.deidentify import Mask, placeholder
from surveys.identifiers import Identifier
from surveys.kinds import KINDS
from surveys.questionnaires import NoSuchQuestionnaire, Questionnaire
from surveys.raw import BATCH, RawResponse, RawRow, raw_responses, raw_rows
from surveys.summaries import QuestionSummary, open_answers

T = TypeVar("T")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)


@contextmanager
def text_layer(stream: BinaryIO, encoding: str) -> Generator[TextIOWrapper]:
    """A layer that encodes text into a stream and leaves the stream open."""
    text = TextIOWrapper(stream, encoding=encoding, newline="")
    yield text
    text.detach()  # flushes


class Said(NamedTuple):
    """A text that somebody wrote: to which question (its code), of which category (its code, "" unknown), behind which option."""

    question: str
    segment: str
    option: str | None
    text: str


@dataclass(frozen=True, slots=True)
class ThemeTold:
    """A theme of the answers to a question; `share` is of all that were sorted, `distinct` counts those that repeat no other."""

    title: str
    size: int
    share: float
    distinct: int
    words: tuple[str, ...]
    quotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemesTold:
    """The themes of one question, hidden ones left out; `sorted` answers fall into them, `fresh` ones came since."""

    question: Asked
    sorted: int
    fresh: int
    themes: tuple[ThemeTold, ...]


@dataclass(frozen=True)
class Material:
    """A summary on its way out, in one language, with times in one zone, signed by an office where one is named.

    Whatever people wrote in their own words passes through `mask`, here and nowhere else; None leaves it as it was written. `read`
    is told how many responses were read since it was told last.
    """

    session: Session
    event: Event
    summary: EventSummary
    zone: tzinfo
    language: str = "zh"
    office: str = ""
    mask: Mask | None = None
    read: Callable[[int], object] = id

    def say(self, chinese: str, english: str) -> str:
        """The wording in the export's language."""
        return in_language(self.language, chinese, english)

    def local(self, moment: datetime | None) -> datetime | None:
        """The moment in the export's zone, without the zone, as tables show it."""
        return moment.astimezone(self.zone).replace(tzinfo=None) if moment else None

    def time(self, moment: datetime | None) -> str:
        """The moment in words: 2026年3月18日9:00, or 18 March 2026, 9:00; "" for None."""
        there = self.local(moment)
        if there is None:
            return ""
        return f"{self.day(moment)}{self.say('', ', ')}{there.hour}:{there.minute:02}"

    def day(self, moment: datetime | None) -> str:
        """The day in words; "" for None."""
        there = self.local(moment)
        if there is None:
            return ""
        return self.say(f"{there.year}年{there.month}月{there.day}日", f"{there.day} {MONTHS[there.month - 1]} {there.year}")

    def facts(self) -> list[tuple[str, str]]:
        """What was announced of the event, name by name; what was left open is left out."""
        event = self.summary.event
        start, end = self.local(event.starts_at), self.local(event.ends_at)
        same_day = start is not None and end is not None and start.date() == end.date()
        until = f"{end.hour}:{end.minute:02}" if same_day and end else self.time(event.ends_at)
        times = ("–" if same_day else " – ").join(time for time in (self.time(event.starts_at), until) if time)
        place = self.say("，", ", ").join(words for words in (event.place, event.address) if words)
        left_out = self.say("为保护个人信息，人数过少的数据，以及可据以推算的数据，未列出（留空或以“–”表示）。",
                            "To protect persons, figures of too few people and those that would reveal them are left out (empty or “–”).")
        facts = [
            (self.say("时间", "Time"), times), (self.say("地点", "Place"), place), (self.say("目的", "Purpose"), event.purpose),
            (self.say("名额", "Seats"), "" if event.seats is None else str(event.seats)),
            (self.say("学时", "Class hours"), "" if event.hours is None else f"{event.hours:g}"),
            (self.say("数据截至", "Figures of"), self.time(self.summary.made_at)),
            (self.say("说明", "Note"), left_out if self.summary.survey and self.summary.survey.suppressed else ""),
        ]
        return [(name, words) for name, words in facts if words]

    def answers(self, *, question: str | None = None) -> Iterator[Said]:
        """What people wrote, to all questions in the order of the form or to one, fetched in batches."""
        if self.event.questionnaire is None:
            return
        found = open_answers(self.event.questionnaire, context=self.event.slug, question=question)
        for answer in self.session.scalars(found, execution_options={"yield_per": BATCH}):
            yield Said(answer.question.code, answer.response.segment, answer.choice, self._leaving(answer.text))

    @cached_property
    def themes(self) -> dict[str, ThemesTold]:
        """The themes of each question by its code; nothing for questions whose answers nobody has had sorted."""
        if self.event.questionnaire is None:
            return {}
        found = themes.overview(self.session, self.event.questionnaire, context=self.event.slug)
        return {one.question.code: ThemesTold(one.question, one.sorted, one.fresh, tuple(
            ThemeTold(theme.title if theme.named else self._title(theme.title), theme.size, theme.share, theme.distinct,
                      tuple(word for word in theme.words if not self._identifies(word)),
                      tuple(self._leaving(answer.text) for answer in theme.quotations))
            for theme in one.shown
        )) for one in found if one.shown}

    @property
    def questionnaire(self) -> Questionnaire:
        """The attached questionnaire. Raises NoSuchQuestionnaire."""
        if self.event.questionnaire is None:
            raise NoSuchQuestionnaire
        return self.event.questionnaire

    @cached_property
    def columns(self) -> list[tuple[Asked, Option]]:
        """The columns of the raw data, each with its question."""
        return [(one.question, column) for one in self.summary.questions for column in KINDS[one.question.kind].columns(one.question)]

    def responses(self) -> Iterator[RawRow]:
        """Every response as a row, fetched in batches."""
        return self._told(raw_rows(self.session, self.questionnaire, context=self.event.slug, language=self.language, words=self.mask))

    def coded(self) -> Iterator[RawResponse]:
        """Every response with the rows of its answers, fetched in batches."""
        return self._told(raw_responses(self.session, self.questionnaire, context=self.event.slug, language=self.language, words=self.mask))

    def _told(self, found: Iterator[T]) -> Iterator[T]:
        for number, one in enumerate(found, start=1):
            yield one
            if number % BATCH == 0:
                self.read(BATCH)

    def _leaving(self, text: str | None) -> str:
        return self.mask(text or "") if self.mask else text or ""

    def _identifies(self, term: str) -> bool:
        return self.mask is not None and self.mask.identifies(term)

    def _title(self, title: str) -> str:
        """The title that a theme was given by the words in it."""
        return "、".join(placeholder(Identifier.NAME, self.language) if self._identifies(word) else word for word in title.split("、"))

    def told_of_texts(self) -> str:
        """What became of the texts on their way out; complete when they have been written."""
        if self.mask is None:
            return self.say("文字回答按原文导出，可能含有个人信息。", "Texts are as they were written, and may tell who somebody is.")
        if not self.mask.counts:
            return self.say("文字回答中没有发现姓名、号码和邮箱。", "No names, numbers or e-mail addresses were found in the texts.")
        return self.say(f"本次导出已遮盖{self.mask.told()}。", f"Masked in this export: {self.mask.told()}.")

    @cached_property
    def _labels(self) -> dict[str, str]:
        return self.summary.segments(self.language)

    def group_of(self, segment: str) -> str:
        """The label of the category under which single answers stand; none where small figures are left out, which could be
        counted from them again.
        """
        survey = self.summary.survey
        if survey is None or survey.suppressed:
            return ""
        return self._labels.get(segment, segment)

    def turnouts(self) -> list[tuple[str, Turnout]]:
        """The turnout of each category by its label, and of all at the end."""
        by_category = [(category.label(self.language), category.turnout) for category in self.summary.categories]
        return [*by_category, (self.say("合计", "Total"), self.summary.total)]

    def groups(self, question: QuestionSummary) -> list[tuple[str, Tally]]:
        """All answers to a question, then those of each category, each with its label."""
        return [(self.say("全部", "All"), question.tally), *self.summary.groups(question, self.language)]

    def spread(self, tally: Tally) -> list[tuple[str, float]]:
        """The key figures of numbers with their names; of levels the mean, of a ranked option its score too, of anything else none."""
        figures = [(self.say("净推荐值（NPS）", "NPS"), tally.nps), (self.say("得分", "Score"), tally.score)]
        figures.append((self.say("平均名次", "Mean rank") if tally.score is not None else self.say("平均数", "Mean"), tally.mean))
        if not tally.rows and tally.mean is not None:
            figures += [
                (self.say("中位数", "Median"), tally.median), (self.say("最小", "Least"), tally.least),
                (self.say("最大", "Most"), tally.most), (self.say("标准差", "Standard deviation"), tally.spread),
            ]
        return [(name, round(value * 100, 1) if value is tally.nps else value) for name, value in figures if value is not None]

    def bounds(self, asked: Asked, tally: Tally) -> list[tuple[str, str]]:
        """The earliest and the latest of days or times in words, with their names; of anything else none."""
        if tally.mean is not None or tally.least is None or tally.most is None:
            return []
        kind = KINDS[asked.kind]
        return [(self.say("最早", "Earliest"), kind.figure(tally.least)), (self.say("最晚", "Latest"), kind.figure(tally.most))]

    def parts(self, tally: Tally) -> tuple[list[str], list[list[str | int | float | None]]]:
        """The rows of a matrix, or what was ranked with the best first, as one table of counts: its heads and its lines."""
        parts = sorted(tally.parts, key=lambda part: -(part.tally.score or 0))  # a matrix has no scores and stays as it is
        scored, meant = any(part.tally.score is not None for part in parts), any(part.tally.mean is not None for part in parts)
        heads = [
            self.say("项目", "Item"), self.say("回答人数", "Answered"), *(row.label(self.language) for row in parts[0].tally.rows),
            *([self.say("平均名次", "Mean rank") if scored else self.say("平均数", "Mean")] if meant else []),
            *([self.say("得分", "Score")] if scored else []),
        ]
        lines: list[list[str | int | float | None]] = [
            [part.label(self.language), part.tally.answered, *(row.count for row in part.tally.rows),
             *([part.tally.mean] if meant else []), *([part.tally.score] if scored else [])]
            for part in parts
        ]
        return heads, lines
