"""Questionnaires with conditions, invented by hypothesis, and ways to fill them in."""

from typing import Any

from hypothesis import strategies as st

from surveys import conditions, flow, forms
from surveys.asked import Asked
from surveys.errors import Invalid
from surveys.forms import Form
from surveys.kinds import KINDS
from surveys.walks import Walk

SEGMENTS = ["", "deputy", "enterprise"]
CONTEXTS = ["", "spring", "autumn"]
WORDS = ["好", "不 好", "０１", "a b", "ok", "3"]
SHAPES: list[dict[str, Any]] = [
    {"kind": "single"}, {"kind": "single", "settings": {"other": True}}, {"kind": "multiple"},
    {"kind": "multiple", "settings": {"min": 2, "max": 2}}, {"kind": "multiple", "settings": {"none": True, "min": 3}}, {"kind": "scale"},
    {"kind": "likelihood"}, {"kind": "number"}, {"kind": "number", "settings": {"min": 0, "max": 5, "integer": True}}, {"kind": "text"},
    {"kind": "matrix"}, {"kind": "grid"}, {"kind": "date"}, {"kind": "info"},
]


@st.composite
def leaf(draw, earlier: list[Asked]) -> dict[str, Any]:
    """A comparison that is right about one of the earlier questions, or about who answers."""
    of = draw(st.sampled_from([*earlier, None]))
    if of is None:
        return draw(st.sampled_from([{"segment": "deputy"}, {"segment": "enterprise"}, {"context": "spring"}]))
    name = f"{of.code}.{draw(st.sampled_from(of.parts)).code}" if of.parts else of.code
    compared = KINDS[of.kind].compared
    ways = [st.just({"answered": of.code})]
    if compared == "option":
        ways.append(st.sampled_from(of.options).map(lambda option: {"picked": [name, option.code]}))
    if compared == "number":
        numbers = st.sampled_from([20_500, 20_530]) if of.kind == "date" else st.integers(-1, 11)
        ways.append(st.tuples(st.sampled_from(list(conditions.SIGNS)), numbers).map(lambda pair: {"compared": [name, *pair]}))
    if compared == "text":
        ways.append(st.sampled_from(WORDS).map(lambda text: {"says": [name, text]}))
    return draw(st.one_of(ways))


def trees(earlier: list[Asked]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(leaf(earlier), lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
    ), max_leaves=5)


@st.composite
def questionnaires(draw, most: int = 8) -> Form:
    """A form as it can be saved: a condition that is refused is left out."""
    content: dict[str, Any] = {"sections": []}
    number = 0
    for section_id in range(1, draw(st.integers(1, 3)) + 1):
        section = {"id": section_id, "title": "", "title_en": "", "show_if": None, "questions": []}
        content["sections"].append(section)
        earlier = list(built(content).questions)
        for _ in range(draw(st.integers(1, most // 2))):
            number += 1
            section["questions"].append(_question(draw, number, list(built(content).questions)))
            _keep_if_sensible(content, section["questions"][-1])
        section["show_if"] = draw(st.none() | trees(earlier))
        _keep_if_sensible(content, section)
    return built(content)


def built(content: dict[str, Any]) -> Form:
    return forms._built(content, 1)


def _question(draw, number: int, earlier: list[Asked]) -> dict[str, Any]:
    shape = draw(st.sampled_from(SHAPES))
    kind = KINDS[shape["kind"]]
    options = [{"code": str(n), "label": f"选项{n}", "label_en": ""} for n in range(1, 4)] if kind.has_options else []
    if kind.compared == "option" and not kind.parts(options, {}):
        for option in options:
            option["show_if"] = draw(st.none() | trees(earlier))
            option["quota"] = draw(st.none() | st.integers(1, 2))
    text = f"第{number}个问题" + "".join(f"${{{one.code}}}" for one in earlier[-1:] if not one.parts and draw(st.booleans()))
    return {
        "id": number, "code": f"q{number}", "kind": kind.code, "text": text, "text_en": "", "hint": "", "hint_en": "",
        "required": draw(st.booleans()), "options": options, "settings": kind.settings(shape.get("settings", {})),
        "show_if": draw(st.none() | trees(earlier)),
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


def answers(draw, asked: Asked) -> dict[str, Any]:  # noqa: PLR0911 -- a line for each kind
    """Fields that answer a question as it is put to somebody; sometimes none, where it need not be answered."""
    if not asked.required and draw(st.booleans()):
        return {}
    codes = [option.code for option in asked.options]
    match asked.kind:
        case "single" | "scale" | "likelihood":
            picked = draw(st.sampled_from(codes))
            return {asked.code: [picked], f"{asked.code}.other": ["别的"]}
        case "multiple":
            free = [code for code in codes if code != "none"]
            if "none" in codes and (not free or draw(st.booleans())):
                return {asked.code: ["none"]}
            least, most = asked.settings["min"] or 1, asked.settings["max"] or len(free)
            return {asked.code: draw(st.lists(st.sampled_from(free), min_size=min(least, len(free)), max_size=most, unique=True))}
        case "number":
            least, most = asked.settings["min"], asked.settings["max"]
            return {asked.code: [draw(st.sampled_from(["３", "1,0", " 2 ", "+4"] if most is None else ["3", "０", "5.0", str(int(least))]))]}
        case "text":
            return {asked.code: [draw(st.sampled_from([*WORDS, "　好 ", "a  b", "a\u3000b"]))]}
        case "date":
            return {asked.code: [draw(st.sampled_from(["2026-02-16", "2026年3月18日", "2030-01-01"]))]}
        case "matrix" | "grid":
            parts = asked.parts if asked.required else draw(st.lists(st.sampled_from(asked.parts), min_size=1, unique=True))
            return {f"{asked.code}.{part.code}": [draw(st.sampled_from(codes))] for part in parts}
        case _:
            return {}


@st.composite
def filled(draw, form: Form) -> tuple[dict[str, Any], set[str], dict[str, Any]]:
    """What somebody sends who answers what is put to them, the codes of those questions, and who and where it is, with what is full."""
    who = {
        "segment": draw(st.sampled_from(SEGMENTS)), "context": draw(st.sampled_from(CONTEXTS)),
        "full": {(one.code, option.code) for one in form.questions for option in one.options if option.quota and draw(st.booleans())},
    }
    walk = Walk(form, **who)
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
    return raw, put, who
