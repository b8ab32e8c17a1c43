"""Coverage: who and what was not invited for some months, as a list, as a file, and onto the list of a coming event."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import sqlalchemy as sa
from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from werkzeug.wrappers import Response

from engage import batches, coverage, events, invitations, people, tables
from engage.coverage import By, Gap, Look
from engage.events import Event
from engage.events import State as EventState
from engage.outbox import in_portions
from engage.people import Category, Invitee
from engage.staff import Permission
from webapp.formats import day, local
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.invitations import tell_added
from webapp.views.desk.people import MEDIA, PUBLIC_SORTS, category_choices, found_people
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
MONTHS, MOST_MONTHS = 12, 120
BY_WORDS: Mapping[By, LazyString] = {
    By.INVITEE: lazy_gettext("人员"), By.ORGANISATION: lazy_gettext("单位"), By.CATEGORY: lazy_gettext("类别"),
    By.DISTRICT: lazy_gettext("区县"),
}
Answer = str | Response | tuple[str, int]


class Found(Pagination):
    """A page of keys, whose number is counted together with that of all that is looked at."""

    def _query_items(self) -> list[int | str]:
        wanted = self._query_args["wanted"].limit(self.per_page).offset(self._query_offset)
        return list(db.session.scalars(wanted))

    def _query_count(self) -> int:
        return self._query_args["missed"]


@desk.get("/coverage", endpoint="coverage")
@allowed(Permission.SEE, Permission.PEOPLE)
def coverage_list() -> str:
    """Who, or which organisations, categories or districts, were not invited for so many months."""
    return _page(_look())


@desk.post("/coverage")
@allowed(Permission.INVITE)
def invite_uncovered() -> Answer:
    """Put the people of what was ticked, or of all that was found, on the list of an event; all once it is confirmed."""
    look, event = _look(), _chosen_event()
    picked = None if "all" in request.form else request.form.getlist("picked", type=int if look.by in {By.INVITEE, By.CATEGORY} else str)
    if picked == []:
        return _page(look, refusals=[("", gettext("请先勾选要邀请的对象。"))]), 422
    if event is None:
        return _page(look, picked or (), [("event", gettext("请选择要邀请他们参加的活动。"))]), 422
    if picked is None and "confirmed" not in request.form:
        return _confirm_page(look, event)
    _invite(event, coverage.members(look, picked))
    return redirect(url_for("desk.invitations", slug=event.slug))


@desk.get("/coverage.xlsx")
@allowed(Permission.PEOPLE)
def export_coverage() -> Response:
    """The list as it is shown, all its pages."""
    look = _look()
    keys = db.session.scalars(coverage.gaps(look, sort=_sort(look))).all()
    if look.by is By.INVITEE:
        with saving() as session:
            people.note_export(session, count=len(keys), by=current_user.by, now=clock())
    columns = _columns(look.by)
    rows = (_row(gap) for some in in_portions(keys) for gap in coverage.describe(db.session(), look, some))
    file = BytesIO()
    tables.write_xlsx(file, gettext("邀请覆盖情况"), columns, rows)
    file.seek(0)
    return send_file(file, mimetype=MEDIA["xlsx"], as_attachment=True,
                     download_name=f"{gettext('邀请覆盖情况')}{local(clock()):%Y%m%d}.xlsx")


def _look() -> Look:
    """What this request looks at. Groups are searched by their own name; people as on their own list."""
    asked = request.args.get("by", "")
    by = By(asked) if asked in set(By) else By.INVITEE
    since = coverage.months_before(local(clock()), _months())
    if by is By.INVITEE:
        return Look(by=by, since=since, people=found_people())
    category_id = request.args.get("category", type=int)
    category = db.session.get(Category, category_id) if category_id else None
    among = people.find_invitees(category=category, district=request.args.get("district", ""))
    return Look(by=by, since=since, people=among, name=request.args.get("q", "").strip())


def _months() -> int:
    months = request.args.get("months", MONTHS, type=int)
    return months if 1 <= months <= MOST_MONTHS else MONTHS


def _sort(look: Look) -> str:
    """The order asked for; whoever may not see names cannot find out by sorting either."""
    sort = request.args.get("sort", "last")
    hidden = look.by is By.INVITEE and not current_user.may(Permission.PEOPLE) and sort.removeprefix("-") not in PUBLIC_SORTS | {"last"}
    return "last" if hidden else sort


def _page(look: Look, picked: Sequence[int | str] = (), refusals: Sequence[tuple[str, str]] = ()) -> str:
    missed, total = coverage.counts(db.session(), look)
    pages = Found(per_page=ON_A_PAGE, error_out=False, wanted=coverage.gaps(look, sort=_sort(look)), missed=missed)
    return render_template(
        "desk/coverage/list.html", look=look, by=look.by, pages=pages, gaps=coverage.describe(db.session(), look, pages.items),
        total=total, months=_months(), most=MOST_MONTHS, by_words=BY_WORDS, picked=picked, refusals=refusals,
        events=db.session.scalars(_open_events()).all(), chosen=request.form.get("event") or request.args.get("event"),
        labelled=category_choices(), districts=[(name, name) for name in people.districts(db.session())],
        personal=current_user.may(Permission.PEOPLE), may=current_user.may(Permission.INVITE),
    )


def _confirm_page(look: Look, event: Event) -> str:
    left = invitations.audience(event).where(Invitee.id.in_(coverage.members(look))).order_by(None)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(left.subquery()))
    return render_template("desk/coverage/confirm.html", event=event, count=count)


def _invite(event: Event, wanted: sa.Select[int]) -> None:
    """Draft their invitations: at once, or in the background where they are many."""
    with saving() as session:
        few = session.scalars(invitations.audience(event).where(Invitee.id.in_(wanted)).limit(batches.STEP)).all()
        if len(few) < batches.STEP:
            tell_added(invitations.invite(session, event, few, by=current_user.by, now=clock()))
            return
        batches.start_picked(session, event, wanted, by=current_user.by, now=clock())
    from webapp import jobs  # noqa: PLC0415 -- slow import

    jobs.soon("invite")


def _open_events() -> sa.Select[Event]:
    """The events that people can still be invited to, the next one first."""
    coming = sa.or_(Event.ends_at.is_(None), Event.ends_at > clock())
    found = events.find().where(Event.state.in_((EventState.DRAFT, EventState.PUBLISHED)), coming)
    return found.order_by(Event.starts_at.asc().nulls_last(), Event.id)


def _chosen_event() -> Event | None:
    return db.session.scalar(_open_events().where(Event.slug == request.form.get("event", "")))


def _columns(by: By) -> list[tuple[str, int]]:
    own = [(gettext("姓名"), 12), (gettext("类别"), 18), (gettext("工作单位"), 30), (gettext("区县"), 12)] if by is By.INVITEE else [
        (str(BY_WORDS[by]), 30), (gettext("人数"), 8)]
    return [*own, (gettext("上次邀请"), 24), (gettext("上次邀请的活动"), 40)]


def _row(gap: Gap) -> list[str]:
    one = gap.subject
    if isinstance(one, Invitee):
        own = [one.name, category_name(one.category), one.organisation, one.district]
    else:
        own = [category_name(one) if isinstance(one, Category) else one, str(gap.people)]
    return [*own, day(gap.at) or gettext("从未邀请"), gap.event.title if gap.event else ""]
