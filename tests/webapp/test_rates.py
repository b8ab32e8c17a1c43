"""How often one address may do something."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from webapp import create_app
from webapp.settings import Settings
from webapp.wiring import clock, db


@pytest.fixture
def counting(tmp_path):
    """A browser at an address of an app that counts."""
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        db.create_all()
    yield lambda method, address: app.test_client().open(
        "/events/nothing/register", method=method, environ_base={"REMOTE_ADDR": address})
    with app.app_context():
        db.engine.dispose()


def test_who_sends_too_often_is_told_when_to_return_and_nobody_else_is(counting):
    assert [counting("POST", "10.0.0.1").status_code for _ in range(30)] == [404] * 30
    refused = counting("POST", "10.0.0.1")
    assert (refused.status_code, "请稍等几分钟后再试" in refused.text) == (429, True)
    wait = parsedate_to_datetime(refused.headers["Retry-After"]) - clock()
    assert timedelta(0) < wait <= timedelta(minutes=1)
    assert counting("POST", "10.0.0.2").status_code == 404


def test_looking_is_not_counted_where_only_sending_is(counting):
    assert {counting("GET", "10.0.0.1").status_code for _ in range(40)} == {404}
