"""From a full copy of the database, with its files, somebody tries to join anonymous answers to the people who gave them.

Every route is first shown to lead to the goal where nothing stands in the way: an attack that never works proves nothing.
"""

import hashlib
import hmac
import random
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import make
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import mixing, questionnaires, releases, responses, summaries, tallies
from surveys.ballots import Ballot, signed
from surveys.responses import AlreadyAnswered, submit

VOTERS = 40
FEW = 10  # of the 40: guessing blindly hits one on average, and ten once in ten million times
SECRET = "kept outside of the database"
NOW = make.NOW
ORDERS = {"written", "place"}  # by which PostgreSQL tells in which order rows were written


class Copy(NamedTuple):
    """What an attacker has: the rows with what the database says of them, and the bytes of the files."""

    questionnaire: int
    ballots: list[dict[str, Any]]  # the name that stands on it; `order` and `written` where the database tells
    answers: list[dict[str, Any]]  # the text; the same
    files: list[bytes]


def build(engine, *, anonymous=True, **details):
    with Session(engine) as session, session.begin():
        return make.questionnaire(session, anonymous=anonymous, asks=[{"kind": "text", "text": "意见"}], **details).id


def name(number):
    return f"attendee:{number}"


def opinion(number):
    return f"opinion-of-{number:03}-opinion"


def answer(engine, questionnaire, number, *, secret=SECRET, respondent=None):
    with Session(engine) as session, session.begin():
        submit(session, questionnaires.get(session, questionnaire), {"q1": opinion(number)}, now=NOW, context="open-day",
               respondent=respondent or name(number), secret=secret)


def voted(engine, *, secret=SECRET):
    """A questionnaire that all voters have answered, each by themselves, and in which order they did."""
    questionnaire, order = build(engine), random.sample(range(VOTERS), VOTERS)
    for number in order:
        answer(engine, questionnaire, number, secret=secret)
    return questionnaire, order


def close(engine, questionnaire):
    with Session(engine) as session, session.begin():
        questionnaires.close(session, questionnaires.get(session, questionnaire), now=NOW)


def copied(engine, questionnaire):
    """A full copy, taken at this moment."""
    postgresql = engine.dialect.name == "postgresql"
    hidden = ", ctid::text AS place, xmin::text::bigint AS written" if postgresql else ""
    with engine.connect() as connection:
        ballots, answers = (
            [dict(row) for row in connection.execute(sa.text(f"SELECT {column} AS said{hidden} FROM {table}")).mappings()]
            for table, column in (("ballot", "respondent"), ("answer", "text"))
        )
        if postgresql:
            connection.rollback()
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("CHECKPOINT")
            folder = Path(connection.exec_driver_sql("SHOW data_directory").scalar())
            files = [folder / connection.exec_driver_sql(f"SELECT pg_relation_filepath('{each}')").scalar()
                     for each in ("ballot", "pk_ballot", "answer", "pk_answer", "response", "pk_response")]
        else:
            files = [Path(engine.url.database), Path(f"{engine.url.database}-wal")]
    return Copy(questionnaire, ballots, answers, [file.read_bytes() for file in files if file.exists()])


# What an attacker can do.


def named_without_secret(copy):
    """Whose ballots somebody finds who knows all people and how the product works, but not its secret."""
    def tried(person):
        told = "\0".join(("ballot", str(copy.questionnaire), "open-day", person)).encode()
        yield person
        for public in ("", "engage", str(copy.questionnaire), "open-day"):
            yield "~" + hmac.new(public.encode(), told, hashlib.sha256).hexdigest()
        yield "~" + hashlib.sha256(told).hexdigest()
        yield "~" + hashlib.sha256(person.encode()).hexdigest()

    there = {ballot["said"] for ballot in copy.ballots}
    raw = b"".join(copy.files)
    return [number for number in range(VOTERS)
            if there & set(tried(name(number))) or any(f"{said}".encode() in raw for said in tried(name(number)) if "~" in said)
            or f"{name(number)}".encode() + b"\0" in raw]


def named(copy, secret):
    """The ballot's number for each text that stands on one, for somebody who has the secret too."""
    return {signed(copy.questionnaire, context="open-day", respondent=name(number), secret=secret): number for number in range(VOTERS)}


def hits(tries):
    """Of pairs of a person and a text, how many are right in the best of several tries."""
    return max((len({person for person, text in pairs if text == opinion(person)}) for pairs in tries), default=0)


def by_transaction(copy, whose):
    """Rows of one transaction belong together; where the database does not say which they are, its log does."""
    if "written" not in copy.ballots[0]:
        return by_log(copy, whose)
    texts = {}
    for one in copy.answers:
        texts.setdefault(one["written"], []).append(one["said"])
    return [[(whose[ballot["said"]], random.choice(texts[ballot["written"]])) for ballot in copy.ballots if ballot["written"] in texts]]


