"""Finding themes: read the open answers, sort them, keep what came out.

The three steps are apart so that the long one, sorting, holds no transaction:

    answers = read(session, finding)      # quick
    found = sort(answers)                 # long, without a database
    keep(session, found, now=now)         # quick; False when staff have decided something meanwhile: read again
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import grouping, summaries
from surveys.near_duplicates import twins
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer
from surveys.sentiment import tone
from surveys.terms import Terms, terms
from surveys.themes import Finding, Sorted, Theme

SHOWN = 3  # words in a label
BATCH = 2000
_FEW, _SOME = 50, 1000  # different texts: below the first a theme needs two of them, below the second three, else five
_ECHOED = 3  # times that the same was said, from which on that alone is a theme
_TITLE = 20  # characters of what was said, where it is the label


@dataclass(frozen=True, slots=True)
class FoundTheme:
    """A theme found in a list of texts. `members` are their places, `distinct` those among them that repeat no other.

    The most typical come first; `words` weighs the key terms, the label is made of the foremost.
    """

    label: str
    words: dict[str, float]
    members: tuple[int, ...]
    distinct: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer and where it was sorted before."""

    response_id: int
    place: int
    text: str
    theme_id: int | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """All answers of a finding as they were at its `edition`, the profiles of its themes, and which of them staff have touched."""

    finding_id: int
    question_id: int
    edition: int
    answers: tuple[Said, ...]
    themes: dict[int, dict[str, float]]
    kept: frozenset[int]


@dataclass(frozen=True, slots=True)
class Found:
    """What sorting gave, answer by answer: a kept theme's id or a place among `themes`, or neither; how near; which it repeats."""

    read: Read
    themes: list[FoundTheme]
    kept: dict[int, dict[str, float]]
    homes: list[int | None]
    fresh: list[int | None]
    nearness: list[float]
    first: list[int]


def find_themes(texts: Sequence[str]) -> list[FoundTheme]:
    """The themes of any texts, the largest first; the same texts give the same themes. What fits no theme is in none."""
    return sort(Read(0, 0, 0, tuple(Said(place, 0, text) for place, text in enumerate(texts)), {}, frozenset())).themes


def read(session: Session, finding: Finding) -> Read:
    """What `sort` needs, in two queries."""
    question = finding.question
    questionnaire = session.get_one(Questionnaire, question.questionnaire_id)  # not by its section: it may have been removed
    asked = summaries.open_answers(questionnaire, context=finding.context, question=question.code)
    before = sa.and_(Sorted.response_id == Answer.response_id, Sorted.question_id == Answer.question_id, Sorted.place == Answer.place)
    rows = session.execute(
        asked.with_only_columns(Answer.response_id, Answer.place, Answer.text, Sorted.theme_id, Sorted.moved)
        .outerjoin(Sorted, before),
        execution_options={"yield_per": BATCH},
    )
    themes = session.scalars(sa.select(Theme).where(Theme.finding_id == finding.id).order_by(Theme.id)).all()
    return Read(
        finding.id, finding.question_id, finding.edition,
        tuple(Said(row[0], row[1], row[2] or "", row[3], bool(row[4])) for row in rows),
        {theme.id: theme.words for theme in themes}, frozenset(theme.id for theme in themes if theme.kept),
    )


def sort(given: Read) -> Found:
    """Put the answers into themes: those of kept themes stay, the rest is grouped anew.

    But what is nearer to a kept theme than to any other theme that there is joins the kept one. Texts that repeat another go where it goes. The work grows with the number of answers.
    """
    answers = given.answers
    first = twins([answer.text for answer in answers])
    places = [place for place, other in enumerate(first) if place == other]
    words = dict(zip(places, terms([answers[place].text for place in places]), strict=True))
    homes: dict[int, int | None] = {}  # by the first of each kind: where staff have left it or one that repeats it
    for place, answer in enumerate(answers):
        if answer.moved or answer.theme_id in given.kept:
            homes.setdefault(first[place], answer.theme_id)
    free = [place for place in places if place not in homes]
    before = {place: answers[place].theme_id for place in free}
    profiles = _profiles(given, homes | before, words)
    ids = list(profiles)
    nearest = grouping.assign(words, free, list(profiles.values()))
    homes |= {place: ids[index] for place, (index, _) in nearest.items() if ids[index] in given.kept}
    near = {place: _nearness(words[place], profiles.get(home or 0, {})) for place, home in homes.items()}
    free = [place for place in free if place not in homes]
    least = 2 if len(places) < _FEW else 3 if len(places) < _SOME else 5
    groups = [one for one in grouping.group([words[place] for place in free]) if len(one.members) >= least]
    repeating: dict[int, list[int]] = {place: [] for place in places}
    for place, other in enumerate(first):
        repeating[other].append(place)
    themes: list[FoundTheme] = []
    for one in groups:
        distinct = tuple(free[member] for member in one.members)
        near |= dict(zip(distinct, one.nearness, strict=True))
        members = tuple(place for other in distinct for place in repeating[other])
        themes.append(FoundTheme(label(one.profile, [words[place] for place in distinct]), one.profile, members, distinct))
    grouped = {place for theme in themes for place in theme.distinct}
    for place in free:
        if len(repeating[place]) >= _ECHOED and place not in grouped and words[place].weights:
            near[place] = 1.0
            themes.append(FoundTheme(_title(answers[place].text), words[place].weights, tuple(repeating[place]), (place,)))
    themes.sort(key=lambda theme: (-len(theme.members), theme.members))
    fresh = {place: at for at, theme in enumerate(themes) for place in theme.members}
    return Found(
        given, themes, {theme_id: profiles[theme_id] for theme_id in given.kept}, first=first, fresh=[fresh.get(place) for place in range(len(answers))],
        homes=[answer.theme_id if answer.moved else homes.get(other) for answer, other in zip(answers, first, strict=True)],
        nearness=[near.get(other, 0.0) for other in first],
    )


