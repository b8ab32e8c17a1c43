"""Questionnaires with conditions, invented by hypothesis, and ways to fill them in."""

from collections.abc import Collection, Sequence
from typing import Any

from everykind import picture
from hypothesis import strategies as st

from surveys import conditions, flow, forms
from surveys.asked import Asked
from surveys.errors import Invalid
from surveys.files import Upload
from surveys.forms import Form
from surveys.kinds import KINDS
from surveys.walks import Walk

SEGMENTS = ["", "deputy", "enterprise"]
CONTEXTS = ["", "spring", "autumn"]
WORDS = ["好", "不 好", "０１", "a b", "ok", "3"]
SHAPES: list[dict[str, Any]] = [
    {"kind": "single"}, {"kind": "single", "settings": {"other": True}}, {"kind": "multiple"},
    {"kind": "multiple", "settings": {"min": 2, "max": 2}}, {"kind": "multiple", "settings": {"none": True, "min": 3}},
    {"kind": "multiple", "settings": {"other": True, "none": True, "max": 2}}, {"kind": "scale"}, {"kind": "likelihood"}, {"kind": "number"}, {"kind": "number", "settings": {"min": 0, "max": 5, "integer": True}}, {"kind": "text"},
    {"kind": "matrix"}, {"kind": "matrix", "settings": {"labels": ["好", "中", "差"]}}, {"kind": "grid"},
    {"kind": "grid", "settings": {"columns": ["有", "想", "无"]}}, {"kind": "ranking"}, {"kind": "ranking", "settings": {"max": 2}},
    {"kind": "date"}, {"kind": "time"}, {"kind": "datetime"}, {"kind": "long_text"}, {"kind": "email"}, {"kind": "phone"},
    {"kind": "credit_code"}, {"kind": "file"}, {"kind": "photo"}, {"kind": "info"},
]
# Strategies are made once, and a place in a list is drawn instead of what stands there: to make them and to write them down
# takes hypothesis far longer than to draw.
_PLACES = [st.integers(0, last) for last in range(30)]
_OFTEN, _EITHER = st.integers(0, 3).map(bool), st.booleans()


def one_of(draw, things) -> Any:
    return things[draw(_PLACES[len(things) - 1])]


def leaf(draw, earlier: list[Asked]) -> dict[str, Any]:
    """A comparison that is right about one of the earlier questions, or about who answers."""
    of = one_of(draw, [*earlier, None])
    if of is None:
        return one_of(draw, [{"segment": "deputy"}, {"segment": "enterprise"}, {"context": "spring"}])
    name = f"{of.code}.{one_of(draw, of.parts).code}" if of.parts else of.code
    compared = KINDS[of.kind].compared
    if not compared or not draw(_OFTEN):
        return {"answered": of.code}
    if compared == "option":
        return {"picked": [name, one_of(draw, of.options).code]}
    if compared == "number":
        number = one_of(draw, [20_500, 20_530] if of.kind in {"date", "datetime"} else range(-1, 12))
        return {"compared": [name, one_of(draw, list(conditions.SIGNS)), number]}
    return {"says": [name, one_of(draw, WORDS)]}


def tree(draw, earlier: list[Asked], deep: int = 2) -> dict[str, Any]:
    how = one_of(draw, ["leaf", "leaf", "not", "all", "any"]) if deep else "leaf"
    if how == "leaf":
        return leaf(draw, earlier)
    if how == "not":
        return {"not": tree(draw, earlier, deep - 1)}
    return {how: [tree(draw, earlier, deep - 1) for _ in range(one_of(draw, [1, 2, 2, 3]))]}


@st.composite
def trees(draw, earlier: list[Asked]) -> dict[str, Any]:
    return tree(draw, earlier)


def _maybe(draw, earlier: list[Asked]) -> dict[str, Any] | None:
    return tree(draw, earlier) if draw(_EITHER) else None


@st.composite
def contents(draw, sizes: Sequence[int] = (1, 2, 3, 4)) -> dict[str, Any]:
    """What a version of a questionnaire holds, as it can be saved: a condition that is refused is left out. Sections are of these sizes."""
    content: dict[str, Any] = {"sections": []}
    number, shapes = 0, list(SHAPES)
    for section_id in range(1, one_of(draw, [1, 2, 3]) + 1):
        section = {"id": section_id, "title": "", "title_en": "", "show_if": None, "questions": []}
        content["sections"].append(section)
        earlier = list(built(content).questions)
        for _ in range(one_of(draw, sizes)):
            number += 1
            shape = shapes.pop(draw(_PLACES[len(shapes) - 1]))  # each once: else many kinds are hardly ever drawn
            section["questions"].append(_question(draw, number, shape, list(built(content).questions)))
            _keep_if_sensible(content, section["questions"][-1])
        section["show_if"] = _maybe(draw, earlier)
        _keep_if_sensible(content, section)
    return content


def questionnaires() -> st.SearchStrategy[Form]:
    return contents().map(built)


def built(content: dict[str, Any]) -> Form:
    return forms._built(content, 1)


