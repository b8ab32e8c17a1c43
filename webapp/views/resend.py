""""I lost my link": tickets and invitations are sent again to the contact on file. No answer tells who is registered."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from engage.contacts import InvalidEmail, InvalidPhone
from engage.lost_links import clean_contact
from webapp import lost_links
from webapp.errors import form_refused
from webapp.forms.guests import LostLinkForm
from webapp.rates import limited
from webapp.security import for_guests

pages = Blueprint("resend", __name__)


@pages.route("/resend", methods=["GET", "POST"])
@for_guests
@limited("5 per minute; 20 per hour")
def lost_link() -> Response | str:
    """Ask for one's tickets and invitations once more."""
    form = LostLinkForm()
    if form.validate_on_submit():
        try:
            contact = clean_contact(form.contact.data or "")
        except (InvalidPhone, InvalidEmail) as error:
            form_refused(form, error)
        else:
            return sent_again(contact, "resend.asked")
    return render_template("public/resend.html", form=form)


@pages.get("/resend/done")
def asked() -> str:
    """The same for everybody."""
    return render_template("public/resent.html", repeated=False)


@pages.get("/resend/repeated")
def repeated() -> str:
    """After a registration form of somebody who may be registered already: the same for everybody, too."""
    return render_template("public/resent.html", repeated=True)


def sent_again(contact: str, page: str) -> Response:
    """Have what belongs to a clean contact sent again, and go to the page that says so."""
    from webapp import jobs  # noqa: PLC0415 -- slow import

    lost_links.ask(contact)
    jobs.soon("find_lost_links")
    return redirect(url_for(page))