def _title(text: str) -> str:
    said = " ".join(text.split()).strip("。.!！ ")
    return said if len(said) <= _TITLE else f"{said[:_TITLE]}…"


def _profiles(given: Read, homes: dict[int, int | None], words: dict[int, Terms]) -> dict[int, dict[str, float]]:
    """Each theme as its answers tell it now; a kept one without answers as it was."""
    texts: dict[int, list[Terms]] = {theme_id: [] for theme_id in given.themes}
    for place, theme_id in homes.items():
        if theme_id is not None:
            texts[theme_id].append(words[place])
    return {
        theme_id: grouping.profile(found) if found else given.themes[theme_id]
        for theme_id, found in texts.items() if found or theme_id in given.kept
    }


def _nearness(text: Terms, profile: dict[str, float]) -> float:
    return sum(weight * profile.get(word, 0.0) for word, weight in text.weights.items())


def keep(session: Session, found: Found, *, now: datetime) -> bool:
    """Store what was found and end the waiting for it; False, with nothing changed, when staff have decided something meanwhile."""
    given = found.read
    finding = session.get_one(Finding, given.finding_id, with_for_update=True, populate_existing=True)
    if finding.edition != given.edition:
        return False
    session.execute(sa.delete(Sorted).where(Sorted.finding_id == finding.id))
    session.execute(sa.delete(Theme).where(Theme.finding_id == finding.id, ~Theme.kept), execution_options={"synchronize_session": "fetch"})
    for theme in session.scalars(sa.select(Theme).where(Theme.finding_id == finding.id)):
        theme.words = found.kept[theme.id]
    made = [Theme(finding_id=finding.id, label=one.label, words=one.words) for one in found.themes]
    session.add_all(made)
    finding.edition += 1
    finding.asked_at, finding.found_at, finding.changes = None, now, []
    session.flush()
    rows: list[dict[str, Any]] = []
    for place, answer in enumerate(given.answers):
        fresh, first = found.fresh[place], given.answers[found.first[place]]
        rows.append({
            "response_id": answer.response_id, "question_id": given.question_id, "place": answer.place, "finding_id": finding.id,
            "theme_id": found.homes[place] if fresh is None else made[fresh].id, "moved": answer.moved,
            "nearness": found.nearness[place], "repeats": first.response_id, "tone": tone(answer.text),
        })
    for start in range(0, len(rows), BATCH):
        session.execute(sa.insert(Sorted), rows[start : start + BATCH])
    return True


def label(profile: dict[str, float], texts: Sequence[Terms]) -> str:
    """A name made of the words that say most; two that mostly stand together are one: CA证书."""
    pairs = Counter(pair for text in texts for pair in text.pairs)
    spread = Counter(word for text in texts for word in text.weights)
    chosen: list[str] = []
    for word in (word for word in profile if len(word) > 1):
        if len(chosen) == SHOWN or (chosen and profile[word] < max(profile.values()) / 4):
            break
        joined = max(
            (pair for pair, count in pairs.items() if word in pair and count > 1 and count * 2 > max(spread[pair[0]], spread[pair[1]])),
            key=lambda pair: (pairs[pair], pair), default=(word,),
        )
        latin = all(part.isascii() for part in joined)
        shown = " ".join(joined) if latin else "".join(joined).upper()  # CA证书
        if not any(word in other or other in shown for other in chosen):
            chosen.append(shown)
    return "、".join(chosen)[:120]
