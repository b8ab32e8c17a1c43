"""The versions of a questionnaire: who published each, when, what changed, and what it asked."""

from itertools import pairwise

from flask import render_template

from engage.staff import Permission
from surveys import questionnaires, responses, versions
from surveys.differences import Difference, differences
from webapp.forms.versions import said
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import db


@desk.get("/questionnaires/<int:questionnaire_id>/versions")
@allowed(Permission.SEE, Permission.SURVEYS)
def questionnaire_versions(questionnaire_id: int) -> str:
    """All versions, the latest first, above them what is not published yet."""
    session = db.session()
    found = questionnaires.get(session, questionnaire_id)
    listed = versions.versions(session, found)
    contents = [version.content for version in listed]
    changes: list[list[Difference]] = [[], *(differences(*pair) for pair in pairwise(contents))]
    pending = differences(contents[-1], versions.content_of(found)) if contents else []
    return render_template(
        "desk/questionnaires/versions.html", questionnaire=found, versions=list(zip(listed, changes, strict=False))[::-1],
        pending=pending, counts=responses.counts_by_version(session, found), said=said,
    )
