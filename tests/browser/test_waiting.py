"""The waiting list on a phone: the event is full, one waits, somebody cancels, the seat is offered and taken."""

from datetime import UTC, datetime, timedelta

import make
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from engage.parties import Registration, State

pytestmark = pytest.mark.browser


def test_from_a_full_event_over_the_waiting_list_to_a_ticket(live_server, phone, desk):
    now = datetime.now(UTC)  # noqa: TID251 -- what the server's own clock says
    start = now + timedelta(days=3)
    with live_server.session() as session:
        category = make.category(session, name="市民", companions=1)
        event = make.event(session, seats=1, title="候补演示开放日", starts_at=start, ends_at=start + timedelta(hours=2),
                           registration_closes_at=start)
        seated = make.registration(session, event, category=category).leader.ticket_code

    phone.goto(f"/events/{event.slug}")
    expect(phone.get_by_text("名额已满，可候补")).to_be_visible()
    phone.get_by_role("link", name="登记候补").click()
    expect(phone.get_by_text("名额已满，可以登记候补。")).to_be_visible()
    phone.get_by_label("市民", exact=True).check()
    phone.get_by_label("姓名", exact=True).first.fill("钟候补")
    phone.get_by_label("手机号").first.fill("13911112222")
    phone.get_by_label("我已阅读").check()
    phone.get_by_role("button", name="登记候补").click()
    expect(phone.get_by_text("您正在候补，排在第 1 位。")).to_be_visible()
    expect(phone.get_by_role("img", name="二维码")).to_have_count(0)
    waiting = phone.url

    desk.goto(f"/t/{seated}/cancel")
    desk.get_by_role("button", name="取消报名").click()
    expect(desk.get_by_text("凭证已失效。")).to_be_visible()

    phone.goto(waiting)
    expect(phone.get_by_text("有了空余名额，已为您保留到")).to_be_visible()
    phone.get_by_role("button", name="确认参加").click()
    expect(phone.get_by_role("img", name="二维码")).to_be_visible()
    assert phone.url == waiting
    with live_server.session() as session:
        states = session.scalars(sa.select(Registration.state).where(Registration.event_id == event.id).order_by(Registration.id)).all()
    assert states == [State.CANCELLED, State.CONFIRMED]
