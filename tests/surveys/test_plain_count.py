"""Whatever is asked, answered, left out and kept: a summary has the numbers of a plain pandas count over the raw data."""

from contextlib import nullcontext, suppress
from dataclasses import fields, is_dataclass
from datetime import timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from database import undone
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from logic import CONTEXTS, SEGMENTS, contents, one_of, sent

from surveys import doubts, forms, questionnaires, questions, quotas
from surveys.asked import Part, Row, Tally
from surveys.doubts import NoPlaceLeft
from surveys.quotas import OptionCount
from surveys.raw import answers_frame, responses_frame
from surveys.responses import InvalidAnswers, submit
from surveys.summaries import compare, summarise
from surveys.tallies import fold

LEVELLED, PICKED, MOMENTS = {"scale", "likelihood", "matrix"}, {"single", "multiple", "grid"}, {"date", "time", "datetime"}
RECOMMEND = (("promoters", "推荐者", "Promoters", 9, 10), ("passives", "中立者", "Passives", 7, 8), ("detractors", "贬损者", "Detractors", 0, 6))
EPOCH = pd.Timestamp(1970, 1, 1)


def tally_of(asked, lines):
    """The figures of a question as pandas finds them in the lines of raw data about it."""
    people = lines.response.nunique()
    if not asked.parts:
        return one_tally(asked, lines, people)
    return Tally(people, parts=tuple(
        Part(part.code, part.label_zh, part.label_en, one_tally(asked, lines[lines.part == part.code], people)) for part in asked.parts
    ))


def one_tally(asked, lines, people):
    answered, values = lines.response.nunique(), lines.value
    if asked.kind in PICKED:
        return Tally(answered, rows=counted(values, [(one.code, one.label_zh, one.label_en) for one in asked.options], answered))
    if asked.kind in MOMENTS:
        return Tally(answered, **days_of(asked.kind, values, answered))
    if asked.kind not in {*LEVELLED, "number", "ranking"}:
        return Tally(answered)
    numbers = values.astype(float)
    figures = {
        "mean": numbers.mean(), "median": numbers.median(), "least": numbers.min(), "most": numbers.max(), "spread": numbers.std(ddof=0),
    } if answered else {}
    if asked.kind in LEVELLED:
        figures["rows"] = counted(lines.code, [(one.code, one.label_zh, one.label_en) for one in asked.options], answered)
    if asked.kind == "scale":
        figures["satisfied"] = (numbers >= 3).mean() if answered else None
    if asked.kind == "likelihood":
        heaps = [(*words, int(numbers.between(low, high).sum())) for *words, low, high in RECOMMEND]
        figures["groups"] = tuple(Row(*words, n, n / answered if answered else None) for *words, n in heaps)
        figures["nps"] = (numbers >= 9).mean() - (numbers <= 6).mean() if answered else None
    if asked.kind == "ranking":
        ranks = [(str(rank), f"第{rank}位", f"Rank {rank}") for rank in range(1, (asked.settings["max"] or len(asked.parts)) + 1)]
        figures["rows"] = counted(lines.code, ranks, answered)
        figures["score"] = (len(asked.parts) + 1 - numbers).sum() / people if people else None
    return Tally(answered, **figures)


def counted(values, listed, answered):
    """A row for each of what is listed; whatever else was given shows as a row too many."""
    times = values.value_counts()
    strange = [(code, "?", "?") for code in times.index if code not in {one[0] for one in listed}]
    return tuple(Row(*one, n := int(times.get(one[0], 0)), n / answered if answered else None) for one in [*listed, *strange])


def days_of(kind, values, answered):
    if not answered:
        return {}
    at = pd.to_datetime("1970-01-01 " + values if kind == "time" else values, format="mixed")
    numbers = (at - EPOCH) // pd.Timedelta(1, "D" if kind == "date" else "min")
    heaps = (values.str[:2] + ":00" if kind == "time" else values.str[:10]).value_counts().sort_index()
    return {"least": numbers.min(), "most": numbers.max(), "days": tuple(Row(day, day, "", n, n / answered) for day, n in heaps.items())}


def flat(value, way=()):
    """All that is in figures, by the way to it: numbers are compared as numbers, all else as it is."""
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        return {key: leaf for name, each in value.items() for key, leaf in flat(each, (*way, name)).items()}
    return {way: value}


def saved(session, content, *, now):
    """The questionnaire, open."""
    made = questionnaires.create(session, title="问卷", now=now)
    for section in content["sections"]:
        there = questions.add_section(session, made, now=now)
        for one in section["questions"]:
            questions.add_question(session, there, now=now, **{name: one[name] for name in questions.Fields.__annotations__})
        questions.show_section_if(session, there, section["show_if"], now=now)
    questionnaires.open_for_answers(session, made, now=now)
    return made


JUNK = [["9"], ["other"], ["none"], ["1", "2", "3"], ["3", "1"], ["很久以前"], [""], [], None, 5, -2.5, {"1": "2"}, {"1": 1, "3": 2}]
STEPS = st.lists(st.sampled_from([*["answer"] * 10, "fold", "leave out", "take back"]), min_size=15, max_size=40)
EITHER = st.booleans()


@st.composite
def forms_sent(draw, session, made, form):
    """What somebody sends and where, and whether it is all that was put to them, on a page that knew what is full, and nothing else."""
    on = {"segment": one_of(draw, SEGMENTS), "context": one_of(draw, CONTEXTS)}
    full = quotas.full(session, form, context=on["context"])
    seen = full if draw(EITHER) else frozenset()
    raw, _ = draw(sent(form, **on, full=seen))
    if draw(EITHER) or draw(EITHER):
        return raw, on, seen == full
    names = [name for one in form.questions for name in (one.code, *(f"{one.code}.{part.code}" for part in one.parts))]
    return raw | {one_of(draw, names[:30]): one_of(draw, JUNK)} if names else raw, on, False


