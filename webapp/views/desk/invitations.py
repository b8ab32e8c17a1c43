"""The tab of an event with its invitations: who is asked, adding people, sending."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import batches, events, invitations, people
from engage.batches import Kind
from engage.errors import EngageError
from engage.events import Event
from engage.events import State as EventState
from engage.invitations import Invitation, State
from engage.outbox import Channel
from engage.people import Category, Invitee
from engage.staff import Permission
from webapp import delivery, formats
from webapp.errors import status_of, words
from webapp.forms import invitations as said
from webapp.forms.staff import EmptyForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.people import category_choices, found_people
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
TOLD_FOR = timedelta(minutes=10)  # for so long the list says what a batch has done
AGAIN = "3"  # seconds after which a browser fetches the list again while a batch is under way
SORTS: Mapping[str, tuple[Any, ...]] = {
    "name": (Invitee.name_key,), "organisation": (Invitee.organisation,), "category": (Category.position,),
    "state": (Invitation.state,), "invited": (Invitation.invited_at,),
}
Answer = str | Response | tuple[str, int]


@desk.context_processor
def message_words() -> dict[str, Any]:
    """The words for invitations and messages, for every template of the desk."""
    names = ("CHANNEL_WORDS", "PURPOSE_WORDS", "INVITATION_WORDS", "INVITATION_LOOKS", "MESSAGE_STATE_WORDS", "message_state", "fault")
    return {name: getattr(said, name) for name in names}


@desk.get("/events/<slug>/invitations", endpoint="invitations")
@allowed(Permission.SEE)
def invitation_list(slug: str) -> Response:
    """The invited, with what came of it; personal data only for those who may see it."""
    event = events.by_slug(db.session(), slug)
    pages = db.paginate(_found(event), per_page=ON_A_PAGE, error_out=False)
    counts = invitations.counts(db.session(), event)
    under_way = batches.latest(db.session(), event, since=clock() - TOLD_FOR)
    page = render_template(
        "desk/invitations/list.html", event=event, pages=pages, counts=counts, batches=under_way,
        figures=[(said.INVITATION_WORDS[state], formats.number(count), "") for state, count in counts.items()],
        bounced=invitations.bounced(db.session(), event),
        messages=invitations.latest_messages(db.session(), pages.items), labelled=category_choices(),
        personal=current_user.may(Permission.PEOPLE), may=current_user.may(Permission.INVITE),
    )
    working = any(batch.finished_at is None for batch in under_way)
    return Response(page, headers={"Refresh": AGAIN} if working else {}, mimetype="text/html")


@desk.route("/events/<slug>/invitations/add", methods=["GET", "POST"])
@allowed(Permission.INVITE)
def add_invitations(slug: str) -> Answer:
    """Put everyone, or whole categories, on the list; the picker has a page of its own."""
    event = _open_event(slug)
    if EmptyForm().validate_on_submit():
        wanted = None if request.form.get("everyone") else request.form.getlist("category", type=int)
        if wanted == []:
            flash(gettext("请先选择类别。"), "warning")
            return redirect(url_for("desk.add_invitations", slug=slug))
        if batches.to_do(db.session(), event, Kind.INVITE, category_ids=wanted) >= batches.STEP:
            return _in_background(event, Kind.INVITE, wanted)
        with saving() as session:
            ids = session.scalars(invitations.audience(event, category_ids=wanted)).all()
            added = invitations.invite(session, event, ids, by=current_user.by, now=clock())
        tell_added(added)
        return redirect(url_for("desk.invitations", slug=slug))
    left = (
        sa.select(Category, sa.func.count(Invitee.id)).join(Invitee, Invitee.category_id == Category.id)
        .where(Invitee.id.in_(invitations.audience(event).order_by(None))).group_by(Category.id)
        .order_by(Category.position, Category.id)
    )
    return render_template("desk/invitations/add.html", event=event, rows=db.session.execute(left).all())


@desk.route("/events/<slug>/invitations/pick", methods=["GET", "POST"])
@allowed(Permission.INVITE)
def pick_invitations(slug: str) -> Answer:
    """Look for people who are not on the list yet, and put the ticked ones of this page on it."""
    event = _open_event(slug)
    if EmptyForm().validate_on_submit():
        with saving() as session:
            wanted = invitations.audience(event).where(Invitee.id.in_(request.form.getlist("person", type=int)))
            added = invitations.invite(session, event, session.scalars(wanted).all(), by=current_user.by, now=clock())
        tell_added(added)
        return redirect(request.full_path.rstrip("?"))
    found = found_people().where(Invitee.id.in_(invitations.audience(event).order_by(None)))
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    districts = [(name, name) for name in people.districts(db.session())]
    return render_template("desk/invitations/pick.html", event=event, pages=pages, labelled=category_choices(), districts=districts)


@desk.route("/events/<slug>/invitations/send", methods=["GET", "POST"])
@allowed(Permission.INVITE)
def send_invitations(slug: str) -> Answer:
    """Send to the ticked ones or to all that wait, once the numbers by channel are confirmed."""
    event = events.by_slug(db.session(), slug)
    picked = request.values.getlist("invitation", type=int) if "picked" in request.values else None
    if picked == []:
        flash(gettext("请先勾选要发送的邀请。"), "warning")
        return redirect(url_for("desk.invitations", slug=slug))
    if EmptyForm().validate_on_submit():
        try:
            if picked is None and batches.to_do(db.session(), event, Kind.SEND) >= batches.STEP:
                return _in_background(event, Kind.SEND)
            with saving() as session:
                sent = invitations.send(session, event, ids=picked, by=current_user.by, now=clock())
        except EngageError as error:
            return _send_page(event, picked, words(error)), status_of(error)
        told = gettext("，").join(f"{said.CHANNEL_WORDS[channel]} {count}" for channel, count in sent.items() if count)
        flash(gettext("已生成邀请：%(told)s。", told=told) if told else gettext("没有待发送的邀请。"), "success" if told else "warning")
        return redirect(url_for("desk.invitations", slug=slug))
    return _send_page(event, picked)


def _found(event: Event) -> sa.Select[Invitation]:
    """The invitations that this request's search, filters and order ask for; masked readers search organisations only."""
    typed, state, channel = request.args.get("q", "").strip(), request.args.get("state", ""), request.args.get("channel", "")
    personal = current_user.may(Permission.PEOPLE)
    found = invitations.of_event(event, state=State(state) if state in set(State) else None, words=typed if personal else "",
                                 category_id=request.args.get("category", type=int))
    if state == said.BOUNCED:
        found = found.where(invitations.BOUNCED)
    if typed and not personal:
        found = found.where(Invitee.organisation.icontains(typed, autoescape=True))
    if channel in set(Channel):
        found = found.where(Invitation.channel == Channel(channel))
    wish = request.args.get("sort", "")
    columns = SORTS.get(wish.removeprefix("-"))
    if columns and (personal or columns is not SORTS["name"]):
        found = found.join(Category, Category.id == Invitee.category_id)
        found = found.order_by(None).order_by(
            *(column.desc() if wish.startswith("-") else column.asc() for column in columns), Invitation.id)
    return found


def _in_background(event: Event, kind: Kind, category_ids: list[int] | None = None) -> Response:
    """So many that no request shall wait for them: the list shows how far it has come."""
    with saving() as session:
        batches.start(session, event, kind, category_ids=category_ids, by=current_user.by, now=clock())
    from webapp import jobs  # noqa: PLC0415 -- slow import

    jobs.soon("invite")
    return redirect(url_for("desk.invitations", slug=event.slug))


def _open_event(slug: str) -> Event:
    event = events.by_slug(db.session(), slug)
    if event.state not in {EventState.DRAFT, EventState.PUBLISHED}:
        abort(409)
    return event


def tell_added(added: int) -> None:
    """Say how many people were put on a list."""
    if added:
        flash(gettext("已将 %(added)s 人加入邀请名单，尚未发送。", added=added), "success")
    else:
        flash(gettext("没有加入任何人员，所选人员可能已在名单中。"), "warning")


def _send_page(event: Event, picked: list[int] | None, refusal: str = "") -> str:
    counts = invitations.to_send(db.session(), event, ids=picked)
    return render_template("desk/invitations/send.html", event=event, counts=counts, picked=picked, refusal=refusal,
                           channels=Channel, missing=delivery.missing_settings())
