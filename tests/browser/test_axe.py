"""Every page, filled with lifelike data, on a desk's screen in Chinese and on a phone's in English: accessible, within the
screen in both languages at both widths, without an error in the console, and with nothing from outside.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Request, Response
from werkzeug.exceptions import NotFound
from workbooks import xlsx

from engage import tokens

pytestmark = pytest.mark.browser

PUBLIC = [
    "/", "/privacy", "/events/{running}", "/events/{full}", "/events/{cancelled}", "/events/{past}", "/events/{running}/register",
    "/events/{full}/register", "/i/{opened}", "/i/{accepted}", "/i/{declined}", "/i/{declined}/substitute", "/i/{opened}/decline", "/t/{ticket}", "/t/{companion}",
    "/t/{arrived_ticket}", "/t/{cancelled_ticket}", "/t/{ticket}/change", "/t/{arrived_ticket}/change", "/t/{ticket}/cancel", "/t/{ticket}/hand-over", "/t/{ticket}/swap/{guest}", "/t/{arrived_ticket}/hand-over",
    "/resend", "/resend/done", "/resend/repeated",
    "/t/{waiting_ticket}", "/t/{offered_ticket}", "/t/{waiting_ticket}/change", "/t/{waiting_ticket}/cancel",
    "/q/{hall}", "/q/{personal}", "/q/{answered}", "/q/{closed_survey}", "/q/{personal}/thanks", "/q/{hall}/kiosk", "/q/{hall}/kiosk/thanks", "/q/{closed_survey}/kiosk", "/desk/sign-in",
    "/b/{board}", "/s/{screen}", "/v/{running}", "/v/{running}/{ticket}", "/v/{running}/scans/{scan}", "/no-such-page",
]
DESK = [
    "/desk/", "/desk/account", "/desk/events", "/desk/events?q=没有这样的活动", "/desk/events/new", "/desk/events/{running}",
    "/desk/events/{draft}", "/desk/events/{running}/edit", "/desk/events/{running}/close", "/desk/events/{running}/cancel",
    "/desk/events/{running}/activities/new", "/desk/events/{running}/activities/{activity}/edit",
    "/desk/events/{running}/activities/{activity}/remove", "/desk/events/{running}/questionnaire", "/desk/events/{draft}/questionnaire",
    "/desk/events/{running}/kiosk", "/desk/events/{draft}/kiosk", "/desk/events/{running}/paper", "/desk/events/{draft}/paper",
    "/desk/questionnaires/{questionnaire}/print", "/desk/questionnaires/{questionnaire}/print?event={running}",
    "/desk/events/{running}/badges", "/desk/events/{running}/badges?category={category}&q=没有", "/desk/events/{draft}/badges",
    "/desk/events/{running}/badges/preview", "/desk/events/{running}/badges/preview?size=cr80", "/desk/events/{running}/badges/{attendee}",
    "/desk/series", "/desk/series/open-days", "/desk/series/open-days/edit", "/desk/events/{full}/series", "/desk/events/{past}/next",
    "/desk/events/{running}/afterwards", "/desk/events/{past}/afterwards", "/desk/events/{past}/tell/missed",
    "/desk/events/{running}/registrations", "/desk/events/{draft}/registrations",
    "/desk/events/{full}/waiting", "/desk/events/{draft}/waiting", "/desk/events/{full}/registrations/{waiting}/cancel",
    "/desk/events/{running}/registrations/{registration}/answers", "/desk/events/{running}/registrations/{registration}/answers/{attendee}",
    "/desk/events/{running}/registrations?missing=1", "/desk/events/{running}/fields", "/desk/events/{draft}/fields",
    "/desk/events/{running}/fields/preview", "/desk/events/{draft}/fields/preview?as=enterprise", "/desk/events/{running}/fields/new?kind=text", "/desk/events/{running}/fields/new?kind=multiple",
    "/desk/events/{running}/fields/{field}/edit", "/desk/events/{running}/fields/{field}/remove",
    "/desk/events/{running}/registrations/{registration}/cancel", "/desk/events/{running}/summary", "/desk/events/{draft}/summary",
    "/desk/events/{past}/summary", "/desk/events/{past}/crosstab?down=segment&across=q1", "/desk/events/{running}/crosstab?down=chosen&across=q1",
    "/desk/events/{running}/summary?given=q1:1&from=2026-01-01", "/desk/events/{running}/comparison", "/desk/events/{running}/exports", "/desk/events/{draft}/exports", "/desk/events/{running}/summary/print", "/desk/events/{running}/answers", "/desk/events/{running}/files", "/desk/events/{draft}/files", "/desk/events/{running}/themes", "/desk/events/{draft}/themes", "/desk/events/{past}/themes",
    "/desk/events/{running}/themes/{theme}", "/desk/events/{running}/questions/{asked}/loose", "/events/{draft}", "/events/{running}/poster",
    "/events/{running}/survey-poster", "/t/{ticket}",
    "/desk/questionnaires", "/desk/questionnaires/import", "/desk/questionnaires/new", "/desk/questionnaires/{questionnaire}", "/desk/questionnaires/{unused}",
    "/desk/questionnaires/{unused}/edit", "/desk/questionnaires/{questionnaire}/preview", "/desk/questionnaires/{unused}/delete",
    "/desk/questionnaires/{questionnaire}/delete", "/desk/questionnaires/{questionnaire}/doubtful", "/desk/questionnaires/{unused}/sections/new", "/desk/sections/{section}/edit",
    "/desk/sections/{section}/questions/new?kind=scale", "/desk/questions/{question}/edit", "/desk/questions/{question}/place",
    "/desk/sections/{section}/conditions", "/desk/questions/{question}/conditions", "/desk/questions/{question}/quotas",
    "/desk/questions/{question}/options/1/conditions", "/desk/responses/{response}/exclude",
    "/desk/questionnaires/{questionnaire}/versions", "/desk/questionnaires/{unused}/versions", "/desk/questionnaires/{unused}/english",
    "/desk/questionnaires/{questionnaire}/english?missing=1", "/desk/questionnaires/{questionnaire}/preview?version=1",
    "/desk/bank", "/desk/bank?q=没有", "/desk/bank?questionnaire={unused}", "/desk/bank/{bank_item}", "/desk/bank/{bank_item}/remove",
    "/desk/people", "/desk/people?q=没有这个人", "/desk/people/new", "/desk/people/{person}", "/desk/people/{person}/edit",
    "/desk/people/{person}/remove", "/desk/people/import", "/desk/coverage", "/desk/coverage?by=organisation",
    "/desk/coverage?by=category&event={running}", "/desk/coverage?by=district&q=没有", "/desk/categories", "/desk/categories/new",
    "/desk/categories/{category}/edit", "/desk/events/{running}/invitations", "/desk/events/{draft}/invitations",
    "/desk/events/{running}/invitations/{invitation}", "/desk/events/{running}/invitations/{invitation}/revoke",
    "/desk/events/{running}/invitations/add", "/desk/events/{running}/invitations/pick", "/desk/events/{running}/invitations/send",
    "/desk/events/{cancelled}", "/desk/events/{running}/tell/thanks", "/desk/events/{cancelled}/tell/called_off",
    "/desk/events/{running}/reminders", "/desk/events/{draft}/reminders",
    "/desk/events/{running}/invitations/sms", "/desk/events/{running}/letters", "/desk/outbox", "/desk/outbox/{message}",
    "/desk/events/{running}/screen", "/desk/events/{draft}/screen", "/desk/events/{past}/screen", "/desk/events/{running}/screen/words/{asked}",
    "/desk/events/{running}/screen/words/{asked}?show=approved", "/desk/events/{running}/screen/words/{asked}?q=没有",
    "/desk/events/{running}/board", "/desk/events/{draft}/board", "/desk/events/{running}/venue", "/desk/events/{draft}/venue",
    "/desk/scanner", "/desk/events/{running}/door/kept", "/desk/events/{running}/door", "/desk/events/{running}/door?code={ticket}", "/desk/events/{running}/door?q=志",
    "/desk/events/{running}/door/review", "/desk/events/{running}/door/review/{doubt}", "/desk/events/{running}/door/walk-in",
    "/desk/events/{running}/door/stand-in/{guest}", "/desk/events/{running}/attendance", "/desk/events/{running}/attendance/{activity}",
    "/desk/settings", "/desk/settings/audit", "/desk/settings/devices", "/desk/settings/users", "/desk/settings/users/new",
    "/desk/settings/users/{user}",
]
REFUSED = [  # forms sent as they stand, empty or with what is missing
    "/resend", "/t/{ticket}/hand-over", "/t/{ticket}/swap/{guest}", "/desk/sign-in", "/events/{running}/register", "/i/{opened}", "/q/{hall}", "/q/{hall}/kiosk", "/desk/events/new", "/desk/questionnaires/new", "/desk/questionnaires/import",
    "/desk/sections/{section}/questions/new?kind=single", "/desk/settings/users/new",
    "/desk/people/new", "/desk/people/import", "/desk/categories/new", "/desk/events/{running}/fields/new?kind=single",
    "/desk/coverage?months=120", "/desk/events/{running}/paper",
]
NO_PAGE = {
    "static", "bootstrap.static", "site.healthz", "site.readyz", "site.language",  # a file, a word, a way back
    "api.event_list", "api.event_in_full", "api.roster", "api-docs.openapi_json",  # for programs
    "calendar.all", "calendar.of_series",  # for calendar programs
    "public.event_calendar", "registration.ticket_calendar", "registration.ticket_picture", "answers.own_file", "desk.registration_file",  # downloads
    "desk.export_event", "desk.export_responses", "desk.fetch_export", "desk.export_attendees", "desk.export_people", "desk.export_coverage", "desk.import_template", "desk.import_refused",
    "desk.exported_sms", "desk.door_counts", "desk.door_guests",  # the last two are parts of the door
    "desk.venue_code", "desk.board_figures", "board.figures", "desk.summary_live", "screen.figures",  # what changes on a screen
    "desk.planned_import", "desk.import_result", "desk.planned_questionnaire",  # see test_an_imports_pages_are_sound and the one after it
    "desk.answer_file", "desk.answer_preview", "desk.answer_files_packed",  # pictures and downloads
    "desk.export_questionnaire", "desk.export_crosstab",  # downloads
    "desk.scanner_session", "desk.scanner_file", "desk.scanner_worker", "desk.scanner_manifest", "desk.door_person",  # for the scanner's own scripts
    "survey_scripts.file", "survey_scripts.worker",  # for the questionnaire's own scripts
    "desk.setup",  # only before there is an account: see test_the_first_page_of_all
}


LOOKS = {"zh": "desk", "en": "phone"}  # axe takes long: it judges each language once and each width once
WIDTHS = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@dataclass
class View:
    """A page that is kept for many addresses, with what went wrong while it was used."""

    page: Page
    home: str
    language: str
    axe: Callable[[Page], list[str]]
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" and not _status(said.text) else None)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.troubles.append(f"from outside: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= (500 if response.request.resource_type == "document" else 400):
            self.troubles.append(f"{response.status}: {response.url}")

    def faults(self, path: str, *, send: bool = False) -> list[str]:
        """What is wrong with a page; `send` sends its form as it stands and judges the answer."""
        self.troubles.clear()
        self.page.goto(path)
        if send:
            self.page.locator("main form[method=post]").last.evaluate("form => form.requestSubmit()")
            self.page.get_by_role("alert").first.wait_for()
        return self.wrong()

    def wrong(self) -> list[str]:
        """What is wrong with the page that is open."""
        found = []
        for width, size in sorted(WIDTHS.items(), key=lambda each: each[1] != self.page.viewport_size):  # first as it stands: to lay it out anew takes long
            self.page.set_viewport_size(size)
            if width == LOOKS[self.language]:
                found += [f"{width}: {wrong}" for wrong in self.axe(self.page)]
            wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found += [f"{width}: {wide} px wider than the screen"] if wide > 0 else []
        return found + self.troubles


def _status(said: str) -> bool:
    return "the server responded with a status of" in said  # judged by `_answered`


@pytest.fixture(scope="module")
def view(browser: Browser, live_server, places, axe) -> Iterator[Callable[[str, str], View]]:
    """`view("guest", "zh")` is that of a guest, or of an administrator ("admin"), in a language."""
    with ExitStack() as opened:

        def new_page(**context: object) -> Page:
            made = browser.new_context(base_url=live_server.url, **context)
            opened.callback(made.close)
            return made.new_page()

        page = new_page()
        page.goto("/desk/sign-in")
        page.get_by_label("用户名").fill("stage")
        page.get_by_label("密码").fill("all the world")
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/desk/")
        signed_in = page.context.storage_state()
        views: dict[tuple[str, str], View] = {}

        def of(who: str, language: str) -> View:
            if (who, language) not in views:
                page = new_page(storage_state=signed_in if who == "admin" else None)
                page.context.add_cookies([{"name": "lang", "value": language, "url": live_server.url}])
                views[who, language] = View(page, live_server.url, language, axe)
            return views[who, language]

        yield of


@pytest.mark.parametrize("path", PUBLIC)
def test_a_guests_page_is_sound(view, places, path):
    assert [view("guest", language).faults(path.format_map(places)) for language in LOOKS] == [[], []]


@pytest.mark.parametrize("path", DESK)
def test_a_page_of_the_desk_is_sound(view, places, path):
    assert [view("admin", language).faults(path.format_map(places)) for language in LOOKS] == [[], []]


@pytest.mark.parametrize("path", REFUSED)
def test_a_form_that_is_refused_is_sound(view, places, path):
    who = "admin" if path.startswith("/desk/") and path != "/desk/sign-in" else "guest"
    assert view(who, "zh").faults(path.format_map(places), send=True) == []


@pytest.mark.parametrize("language", LOOKS)
def test_an_imports_pages_are_sound(view, tmp_path, language):
    """They are there only for a list that somebody has just sent."""
    looking = view("admin", language)
    file = tmp_path / "list.xlsx"
    file.write_bytes(xlsx((["姓名", "类别", "电话"], [f"沈一舟{language}", "人大代表", "13811112222"], ["吴名", "政协委员", None])))
    looking.page.goto("/desk/people/import")
    looking.page.locator("input[type=file]").set_input_files(file)
    for _page in ("plan", "result"):
        looking.page.locator("main form[method=post] .btn-primary").click()
        looking.page.locator("main .figures").wait_for()
        assert looking.wrong() == []


@pytest.mark.parametrize("language", LOOKS)
def test_the_page_on_which_a_form_is_looked_at_is_sound(view, tmp_path, language):
    """It is there only for a form that somebody has just sent."""
    looking = view("admin", language)
    file = tmp_path / "form.xlsx"
    file.write_bytes(xlsx([["type", "name", "label"], ["text", "Why", "为什么？"], ["geopoint", "where", "在哪里？"]], names=("survey",)))
    looking.page.goto("/desk/questionnaires/import")
    looking.page.locator("input[type=file]").set_input_files(file)
    looking.page.locator("main form[method=post] .btn-primary").click()
    looking.page.locator("main .figures").wait_for()
    assert looking.wrong() == []


def test_the_page_that_makes_the_first_account_is_sound(app, live_server, view):
    with app.app_context():
        path = "/desk/setup/" + tokens.sign("only for tests", tokens.Purpose.SETUP, "admin")
    guest = view("guest", "zh")
    guest.page.route("**/desk/setup/*", lambda route: route.fulfill(body=app.test_client().get(path).text, content_type="text/html"))
    assert guest.faults(path) == []
    guest.page.unroute("**/desk/setup/*")


def test_every_page_is_looked_at(app):
    one = defaultdict(lambda: "1", scan=str(UUID(int=1)))
    address = app.url_map.bind("localhost")
    with pytest.raises(NotFound):
        address.match("/no-such-page")
    paths = [path.partition("?")[0].format_map(one) for path in PUBLIC + DESK if path != "/no-such-page"]
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    assert pages - {address.match(path)[0] for path in paths} == NO_PAGE
