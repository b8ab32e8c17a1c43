"""What staff decide about themes: rename, merge, split, pin, hide, move answers; and undo, back to when the themes were last found.

A theme that was touched is kept from then on: see themes.py. Each change stores how things were before, for `undo`.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import grouping
from surveys.asked import clean
from surveys.errors import Conflict, Invalid
from surveys.finding import label
from surveys.responses import Answer
from surveys.terms import terms
from surveys.themes import NAME_LIMIT, Finding, NoSuchTheme, Sorted, Theme

FINER = 2.0  # how much closer the texts of a part must be than those of a theme
UNDOS = 20


class ThemeNameMissing(Invalid):
    """A theme needs a name."""


class ThemeNameTooLong(Invalid):
    """The name of a theme is too long."""


class NothingToMerge(Invalid):
    """Merging needs at least two themes of one question."""


class ThemeIsOne(Conflict):
    """The theme has no parts that could be told apart."""


class NothingChosen(Invalid):
    """No answers were chosen to move."""


class NothingToUndo(Conflict):
    """Nothing was changed since the themes were found."""


def rename(session: Session, theme: Theme, name: str) -> None:
    """Call the theme by another name. Raises ThemeNameMissing or ThemeNameTooLong."""
    name = _named(name)
    change = _touch(session, theme.finding, "rename", [theme])
    theme.name = name
    _store(session, theme.finding, change)


def pin(session: Session, theme: Theme, *, pinned: bool) -> None:
    """Have the theme stand before the others, or no longer."""
    change = _touch(session, theme.finding, "pin", [theme])
    theme.pinned = pinned
    _store(session, theme.finding, change)


def hide(session: Session, theme: Theme, *, hidden: bool) -> None:
    """Leave the theme out of what is shown and exported, or no longer; its answers stay in it."""
    change = _touch(session, theme.finding, "hide", [theme])
    theme.hidden = hidden
    _store(session, theme.finding, change)


def merge(session: Session, finding: Finding, theme_ids: Sequence[int]) -> Theme:
    """Show these themes as one, the one with the most answers. Raises NothingToMerge."""
    size = sa.select(sa.func.count()).where(Sorted.theme_id == Theme.id).scalar_subquery()
    chosen = session.scalars(
        sa.select(Theme).where(Theme.finding_id == finding.id, Theme.id.in_(theme_ids), Theme.merged_into_id.is_(None))
        .order_by(size.desc(), Theme.id)
    ).all()
    if len(chosen) < 2:  # noqa: PLR2004 -- two
        raise NothingToMerge(field="themes")
    into = chosen[0]
    parts = session.scalars(sa.select(Theme).where(Theme.merged_into_id.in_([theme.id for theme in chosen[1:]]))).all()
    change = _touch(session, finding, "merge", [*chosen, *parts])
    for theme in (*chosen[1:], *parts):
        theme.merged_into_id = into.id
    _store(session, finding, change)
    return into


def split(session: Session, theme: Theme) -> list[Theme]:
    """Take the theme apart: into what was merged, else into groups of answers that are closer to each other.

    What fits no part stays in the theme. Raises ThemeIsOne.
    """
    merged = session.scalars(sa.select(Theme).where(Theme.merged_into_id == theme.id).order_by(Theme.id)).all()
    if merged:
        change = _touch(session, theme.finding, "split", [theme, *merged])
        for part in merged:
            part.merged_into_id = None
        _store(session, theme.finding, change)
        return list(merged)
    rows = session.execute(
        sa.select(Sorted, Answer.text).where(Sorted.theme_id == theme.id)
        .join(Answer, sa.and_(Answer.response_id == Sorted.response_id, Answer.question_id == Sorted.question_id, Answer.place == Sorted.place))
        .order_by(Sorted.response_id, Sorted.place)
    ).all()
    words = terms([text or "" for _, text in rows])
    groups = grouping.group(words, finer=FINER)
    if not groups or len(groups[0].members) == len(rows):
        raise ThemeIsOne
    change = _touch(session, theme.finding, "split", [theme])
    for one in groups if sum(len(one.members) for one in groups) < len(rows) else groups[1:]:
        part = Theme(finding_id=theme.finding_id, label=label(one.profile, [words[at] for at in one.members]), words=one.profile, kept=True)
        session.add(part)
        session.flush()
        change["made"].append(part.id)
        for member in one.members:
            answer: Sorted = rows[member][0]
            change["answers"].append(_as_was(answer))
            answer.theme_id = part.id
    _store(session, theme.finding, change)
    return list(session.scalars(sa.select(Theme).where(Theme.id.in_(change["made"])).order_by(Theme.id)))


def move(session: Session, finding: Finding, answers: Sequence[tuple[int, int]], *, to: int | None = None, name: str = "") -> Theme | None:
    """Put answers, by response and place, into the theme `to`, into a new one of this name, or (neither given) into none.

    They stay there whatever is found later, and so do answers that repeat them. Where they were is kept as well. Raises NothingChosen, NoSuchTheme or ThemeNameTooLong.
    """
    chosen = session.scalars(
        sa.select(Sorted).where(Sorted.finding_id == finding.id, Sorted.response_id.in_({response for response, _ in answers}))
    ).all()
    chosen = [row for row in chosen if (row.response_id, row.place) in set(answers)]
    if not chosen:
        raise NothingChosen(field="answers")
    theme = session.scalar(sa.select(Theme).where(Theme.id == to, Theme.finding_id == finding.id)) if to is not None else None
    if to is not None and theme is None:
        raise NoSuchTheme
    keys = {(row.response_id, row.place) for row in chosen}
    staying = {row.theme_id for row in session.scalars(sa.select(Sorted).where(Sorted.theme_id.in_({row.theme_id for row in chosen})))
               if (row.response_id, row.place) not in keys}
    left = session.scalars(sa.select(Theme).where(Theme.id.in_(staying))).all()  # an emptied one is no theme any more
    change = _touch(session, finding, "move", [*left, *([theme] if theme and theme not in left else [])])
    if theme is None and name:
        theme = Theme(finding_id=finding.id, label=_named(name), name=_named(name), words={}, kept=True)
        session.add(theme)
        session.flush()
        change["made"].append(theme.id)
    for row in chosen:
        change["answers"].append(_as_was(row))
        row.theme_id, row.moved = theme.id if theme else None, True
    _store(session, finding, change)
    return theme


def undo(session: Session, finding: Finding) -> str:
    """Take the latest change back; answers what it was: rename, merge, split, pin, hide or move. Raises NothingToUndo."""
    if not finding.changes:
        raise NothingToUndo
    change = finding.changes[-1]
    finding.changes = finding.changes[:-1]
    finding.edition += 1
    for before in change["themes"]:
        if theme := session.get(Theme, before["id"]):
            for name, value in before.items():
                setattr(theme, name, value)
    for response_id, place, theme_id, moved in change["answers"]:
        if row := session.get(Sorted, (response_id, finding.question_id, place)):
            row.theme_id, row.moved = theme_id, moved
    session.flush()
    session.execute(sa.delete(Theme).where(Theme.id.in_(change["made"])))
    return change["what"]


def _named(name: str) -> str:
    name = clean(name)
    if not name:
        raise ThemeNameMissing(field="name")
    if len(name) > NAME_LIMIT:
        raise ThemeNameTooLong(field="name", limit=NAME_LIMIT)
    return name


_KEPT = ("id", "name", "kept", "pinned", "hidden", "merged_into_id")


def _touch(session: Session, finding: Finding, what: str, themes: Sequence[Theme]) -> dict[str, Any]:
    """Keep these themes from now on, and note how they were."""
    session.refresh(finding, with_for_update=True)  # of two who decide at once neither loses the way back
    change: dict[str, Any] = {
        "what": what, "themes": [{name: getattr(theme, name) for name in _KEPT} for theme in themes], "answers": [], "made": [],
    }
    for theme in themes:
        theme.kept = True
    return change


def _store(session: Session, finding: Finding, change: dict[str, Any]) -> None:
    """Put the change, complete, on the pile."""
    finding.edition += 1
    finding.changes = [*finding.changes, change][-UNDOS:]
    session.flush()


def _as_was(row: Sorted) -> list[Any]:
    return [row.response_id, row.place, row.theme_id, row.moved]
