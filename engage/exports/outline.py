"""The report as a list of blocks, for a page that shows it itself: the same headings, sentences and tables as in the Word document."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engage.exports.document import tell
from engage.exports.material import Material
from surveys.asked import Row
from surveys.summaries import QuestionSummary


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the report. `kind` is `heading` (of a level, 1 to 3), `paragraph`, `table` (`rows`, the first its heading), `quotation`
    (of a `source`, "" not told) or `figure` (`text` names the question, `bars` are its options).
    """

    kind: str
    text: str = ""
    level: int = 0
    source: str = ""
    rows: Sequence[Sequence[str]] = ()
    bars: Sequence[Row] = ()


@dataclass(slots=True)
class _Outline:
    blocks: list[Block] = field(default_factory=list[Block])

    def heading(self, text: str, level: int) -> None:
        self.blocks.append(Block("heading", text, level))

    def paragraph(self, text: str) -> None:
        self.blocks.append(Block("paragraph", text))

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        self.blocks.append(Block("table", rows=rows))

    def quotation(self, text: str, source: str) -> None:
        self.blocks.append(Block("quotation", text, source=source))

    def figure(self, material: Material, one: QuestionSummary) -> None:
        self.blocks.append(Block("figure", one.question.label(material.language), bars=one.tally.rows))


def outline(material: Material) -> list[Block]:
    """All of the report, from top to bottom."""
    made = _Outline()
    tell(made, material)
    return made.blocks
