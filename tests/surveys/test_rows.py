"""Rows that go to the driver in the table's order."""

import make
import pytest
import sqlalchemy as sa

from surveys.quotas import OptionCount
from surveys.statements import Rows

NAMES = ("question_id", "context", "choice", "taken")


@pytest.mark.parametrize("names, key", [(("context", "question_id", "choice", "taken"), ""), (("choice", "taken"), "choice")])
def test_names_in_another_order_than_the_statements_are_refused_before_anything_is_sent(names, key):
    with pytest.raises(ValueError, match="not in the order"):
        Rows(OptionCount, names, key=key)


def test_rows_are_added_those_there_passed_over_and_changed_by_their_key(session):
    question = make.questionnaire(session).sections[0].questions[0].id
    add, change = Rows(OptionCount, NAMES, passing_over=True), Rows(OptionCount, ("taken", "choice"), key="choice")
    add.send(session.connection(), [])
    add.send(session.connection(), [(question, "春", "1", 1), (question, "春", "2", 2)])
    add.send(session.connection(), [(question, "春", "2", 9), (question, "春", "3", 3)])
    change.send(session.connection(), [(7, "1"), (8, "4")])
    kept = session.execute(sa.select(OptionCount.choice, OptionCount.taken).order_by(OptionCount.choice))
    assert [tuple(row) for row in kept] == [("1", 7), ("2", 2), ("3", 3)]
