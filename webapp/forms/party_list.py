"""A list of names, pasted or handed in as a file, on its way into the rows of a registration form. Nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict

from engage import applications, party_lists
from engage.applications import Person
from engage.errors import EngageError
from engage.people import name_key
from webapp.errors import words
from webapp.forms.fields import one_line
from webapp.forms.registration import COMPANIONS_READ, STATED, RegistrationForm, companion, read, rows_of

LIST, FILE, FILL = "list", "list_file", "fill"


@dataclass(frozen=True)
class Filled:
    """What was sent, with the list's people in rows of their own; or why the list cannot be read."""

    sent: MultiDict[str, str]
    told: str = ""
    problem: str = ""


def handed_in(sent: MultiDict[str, str]) -> bool:
    """Whether a form came with a list, or to have one filled in: then it is shown again, and nobody is registered yet."""
    return FILL in sent or bool(sent.get(LIST, "").strip() or sent.get(FILE, "").strip())


def fill(sent: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> Filled:
    """Put the people into rows that are empty, the leader left out; what was typed stays."""
    upload = files.get(FILE)
    try:
        people = party_lists.from_text(sent.get(LIST, ""))
        if upload is not None and upload.filename:
            with upload.stream as content:
                people += party_lists.from_file(content.read(party_lists.BYTES + 1))
    except EngageError as error:
        return Filled(sent, problem=words(error))
    if not people:
        chosen = sent.get(FILE, "").strip()  # the name of a file that did not come along
        return Filled(sent, problem=gettext("请重新选择文件，再点“填入名单”。") if chosen else gettext("请粘贴名单或选择文件，再点“填入名单”。"))
    guests = [person for person in people if not _leads(person, sent)]
    taken = set(rows_of(sent))
    room = max(COMPANIONS_READ - len(taken), 0)
    filled = sent.copy()
    filled[LIST] = ""
    free = (row for row in count() if row not in taken)
    for row, person in zip(free, guests[:room], strict=False):
        filled[f"{companion(row)}name"], filled[f"{companion(row)}phone"] = person.name, person.phone
    told = gettext("已填入 %(count)s 人，请核对后提交。", count=len(guests[:room]))
    if len(guests) < len(people):
        told += gettext("名单中的您本人已略去。")
    if len(guests) > room:
        told += gettext("名单过长，只填入了前面的部分。")
    return Filled(filled, told=told)


def mark_rows(form: RegistrationForm, sent: MultiDict[str, str]) -> None:
    """Say next to each companion's row what is wrong with it."""
    for field in ("name", "phone"):
        for row in rows_of(sent):
            if len(one_line(sent.get(companion(row) + field))) > STATED[field]:
                _note(form, row, field, gettext("请勿超过 %(max)d 个字符。", max=STATED[field]))
    stated = read(sent, position="", language="")
    faults = applications.companion_faults(stated["leader"], stated["companions"]) if stated else {}
    rows = rows_of(sent)
    for place, fault in faults.items():
        _note(form, rows[place], "phone" if fault.code == "invalid_phone" else "name", words(fault))


def _note(form: RegistrationForm, row: int, field: str, problem: str) -> None:
    for number, entry in enumerate(form.companions, start=1):
        if entry.name == companion(row).rstrip("-"):
            said: Sequence[str] = entry.form[field].errors
            problem = gettext("随行人员 %(number)s：%(problem)s", number=number, problem=problem)
            entry.form[field].errors = [*said, problem]
            form.companions.errors = [*form.companions.errors, problem]


def _leads(person: Person, sent: MultiDict[str, str]) -> bool:
    leader, phone = one_line(sent.get("name")), one_line(sent.get("phone"))
    return bool(leader) and name_key(person.name) == name_key(leader) and person.phone in {"", phone}
