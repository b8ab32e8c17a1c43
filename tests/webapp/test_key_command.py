"""`engage rekey`, and what the settings make of ENGAGE_FIELD_KEY."""

import csv
import dataclasses
import json

import make
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engage import answers
from engage.answers import Keeping, Sent
from engage.fields import Answer
from engage.sealing import Cipher
from webapp import cli
from webapp.settings import Settings

IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard


@pytest.fixture
def run(app, monkeypatch):
    """`run("rekey", field_key="…")` as on the command line, on the app's database."""

    def run(*words, **changes):
        known = app.extensions["engage_settings"]
        monkeypatch.setitem(app.extensions, "engage_settings", dataclasses.replace(known, **changes))
        monkeypatch.setattr("webapp.commands.create_app", lambda: app)
        done = CliRunner().invoke(cli.main, [str(word) for word in words])
        monkeypatch.setitem(app.extensions, "engage_settings", known)
        return done

    return run


@pytest.fixture
def sealed(saved):
    """The value in the database of an identity-card number that was kept under the secret key alone."""
    with saved() as session:
        event = make.event(session, slug="day")
        field = make.field(session, event, settings={"check": "identity"}, label="身份证号")
        party = make.registration(session, event)
        judged = answers.read([field], [{"f1": Sent([IDENTITY], consent=True)}], category_id=1, now=make.NOW)
        answers.keep(session, party, [party.leader.name], asked=[field], judged=judged,
                     keeping=Keeping(Cipher(["only for tests"]), "guest", make.NOW))

    def value():
        with saved() as session:
            return session.scalar(sa.select(Answer.value))

    return value


def test_the_first_key_encrypts_and_the_secret_key_is_tried_last():
    assert Settings(secret_key="s").field_secrets() == ("s",)
    assert Settings(secret_key="s", field_key=" new , old ,").field_secrets() == ("new", "old", "s")


def test_rekey_moves_every_answer_to_the_first_key(run, sealed):
    done = run("rekey", "--json", field_key="a new key")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"answers": 1, "files": 0})
    assert Cipher(["a new key"]).open_text(sealed()) == IDENTITY


def test_rekey_without_the_old_key_says_so_and_changes_nothing(run, sealed):
    before = sealed()
    done = run("rekey", field_key="a new key", secret_key="another one")
    assert (done.exit_code, "cannot be read with the keys that are configured" in done.stderr) == (1, True)
    assert sealed() == before


@pytest.mark.parametrize("options, shown", [([], "******"), (["--sensitive"], IDENTITY)])
def test_the_list_of_attendees_masks_what_is_sensitive_unless_it_is_asked_for(run, sealed, tmp_path, options, shown):
    file = tmp_path / "list.csv"
    assert run("export", "attendees", "day", *options, "--format", "csv", "-o", file).exit_code == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert [row["身份证号"] for row in csv.DictReader(lines)] == [shown]
