"""Two questions of an event's questionnaire, or a question and an attribute, counted against each other."""

from tempfile import TemporaryFile

from flask import abort, render_template, request, send_file
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, exports, people, respondents
from engage.events import Event
from engage.exports.crosstabs import CROSSTAB_FORMATS, lines
from engage.staff import Permission
from surveys import crosstabs
from surveys.asked import in_language
from surveys.crosstabs import CrossTab, Known
from surveys.forms import whole_form
from surveys.suppression import suppressed_table
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, language, saving, settings


@desk.get("/events/<slug>/crosstab")
@allowed(Permission.ANALYSE)
def crosstab(slug: str) -> str:
    """The two sides to choose, and their table. Its address can be passed on."""
    event = events.by_slug(db.session(), slug)
    sides: list[tuple[str, str]] = []
    table = None
    if event.questionnaire is not None:
        found = crosstabs.sides_of(whole_form(db.session(), event.questionnaire))
        found += [(code, known.text_zh, known.text_en) for code, known in _known(event).items()]
        sides = [(code, in_language(language(), chinese, english)) for code, chinese, english in found if code != "context"]
        table = _table(event, masked=event.questionnaire.anonymous)
    return render_template("desk/crosstab.html", event=event, sides=sides, table=table, formats=list(CROSSTAB_FORMATS),
                           below=settings().smallest_cell)


@desk.get("/events/<slug>/crosstab.<format>")
@allowed(Permission.ANALYSE)
def export_crosstab(slug: str, format: str) -> Response:  # noqa: A002 -- the name in the address
    """The table as a file, small figures left out."""
    if format not in CROSSTAB_FORMATS:
        abort(404)
    with saving() as session:
        event = events.by_slug(session, slug)
        exports.note_export(session, event, f"crosstab.{format}", by=current_user.by, now=clock())
    table = _table(event, masked=True) if event.questionnaire is not None else None
    if table is None:
        abort(404)
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    CROSSTAB_FORMATS[format](lines(table, language()), file)
    file.seek(0)
    return send_file(file, as_attachment=True, download_name=f"{event.title}{gettext('交叉分析')}.{format}")


def _table(event: Event, *, masked: bool) -> CrossTab | None:
    down, across = request.args.get("down"), request.args.get("across")
    if not down or not across or event.questionnaire is None:
        return None
    labels = {category.code: in_language(language(), category.name, category.name_en) for category in people.categories(db.session())}
    labels |= {"": gettext("未注明"), "zh": gettext("中文"), "en": gettext("英文")}
    table = crosstabs.crosstab(db.session(), event.questionnaire, down, across, context=event.slug, labels=labels, known=_known(event))
    return suppressed_table(table, below=settings().smallest_cell) if masked else table


def _known(event: Event) -> dict[str, Known]:
    """What the registration tells of those who answered; of an anonymous questionnaire nobody knows who did."""
    if event.questionnaire is None or event.questionnaire.anonymous:
        return {}
    return respondents.known(db.session(), event, language=language())