def by_log(copy, whose):
    """SQLite's write-ahead log: what is new in the pages of one commit belongs together."""
    wal = copy.files[1] if len(copy.files) > 1 else b""
    size, seen, pairs, now = 4096, set(), [], ([], [])
    for start in range(32, len(wal) - size, size + 24):
        head, page = wal[start:start + 24], wal[start + 24:start + 24 + size]
        for place, sought in enumerate((whose, [opinion(number) for number in range(VOTERS)])):
            now[place].extend(said for said in sought if said.encode() in page and said not in seen)
        if head[4:8] != b"\0\0\0\0":  # the last page of a commit
            pairs += [(whose[ballot], text) for ballot in now[0] for text in now[1]] if len(now[0]) == len(now[1]) == 1 else []
            seen.update(*now)
            now = ([], [])
    return [pairs]


def by_order(copy, whose):
    """The first ballot belongs to the first answer, and so on, in the order of writing and in that of lying."""
    tries = []
    for key in ORDERS & copy.ballots[0].keys():
        ballots, answers = (sorted(rows, key=lambda row: _sortable(row[key])) for rows in (copy.ballots, copy.answers))
        tries.append([(whose[ballot["said"]], one["said"]) for ballot, one in zip(ballots, answers, strict=True)])
    return tries


def by_bytes(copy, whose):
    """The order in which the bytes lie in the files, whatever the database says: both ways, because SQLite fills pages from the end."""
    raw = b"".join(copy.files)
    tries = []
    for find in (raw.find, raw.rfind):
        ballots = sorted(whose, key=lambda said: find(said.encode()))
        texts = sorted(map(opinion, range(VOTERS)), key=lambda said: find(said.encode()))
        tries.append([(whose[ballot], text) for ballot, text in zip(ballots, texts, strict=True)])
    return tries


def by_watching(copy, order):
    """Somebody sat in the hall and wrote down who sent when, and now looks at the order of the answers alone."""
    texts = sorted(map(opinion, range(VOTERS)), key=lambda said: b"".join(copy.files).rfind(said.encode()))
    orders = [texts, texts[::-1]]
    orders += [[row["said"] for row in sorted(copy.answers, key=lambda row: _sortable(row[key]))] for key in ORDERS & copy.answers[0].keys()]
    return [list(zip(order, texts, strict=True)) for texts in orders]


def _sortable(place):
    return tuple(map(int, place.strip("()").split(","))) if isinstance(place, str) else place


ROUTES = [by_transaction, by_order, by_bytes]


# What comes of it.


def test_where_names_stand_on_ballots_the_transaction_leads_from_a_person_to_the_answer(fresh_engine):
    questionnaire, _order = voted(fresh_engine, secret="")
    copy = copied(fresh_engine, questionnaire)
    assert len(named_without_secret(copy)) == VOTERS
    assert hits(by_transaction(copy, named(copy, ""))) > FEW


def test_without_the_secret_no_ballot_leads_to_a_person_at_any_moment(fresh_engine):
    questionnaire, _order = voted(fresh_engine)
    for step in ("cast", "mixed", "closed"):
        if step == "closed":
            close(fresh_engine, questionnaire)
        if step != "cast":
            mixing.mix(fresh_engine, now=NOW, secret=SECRET)
        copy = copied(fresh_engine, questionnaire)
        assert (len(copy.ballots), len(copy.answers), named_without_secret(copy)) == (VOTERS, VOTERS, [])


@pytest.mark.parametrize("closed", [False, True])
def test_with_the_secret_nothing_is_joined_once_the_ballots_are_mixed(fresh_engine, closed):
    questionnaire, _order = voted(fresh_engine)
    before = copied(fresh_engine, questionnaire)
    assert hits(by_transaction(before, named(before, SECRET))) > FEW  # until then the transaction tells
    if closed:
        close(fresh_engine, questionnaire)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    copy = copied(fresh_engine, questionnaire)
    whose = named(copy, SECRET)
    assert {ballot["said"] for ballot in copy.ballots} == set(whose)
    assert {route.__name__: hits(route(copy, whose)) for route in ROUTES if hits(route(copy, whose)) > FEW} == {}
    assert [said for said in whose if b"".join(copy.files).count(said.encode()) > 2] == []  # in the table and its key, nowhere else
    assert len({ballot.get("written") for ballot in copy.ballots}) == 1


def test_the_order_of_the_answers_themselves_is_gone_when_a_questionnaire_is_over(fresh_engine):
    questionnaire, order = voted(fresh_engine)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    assert hits(by_watching(copied(fresh_engine, questionnaire), order)) > FEW
    close(fresh_engine, questionnaire)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    copy = copied(fresh_engine, questionnaire)
    assert hits(by_watching(copy, order)) <= FEW
    assert len({row.get("written") for row in copy.answers}) == 1


@pytest.mark.parametrize("sizes, hidden", [
    ({}, set()), ({"a": 5, "b": 9}, set()), ({"a": 1, "b": 9}, {"a", "b"}), ({"a": 1, "b": 6, "c": 9}, {"a", "b"}), ({"": 5, "a": 1, "b": 9}, {"a"}),
    ({"": 2, "a": 5, "b": 9}, {"a"}), ({"a": 3, "b": 4, "c": 9}, {"a", "b"}), ({"": 1}, set()), ({"a": 2}, {"a"}),
])
def test_a_group_of_few_is_not_told_of_nor_what_would_tell_it(sizes, hidden):
    assert releases.small_groups(sizes) == hidden