@st.composite
def readings(draw, form, days):
    """Whether the groups are segments or occasions, and what narrows the answers down."""
    narrowed = [{"since": one_of(draw, days)}, {"until": one_of(draw, days)}]
    if draw(EITHER) and draw(EITHER):
        return "context", one_of(draw, narrowed)
    narrowed += [{"context": one_of(draw, CONTEXTS)}, {"segment": one_of(draw, SEGMENTS)}]
    named = [(f"{one.code}.{part.code}" if part else one.code, one) for one in form.questions for part in one.parts or [None] if one.options]
    if named:
        name, one = one_of(draw, named[:30])
        narrowed += [{"given": {name: "1" if one.kind == "ranking" else one_of(draw, one.options).code}}] * 2
    return "segment", one_of(draw, narrowed)


def narrow(heads, lines, *, given=None, since=None, until=None, **same):
    for name, value in same.items():
        heads = heads[heads[name] == value]
    if since:
        heads = heads[heads.submitted_on >= since]
    if until:
        heads = heads[heads.submitted_on <= until]
    for name, option in (given or {}).items():
        code, _, part = name.partition(".")
        chose = lines[(lines.question == code) & (lines.part == part) & (lines.code == option)]
        heads = heads[heads.index.isin(chose.response)]
    return heads, lines[lines.response.isin(heads.index)]


def check(session, made, form, taken, *, by, narrowed):
    heads, lines = responses_frame(session, made), answers_frame(session, made)
    heads.index += 1  # as the lines number the responses
    lines["code"] = lines.value.map(lambda value: str(value).removesuffix(".0"))
    check_raw(heads, [taken[number] for number in sorted(taken)])
    check_places(session, form, lines.assign(context=lines.response.map(heads.context)))
    if by == "segment":
        summary = summarise(session, made, **narrowed)
    else:
        summary = compare(session, made, {code: code for code in CONTEXTS}, **narrowed)
    heads, lines = narrow(heads, lines, **narrowed)
    sizes = heads[by].value_counts().to_dict()
    assert (summary.responses, summary.by_segment) == (len(heads), sizes)
    group, plain = lines.response.map(heads[by]), {}
    for asked in form.questions:
        own = lines[lines.question == asked.code]
        plain[asked.code] = (tally_of(asked, own), {code: tally_of(asked, own[group[own.index] == code]) for code in sizes})
    told = {one.question.code: (one.tally, one.by_segment) for one in summary.questions}
    found, expected = flat(told), flat(plain)
    other = {way: (found.get(way), expected.get(way)) for way in found | expected if found.get(way) != expected.get(way)}
    assert {way: pair for way, pair in other.items() if pair[0] != pytest.approx(pair[1], abs=1e-9)} == {}


def check_raw(heads, taken):
    """Raw data has the responses that were taken, and a cell for each field that was filled in as it was put."""
    assert list(zip(heads.segment, heads.context, heads.submitted_on, strict=True)) == [one[:3] for one in taken]
    cells = heads.iloc[:, 6:].notna()
    for (_, row), (*_, raw) in zip(cells.iterrows(), taken, strict=True):
        assert raw is None or set(row.index[row]) == raw.keys() & set(cells.columns)


def check_places(session, form, lines):
    """As many places are taken as people picked what has some, and never more than there are."""
    ids = {one.code: one.id for one in form.questions}
    picked = {
        (ids[code], context, option): n for (code, context, option), n in lines.groupby(["question", "context", "value"]).size().items()
        if (ids[code], option) in form.quotas
    }
    stored = session.execute(sa.select(OptionCount.question_id, OptionCount.context, OptionCount.choice, OptionCount.taken))
    assert {tuple(key): n for *key, n in stored if n} == picked
    assert all(n <= form.quotas[question, option] for (question, _, option), n in picked.items())


@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink one takes minutes
@given(data=st.data())
def test_any_answers_that_are_taken_are_counted_as_pandas_counts_the_raw_data(session, now, data):
    with undone(session):
        made = saved(session, data.draw(contents(sizes=(4, 5, 6))), now=now)
        form = forms.form_of(session, made)
        times = [now + timedelta(days=n) for n in range(3)]
        taken, left_out = {}, {}  # by the id of the response
        for step in data.draw(STEPS):
            if step == "answer":
                (raw, on, honest), at = data.draw(forms_sent(session, made, form)), one_of(data.draw, times)
                with nullcontext() if honest else suppress(InvalidAnswers):  # whoever answers what is put to them is taken
                    number = submit(session, made, raw, now=at, **on).id
                    taken[number] = (on["segment"], on["context"], at.date(), raw if honest else None)
            elif step == "fold":
                fold(session, made, now=now, at_most=one_of(data.draw, [1, 2, 5]))
            elif step == "leave out" and taken:
                number = one_of(data.draw, list(taken))
                doubts.exclude(session, doubts.get(session, number), reason="重复", now=now)
                left_out[number] = taken.pop(number)
            elif step == "take back" and left_out:
                number = one_of(data.draw, list(left_out))
                with suppress(NoPlaceLeft):
                    doubts.include(session, doubts.get(session, number), reason="看错了")
                    taken[number] = left_out.pop(number)
        by, narrowed = data.draw(readings(form, [at.date() for at in times]))
        check(session, made, form, taken, by=by, narrowed=narrowed)
        fold(session, made, now=now)
        check(session, made, form, taken, by="segment", narrowed={})
