"""Piping: `${q1}` in a later wording stands for what was answered to q1."""

import re
from collections.abc import Mapping
from dataclasses import replace

from surveys.asked import Asked, Option

REFERENCE = re.compile(r"\$\{([^{}]*)\}")


def references(wording: str) -> list[str]:
    """The codes that a wording names."""
    return [code.strip() for code in REFERENCE.findall(wording)]


def pieces(wording: str) -> list[tuple[str, str]]:
    """A wording as (text, code) one after another: each piece of text comes before the answer to a question, "" at the end."""
    split = REFERENCE.split(wording)
    return list(zip(split[::2], [*(code.strip() for code in split[1::2]), ""], strict=True))


def in_words(asked: Asked, numbers: Mapping[str, int]) -> Asked:
    """The question with every reference as 〔第1题答案〕; `piped` leads from each such wording to the one with references."""
    wordings = [wording for wording in _wordings(asked) if REFERENCE.search(wording)]
    if not wordings:
        return asked
    return replace(
        asked, text=_said(asked.text, numbers), text_en=_said(asked.text_en, numbers, "en"), hint=_said(asked.hint, numbers),
        hint_en=_said(asked.hint_en, numbers, "en"), options=tuple(_option(option, numbers) for option in asked.options),
        piped={_said(wording, numbers, language): wording for wording in wordings for language in ("zh", "en")},
    )


def _wordings(asked: Asked) -> list[str]:
    labels = [wording for option in asked.options for wording in (option.label_zh, option.label_en)]
    return [asked.text, asked.text_en, asked.hint, asked.hint_en, *labels]


def _option(option: Option, numbers: Mapping[str, int]) -> Option:
    return replace(option, label_zh=_said(option.label_zh, numbers), label_en=_said(option.label_en, numbers, "en"))


def placeholder(number: int, language: str = "zh") -> str:
    """What stands for the answer to a question where there is none."""
    return f"[answer to question {number}]" if language.startswith("en") else f"〔第{number}题答案〕"


def _said(wording: str, numbers: Mapping[str, int], language: str = "zh") -> str:
    return REFERENCE.sub(lambda found: placeholder(numbers.get(found[1].strip(), 0), language), wording)