def test_when_it_is_over_small_groups_are_told_of_no_more_and_the_figures_follow(fresh_engine):
    questionnaire = build(fresh_engine)
    with Session(fresh_engine) as session, session.begin():
        found = questionnaires.get(session, questionnaire)
        for number, segment in enumerate(["deputy"] * 2 + ["village"] * 6 + ["enterprise"] * 7):
            make.response(session, found, {"q1": opinion(number)}, respondent=name(number), segment=segment, secret=SECRET)
        tallies.fold(session, found, now=NOW)
    close(fresh_engine, questionnaire)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    with Session(fresh_engine) as session:
        summary = summaries.summarise(session, questionnaires.get(session, questionnaire))
        assert (summary.responses, summary.by_segment) == (15, {"": 8, "enterprise": 7})


def test_who_has_voted_cannot_vote_again_whatever_was_mixed_and_signed(fresh_engine):
    questionnaire = build(fresh_engine)
    answer(fresh_engine, questionnaire, 1, secret="")  # from before there was a secret
    answer(fresh_engine, questionnaire, 2)
    for _ in range(3):
        for number in (1, 2):
            with pytest.raises(AlreadyAnswered):
                answer(fresh_engine, questionnaire, number)
        mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    with Session(fresh_engine) as session:
        found = questionnaires.get(session, questionnaire)
        assert [responses.answered(session, found, context="open-day", respondent=name(number), secret=SECRET) for number in (1, 2, 3)] == [
            True, True, False]
        assert [said[0] for said in session.scalars(sa.select(Ballot.respondent))] == ["~", "~"]


def test_nothing_is_rewritten_where_nothing_is_new(fresh_engine):
    questionnaire, _ = voted(fresh_engine)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    before = copied(fresh_engine, questionnaire)
    mixing.mix(fresh_engine, now=NOW, secret=SECRET)
    assert copied(fresh_engine, questionnaire)[:3] == before[:3]


def test_people_vote_once_each_while_ballots_are_mixed(fresh_engine):
    questionnaire, over = build(fresh_engine), threading.Event()

    def keep_mixing():
        while not over.is_set():
            with suppress(sa.exc.OperationalError):  # put off
                mixing.mix(fresh_engine, now=NOW, secret=SECRET)

    def vote(number):
        try:
            answer(fresh_engine, questionnaire, number)
        except AlreadyAnswered:
            return False
        return True

    with ThreadPoolExecutor(9) as pool:
        mixer = pool.submit(keep_mixing)
        taken = list(pool.map(vote, [number % VOTERS for number in range(3 * VOTERS)]))
        over.set()
        mixer.result()
    assert sum(taken) == VOTERS
    copy = copied(fresh_engine, questionnaire)
    assert (len(copy.ballots), sorted(row["said"] for row in copy.answers)) == (VOTERS, [opinion(number) for number in range(VOTERS)])


KILLED = textwrap.dedent("""
    import sys, threading
    sys.path.insert(0, sys.argv[3])
    from database import open_engine
    from surveys import mixing
    import test_anonymity as here
    engine, questionnaire = open_engine(sys.argv[1]), int(sys.argv[2])

    def keep_mixing():
        while True:
            try:
                mixing.mix(engine, now=here.NOW, secret=here.SECRET)
            except Exception:
                pass

    threading.Thread(target=keep_mixing, daemon=True).start()
    for number in range(int(sys.argv[4]), 100_000):
        here.answer(engine, questionnaire, number)
        print(number, flush=True)
""")


def test_a_process_killed_at_any_moment_loses_no_answer_and_lets_nobody_vote_twice(fresh_engine):
    questionnaire, taken = build(fresh_engine), [-1]
    for moment in (0.05, 0.6):
        folder = Path(__file__).parent
        url = fresh_engine.url.render_as_string(hide_password=False)
        begin = [sys.executable, "-c", KILLED, url, str(questionnaire), str(folder), str(taken[-1] + 1)]
        paths = {"PYTHONPATH": f"{folder.parent}:{folder.parent.parent}"}
        with subprocess.Popen(begin, stdout=subprocess.PIPE, text=True, env=paths) as child:
            taken.append(int(child.stdout.readline()))
            time.sleep(moment)
            child.kill()
            taken += map(int, child.stdout.read().split())
        copy = copied(fresh_engine, questionnaire)
        there = sorted(row["said"] for row in copy.answers)
        assert len(copy.ballots) == len(there) == len(set(there))
        assert {opinion(number) for number in taken[1:]} <= set(there)
        if len(there) > len(taken) - 1:  # the last was stored and nobody was told any more
            taken.append(taken[-1] + 1)
        with pytest.raises(AlreadyAnswered):
            answer(fresh_engine, questionnaire, taken[-1])
