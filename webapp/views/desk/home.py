"""The desk's first screen."""

from flask import render_template

from webapp.guard import allowed
from webapp.views.desk import desk


@desk.get("/")
@allowed()
def home() -> str:
    """What needs doing today."""
    return render_template("desk/home.html")
