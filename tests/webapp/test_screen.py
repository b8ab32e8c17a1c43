"""The hall's screen of a questionnaire: what it shows to strangers, when, how seldom it asks, and how staff control it."""

import re
from datetime import timedelta
from itertools import pairwise

import make
import pytest
from database import count_queries

from engage import screens
from engage.events import Event
from surveys import form_of, questionnaires, tallies
from surveys.questionnaires import Access, Questionnaire
from webapp.beats import BEAT
from webapp.clouds import MOST, SMALLEST, cloud
from webapp.wiring import db

ASKS = (
    {"kind": "single", "text": "您从哪里来", "options": ("单位通知", "公众号"), "settings": {"other": True}},
    {"kind": "likelihood", "text": "是否推荐"}, {"kind": "matrix", "text": "各环节", "options": ("引导", "讲解")},
    {"kind": "ranking", "text": "先改进什么", "options": ("效率", "公开")}, {"kind": "number", "text": "几分钟"},
    {"kind": "long_text", "text": "几个词"}, {"kind": "scale", "text": "是否满意"},
    {"kind": "grid", "text": "用过什么", "options": ("网站", "小程序")}, {"kind": "date", "text": "哪天方便"},
)
ANSWER = {"q1": "other", "q1.other": "张三推荐", "q2": "10", "q3": {"1": "5", "2": "4"}, "q4": ["2", "1"], "q5": "30", "q6": "透明，高效",
          "q7": "5", "q8": {"1": ["2"]}, "q9": "2026-04-01"}


@pytest.fixture
def stands(monkeypatch):
    """The clock of screens and figures, at the begin of a beat."""
    at = [make.NOW]
    for module in ("live", "screens", "answers_live"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: at[0])
    return at


@pytest.fixture
def hall(saved, stands):
    """`hall(anonymous=…, answers=…)`: an event that asks ASKS, its screen on a question with its results shown; slug and code."""

    def make_hall(answers=1, on="q1", **of):
        with saved() as session:
            event = make.asking_event(session, asks=ASKS, title="现场问卷", **of)
            for _ in range(answers):
                make.response(session, event.questionnaire, ANSWER, context=event.slug)
            tallies.fold(session, event.questionnaire, now=make.NOW)
            screen, form = screens.renew(session, event, by=make.BY, now=make.NOW), form_of(session, event.questionnaire)
            screens.reveal(session, screen, [one.id for one in form.questions], shown=True, by=make.BY, now=make.NOW)
            screens.turn(session, screen, form, form.question(on).id, now=make.NOW)
            return event.slug, screen.code

    return make_hall


def rows(page):
    found = re.findall(r'<th scope="row">(.*?)</th>\s*<td class="plot">.*?width="([\d.]+)%".*?<td class="num">(.*?)</td><td class="num people">(.*?)<', page, re.DOTALL)
    return [(re.sub("<.*?>", "/", label).strip("/"), *rest) for label, *rest in found]


@pytest.mark.parametrize("on, shown, figures", [
    ("q1", [("单位通知", "0.00", "0%", "0"), ("公众号", "0.00", "0%", "0"), ("其他", "100.00", "100%", "1")], []),
    ("q2", [("推荐者", "100.00", "100%", "1"), ("中立者", "0.00", "0%", "0"), ("贬损者", "0.00", "0%", "0")], [("nps", "+100")]),
    ("q3", [("引导", "100.00", "5.00", ""), ("讲解", "80.00", "4.00", "")], []),
    ("q4", [("公开", "100.00", "2.00", ""), ("效率", "50.00", "1.00", "")], []),
    ("q5", [], [("mean", "30.00"), ("median", "30")]),
    ("q9", [("2026-04-01", "100.00", "100%", "1")], []),
    ("q8", [("网站/希望使用", "100.00", "100%", "1"), ("小程序", "0.00", "–", "0")], []),
])
def test_each_kind_of_question_has_its_bars(client, hall, on, shown, figures):
    _, code = hall(on=on)
    page, sent = client.get(f"/s/{code}").text, client.get(f"/s/{code}/figures").get_json()
    assert (rows(page), re.findall(r'data-figure="(\w+)">(.*?)<', page)) == (shown, figures)
    assert [(f"{part:.2f}", figure, people) for part, figure, people in sent["bars"]] == [row[1:] for row in shown]
    assert (sent["figures"], sent["drawn"]) == (dict(figures), re.search(r'data-drawn="(\w+)"', page)[1])
    assert "张三" not in page


