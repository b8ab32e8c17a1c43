"""The web app on either database: what the two drivers answer differently, and the main journey."""

import make
import pytest
from werkzeug.routing import IntegerConverter

from engage.people import seed_categories
from webapp import create_app
from webapp.settings import Settings
from webapp.wiring import db, saving

BEYOND = "9" * 20  # larger than any integer of a database


@pytest.fixture
def app(database_url, tmp_path):
    """The web app on a database of its own, of either kind."""
    settings = Settings(instance=tmp_path, secret_key="only for tests", database_url=database_url)
    app = create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with app.app_context():
        db.create_all()
        with saving() as session:
            seed_categories(session)
    yield app
    with app.app_context():
        db.engine.dispose()


def test_an_id_beyond_the_databases_integers_is_not_found(app, saved, signed_in):
    with saved() as session:
        slug = make.event(session).slug
    admin = signed_in("admin")
    answers = {}
    for rule in app.url_map.iter_rules():
        numbers = [name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)]
        if numbers:
            first = {name: kind.regex.removeprefix("(?:").partition("|")[0] for name, kind in rule._converters.items()}
            address = rule.build(first | {"slug": slug} | dict.fromkeys(numbers, int(BEYOND)))[1]
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answers[f"{method} {address}"] = admin.open(address, method=method).status_code
    assert len(answers) > 30
    assert {request: status for request, status in answers.items() if status != 404} == {}


@pytest.mark.parametrize("query", ["page", "category", "picked=1&invitation", "user", "question"])
def test_a_number_beyond_the_databases_integers_in_a_query_finds_nothing(app, saved, signed_in, query):
    with saved() as session:
        event = make.event(session)
        event.questionnaire = make.questionnaire(session)
        slug = event.slug
    admin = signed_in("admin")
    failed = {}
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and rule.rule.startswith("/desk") and rule.arguments <= {"slug"}:
            address = f"{rule.rule.replace('<slug>', slug)}?{query}={BEYOND}"
            if (status := admin.get(address).status_code) >= 500:
                failed[address] = status
    assert failed == {}


def test_a_number_beyond_the_databases_integers_in_a_form_is_refused(saved, signed_in):
    with saved() as session:
        slug = make.event(session).slug
    organiser = signed_in("organiser")
    sent = {
        f"/desk/events/{slug}/questionnaire/attach": {"questionnaire": BEYOND},
        f"/desk/events/{slug}/invitations/add": {"category": BEYOND},
        f"/desk/events/{slug}/invitations/pick": {"person": BEYOND},
        f"/desk/events/{slug}/invitations/send": {"picked": "1", "invitation": BEYOND},
        f"/desk/events/{slug}/letters": {"message": BEYOND},
    }
    assert {address: organiser.post(address, data=data).status_code for address, data in sent.items()} == dict.fromkeys(sent, 404)