def _question(draw, number: int, shape: dict[str, Any], earlier: list[Asked]) -> dict[str, Any]:
    kind = KINDS[shape["kind"]]
    options = [{"code": str(n), "label": f"选项{n}", "label_en": ""} for n in range(1, 4)] if kind.has_options else []
    if kind.compared == "option" and not kind.parts(options, {}):
        for option in options:
            option["show_if"] = _maybe(draw, earlier) if draw(_EITHER) else None
            option["quota"] = one_of(draw, [None, 1, 2])
    text = f"第{number}个问题" + "".join(f"${{{one.code}}}" for one in earlier[-1:] if not one.parts and draw(_EITHER))
    return {
        "id": number, "code": f"q{number}", "kind": kind.code, "text": text, "text_en": "", "hint": "", "hint_en": "",
        "required": draw(_EITHER), "options": options, "settings": kind.settings(shape.get("settings", {})),
        "show_if": _maybe(draw, earlier),
    }


def _keep_if_sensible(content: dict[str, Any], record: dict[str, Any]) -> None:
    conditional = [record, *record.get("options", ())]
    for each in [None, *conditional]:
        if each is not None:
            each["show_if"] = None
        try:
            flow.judge(built(content))
        except Invalid:
            continue
        return
    flow.judge(built(content))


WRITTEN = {  # what can be typed into a field, by the kind of question
    "text": [*WORDS, "　好 ", "a  b", "a\u3000b"], "long_text": ["很好", "a\nb"], "email": ["a@example.org"], "phone": ["138 1234 5678"],
    "credit_code": ["91350100M000100Y43"], "date": ["2026-02-16", "2026年3月18日", "1900-01-01", "2199-12-31"],
    "time": ["09:30", "8:05", "09:59", "0:00"], "datetime": ["2026-03-18T10:05", "2026-03-18 09:00", "1969-12-31 23:59", "2199-12-31T00:00"],
}
FILES = {"file": [Upload("证明.pdf", b"%PDF-1.7\n")], "photo": [Upload(f"{place}.png", picture("PNG", (4, 3))) for place in ("门口", "大厅")]}


def answers(draw, asked: Asked) -> dict[str, Any]:  # noqa: PLR0911 -- a line for each kind
    """Fields that answer a question as it is put to somebody; sometimes none, where it need not be answered."""
    if not asked.required and draw(_EITHER):
        return {}
    codes = [option.code for option in asked.options]
    match asked.kind:
        case "single" | "scale" | "likelihood":
            edges = ["6", "7", "8", "9"] if asked.kind == "likelihood" else []  # of the groups
            return {asked.code: [one_of(draw, [*codes, *edges])], f"{asked.code}.other": ["别的"]}
        case "multiple":
            free = [code for code in codes if code != "none"]
            if "none" in codes and (not free or draw(_EITHER)):
                return {asked.code: ["none"]}
            least, most = asked.settings["min"] or 1, asked.settings["max"] or len(free)
            return {asked.code: _some(draw, free, min(least, len(free)), min(most, len(free))), f"{asked.code}.other": ["别的"]}
        case "number":
            least, most = asked.settings["min"], asked.settings["max"]
            return {asked.code: [one_of(draw, ["３", "1,0", " 2 ", "+4", "-2.75", "0", "1000000"] if most is None else ["3", "０", "5.0", str(int(least))])]}
        case "matrix" | "grid":
            parts = asked.parts if asked.required else _some(draw, list(asked.parts), 1, len(asked.parts))
            many = len(codes) if asked.kind == "grid" else 1
            return {f"{asked.code}.{part.code}": _some(draw, codes, 1, many) for part in parts}
        case "ranking":
            most = asked.settings["max"] or len(asked.parts)
            ranked = _some(draw, list(asked.parts), most if asked.required and most == len(asked.parts) else 1, most)
            return {f"{asked.code}.{part.code}": [str(rank)] for rank, part in enumerate(ranked, start=1)}
        case "file" | "photo":
            return {asked.code: _some(draw, FILES[asked.kind], 1, len(FILES[asked.kind]))}
        case _:
            return {asked.code: [one_of(draw, WRITTEN[asked.kind])]}


def _some(draw, things: list[Any], least: int, most: int) -> list[Any]:
    """At least and at most so many of the things, in any order."""
    left, taken = list(things), []
    while len(taken) < least or (len(taken) < most and draw(_EITHER)):
        taken.append(left.pop(draw(_PLACES[len(left) - 1])))
    return taken


@st.composite
def filled(draw, form: Form) -> tuple[dict[str, Any], set[str], dict[str, Any]]:
    """What somebody sends who answers what is put to them, the codes of those questions, and who and where it is, with what is full."""
    who = {
        "segment": one_of(draw, SEGMENTS), "context": one_of(draw, CONTEXTS),
        "full": {(one.code, option.code) for one in form.questions for option in one.options if option.quota and draw(_EITHER)},
    }
    return *draw(sent(form, **who)), who


@st.composite
def sent(draw, form: Form, *, segment: str, context: str, full: Collection[tuple[str, str]]) -> tuple[dict[str, Any], set[str]]:
    """As `filled`, of somebody who is known."""
    walk = Walk(form, segment=segment, context=context, full=full)
    raw: dict[str, Any] = {}
    put: set[str] = set()
    for asked in form.questions:
        as_put = walk.put(asked)
        if as_put is None:
            continue
        put.add(asked.code)
        given = answers(draw, as_put)
        raw |= given
        kind = KINDS[asked.kind]
        walk.answer(asked, kind.read(as_put, kind.sent(asked, given), given.get(f"{asked.code}.other")))
    return raw, put
