"""Accounts, roles, lock-out and devices."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from database import count_queries

from engage import devices, staff, tokens
from engage.audit import AuditEntry
from engage.devices import DeviceNameMissing, DeviceNameTaken, DeviceTokenRefused
from engage.staff import (
    LOCKED_FOR,
    MAY,
    LastAdmin,
    PasswordIsUserName,
    PasswordTooShort,
    PasswordWrong,
    Permission,
    Role,
    SetupOver,
    SignInFailed,
    UserNameInvalid,
    UserNameTaken,
)
from engage.tokens import LinkExpired, LinkInvalid, Purpose

GOOD = "three plain words"


@pytest.fixture
def anna(session, now):
    return staff.add_user(session, "Anna", GOOD, role=Role.ADMIN, now=now, by="system")


def test_the_roles_may_what_the_office_agreed():
    assert {
        Role.ADMIN: frozenset(Permission),
        Role.ORGANISER: frozenset(Permission) - {Permission.ADMIN},
        Role.DOOR: frozenset({Permission.DOOR}),
        Role.ANALYST: frozenset({Permission.SEE, Permission.SURVEYS, Permission.ANALYSE}),
        Role.VIEWER: frozenset({Permission.SEE}),
    } == MAY


def test_the_right_password_signs_in_whatever_the_case_of_the_name(session, now, anna):
    assert staff.sign_in(session, staff.attempt(session, " aNNa ", GOOD), now=now) is anna
    assert anna.last_sign_in_at == now
    assert anna.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("username, password", [("anna", "wrong password"), ("nobody", GOOD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(session, now, anna, username, password):
    with pytest.raises(SignInFailed) as refusal:
        staff.sign_in(session, staff.attempt(session, username, password), now=now)
    assert refusal.value.facts == {"allowed": 5, "minutes": 15}


@pytest.mark.parametrize("username", ["nobody", "anna"])
def test_an_unknown_name_and_a_locked_one_cost_a_comparison_too(session, now, monkeypatch, anna, username):
    anna.locked_until = now + LOCKED_FOR
    compared = []
    monkeypatch.setattr(staff, "_matches", lambda *given: compared.append(given))
    with pytest.raises(SignInFailed):
        staff.sign_in(session, staff.attempt(session, username, GOOD), now=now)
    assert len(compared) == 1


def test_the_fifth_failure_locks_for_fifteen_minutes_and_then_the_password_works_again(session, now, anna):
    for _ in range(5):
        with pytest.raises(SignInFailed):
            staff.sign_in(session, staff.attempt(session, "anna", "wrong password"), now=now)
    assert anna.locked_until == now + LOCKED_FOR
    with pytest.raises(SignInFailed):
        staff.sign_in(session, staff.attempt(session, "anna", GOOD), now=now + LOCKED_FOR - timedelta(seconds=1))
    assert staff.sign_in(session, staff.attempt(session, "anna", GOOD), now=now + LOCKED_FOR) is anna


def test_a_success_forgets_earlier_failures(session, now, anna):
    for password in ["wrong password"] * 4 + [GOOD] + ["wrong password"] * 4:
        try:
            staff.sign_in(session, staff.attempt(session, "anna", password), now=now)
        except SignInFailed:
            continue
    assert (anna.failed_sign_ins, anna.locked_until) == (4, None)


def test_a_hash_with_weaker_parameters_is_renewed_at_sign_in(session, now, anna):
    weak = "$argon2id$v=19$m=8,t=1,p=1$"
    anna.password_hash = staff.argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    staff.sign_in(session, staff.attempt(session, "anna", GOOD), now=now)
    assert not anna.password_hash.startswith(weak)
    assert staff.sign_in(session, staff.attempt(session, "anna", GOOD), now=now) is anna


@pytest.mark.parametrize("password, refusal", [("nine char", PasswordTooShort), ("我是Anna没错没错", PasswordIsUserName)])
def test_a_poor_password_is_refused_next_to_its_field(session, now, password, refusal):
    with pytest.raises(refusal) as refused:
        staff.add_user(session, "anna", password, role=Role.VIEWER, now=now, by="system")
    assert refused.value.field == "password"


@pytest.mark.parametrize("username", ["a", "has space", "x" * 61, "semi;colon", ""])
def test_a_user_name_of_the_wrong_shape_is_refused(session, now, username):
    with pytest.raises(UserNameInvalid):
        staff.add_user(session, username, GOOD, role=Role.VIEWER, now=now, by="system")


def test_a_name_is_given_once_and_the_refusal_leaves_the_session_usable(session, now, anna):
    with pytest.raises(UserNameTaken):
        staff.add_user(session, "ＡＮＮＡ", GOOD, role=Role.VIEWER, now=now, by="system")
    assert session.scalars(sa.select(staff.User.username)).all() == ["anna"]


def test_one_s_own_password_needs_the_present_one_and_ends_other_sessions(session, now, anna):
    before = anna.session_stamp
    with pytest.raises(PasswordWrong):
        staff.change_password(session, anna, "another good one", present="wrong password", now=now, by=anna.actor)
    assert anna.session_stamp == before
    staff.change_password(session, anna, "another good one", present=GOOD, now=now, by=anna.actor)
    assert anna.session_stamp != before
    assert staff.sign_in(session, staff.attempt(session, "anna", "another good one"), now=now) is anna


def test_the_last_admin_can_neither_be_demoted_nor_deactivated(session, now, anna):
    staff.deactivate(session, staff.add_user(session, "ben", GOOD, role=Role.ADMIN, now=now, by="system"), now=now, by="system")
    with pytest.raises(LastAdmin):
        staff.set_role(session, anna, Role.VIEWER, now=now, by=anna.actor)
    with pytest.raises(LastAdmin):
        staff.deactivate(session, anna, now=now, by=anna.actor)
    assert (anna.role, anna.active) == (Role.ADMIN, True)


def test_a_deactivated_user_cannot_sign_in_until_reactivated(session, now, anna):
    ben = staff.add_user(session, "ben", GOOD, role=Role.DOOR, now=now, by=anna.actor)
    staff.deactivate(session, ben, now=now, by=anna.actor)
    with pytest.raises(SignInFailed):
        staff.sign_in(session, staff.attempt(session, "ben", GOOD), now=now)
    staff.reactivate(session, ben, now=now, by=anna.actor)
    assert staff.sign_in(session, staff.attempt(session, "ben", GOOD), now=now) is ben


def test_the_first_administrator_is_made_once(session, now):
    first = staff.add_first_admin(session, "anna", GOOD, now=now)
    assert first.role is Role.ADMIN
    with pytest.raises(SetupOver):
        staff.add_first_admin(session, "ben", GOOD, now=now)


def test_the_audit_trail_tells_who_did_what_without_names_or_passwords(session, now, anna):
    ben = staff.add_user(session, "ben", GOOD, role=Role.DOOR, now=now, by=anna.actor)
    staff.set_role(session, ben, Role.VIEWER, now=now, by=anna.actor)
    staff.reset_password(session, ben, "another good one", now=now, by=anna.actor)
    session.flush()
    told = session.execute(sa.select(AuditEntry.by, AuditEntry.action, AuditEntry.detail)
                           .where(AuditEntry.subject == f"staff_user:{ben.id}").order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in told] == [
        ("user:anna", "user.add", {"role": "door"}),
        ("user:anna", "user.set_role", {"old": "door", "new": "viewer"}),
        ("user:anna", "user.password", {}),
    ]


def test_a_device_is_known_by_its_token_until_it_is_revoked(session, now):
    device, token = devices.add_device(session, " 东门 1 号 ", now=now, by="system")
    assert device.name == "东门 1 号"
    assert token not in device.token_hash
    session.flush()
    with count_queries(session) as seen:
        assert devices.device_for(session, token) is device
    assert len(seen) == 1
    devices.revoke(session, device, now=now, by="system")
    for refused in (token, "", "egd_x"):
        with pytest.raises(DeviceTokenRefused):
            devices.device_for(session, refused)


def test_a_device_needs_a_name_of_its_own(session, now):
    devices.add_device(session, "gate", now=now, by="system")
    with pytest.raises(DeviceNameTaken):
        devices.add_device(session, "gate", now=now, by="system")
    with pytest.raises(DeviceNameMissing):
        devices.add_device(session, "  ", now=now, by="system")


def test_when_a_device_was_seen_is_kept_to_the_minute(session, now):
    device, _ = devices.add_device(session, "gate", now=now, by="system")
    for seconds in (0, 59, 61):
        devices.note_seen(device, now=now + timedelta(seconds=seconds))
    assert device.last_seen_at == now + timedelta(seconds=61)


def test_a_signed_link_opens_nothing_after_its_time_or_when_changed():
    token = tokens.sign("key", Purpose.SETUP, "first-admin")
    assert tokens.subject_of("key", Purpose.SETUP, token, max_age=60) == "first-admin"
    with pytest.raises(LinkExpired):
        tokens.subject_of("key", Purpose.SETUP, token, max_age=-1)
    for key, changed in (("key", token[:-2]), ("other", token), ("key", "")):
        with pytest.raises(LinkInvalid):
            tokens.subject_of(key, Purpose.SETUP, changed, max_age=60)
