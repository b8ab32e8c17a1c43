"""Two languages, one source: Chinese stands in the code, and the catalogue holds all of it in English."""

import gettext
import html
import itertools
import re
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import make
import polib
import pytest
import stage
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from flask import url_for

from engage import events, outbox, parties
from engage.outbox import Channel, Purpose
from engage.parties import Attendee
from surveys.base import Base
from webapp import notices, wiring

ROOT = Path(__file__).parent.parent.parent
CATALOGUE = ROOT / "webapp" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
ENGLISH = polib.pofile(str(CATALOGUE))
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
FACT = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")


def extracted() -> set[tuple[str | None, str]]:
    """Every text of the sources, found as `make messages` finds it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    found = extract_from_dir(
        ROOT, [(each["pattern"], each["method"]) for each in mappings], {each["pattern"]: each for each in mappings},
        {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2)},
    )
    return {(context, message) for _, _, message, _, context in found}


def test_the_catalogue_holds_every_text_and_no_other():
    assert extracted() ^ {(entry.msgctxt, entry.msgid) for entry in ENGLISH} == set()  # `make messages` adds and removes; then translate


def test_every_text_has_its_english():
    assert [entry.msgid for entry in ENGLISH if not entry.msgstr or entry.fuzzy or entry.obsolete] == []


def test_english_names_the_same_facts():
    wrong = [entry.msgid for entry in ENGLISH if sorted(FACT.findall(entry.msgid)) != sorted(FACT.findall(entry.msgstr))]
    assert wrong == []


def test_what_is_shown_was_compiled_from_the_catalogue():
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        shown = gettext.GNUTranslations(file)
    says = {entry: shown.pgettext(entry.msgctxt, entry.msgid) if entry.msgctxt else shown.gettext(entry.msgid) for entry in ENGLISH}
    assert [entry.msgid for entry in ENGLISH if says[entry] != entry.msgstr] == []  # `make messages`


def test_nothing_shouts():
    assert [entry.msgid for entry in ENGLISH if re.search("[!！]", entry.msgid + entry.msgstr)] == []


def test_chinese_sentences_use_chinese_punctuation():
    narrow = re.compile(r"[\u4e00-\u9fff][,;:?()\"']|[,;:?()\"'][\u4e00-\u9fff]|[\u4e00-\u9fff]\.($|[^\w])")
    assert [entry.msgid for entry in ENGLISH if narrow.search(FACT.sub("", entry.msgid))] == []


# Endpoints that answer with a file, with a word or to a program; `desk.setup` is there only before the first account.
NO_PAGE = re.compile(
    r"static|bootstrap\..*|api\..*|api-docs\..*|site\.(healthz|readyz|language)|.*_(calendar|picture|file)|desk\.(export.*|import_template|import_refused|setup)"
)


@pytest.fixture
def filled(saved) -> dict[str, object]:
    with saved() as session:
        return stage.fill(session, wiring.clock())


@pytest.fixture
def left_in_chinese(saved, filled):
    """Tells the Chinese of a page beyond what people have typed, which has one language only, and what is marked as Chinese."""
    with saved() as session:
        rows = [row for table in Base.metadata.sorted_tables for row in session.execute(table.select())]
    words = {line.strip() for row in rows for text in _texts(list(row)) for line in text.splitlines()}
    words |= {entry.msgstr for entry in ENGLISH}  # a few quote the names of columns in Chinese lists
    known = "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True) if CHINESE.search(each))
    not_asked = re.compile(rf"<(\w+)[^>]*\slang=\"zh[^>]*>.*?</\1>|{known}", re.DOTALL)
    return lambda answer: CHINESE.findall(not_asked.sub("", html.unescape(answer.text))) if answer.mimetype == "text/html" else []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def addresses(app, filled, method: str) -> list[str]:
    """The address of every page in every state that the filled office knows."""
    tickets = [filled[name] for name in ("ticket", "companion", "arrived_ticket", "cancelled_ticket", "waiting_ticket", "offered_ticket")]
    surveys = [filled[name] for name in ("hall", "personal", "answered", "closed_survey")]
    known = {
        "slug": [filled["running"], filled["draft"]], "code": tickets,
        "activity_id": [filled["activity"]], "field_id": [filled["field"]], "registration_id": [filled["registration"]], "section_id": [filled["section"]],
        "questionnaire_id": [filled["questionnaire"], filled["unused"]], "question_id": [filled["question"]], "item_id": [filled["bank_item"]],
        "user_id": [filled["user"]], "category_id": [filled["category"]], "invitation_id": [filled["invitation"]],
        "person_id": [filled["person"]], "message_id": (1, 2), "key": ["gone"],
        "questionnaire": surveys, "registration": [filled[name] for name in ("opened", "accepted", "declined")],  # their tokens
        "substitutes": [filled["declined"]], "attendee_id": [filled["guest"]], "doubt_id": [filled["doubt"]],
    }
    found = []
    guests = {**known, "slug": [filled[name] for name in ("running", "draft", "full", "cancelled", "past")]}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()) and not NO_PAGE.fullmatch(rule.endpoint):
                names = sorted(rule.arguments)
                area = rule.endpoint.partition(".")[0]
                here = known if area == "desk" else guests
                values = [getattr(rule._converters[name], "items", None) or here.get(name) or here.get(area, [1]) for name in names]
                found += [url_for(rule.endpoint, **dict(zip(names, chosen, strict=True)), lang="en") for chosen in itertools.product(*values)]
    return found


def test_every_page_speaks_english(app, signed_in, filled, left_in_chinese):
    staff = signed_in("admin")
    seen = {}
    for address in addresses(app, filled, "GET"):
        with staff.get(address) as answer:
            seen[address] = left_in_chinese(answer)
    assert {address: found for address, found in seen.items() if found} == {}


def test_every_refusal_and_every_message_speaks_english(app, signed_in, filled, left_in_chinese):
    staff = signed_in("admin")
    staff.set_cookie("lang", "en")
    seen = {}
    for address in addresses(app, filled, "POST"):
        with staff.post(address, follow_redirects=True) as answer:
            assert answer.status_code < 500
            seen[address] = left_in_chinese(answer)
    assert {address: found for address, found in seen.items() if found} == {}


def test_an_import_speaks_english(signed_in, left_in_chinese):
    staff = signed_in("admin")
    staff.set_cookie("lang", "en")
    rows = "姓名,类别,手机\nAnn,政协委员,13900000009\nBob,,13900000008\nCy,,137\n,政协委员,13900000007\nAnn,政协委员,13900000009\n"
    plan = staff.post("/desk/people/import", data={"file": (BytesIO(rows.encode()), "list.csv")}, follow_redirects=True)
    result = staff.post(plan.request.path, follow_redirects=True)
    assert ["Cy" in plan.text, "The import is complete" in result.text] == [True, True]
    assert [left_in_chinese(page) for page in (plan, result)] == [[], []]


@pytest.mark.parametrize("contact", [{"email": "guest@example.org"}, {"email": "", "phone": "13900000001"}])
def test_every_message_to_an_english_speaking_guest_is_english(app, saved, contact):
    with app.app_context(), saved() as session:
        event = make.event(session, title="Open day", place="Hall", address="Wenhua Road 1", purpose="To see the halls.", contact_name="Ms Wang")
        events.attach(session, event, make.questionnaire(session), by=make.BY, now=make.NOW)
        party = make.registration(session, event, companions=2, name="Ann", language="en", **contact)
        for guest, name in zip(party.companions, ("Bob", "Cleo"), strict=True):
            guest.name = name
        reached = {"event_id": event.id, "attendee_id": party.leader.id, "name": "Ann", "address": "somewhere",
                   "channel": Channel.EMAIL if party.leader.email else Channel.SMS}
        purposes = [purpose for purpose, about in notices.KINDS if about is Attendee]
        outbox.post_many(session, [{**reached, "purpose": purpose} for purpose in purposes], now=make.NOW)
        texts = []
        for message in session.scalars(outbox.find()):
            event.state = events.State.CANCELLED if message.purpose is Purpose.CALLED_OFF else events.State.PUBLISHED
            gone = message.purpose in {Purpose.CANCELLATION, Purpose.REMOVED, Purpose.HANDED_OVER, Purpose.LAPSED}
            party.leader.state = parties.State.CANCELLED if gone else parties.State.CONFIRMED
            party.state = {Purpose.WAITING: parties.State.WAITING, Purpose.OFFER: parties.State.OFFERED}.get(message.purpose, party.leader.state)
            party.offered_until = make.NOW
            (text,) = notices.texts(session, [message]).values()
            texts.append(f"{text.subject}\n{text.body}")
    assert [CHINESE.findall(text) for text in texts] == [[]] * len(purposes)
    assert [re.findall(r"[.,:”][A-Z]|\s[.,:]|  ", text) for text in texts] == [[]] * len(purposes)  # sentences stand apart
