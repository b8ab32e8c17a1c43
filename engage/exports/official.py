"""A Word document in the layout of official documents, ready to edit: pages, styles, fonts; what stands in it is the caller's.

Layout and fonts follow GB/T 9704-2012 (党政机关公文格式): A4, 37 mm above and 28 mm left of a text area of 156 × 225 mm, title
in 小标宋 2号 (22 pt), body in 仿宋 3号 (16 pt) on lines of 28 pt with two characters of indent, headings in 黑体 and 楷体,
page numbers outside with a dash on either side. Where a font is missing, Word takes the alternative named in the font table.
"""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# -- python-docx types little, and what it does not know of Word must be said to the XML underneath.

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

SONG, FANG, HEI, KAI, PAGE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
ALTERNATIVES = {SONG: "宋体", FANG: "仿宋", HEI: "SimHei", KAI: "楷体", PAGE: "SimSun"}
LATIN = "Times New Roman"
BODY, LINE = 16, 28  # points
SMALL = {"zh": 10.5, "en": 9}  # 五号; in English, words such as “dissatisfied” must fit into a column
TEXT_WIDTH = 156  # mm
TABLE_TEXT, TABLE_HEAD, QUOTATION = "Table Text", "Table Head", "Quotation"
BLACK = RGBColor(0, 0, 0)


class OfficialDocument:
    """A document that grows from top to bottom."""

    def __init__(self, title: str, *, made_at: datetime, language: str = "zh") -> None:
        self.document = Document()
        self._lay_out_page()
        self._define_styles(SMALL[language])
        self._name_alternatives()
        properties = self.document.core_properties
        properties.title, properties.author, properties.comments = title, "", ""
        properties.created = properties.modified = made_at.replace(tzinfo=None)
        self.document.add_paragraph(title, style="Title")

    def heading(self, text: str, level: int) -> None:
        """A heading of Word's own outline, level 1 to 3."""
        self.document.add_paragraph(text, style=f"Heading {level}")

    def paragraph(self, text: str) -> None:
        """A paragraph of body text."""
        self.document.add_paragraph(text)

    def quotation(self, text: str, source: str) -> None:
        """Somebody's own words, line breaks kept, and who that is."""
        self.document.add_paragraph(text, style=QUOTATION).add_run(source).font.name = LATIN

    def closing(self, *texts: str) -> None:
        """The last lines, set to the right: whose document it is, and of which day."""
        for place, text in enumerate(texts):
            line = self.document.add_paragraph(text)
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            line.paragraph_format.space_before = Pt(0 if place else LINE)

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """A table whose first row is its heading, repeated on every page; `widths` are parts of the text's width."""
        table = self.document.add_table(len(rows), len(widths), style="Table Grid")
        table.autofit = False
        margins = OxmlElement("w:tblCellMar")
        for side in ("w:left", "w:right"):
            margin = OxmlElement(side)
            margin.set(qn("w:w"), "57")  # 1 mm, so that 100.0% stays on one line
            margin.set(qn("w:type"), "dxa")
            margins.append(margin)
        table._tbl.tblPr.append(margins)  # noqa: SLF001 -- as above
        scale = TEXT_WIDTH / sum(widths)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width * scale)
        for place, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
            properties = row._tr.get_or_add_trPr()  # noqa: SLF001 -- as above
            properties.append(OxmlElement("w:cantSplit"))
            if place == 0:
                properties.append(OxmlElement("w:tblHeader"))
            for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
                cell.width = Mm(widths[column] * scale)
                line = cell.paragraphs[0]
                line.text, line.style = text, TABLE_TEXT if place else TABLE_HEAD
                if place and column:
                    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self.document.add_paragraph(style=TABLE_TEXT)  # what follows keeps its distance

    def save(self, stream: BinaryIO) -> None:
        """Write the file."""
        self.document.save(stream)

    def _lay_out_page(self) -> None:
        page = self.document.sections[0]
        page.page_width, page.page_height = Mm(210), Mm(297)
        page.top_margin, page.left_margin = Mm(37), Mm(28)
        page.right_margin, page.bottom_margin = Mm(210 - 28 - TEXT_WIDTH), Mm(297 - 37 - 225)
        page.header_distance, page.footer_distance = Mm(15), Mm(22)
        self.document.settings.odd_and_even_pages_header_footer = True
        for footer, side in ((page.footer, WD_ALIGN_PARAGRAPH.RIGHT), (page.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)):
            line = footer.paragraphs[0]
            line.alignment = side
            line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
            line.add_run("— ")
            number = OxmlElement("w:fldSimple")
            number.set(qn("w:instr"), "PAGE")
            line._p.append(number)  # noqa: SLF001 -- as above
            line.add_run(" —")

    def _define_styles(self, small: float) -> None:
        styles = self.document.styles
        for name in (TABLE_TEXT, TABLE_HEAD, QUOTATION):
            style: Any = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = styles["Normal"]
        self._style("Normal", FANG, BODY, indent=True)
        self._style("Title", SONG, 22, centred=True, line=36, after=LINE)
        self._style("Heading 1", HEI, BODY, indent=True)
        self._style("Heading 2", KAI, BODY, indent=True)
        self._style("Heading 3", FANG, BODY, indent=True, bold=True)
        self._style(QUOTATION, FANG, BODY, indent=True)
        self._style(TABLE_TEXT, FANG, small, line=18)
        self._style(TABLE_HEAD, HEI, small, line=18, centred=True)
        self._style("Footer", PAGE, 14, line=18)

    def _style(  # noqa: PLR0913 -- what there is to say of a paragraph, once
        self, name: str, font: str, size: float, *, line: int = LINE, after: int = 0, indent: bool = False,
        centred: bool = False, bold: bool = False,
    ) -> None:
        style: Any = self.document.styles[name]
        properties = style.element.get_or_add_rPr()
        for old in properties.findall(qn("w:rFonts")):
            properties.remove(old)
        fonts = properties.get_or_add_rFonts()
        for script, face in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", font)):
            fonts.set(qn(f"w:{script}"), face)
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = BLACK
        paragraph = style.paragraph_format
        paragraph.space_before, paragraph.space_after = Pt(0), Pt(after)
        paragraph.line_spacing_rule, paragraph.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else None
        paragraph.first_line_indent = Pt(2 * size if indent else 0)
        style.element.pPr.get_or_add_ind().set(qn("w:firstLineChars"), "200" if indent else "0")
        for border in style.element.pPr.findall(qn("w:pBdr")):
            style.element.pPr.remove(border)

    def _name_alternatives(self) -> None:
        """Replace the font table: each font with the one to take where it is not installed."""
        fonts = "".join(
            f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
            for name, other in ALTERNATIVES.items()
        )
        xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'
        part = self.document.part
        for key, relation in list(part.rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE:
                part.drop_rel(key)
        table = Part(PackURI("/word/fontTable.xml"), CONTENT_TYPE.WML_FONT_TABLE, xml.encode(), part.package)
        part.relate_to(table, RELATIONSHIP_TYPE.FONT_TABLE)
