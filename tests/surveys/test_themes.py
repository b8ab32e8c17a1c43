"""Themes: answers that tell of one matter stand together, whatever the words; what staff decide outlives new answers."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from surveys import doubts, find_themes, finding, questionnaires, questions, theme_decisions, themes
from surveys.near_duplicates import twins
from surveys.sentiment import tone
from surveys.terms import terms

PARKING = [
    "停车位太少，绕了两圈才停下。", "来得晚一点就没有停车位了，建议给来宾预留。", "停车场离大厅太远，停车不方便。", "希望增加停车位，路边停车怕被贴条。",
    "停车难，找了半个小时车位。",
]
CERTIFICATE = [
    "CA证书登录经常报错，换了三台电脑才登进去。", "不同平台要办不同的CA证书，希望早日全省互认。", "CA证书续费太贵，能不能便宜一点。", "证书驱动装不上，CA证书插上没有反应。",
]
GUIDE = ["讲解员讲得很细致，听得明白。", "讲解员声音太小，后排听不清。", "给讲解员点赞，讲解通俗易懂。", "讲解员语速快了一点，跟不上讲解。"]
NOTHING = ["没有意见", "无", "很好"]
ALL = [text for row in zip(PARKING, CERTIFICATE, GUIDE, strict=False) for text in row] + PARKING[4:] + NOTHING


def grouped(texts):
    return {frozenset(texts[place] for place in theme.members) for theme in find_themes(texts)}


def test_answers_that_tell_of_one_matter_stand_together_and_the_rest_stays_apart():
    assert grouped(ALL) == {frozenset(PARKING), frozenset(CERTIFICATE), frozenset(GUIDE)}


def test_english_answers_are_grouped_too():
    parking = ["The parking lot was full.", "Parking was hard to find.", "More parking spaces, please."]
    lunch = ["Lunch was cold.", "The queue for lunch took half an hour.", "Lunch was tasty."]
    assert grouped([*parking, *lunch, "No comments", "Thanks!"]) == {frozenset(parking), frozenset(lunch)}


def test_a_theme_is_called_by_the_words_its_answers_share():
    found = {theme.label for theme in find_themes(ALL)}
    assert {label.split("、")[0] for label in found} == {"停车位", "CA证书", "讲解员"}


def test_the_same_answers_give_the_same_themes():
    assert find_themes(ALL) == find_themes(list(ALL))


def test_answers_in_another_order_give_the_same_groups():
    assert grouped(ALL[::-1]) == grouped(ALL)


def test_nothing_gives_no_themes():
    assert [find_themes([]), find_themes(["无"]), find_themes(["", " ", "！？"]), find_themes(["停车位太少"])] == [[], [], [], []]


def test_repeated_answers_are_members_but_count_as_one_voice():
    texts = [*PARKING, "停车位太少，绕了两圈才停下！！", "停车位太少,绕了两圈 才停下", *CERTIFICATE]
    parking = next(theme for theme in find_themes(texts) if 0 in theme.members)
    assert (len(parking.members), len(parking.distinct)) == (7, 5)


def test_what_three_people_say_in_the_same_words_is_a_theme_of_that_name():
    texts = [*PARKING, *["耳目一新"] * 2, "耳目一新。", *["井然有序"] * 2, *["无"] * 9]
    assert {theme.label: len(theme.members) for theme in find_themes(texts) if 0 not in theme.members} == {"耳目一新": 3}


def test_near_duplicates_are_found_and_contradictions_are_not():
    long = "今天参观了交易大厅和评标区，讲解很细致，流程也看明白了，建议以后多办几次开放日。"
    texts = [long, "服务很好", long.replace("多办几次", "再多办几次"), "服务不好", f"{long}谢谢。", "！！", "！！"]
    assert twins(texts) == [0, 1, 0, 3, 0, 5, 6]


def test_near_duplicates_agree_with_the_exact_measure():
    """Every pair that shares seven tenths of its triples is found, among texts that were changed a little or much."""
    base = [f"{text}{other}" for text in PARKING for other in GUIDE]
    texts = [text[:cut] + "改" + text[cut:] for text in base for cut in (3, 9)] + base

    def triples(text):
        letters = "".join(char for char in text if char.isalnum())
        return {letters[at : at + 3] for at in range(len(letters) - 2)}

    def alike(one, other):
        return len(triples(one) & triples(other)) >= 0.7 * len(triples(one) | triples(other))

    first = twins(texts)
    exact = [next((other for other in sorted(set(first[:place])) if alike(texts[other], text)), place) for place, text in enumerate(texts)]
    assert first == exact


def test_greetings_and_wishes_say_nothing_of_the_matter():
    greeting, matter = terms(["尊敬的领导：您好！希望有关部门尽快解决，谢谢！", "停车位"])
    assert (greeting.weights, set(matter.weights)) == ({}, {"停车位", "停车", "车位"})


@pytest.mark.parametrize("text, expected", [
    ("讲解很细致，工作人员态度很好。", 1), ("The guide was very helpful.", 1), ("停车位太少。", -1), ("CA证书登录经常报错。", -1), ("查询不方便。", -1),
    ("not clear at all", -1), ("没有污染，放心。", 1), ("希望更方便。", 0), ("周三上午来的。", 0), ("", 0),
])
def test_the_tone_is_a_hint(text, expected):
    assert tone(text) == expected


@pytest.fixture
def asked(session):
    """An open questionnaire with one open question, asked on the occasion `day`."""
    return make.questionnaire(session, asks=[{"kind": "long_text", "text": "您的意见和建议"}])


def answer(session, questionnaire, texts, **changes):
    for text in texts:
        make.response(session, questionnaire, {"q1": text}, **{"context": "day", "segment": "deputy", **changes})


def find(session, questionnaire):
    for each in themes.ask(session, questionnaire, context="day", now=make.NOW):
        assert finding.keep(session, finding.sort(finding.read(session, each)), now=make.NOW)
    session.expire_all()
    return themes.overview(session, questionnaire, context="day")[0]


def view(session, questionnaire):
    session.expire_all()
    return themes.overview(session, questionnaire, context="day")[0]


def members(session, found):
    """The texts of every theme shown, by its title; those in none under None."""
    rows = {theme.title: themes.answers_of(found.finding, themes.get(session, theme.id)) for theme in found.themes}
    rows[None] = themes.answers_of(found.finding, None)
    return {title: {one.text for one in session.scalars(query)} for title, query in rows.items()}


def titled(session, found, text):
    """The theme that an answer is in."""
    return next(theme for theme in found.themes if text in members(session, found)[theme.title])


def test_every_figure_leads_to_its_sources(session, asked):
    answer(session, asked, ALL)
    answer(session, asked, ["停车位太少，绕了两圈才停下！"], segment="village")
    answer(session, asked, ["别的活动的停车位"], context="other")
    found = find(session, asked)
    parking = titled(session, found, PARKING[0])
    assert (found.sorted, found.loose, found.fresh) == (len(ALL) + 1, len(NOTHING), 0)
    assert (parking.size, parking.distinct, parking.by_segment) == (6, 5, {"deputy": 5, "village": 1})
    assert parking.share == 6 / (len(ALL) + 1)
    assert sum(parking.tones.values()) == parking.size
    assert members(session, found)[parking.title] == {*PARKING, "停车位太少，绕了两圈才停下！"}
    assert len(parking.quotations) == 3
    assert {(one.question_id, one.text in PARKING or one.text.endswith("！")) for one in parking.quotations} == {(found.question.id, True)}
    assert members(session, found)[None] == set(NOTHING)


def test_the_themes_of_a_removed_question_stay_and_can_be_found_again(session, asked):
    answer(session, asked, ALL)
    questions.add_question(session, asked.sections[0], kind="text", text="您的单位", now=make.NOW)
    questions.remove_question(session, asked.sections[0].questions[0], now=make.NOW)
    never = questions.add_question(session, asked.sections[0], kind="text", text="没有人答", now=make.NOW)
    questionnaires.publish(session, asked, now=make.NOW)
    questions.remove_question(session, never, now=make.NOW)
    questionnaires.publish(session, asked, now=make.NOW)
    find(session, asked)
    seen = [(one.question.text, one.sorted, len(one.themes)) for one in themes.overview(session, asked, context="day")]
    assert seen == [("您的单位", 0, 0), ("您的意见和建议（已删除，第 2 版）", len(ALL), 3)]


def test_what_staff_decided_is_still_there_after_new_answers_and_takes_those_that_belong(session, asked):
    answer(session, asked, [*PARKING[:3], *CERTIFICATE[:2], *GUIDE[:2], *NOTHING])
    found = find(session, asked)
    parking, certificate, guide = (themes.get(session, titled(session, found, texts[0]).id) for texts in (PARKING, CERTIFICATE, GUIDE))
    theme_decisions.rename(session, parking, "停车")
    theme_decisions.pin(session, certificate, pinned=True)
    theme_decisions.hide(session, guide, hidden=True)
    answer(session, asked, [*PARKING[3:], *CERTIFICATE[2:], *GUIDE[2:]])
    assert view(session, asked).fresh == 6
    found = find(session, asked)
    assert [(theme.title, theme.pinned, theme.hidden) for theme in found.themes] == [
        (certificate.label, True, False), ("停车", False, False), (guide.label, False, True),
    ]
    assert members(session, found) == {"停车": set(PARKING), certificate.label: set(CERTIFICATE), guide.label: set(GUIDE), None: set(NOTHING)}


def test_a_theme_nobody_touched_is_found_anew(session, asked):
    answer(session, asked, [*PARKING[:3], *GUIDE])
    before = find(session, asked)
    answer(session, asked, PARKING[3:])
    after = find(session, asked)
    assert {theme.id for theme in before.themes}.isdisjoint({theme.id for theme in after.themes})
    assert set(map(frozenset, members(session, after).values())) == {frozenset(PARKING), frozenset(GUIDE), frozenset()}


def test_merged_themes_are_one_and_both_take_new_answers(session, asked):
    answer(session, asked, [*PARKING[:3], *CERTIFICATE[:3], *GUIDE])
    found = find(session, asked)
    parts = [titled(session, found, texts[0]) for texts in (PARKING, CERTIFICATE)]
    into = theme_decisions.merge(session, found.finding, [theme.id for theme in parts])
    theme_decisions.rename(session, into, "设施和系统")
    answer(session, asked, [*PARKING[3:], *CERTIFICATE[3:]])
    found = find(session, asked)
    merged = titled(session, found, PARKING[0])
    assert (merged.title, merged.size) == ("设施和系统", 9)
    assert members(session, found)["设施和系统"] == {*PARKING, *CERTIFICATE}
    assert themes.get(session, parts[1].id).id == into.id


def test_a_merged_theme_is_split_into_what_it_was(session, asked):
    answer(session, asked, [*PARKING, *CERTIFICATE])
    before = members(session, find(session, asked))
    found = view(session, asked)
    into = theme_decisions.merge(session, found.finding, [theme.id for theme in found.themes])
    theme_decisions.split(session, themes.get(session, into.id))
    assert members(session, view(session, asked)) == before


def test_a_theme_is_split_into_finer_parts_that_stay(session, asked):
    fees = ["停车收费太贵，停车费一小时十元。", "停车收费标准没有公示，停车费乱收。", "停车收费不给发票，停车费太高。"]
    night = ["停车场晚上没有路灯，停车场太黑。", "停车场路灯坏了，晚上看不见。", "停车场晚上太黑，路灯不亮。"]
    answer(session, asked, [*fees, *night])
    found = find(session, asked)
    keys = [(row.response_id, row.place) for row in session.scalars(sa.select(themes.Sorted))]
    theme = theme_decisions.move(session, found.finding, keys, name="停车")
    theme_decisions.split(session, theme)
    after = members(session, view(session, asked))
    assert {frozenset(texts) for texts in after.values() if texts} == {frozenset(fees), frozenset(night)}
    answer(session, asked, ["停车收费贵，停车费能不能便宜。"])
    assert "停车收费贵，停车费能不能便宜。" in next(texts for texts in members(session, find(session, asked)).values() if fees[0] in texts)


def test_a_theme_of_one_cloth_cannot_be_split(session, asked):
    answer(session, asked, ["停车位太少", "停车位少", "停车位不足"])
    theme = themes.get(session, find(session, asked).themes[0].id)
    with pytest.raises(theme_decisions.ThemeIsOne):
        theme_decisions.split(session, theme)


def test_answers_moved_by_hand_stay_where_they_were_put_and_so_do_their_repetitions(session, asked):
    answer(session, asked, [*PARKING, *GUIDE, *NOTHING])
    found = find(session, asked)
    keys = {one.text: (one.response_id, one.place) for one in session.scalars(themes.answers_of(found.finding, None))}
    theme_decisions.move(session, found.finding, [keys["很好"]], to=titled(session, found, GUIDE[0]).id)
    parking = {one.text: (one.response_id, one.place) for one in session.scalars(
        themes.answers_of(found.finding, themes.get(session, titled(session, found, PARKING[0]).id)))}
    theme_decisions.move(session, found.finding, [parking[PARKING[4]]], name="周边道路")
    theme_decisions.move(session, found.finding, [parking[PARKING[0]]])
    answer(session, asked, ["很好！", f"{PARKING[4]}！"])
    found = find(session, asked)
    after = members(session, found)
    assert after["周边道路"] == {PARKING[4], f"{PARKING[4]}！"}
    assert {*GUIDE, "很好", "很好！"} == next(texts for texts in after.values() if GUIDE[0] in texts)
    assert after[None] == {PARKING[0], "没有意见", "无"}


def decisions(session, found):
    one, other = (themes.get(session, theme.id) for theme in found.themes[:2])
    loose = session.scalars(themes.answers_of(found.finding, None)).first()
    return {
        "rename": lambda: theme_decisions.rename(session, one, "新名称"),
        "pin": lambda: theme_decisions.pin(session, one, pinned=True),
        "hide": lambda: theme_decisions.hide(session, one, hidden=True),
        "merge": lambda: theme_decisions.merge(session, found.finding, [one.id, other.id]),
        "move": lambda: theme_decisions.move(session, found.finding, [(loose.response_id, loose.place)], name="另一个"),
    }


@pytest.mark.parametrize("what", ["rename", "pin", "hide", "merge", "move"])
def test_a_decision_can_be_taken_back(session, asked, what):
    answer(session, asked, ALL)
    found = find(session, asked)

    def shown(found):
        return [(theme.id, theme.title, theme.pinned, theme.hidden, theme.size) for theme in found.themes], members(session, found)

    before = shown(found)
    decisions(session, found)[what]()
    changed = shown(view(session, asked))
    assert theme_decisions.undo(session, found.finding) == what
    assert (shown(view(session, asked)), changed != before) == (before, True)
    with pytest.raises(theme_decisions.NothingToUndo):
        theme_decisions.undo(session, found.finding)


def test_decisions_that_make_no_sense_are_refused_and_change_nothing(session, asked):
    answer(session, asked, ALL)
    found = find(session, asked)
    theme, before = themes.get(session, found.themes[0].id), members(session, found)
    for refusal, act in (
        (theme_decisions.ThemeNameMissing, lambda: theme_decisions.rename(session, theme, "  ")),
        (theme_decisions.ThemeNameTooLong, lambda: theme_decisions.rename(session, theme, "长" * 81)),
        (theme_decisions.NothingToMerge, lambda: theme_decisions.merge(session, found.finding, [theme.id])),
        (theme_decisions.NothingChosen, lambda: theme_decisions.move(session, found.finding, [(1, 0)], to=theme.id)),
        (themes.NoSuchTheme, lambda: themes.get(session, 0)),
    ):
        with pytest.raises(refusal):
            act()
    assert members(session, view(session, asked)) == before


def test_what_was_decided_while_answers_were_sorted_is_not_lost(session, asked):
    answer(session, asked, ALL)
    found = find(session, asked)
    given = finding.read(session, found.finding)
    theme_decisions.rename(session, themes.get(session, found.themes[0].id), "改了名")
    assert not finding.keep(session, finding.sort(given), now=make.NOW)
    assert view(session, asked).themes[0].title == "改了名"


def test_all_themes_are_counted_in_as_many_queries_whatever_there_is(session):
    one = make.questionnaire(session, asks=[{"kind": "long_text", "text": "意见"}])
    many = make.questionnaire(session, asks=[{"kind": "long_text", "text": f"意见{number}"} for number in range(4)])
    answer(session, one, PARKING)
    for code in ("q1", "q2", "q3", "q4"):
        for text in ALL:
            make.response(session, many, {code: text}, context="day")
    counts = []
    for questionnaire in (one, many):
        find(session, questionnaire)
        with count_queries(session) as queries:
            themes.overview(session, questionnaire, context="day")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_when_a_response_goes_so_does_where_it_was_sorted(session, asked):
    answer(session, asked, PARKING)
    find(session, asked)
    gone = session.scalar(sa.select(themes.Sorted.response_id).limit(1))
    session.execute(sa.delete(themes.Answer).where(themes.Answer.response_id == gone))
    session.execute(sa.delete(themes.Response).where(themes.Response.id == gone))
    assert view(session, asked).sorted == len(PARKING) - 1


def test_what_staff_leave_out_is_in_no_theme_at_once_and_after_the_next_finding(session, asked):
    answer(session, asked, [*PARKING, *GUIDE])
    find(session, asked)
    left_out = session.scalars(sa.select(themes.Answer).where(themes.Answer.text == PARKING[0])).one()
    doubts.exclude(session, left_out.response, reason="重复提交", now=make.NOW)
    before, after = members(session, view(session, asked)), members(session, find(session, asked))
    for found in (before, after):
        assert {frozenset(texts) for texts in found.values() if texts} == {frozenset(PARKING[1:]), frozenset(GUIDE)}
    assert view(session, asked).sorted == len(PARKING) + len(GUIDE) - 1
