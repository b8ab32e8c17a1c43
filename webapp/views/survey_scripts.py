"""What a questionnaire's page needs besides itself to be filled in and sent without a network: its scripts and its service worker."""

from typing import Any

from flask import Blueprint, Response, url_for

from webapp import wiring
from webapp.scripts import Scripts

pages = Blueprint("survey_scripts", __name__, url_prefix="/q")
SCRIPTS = Scripts("survey")
STYLES = ("tokens.css", "engage.css", "print.css", "guest.css", "survey.css")
PICTURES = ("icon.svg", "icons.svg")


def script(name: str) -> str:
    """The address of one of the scripts."""
    return url_for("survey_scripts.file", of=SCRIPTS.version, name=name)


@pages.get("/files/<of>/<name>")
def file(of: str, name: str) -> Response:
    """One of the scripts."""
    return SCRIPTS.send(of, name)


@pages.get("/worker.js")
def worker() -> Response:
    """The service worker of all questionnaires, which stands where they do and so answers for nothing else."""
    return Response(f'import "{script("worker.js")}";\n', mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


def _files() -> list[str]:
    bootstrap = url_for("bootstrap.static", filename="css/bootstrap.min.css", v=wiring.bootstrap.bootstrap_version)
    return [bootstrap, *(url_for("static", filename=name) for name in (*STYLES, *PICTURES)), *map(script, SCRIPTS.names)]


@pages.app_context_processor
def survey_facts() -> dict[str, Any]:
    """For the pages' templates."""
    return {"survey_script": script, "survey_files": _files}
