"""Signing in, accounts, users, devices and the audit trail on the desk."""

import re

import pytest

from engage import devices, staff
from engage.staff import MAY, Permission, Role
from engage.tokens import Purpose, sign

PASSWORD = "three plain words"


@pytest.fixture
def anna(saved, now):
    with saved() as session:
        return staff.add_user(session, "anna", PASSWORD, role=Role.ADMIN, now=now, by="system")


def sign_in(client, password=PASSWORD, path="/desk/sign-in"):
    return client.post(path, data={"username": "anna", "password": password})


def test_every_page_of_the_desk_says_who_may_see_it_and_keeps_the_others_out(app, signed_in):
    guest = app.test_client()
    browsers = {role: signed_in(role) for role in Role}
    wrong = []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("desk."):
            continue
        view = app.view_functions[rule.endpoint]
        assert hasattr(view, "allowed"), rule.endpoint
        if view.allowed is None:
            continue
        path = re.sub(r"<(?:any\((\w+)[^>]*|(int):[^>]+|[^>]+)>", lambda found: found[1] or ("1" if found[2] else "none"), rule.rule)
        method = "GET" if "GET" in rule.methods else "POST"
        turned_away = (302 if method == "GET" else 401)
        if guest.open(path, method=method).status_code != turned_away:
            wrong.append(("guest", rule.endpoint))
        for role, browser in browsers.items():
            may = not view.allowed or not MAY[role].isdisjoint(view.allowed)
            if not may and browser.open(path, method=method).status_code != 403:
                wrong.append((role, rule.endpoint))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_the_settings_only_with_the_permission(signed_in, role):
    browser = signed_in(role)
    statuses = {browser.get(path).status_code for path in
                ("/desk/settings", "/desk/settings/users", "/desk/settings/users/new", "/desk/settings/devices", "/desk/settings/audit")}
    assert statuses == ({200} if Permission.ADMIN in MAY[role] else {403})


def test_signing_in_leads_to_the_page_that_was_asked_for(client, anna):
    asked = client.get("/desk/account")
    assert (asked.status_code, asked.location) == (302, "/desk/sign-in?next=/desk/account")
    assert sign_in(client, path=asked.location).location == "/desk/account"
    assert client.get("/desk/account").status_code == 200


