"""How badges are drawn: their sizes and sheets, one layout, and that layout as PDF or as SVG.

The layout says where everything lies, in millimetres from the top left. Both ways of drawing follow it, so what is looked at is what
is printed. Texts shrink until they fit. The font in engage/fonts shows Chinese on a machine that has no fonts.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# -- reportlab and qrcode have hardly any types.

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO

from engage.badges import Badge

FONT = "EngageBadgeSans"
FONT_FILE = Path(__file__).parent / "fonts" / "badges.ttf"
SUBSTITUTE = "〓"  # stands in Chinese print for a character that the font lacks
ELLIPSIS = "…"
A4 = (210.0, 297.0)
MM = 72 / 25.4  # points
LEADING = 1.2  # of a line, in sizes of its text
ASCENT = 0.88  # of a line, above its baseline
SMALLEST = 1.5  # mm, of an organisation; what is longer still is cut
QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)
INK, GREY, WHITE, BLACK = "#1b2430", "#56616f", "#ffffff", "#000000"
NEVER_FIRST = "·・-—,.;:!?)，。、；：！？）》〉」』】〕…"

Address = Callable[[str], str]  # from a ticket's code to the page that the QR code leads to
_saving = threading.Lock()  # two documents must not read the one font file at the same time


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A badge in millimetres, and how many lie on an A4 page from its top left corner; one to a page of its own size by default.

    `cut` marks sheets of plain paper: lines show where to cut.
    """

    width: float
    height: float
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    gap: float = 0  # between columns
    cut: bool = False

    @property
    def per_page(self) -> int:
        """Badges on a page."""
        return self.columns * self.rows

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of the paper."""
        return (self.width, self.height) if self.per_page == 1 else A4

    def place(self, number: int) -> tuple[float, float]:
        """Where on its page a badge lies, row by row."""
        row, column = divmod(number, self.columns)
        return self.left + column * (self.width + self.gap), self.top + row * self.height


SIZES: Mapping[str, Size] = {
    "90x54": Size(width=90, height=54),
    "cr80": Size(width=86, height=54),  # ISO/IEC 7810 ID-1 is 85.6 × 53.98 mm
    "a7": Size(width=105, height=74),
    "a4-2x4": Size(width=105, height=74, columns=2, rows=4, top=0.5, cut=True),
    "a4-2x5": Size(width=90, height=54, columns=2, rows=5, left=15, top=13.5),
    "a4-3x8": Size(width=63.5, height=33.9, columns=3, rows=8, left=7.2, top=12.9, gap=2.6),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; `x` and `y` are its top left corner."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline, `width` its length."""

    x: float
    y: float
    size: float
    words: str
    width: float
    colour: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code of the address, its quiet zone within the square."""

    x: float
    y: float
    side: float
    address: str

    def bars(self) -> tuple[float, list[tuple[int, int, int]]]:
        """The side of a module, and the dark ones in rows: (along, down, how many)."""
        rows = _modules(self.address)
        found: list[tuple[int, int, int]] = []
        for down, row in enumerate(rows, start=QUIET):
            along = QUIET
            for dark, run in groupby(row):
                length = len(list(run))
                if dark:
                    found.append((along, down, length))
                along += length
        return self.side / (len(rows) + 2 * QUIET), found


Mark = Box | Text | Code


def ink_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour like #14508c: at least 4.5:1 on any (WCAG 2.2, 1.4.3)."""
    channels = (int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)  # noqa: PLR2004 -- of sRGB
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return WHITE if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else BLACK


def unprintable(badges: Iterable[Badge], title: str = "") -> dict[str, list[str]]:
    """Characters that the font lacks, each with the names or organisations (or the title) where a substitute will stand."""
    missing: dict[str, list[str]] = {}
    for words in (title, *(words for badge in badges for words in (badge.name, badge.organisation, badge.category))):
        for character in sorted(set(words) - _known()):
            if character.isprintable():
                missing.setdefault(character, []).append(words)
    return missing


