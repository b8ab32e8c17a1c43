import io
from datetime import timedelta
from itertools import pairwise

import make
import pypdfium2
import pytest
import zxingcpp
from database import count_queries

from engage import badge_sheets, badges, registrations
from engage.badge_sheets import SIZES, ink_on, unprintable, write_pdf, write_svg
from engage.badges import Badge, Choice, NobodyChosen, Order, Printed
from engage.codes import new_code

TITLE = "走进公共资源交易平台开放日"
LONG = "中信达工程咨询有限公司（第三分公司）招标采购代理业务部驻航空港经济综合实验区办事处"


def address(code):
    return f"https://kaifangri.example.gov.cn/t/{code}"


def badge(number=1, **changes):
    stated = {"attendee_id": number, "name": "赵国强", "organisation": "省建设投资集团有限公司", "category": "人大代表", "colour": "#a3241b",
              "ticket_code": f"{number:a>26}"}
    return Badge(**{**stated, **changes})


def pages(some, size, title=TITLE):
    """Text, picture and page size in mm of each page."""
    file = io.BytesIO()
    write_pdf(file, some, size=SIZES[size], title=title, address=address)
    with pypdfium2.PdfDocument(file.getvalue()) as document:
        for page in document:
            text = page.get_textpage()
            yield text.get_text_range().replace("\r\n", ""), page.render(scale=4).to_pil(), tuple(round(length / 72 * 25.4, 1) for length in page.get_size())
            text.close()
            page.close()


@pytest.fixture
def event(session):
    return make.event(session, title=TITLE)


def guest(session, event, **changes):
    return make.registration(session, event, companions=0, **changes).leader


@pytest.mark.parametrize("size", SIZES)
def test_names_and_codes_are_read_back_from_the_printed_page(size):
    some = [badge(number, name=name) for number, name in enumerate(("李喆堃", "张昇犇", "欧阳明日", "Anna Müller"))]
    found = list(pages(some, size))
    assert [paper for *_, paper in found] == [tuple(map(float, SIZES[size].page))] * len(found)
    assert {code.text for _, picture, _ in found for code in zxingcpp.read_barcodes(picture)} == {address(one.ticket_code) for one in some}
    text = "".join(words for words, *_ in found)
    assert [one.name in text for one in some] == [True] * 4
    assert (text.count("省建设投资集团有限公司"), text.count("人大代表"), text.count(TITLE)) == (4, 4, 4)


def test_hundreds_of_random_codes_can_be_read_though_their_mask_is_fixed():
    some = [badge(number, ticket_code=new_code()) for number in range(240)]
    read = {code.text for _, picture, _ in pages(some, "a4-3x8") for code in zxingcpp.read_barcodes(picture)}
    assert read == {address(one.ticket_code) for one in some}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["阿卜杜拉·买买提江", "古丽巴哈尔·阿不都热依木·艾合买提江", "张" * 60, "Alexander von Humboldt-Schmidtbauer", "赵"])
def test_no_text_runs_into_another_or_out_of_the_badge(size, name):
    width, height = SIZES[size].width, SIZES[size].height
    marks = badge_sheets.layout(badge(name=name, organisation=LONG), size=SIZES[size], title=TITLE * 3, address=address)
    texts = [mark for mark in marks if isinstance(mark, badge_sheets.Text)]
    (code,) = (mark for mark in marks if isinstance(mark, badge_sheets.Code))
    assert "".join(text.words for text in texts if text.words in name) == name.replace("von H", "vonH")  # two lines
    assert [text for text in texts if not (text.x > 0 and text.x + text.width < width and text.size < text.y < height)] == []
    beside = [text for text in texts if code.y < text.y < code.y + code.side]
    assert [text for text in beside if text.x + text.width > code.x + 0.01] == []
    lines = sorted({round(text.y, 2): text for text in texts}.items())
    assert [low for (up, _), (low, text) in pairwise(lines) if low - text.size * 0.8 < up] == []


def test_an_organisation_too_long_for_two_lines_is_cut_visibly():
    marks = badge_sheets.layout(badge(organisation=LONG * 3), size=SIZES["a4-3x8"], title=TITLE, address=address)
    assert [mark.words for mark in marks if isinstance(mark, badge_sheets.Text)][3][-1] == "…"


@pytest.mark.parametrize("character", "喆堃昇犇鋆炘玥垚淼璟鑫嬿煊䶮〇張·ü")
def test_the_font_has_the_characters_of_names(character):
    assert unprintable([badge(name=character)]) == {}


