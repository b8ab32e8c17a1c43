"""Makes engage/fonts/badges.ttf, the Chinese font that badges carry: `python scripts/badge_font.py`.

Source: Noto Sans CJK SC Regular (SIL Open Font License 1.1, no reserved font name), from Debian's fonts-noto-cjk. Characters: GB 2312,
the 8,105 of the Table of General Standard Chinese Characters (通用规范汉字表, 2013; Unihan's kTGH, from Debian's unicode-data), whose
third level is made of characters of names and places, the 5,401 common traditional ones (Big5 level 1), and the Latin of names.
reportlab embeds TrueType outlines only, so the curves are turned from cubic to quadratic; hints and layout tables are left out.

Needs fonttools beside the project's own dependencies: `pip install fonttools`.
"""

import bz2
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SIMPLIFIED = 2  # the collection's font of mainland shapes
UNIHAN = Path("/usr/share/unicode/Unihan_OtherMappings.txt.bz2")
MADE = Path(__file__).parent.parent / "engage" / "fonts" / "badges.ttf"
FAMILY = "Engage Badge Sans"
TOLERANCE = 1.5  # thousandths of the em: a hundredth of a millimetre in the largest name
TEXT = [range(0x20, 0x7F), range(0xA0, 0x180), range(0x1CD, 0x1DD), range(0x1E00, 0x1F00), range(0x2010, 0x2040), range(0x3000, 0x3020),
        range(0xFF01, 0xFF5F)]


def main() -> None:
    font = TTFont(SOURCE, fontNumber=SIMPLIFIED)
    if "Noto Sans CJK SC" not in str(font["name"].getDebugName(1)):
        raise SystemExit(f"{SOURCE}: font {SIMPLIFIED} is not Noto Sans CJK SC")
    wanted = wanted_characters()
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True, name_IDs=[0, 5, 13, 14],
                             drop_tables=["BASE", "GSUB", "GPOS", "GDEF", "VORG", "vhea", "vmtx", "DSIG", "CFF2"])
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join(sorted(wanted)))
    chosen.subset(font)
    to_truetype(font)
    rename(font)
    MADE.parent.mkdir(exist_ok=True)
    font.save(MADE, reorderTables=True)
    missing = sorted(wanted - {chr(point) for point in font.getBestCmap()})
    print(f"{MADE}: {MADE.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters; not in the source: {''.join(missing)}")


def wanted_characters() -> set[str]:
    """Every character that the font shall have."""
    characters = {chr(point) for points in TEXT for point in points}
    for codec, leads, trails in (("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF)),
                                 ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF)))):
        characters.update(decoded(codec, leads, trails))
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as lines:
        characters.update(chr(int(line.split("\t")[0].removeprefix("U+"), 16)) for line in lines if "\tkTGH\t" in line)
    return characters


def decoded(codec: str, leads: range, trails: object) -> Iterator[str]:
    """The characters of a two-byte code; what is not assigned decodes to nothing."""
    for lead in leads:
        for trail in trails:
            yield from bytes([lead, trail]).decode(codec, "ignore")


def to_truetype(font: TTFont) -> None:
    """Replace the cubic outlines by quadratic ones."""
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    drawn = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, TOLERANCE, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, drawn
    del font["CFF "]
    glyf.compile(font)
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for name in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
                 "maxSizeOfInstructions", "maxComponentElements"):
        setattr(maxp, name, 1 if name == "maxZones" else 0)
    maxp.compile(font)
    font["post"].formatType = 3.0  # no glyph names
    font.sfntVersion = "\000\001\000\000"
    metrics = font["hmtx"].metrics
    font["hmtx"].metrics = {name: (width, getattr(drawn[name], "xMin", 0)) for name, (width, _) in metrics.items()}


def rename(font: TTFont) -> None:
    """A changed font has a name of its own; copyright and licence stay."""
    builder = FontBuilder(font=font)
    kept = {record.nameID: str(record) for record in font["name"].names}
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "fullName": FAMILY, "psName": FAMILY.replace(" ", ""),
                            "uniqueFontIdentifier": FAMILY, "version": kept[5], "copyright": kept[0], "licenseDescription": kept[13],
                            "licenseInfoURL": kept[14]}, mac=False)


if __name__ == "__main__":
    main()