def write_pdf(
    stream: BinaryIO, badges: Sequence[Badge], *, size: Size, title: str, address: Address, drawn: Callable[[int], object] = id
) -> None:
    """All badges as one PDF, for printing at actual size. About 3 ms and 2 kB a badge. `drawn` is told how many more there are."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 -- slow import

    _font()
    paper = Canvas(stream, pagesize=(size.page[0] * MM, size.page[1] * MM), pageCompression=1)
    paper.setTitle(title)
    for sheet in _sheets(badges, size):
        for mark in _sheet(sheet, size, title, address):
            _paint(paper, mark, size.page[1])
        paper.showPage()
        drawn(len(sheet))
    with _saving:
        paper.save()


def write_svg(badges: Sequence[Badge], *, size: Size, title: str, address: Address) -> list[str]:
    """The same pages as SVG elements to stand in a web page, with an outline of each badge."""
    return [_svg(list(_sheet(sheet, size, title, address)), len(sheet), size) for sheet in _sheets(badges, size)]


def layout(badge: Badge, *, size: Size, title: str, address: Address) -> list[Mark]:
    """Where everything lies on one badge: the event on top, the name large, the QR code at its right, the category at the bottom."""
    width, height = size.width, size.height
    pad, strip = height * 0.07, height * 0.18
    heading, top = height * 0.075, height * 0.07 + height * 0.075 * LEADING
    middle = height - strip - pad * 0.5 - top
    side = min(middle, width * 0.4)
    code = Code(width - pad * 0.5 - side, top + (middle - side) / 2, side, address(badge.ticket_code))
    room = code.x - pad
    marks: list[Mark] = [_line(title, heading, width - 2 * pad, x=pad, y=pad * 0.7 + heading * ASCENT, colour=GREY)]
    organised = _printable(badge.organisation)
    name = _fitted(_printable(badge.name), room, middle * (0.55 if organised else 0.85), largest=height * 0.25)
    office = _fitted(organised, room, middle * 0.36, largest=height * 0.085, smallest=SMALLEST) if organised else []
    y = top + (middle - sum(size * LEADING for size, _ in (*name, *office)) - pad * 0.3 * bool(office)) / 2
    for lines, colour, bold in ((name, INK, True), (office, INK, False)):
        for letters, words in lines:
            marks.append(Text(pad, y + letters * ASCENT * 1.05, letters, words, _width(words) * letters, colour, bold))
            y += letters * LEADING
        y += pad * 0.3
    ground = Box(pad * 0.5, height - strip - pad * 0.5, width - pad, strip, badge.colour)
    category = _line(badge.category, strip * 0.55, width - 3 * pad, x=pad * 1.2, y=ground.y + strip * 0.69, colour=ink_on(badge.colour))
    return [*marks, code, ground, replace(category, bold=True)]


def _sheets(badges: Sequence[Badge], size: Size) -> Iterator[list[Badge]]:
    waiting = iter(badges)
    while sheet := list(islice(waiting, size.per_page)):
        yield sheet


def _sheet(badges: Sequence[Badge], size: Size, title: str, address: Address) -> Iterator[Mark]:
    """The marks of one page."""
    for number, badge in enumerate(badges):
        left, top = size.place(number)
        for mark in layout(badge, size=size, title=title, address=address):
            yield replace(mark, x=mark.x + left, y=mark.y + top)
    if size.cut:
        width, height = size.page
        for column in range(1, size.columns):
            yield Box(size.left + column * size.width, 0, 0.1, height, GREY)
        for row in range(size.rows + 1):
            yield Box(0, size.top + row * size.height, width, 0.1, GREY)


def _line(words: str, size: float, width: float, *, x: float, y: float, colour: str) -> Text:
    """One line, smaller where it is long, and cut where it is longer still."""
    ((size, words),) = _fitted(_printable(words), width, size * LEADING, largest=size, smallest=size * 0.6, lines=1) or [(size, "")]
    return Text(x, y, size, words, _width(words) * size, colour)


def _fitted(
    words: str, width: float, height: float, *, largest: float, smallest: float = 0, lines: int = 2
) -> list[tuple[float, str]]:
    """The lines of a text with their size: as large as fits, on one line unless two are clearly larger."""
    best: tuple[float, list[str]] = (0, [])
    for parts in ([words], _halves(words))[:lines]:
        widest = max((_width(part) for part in parts), default=0)
        size = min(largest, height / LEADING / len(parts), width / widest) if widest else 0
        if size > best[0] * 1.25:
            best = size, parts
    size, parts = best
    if parts and size < smallest:
        size, parts = smallest, _cut(words, width / smallest, lines)
    return [(size, part) for part in parts]


def _halves(words: str) -> list[str]:
    """The text on two lines of nearly equal length, broken between words, after a middle dot, or between Chinese characters."""
    inside = range(1, len(words))
    ends = [at for at in inside if words[at - 1] in " ·・"]
    places = ends or [at for at in inside if words[at] not in NEVER_FIRST and (ord(words[at]) > 0x2E7F or ord(words[at - 1]) > 0x2E7F)]  # noqa: PLR2004 -- where CJK begins
    pairs = [[words[:at].rstrip(), words[at:].lstrip()] for at in places]
    return min(pairs, key=lambda pair: max(map(_width, pair)), default=[words])


def _cut(words: str, width: float, lines: int) -> list[str]:
    """So many lines of at most this width, the last ending in dots."""
    if lines == 1:
        kept = next((at for at in range(len(words), 0, -1) if _width(words[:at] + ELLIPSIS) <= width), 1)
        return [words[:kept] + ELLIPSIS]
    first = next((at for at in range(len(words), 0, -1) if _width(words[:at]) <= width), 1)
    return [words[:first], *_cut(words[first:], width, lines - 1)]


def _printable(words: str) -> str:
    known = _known()
    return "".join(character if character in known else SUBSTITUTE for character in words if character.isprintable())


def _width(words: str) -> float:
    """The length of a text of size 1."""
    return _font().stringWidth(words, 1)


@cache
def _known() -> frozenset[str]:
    """The characters that the font has."""
    return frozenset(map(chr, _font().face.charToGlyph))


@cache
def _font() -> Any:
    from reportlab import rl_config  # noqa: PLC0415 -- slow import
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 -- slow import
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 -- slow import

    rl_config.useA85 = 0  # PDF has been a binary format for long; the armour costs time and a quarter more
    font = TTFont(FONT, str(FONT_FILE))
    pdfmetrics.registerFont(font)
    return font


def _modules(address: str) -> list[list[bool]]:
    """The dark modules of a QR code. The mask is fixed: to try all eight takes five times as long, and readers undo any."""
    import qrcode  # noqa: PLC0415 -- slow import

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0, mask_pattern=2)
    code.add_data(address)
    return code.get_matrix()


def _paint(paper: Any, mark: Mark, height: float) -> None:
    """Draw on a page of reportlab's, whose origin is at the bottom left and whose unit is the point."""
    if isinstance(mark, Text):
        paper.setFillColor(mark.colour)
        text = paper.beginText(mark.x * MM, (height - mark.y) * MM)
        text.setFont(FONT, mark.size * MM)
        if mark.bold:  # the font has one weight: the outline makes it heavier
            paper.setStrokeColor(mark.colour)
            paper.setLineWidth(mark.size * 0.03 * MM)
            text.setTextRenderMode(2)
        text.textOut(mark.words)
        text.setTextRenderMode(0)
        paper.drawText(text)
    elif isinstance(mark, Code):  # written as it stands in the file: hundreds of rectangles, each as whole modules
        module, bars = mark.bars()
        scale = module * MM
        drawn = " ".join(f"{along} {down} {length} 1 re" for along, down, length in bars)
        paper.addLiteral(f"q 0 g {scale:.5f} 0 0 {-scale:.5f} {mark.x * MM:.3f} {(height - mark.y) * MM:.3f} cm {drawn} f Q")
    else:
        paper.setFillColor(mark.colour)
        paper.rect(mark.x * MM, (height - mark.y - mark.height) * MM, mark.width * MM, mark.height * MM, stroke=0, fill=1)