def test_it_says_how_to_join_and_how_many_have(client, hall, saved, stands):
    slug, code = hall(answers=3)
    with saved() as session:
        address = session.query(Event).filter_by(slug=slug).one().survey_code
    page = client.get(f"/s/{code}")
    assert (f"/q/{address}</p>" in page.text, "<svg" in page.text, re.findall(r"data-answers>(\d+)<", page.text)) == (True, True, ["3"])
    assert (page.headers["X-Robots-Tag"], 'http-equiv="refresh" content="5"' in page.text) == ("noindex", True)
    with saved() as session:
        questionnaires.edit(session, session.query(Questionnaire).one(), access=Access.PERSONAL, now=make.NOW)
    page = client.get(f"/s/{code}").text
    assert (address in page, "用个人链接作答" in page) == (False, True)
    with saved() as session:
        questionnaires.close(session, session.query(Questionnaire).one(), now=make.NOW)
    stands[0] += timedelta(seconds=BEAT)
    page = client.get(f"/s/{code}").text
    assert ("用个人链接作答" in page, "现在不接受作答" in page) == (False, True)


def test_results_wait_until_staff_show_them(client, hall, signed_in, stands):
    slug, code = hall()
    staff = signed_in("analyst")
    for shown in ("0", "1"):
        staff.post(f"/desk/events/{slug}/screen/results", data={"shown": shown})
        stands[0] += timedelta(seconds=BEAT)
        page, sent = client.get(f"/s/{code}").text, client.get(f"/s/{code}/figures").get_json()
        assert (bool(rows(page)), "结果稍后公布" in page, bool(sent["bars"]), sent["answers"]) == (shown == "1", shown == "0", shown == "1", 1)


@pytest.mark.parametrize("answers, shown", [(9, False), (10, True)])
def test_of_an_anonymous_questionnaire_few_answers_are_only_counted(client, hall, answers, shown):
    _, code = hall(answers, anonymous=True)
    page, sent = client.get(f"/s/{code}").text, client.get(f"/s/{code}/figures").get_json()
    assert (bool(rows(page)), bool(sent["bars"]), sent["answers"], "每 5 份以上一起计入" in page) == (shown, shown, answers, not shown)


def test_no_word_is_on_the_page_before_it_is_approved(client, hall, signed_in, stands):
    slug, code = hall(on="q6")
    staff, words = signed_in("analyst"), f"/desk/events/{slug}/screen/words/q6"
    told = []
    for decision in (None, {"word": ["透明"], "approved": "1"}, {"word": ["透明"], "approved": "0"}, {"all": "1", "listed": ["高效", "透明"], "approved": "1"}):
        if decision:
            assert staff.post(words, data=decision).status_code == 303
        stands[0] += timedelta(seconds=BEAT)
        page, sent = client.get(f"/s/{code}").text, client.get(f"/s/{code}/figures").get_json()
        drawn = re.findall(r"<text .*?>(.*?)</text>", page)
        assert drawn == [word for word, *_ in sent["cloud"][0]]
        assert [word for word in ("透明", "高效") if word in page] == sorted(drawn)
        told.append((drawn, re.findall(r"<li>(.*?)</li>", page)))
    assert told == [([], []), (["透明"], ["透明：1 人提到"]), ([], []), (["透明", "高效"], ["透明：1 人提到", "高效：1 人提到"])]


def test_words_are_looked_through_by_what_was_decided(hall, signed_in):
    slug, _ = hall(on="q6")
    staff, path = signed_in("organiser"), f"/desk/events/{slug}/screen/words/q6"

    def listed(query=""):
        return re.findall(r'name="word" value="(.*?)"', staff.get(path + query).text)

    assert [listed(), listed("?q=透"), listed("?show=approved"), listed("?order=word")] == [["透明", "高效"], ["透明"], [], ["透明", "高效"]]
    page = staff.post(path, data={"approved": "1"}, follow_redirects=True).text
    assert "请先勾选词语" in page
    staff.post(path, data={"word": "高效", "approved": "0"})
    assert [listed(), listed("?show=hidden"), "确认词语（1 个待定）" in staff.get(f"/desk/events/{slug}/screen").text] == [["透明"], ["高效"], True]
    assert [signed_in("organiser").get(path.replace("q6", code)).status_code for code in ("q1", "q99")] == [404, 404]