@pytest.mark.parametrize("led_to", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""])
def test_nobody_is_led_to_another_site(client, anna, led_to):
    answer = client.post("/desk/sign-in", query_string={"next": led_to}, data={"username": "anna", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/desk/")


def test_five_failures_lock_although_each_was_refused_and_whoever_guesses_names_learns_nothing(client, anna, signed_in):
    def answer(username, password):
        page = client.post("/desk/sign-in", data={"username": username, "password": password})
        return page.status_code, re.sub(r'value="[^"]*"', "", page.text)

    known = [answer("anna", "wrong password") for _ in range(6)] + [answer("anna", PASSWORD)]
    unknown = [answer("berta", "wrong password") for _ in range(6)] + [answer("berta", PASSWORD)]
    assert known == unknown
    assert "连续 5 次不正确，账号锁定 15 分钟" in known[0][1]
    assert "已锁定" in signed_in("admin").get("/desk/settings/users").text


def test_signing_out_ends_the_session(client, anna):
    sign_in(client)
    assert client.post("/desk/sign-out").location == "/desk/sign-in"
    assert client.get("/desk/account").status_code == 302


def test_a_new_password_ends_every_other_session_and_keeps_this_one(app, anna):
    here, elsewhere = app.test_client(), app.test_client()
    sign_in(here)
    sign_in(elsewhere)
    changed = here.post("/desk/account", data={"present": PASSWORD, "password": "another good one"})
    assert changed.status_code == 302
    assert [browser.get("/desk/account").status_code for browser in (here, elsewhere)] == [200, 302]


def test_a_deactivated_user_is_out_at_once(saved, client, anna, now):
    sign_in(client)
    with saved() as session:
        staff.add_user(session, "ben", PASSWORD, role=Role.ADMIN, now=now, by="system")
        staff.deactivate(session, staff.user_named(session, "anna"), now=now, by="user:ben")
    assert client.get("/desk/account").status_code == 302


def test_the_setup_link_makes_the_first_administrator_and_is_dead_afterwards(app, client):
    link = f"/desk/setup/{sign('only for tests', Purpose.SETUP, 'first-admin')}"
    assert client.get("/desk/setup/forged").status_code == 403
    assert "至少需要 10 个字符" in client.post(link, data={"username": "anna", "password": "short"}).text
    assert client.post(link, data={"username": "anna", "password": PASSWORD}).location == "/desk/"
    assert client.get("/desk/settings/users").status_code == 200
    assert app.test_client().get(link).status_code == 404


def test_an_administrator_adds_finds_changes_and_deactivates_a_user(signed_in, saved):
    admin = signed_in("admin")
    stated = {"username": "ben", "password": PASSWORD, "display_name": "李老师", "role": "door"}
    assert admin.post("/desk/settings/users/new", data=stated).location == "/desk/settings/users"
    assert "已被使用" in admin.post("/desk/settings/users/new", data=stated).text
    found = admin.get("/desk/settings/users?q=李&sort=-role").text
    assert ("李老师" in found, "签到员" in found, "王老师" in found.partition("<tbody>")[2]) == (True, True, False)
    with saved() as session:
        ben = staff.user_named(session, "ben").id
    admin.post(f"/desk/settings/users/{ben}", data={"display_name": "李主任", "role": "organiser"})
    admin.post(f"/desk/settings/users/{ben}/password", data={"new-password": "another good one"})
    admin.post(f"/desk/settings/users/{ben}/active", data={"active": "no"})
    with saved() as session:
        user = staff.user_named(session, "ben")
        assert (user.display_name, user.role, user.active) == ("李主任", Role.ORGANISER, False)
        assert staff._matches(user.password_hash, "another good one")


def test_the_last_administrator_stays_and_is_told_why(client, anna, saved):
    sign_in(client)
    assert "最后一位管理员" in client.post(f"/desk/settings/users/{anna.id}", data={"role": "viewer", "display_name": "x"}).text
    assert "最后一位管理员" in client.post(f"/desk/settings/users/{anna.id}/active", data={"active": "no"}, follow_redirects=True).text
    with saved() as session:
        assert staff.user_named(session, "anna").may(Permission.ADMIN)


def test_a_device_s_token_is_shown_once_and_dies_when_revoked(signed_in, saved):
    admin = signed_in("admin")
    token = re.search(r"egd_[\w-]{43}", admin.post("/desk/settings/devices", data={"name": "东门"}).text)[0]
    page = admin.get("/desk/settings/devices").text
    assert ("东门" in page, token in page) == (True, False)
    with saved() as session:
        key = devices.device_for(session, token).id
    admin.post(f"/desk/settings/devices/{key}/revoke")
    with saved() as session, pytest.raises(devices.DeviceTokenRefused):
        devices.device_for(session, token)


def test_the_audit_trail_is_filtered_by_who_what_and_when(signed_in, anna):
    admin = signed_in("admin")
    rows = {query: admin.get(f"/desk/settings/audit?{query}").text.count("<code>user.add</code>") for query in
            ("", "by=system", "by=user:nobody", "action=user.", "action=event.", f"subject=staff_user:{anna.id}",
             "since=2026-03-18&until=2026-03-18", "since=2026-03-19", "until=2026-03-17", "since=nonsense")}
    assert rows == {"": 1, "by=system": 1, "by=user:nobody": 0, "action=user.": 1, "action=event.": 0,
                    f"subject=staff_user:{anna.id}": 1, "since=2026-03-18&until=2026-03-18": 1, "since=2026-03-19": 0,
                    "until=2026-03-17": 0, "since=nonsense": 1}