def _svg(marks: Sequence[Mark], badges: int, size: Size) -> str:
    width, height = size.page
    outlines = (f'<rect x="{x:.2f}" y="{y:.2f}" width="{size.width}" height="{size.height}" rx="1" fill="none" stroke="#8893a1" '
                f'stroke-width="0.2"/>' for x, y in map(size.place, range(badges)))
    drawn = "".join((*map(_drawn, marks), *outlines))
    return f'<svg xmlns="http://www.w3.org/2000/svg" lang="zh-CN" viewBox="0 0 {width:g} {height:g}">{drawn}</svg>'


def _drawn(mark: Mark) -> str:
    if isinstance(mark, Text):
        weight = ' font-weight="700"' if mark.bold else ""
        return (f'<text x="{mark.x:.2f}" y="{mark.y:.2f}" font-size="{mark.size:.2f}"{weight} fill="{mark.colour}" '
                f'textLength="{mark.width:.2f}" lengthAdjust="spacingAndGlyphs">{escape(mark.words)}</text>')
    if isinstance(mark, Code):
        module, bars = mark.bars()
        path = "".join(f"M{along} {down}h{length}v1h-{length}z" for along, down, length in bars)
        return f'<path transform="translate({mark.x:.2f} {mark.y:.2f}) scale({module:.4f})" d="{path}" fill="{BLACK}"/>'
    return f'<rect x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}" fill="{mark.colour}"/>'