def test_staff_open_turn_choose_and_close_it(client, hall, signed_in, saved, stands):
    slug, code = hall()
    organiser, root = signed_in("organiser"), f"/desk/events/{slug}/screen"

    def current():
        return re.search(r'<div id="now" data-swap>\s*<p role="status"><strong>(.*?)</strong>', organiser.get(root).text)[1]

    seen = [current()]
    for data in ({"step": "1"}, {"step": "-1"}, {"to": "0"}, {"to": "9999"}):
        organiser.post(f"{root}/turn", data=data)
        seen.append(current())
    assert seen == ["第 1 题", "第 2 题", "第 1 题", "封面：只有二维码", "封面：只有二维码"]
    with saved() as session:
        five = form_of(session, session.query(Questionnaire).one()).question("q5").id
    page = organiser.post(f"{root}/choose", data={"question": [five, 9999], "every": "15"}, follow_redirects=True).text
    assert (re.findall(r'name="question" value="(\d+)" checked', page), "每 15 秒自动换页" in page) == ([str(five)], True)
    assert "轮换间隔不在可选范围内" in organiser.post(f"{root}/choose", data={"every": "1"}, follow_redirects=True).text
    new = re.search(r"/s/([a-z2-7]{26})", organiser.post(root, follow_redirects=True).text)[1]
    stands[0] += timedelta(seconds=BEAT)
    assert [client.get(f"/s/{each}{rest}").status_code for each in (code, new) for rest in ("", "/figures")] == [404, 404, 200, 200]
    assert "还没有开启问卷大屏" in organiser.post(f"{root}/withdraw", follow_redirects=True).text
    stands[0] += timedelta(seconds=BEAT)
    assert [client.get(f"/s/{new}{rest}").status_code for rest in ("", "/figures")] == [404] * 2


@pytest.mark.parametrize("role, opens, controls, decides", [("organiser", 303, 303, 303), ("analyst", 403, 303, 303), ("viewer", 403, 403, 403), ("door", 403, 403, 403)])
def test_who_may_do_what(hall, signed_in, role, opens, controls, decides):
    slug, _ = hall()
    staff, root = signed_in(role), f"/desk/events/{slug}/screen"
    assert [staff.post(f"{root}{rest}", data={"word": "透明"}).status_code for rest in ("", "/turn", "/results", "/choose", "/words/q6", "/withdraw")] == [
        opens, controls, controls, controls, decides, opens]
    assert staff.get(root).status_code == (200 if controls == 303 else 403)


def test_without_a_questionnaire_there_is_nothing_to_show(client, saved, signed_in, stands):
    with saved() as session:
        slug = make.event(session).slug
    organiser = signed_in("organiser")
    assert "先在“问卷”页为活动选定问卷" in organiser.get(f"/desk/events/{slug}/screen").text
    organiser.post(f"/desk/events/{slug}/screen")
    with saved() as session:
        code = screens.of(session, session.query(Event).one()).code
    assert [client.get(f"/s/{code}{rest}").status_code for rest in ("", "/figures")] == [404, 404]
    assert organiser.post(f"/desk/events/{slug}/screen/turn").status_code == 404


def test_however_many_screens_ask_the_database_is_asked_once_a_beat(app, client, hall, saved, stands):
    slug, code = hall(on="q6")

    def asked():
        with app.app_context(), count_queries(db.engine) as seen:
            for _ in range(30):
                client.get(f"/s/{code}/figures")
        return len(seen)

    counted = [asked(), asked()]
    stands[0] += timedelta(seconds=BEAT)
    counted.append(asked())
    with saved() as session:
        for _ in range(30):
            make.response(session, session.query(Questionnaire).one(), ANSWER, context=slug)
    stands[0] += timedelta(seconds=BEAT)
    counted.append(asked())
    assert counted == [9, 0, 6, 8]


def test_the_desks_pages_take_as_many_queries_for_many_words(app, hall, saved, signed_in, stands):
    slug, _ = hall(on="q6")
    staff, counted = signed_in("organiser"), []
    for words in ("清楚", "，".join(f"word{chr(97 + number)}" for number in range(26))):
        with saved() as session:
            make.response(session, session.query(Questionnaire).one(), ANSWER | {"q6": words}, context=slug)
        stands[0] += timedelta(seconds=BEAT)
        for path in ("", "/words/q6"):
            staff.get(f"/desk/events/{slug}/screen{path}")
            with app.app_context(), count_queries(db.engine) as seen:
                staff.get(f"/desk/events/{slug}/screen{path}")
            counted.append(len(seen))
    assert counted[:2] == counted[2:]


def test_a_cloud_is_the_same_for_the_same_words_and_no_word_covers_another():
    words = tuple((f"{'讲解引导' [: 2 + place % 3]}{chr(0x4E00 + place)}", 60 - place) for place in range(50))
    drawn = cloud(words)
    cloud.cache_clear()
    assert (drawn, len(drawn.words), min(word.size for word in drawn.words) >= SMALLEST) == (cloud(words), MOST, True)
    boxes = [(word.x, word.y, word.size * len(word.word), word.size) for word in drawn.words]
    assert not [
        (one, other) for place, one in enumerate(boxes) for other in boxes[place + 1 :]
        if abs(one[0] - other[0]) < (one[2] + other[2]) / 2 and abs(one[1] - other[1]) < (one[3] + other[3]) / 2
    ]
    assert all(one.size >= other.size for one, other in pairwise(drawn.words))