def test_a_character_the_font_lacks_is_told_and_replaced():
    rare = badge(name="王𠮷", organisation="平")
    assert unprintable([rare, badge(2)], TITLE) == {"𠮷": ["王𠮷"]}
    ((text, *_),) = pages([rare], "90x54")
    assert ("王〓" in text, "𠮷" in text) == (True, False)


@pytest.mark.parametrize("colour, ink", [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#14508c", "#ffffff"), ("#ffee99", "#000000"),
                                         ("#757575", "#ffffff"), ("#767676", "#000000")])
def test_the_category_is_written_in_what_is_read_better_on_its_colour(colour, ink):
    assert ink_on(colour) == ink


def test_the_preview_shows_the_same_and_no_markup_of_others():
    (page,) = write_svg([badge(name="<b>&\"'")], size=SIZES["90x54"], title=TITLE, address=address)
    assert ("&lt;b&gt;&amp;&quot;&#x27;" in page, "<b>" in page, page.count("<path"), TITLE in page) == (True, False, 1, True)


def test_a_sheet_holds_so_many_and_the_next_begins():
    assert [words.count("赵国强") for words, *_ in pages([badge(number) for number in range(23)], "a4-2x5")] == [10, 10, 3]


def test_only_those_who_hold_a_seat_get_a_badge_in_the_order_of_their_sounds(session, event, now):
    for name, office in (("赵一", "乙单位"), ("安二", "甲单位"), ("陈三", ""), ("李四", "甲单位")):
        guest(session, event, name=name, organisation=office)
    gone = make.registration(session, event, name="白五")
    registrations.cancel(session, gone, by="guest", now=now)
    guest(session, make.event(session), name="别处")
    assert [one.name for one in badges.find(session, event, Choice())] == ["安二", "陈三", "李四", "赵一"]
    assert [one.name for one in badges.find(session, event, Choice(order=Order.ORGANISATION))] == ["安二", "李四", "赵一", "陈三"]


def test_each_choice_narrows_the_list_and_they_can_be_combined(session, event, now):
    first, second = make.category(session, position=2), make.category(session, position=1)
    one = guest(session, event, name="甲", organisation="东村", category=first)
    two = guest(session, event, name="乙", organisation="西村", category=second)
    three = guest(session, event, name="丙", organisation="西村", category=first)
    three.arrived_at = now
    session.flush()

    def names(**choice):
        return [each.name for each in badges.find(session, event, Choice(**choice))]

    assert names(order=Order.CATEGORY) == ["乙", "丙", "甲"]
    assert names(category_ids=[first.id], order=Order.NAME) == ["丙", "甲"]
    assert names(arrived=True) == ["丙"]
    assert names(words="西村", category_ids=[second.id]) == ["乙"]
    assert names(attendee_ids=[one.id, two.id]) == ["甲", "乙"]
    assert names(words="100%") == []


def test_who_has_a_badge_is_known_until_it_is_spoilt(session, event, now):
    one, two = guest(session, event, name="甲"), guest(session, event, name="乙")
    badges.note_printed(session, event, badges.find(session, event, Choice(attendee_ids=[one.id])), by=make.BY, now=now)
    later = now + timedelta(hours=1)
    badges.note_printed(session, event, badges.find(session, event, Choice(attendee_ids=[one.id])), by=make.BY, now=later)
    assert [(each.name, each.printed_at) for each in badges.find(session, event, Choice())] == [("甲", later), ("乙", None)]
    assert [each.attendee_id for each in badges.find(session, event, Choice(printed=Printed.NOT_YET))] == [two.id]
    done = badges.find(session, event, Choice(printed=Printed.DONE))
    assert [each.attendee_id for each in done] == [one.id]
    badges.note_spoilt(session, event, done, by=make.BY, now=later)
    assert len(badges.find(session, event, Choice(printed=Printed.NOT_YET))) == 2


def test_nobody_is_refused(session, event, now):
    for note in (badges.note_printed, badges.note_spoilt):
        with pytest.raises(NobodyChosen):
            note(session, event, [], by=make.BY, now=now)


def test_a_badge_goes_with_its_attendee(session, event, now):
    one = guest(session, event)
    badges.note_printed(session, event, badges.find(session, event, Choice()), by=make.BY, now=now)
    session.delete(one.registration)
    session.flush()
    assert badges.find(session, event, Choice(printed=Printed.DONE)) == []


def test_thirty_badges_take_one_query_like_one(session, event):
    for _ in range(30):
        guest(session, event)
    with count_queries(session) as seen:
        assert len(badges.find(session, event, Choice())) == 30
    assert len(seen) == 1
