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
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from engage.exports.charts import drawn
from engage.exports.material import Material
from surveys.summaries import QuestionSummary

SONG, FANG, HEI, KAI, PAGE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
ALTERNATIVES = {SONG: "宋体", FANG: "仿宋", HEI: "SimHei", KAI: "楷体", PAGE: "SimSun"}
LATIN = "Times New Roman"
BODY, LINE = 16, 28  # points
SMALL = {"zh": 10.5, "en": 9}  # 五号; in English, words such as “dissatisfied” must fit into a column
TEXT_WIDTH = 156  # mm
TABLE_TEXT, TABLE_HEAD, QUOTATION, CONTENTS, FIGURE = "Table Text", "Table Head", "Quotation", "Contents", "Figure"
DEEPEST = 2  # level of the headings in the table of contents
BLACK = RGBColor(0, 0, 0)


_DRAWING = """<w:drawing {namespaces}><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>
<wp:docPr id="{number}" name="{number}" descr="{told}"/><wp:cNvGraphicFramePr/>
<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart r:id="{relation}"/></a:graphicData></a:graphic>
</wp:inline></w:drawing>"""


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
        self._contents: Any = None  # the paragraph after which the entries go
        self._headings: list[tuple[str, int]] = []
        self._figures = 0
        self._figure_words = {"zh": "图{}　{}", "en": "Figure {}. {}"}[language]

    def contents(self, title: str) -> None:
        """A table of contents on the first page, of the headings of level 1 and 2 that follow; Word fills in the pages."""
        self._contents = self.document.add_paragraph(title, style=CONTENTS)
        self.document.add_page_break()

    def heading(self, text: str, level: int) -> None:
        """A heading of Word's own outline, level 1 to 3."""
        line = self.document.add_paragraph(text, style=f"Heading {level}")
        if level <= DEEPEST:
            self._headings.append((text, level))
            number = str(len(self._headings))
            start = _element("w:bookmarkStart", id=number, name=f"_Toc{number}")
            line.runs[0]._r.addprevious(start)  # noqa: SLF001 -- as above
            line._p.append(_element("w:bookmarkEnd", id=number))  # noqa: SLF001 -- as above

    def figure(self, material: Material, one: QuestionSummary) -> None:
        """A native chart of a question with its figures inside, which Word draws and everybody can edit, and its number and name."""
        self._figures += 1
        xml, workbook, height = drawn(material, one)
        package = self.document.part.package
        book = Part(PackURI(f"/word/embeddings/chart{self._figures}.xlsx"), CONTENT_TYPE.SML_SHEET, workbook, package)
        inside = b'<c:externalData r:id="rId1"><c:autoUpdate val="0"/></c:externalData>'
        chart = Part(PackURI(f"/word/charts/chart{self._figures}.xml"), CONTENT_TYPE.DML_CHART,
                     xml.replace(b"<c:printSettings>", inside + b"<c:printSettings>"), package)
        assert chart.relate_to(book, RELATIONSHIP_TYPE.PACKAGE) == "rId1"
        label = one.question.label(material.language)
        line = self.document.add_paragraph(style=FIGURE)
        line.paragraph_format.keep_with_next = True
        line.add_run()._r.append(parse_xml(_DRAWING.format(  # noqa: SLF001 -- as above
            namespaces=nsdecls("w", "wp", "a", "r", "c"), width=Mm(TEXT_WIDTH), height=Pt(height * 0.75), number=self._figures,
            told=escape(label, {'"': "&quot;"}), relation=self.document.part.relate_to(chart, RELATIONSHIP_TYPE.CHART),
        )))
        self.document.add_paragraph(self._figure_words.format(self._figures, label), style=FIGURE)

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
        if self._contents is not None:
            self._list_contents()
        self.document.save(stream)

    def _list_contents(self) -> None:
        """The field of the contents with its entries, as Word would leave it; it is marked to be worked out again for the pages."""
        before, last = self._contents._p, len(self._headings)  # noqa: SLF001 -- as above
        for number, (text, level) in enumerate(self._headings, start=1):
            line = self.document.add_paragraph(style=f"toc {level}")
            if number == 1:
                for part in (_field_sign("begin", dirty="true"), _instruction(f' TOC \\o "1-{DEEPEST}" \\h \\z '), _field_sign("separate")):
                    line.add_run()._r.append(part)  # noqa: SLF001 -- as above
            link = _element("w:hyperlink", anchor=f"_Toc{number}", history="1")
            line._p.append(link)  # noqa: SLF001 -- as above
            parts: tuple[Any, ...] = (
                _text(text), OxmlElement("w:tab"), _field_sign("begin", dirty="true"), _instruction(f" PAGEREF _Toc{number} \\h "),
                _field_sign("separate"), _text("–"), _field_sign("end"),
            )
            for part in parts:
                run = OxmlElement("w:r")
                run.append(part)
                link.append(run)
            if number == last:
                line.add_run()._r.append(_field_sign("end"))  # noqa: SLF001 -- as above
            before.addnext(line._p)  # noqa: SLF001 -- as above
            before = line._p  # noqa: SLF001 -- as above

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
        for name in (TABLE_TEXT, TABLE_HEAD, QUOTATION, CONTENTS, FIGURE, *(f"toc {level}" for level in range(1, DEEPEST + 1))):
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
        self._style(CONTENTS, HEI, BODY, centred=True, after=LINE // 2)
        self._style(FIGURE, FANG, small, centred=True)
        figure: Any = styles[FIGURE]
        figure.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE  # a drawing would be cut off at an exact height
        for level in range(1, DEEPEST + 1):
            self._style(f"toc {level}", (HEI, FANG)[level - 1], BODY)
            entry: Any = styles[f"toc {level}"]
            entry.paragraph_format.left_indent = Pt((level - 1) * 2 * BODY)
            entry.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)

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


def _element(tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag)
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), value)
    return made


def _field_sign(kind: str, **attributes: str) -> Any:
    return _element("w:fldChar", fldCharType=kind, **attributes)


def _instruction(words: str) -> Any:
    made = OxmlElement("w:instrText")
    made.set(qn("xml:space"), "preserve")
    made.text = words
    return made


def _text(words: str) -> Any:
    made = OxmlElement("w:t")
    made.text = words
    return made
