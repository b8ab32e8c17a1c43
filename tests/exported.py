"""Exports as a person's tools read them, and the numbers that must be in them."""

import csv
import json
from collections import Counter
from io import BytesIO, StringIO
from tempfile import NamedTemporaryFile
from zoneinfo import ZoneInfo

import make
import pyreadstat
from docx import Document
from openpyxl import load_workbook

from engage import exports
from engage.exports import FORMATS, RESPONSE_FORMATS, Texts

ZONE = ZoneInfo("Asia/Shanghai")


def written(session, event, suffix, language="zh", now=make.NOW, texts=Texts.MASKED):
    stream = BytesIO()
    FORMATS[suffix].write(exports.gather(session, event, zone=ZONE, language=language, below=1, texts=texts, now=now), stream)
    return stream.getvalue()


def opened(session, event, suffix, language="zh", texts=Texts.MASKED):
    """The export as a person's tools read it: rows of CSV, the object of JSON, a workbook, a document."""
    data = written(session, event, suffix, language, texts=texts)
    if suffix == "csv":
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    return {"json": json.loads, "xlsx": lambda one: load_workbook(BytesIO(one)), "docx": lambda one: Document(BytesIO(one))}[suffix](data)


def responses(session, event, suffix):
    """The raw data as a person's tools read it: rows of CSV, or SPSS's frame and what it tells of the variables."""
    stream = BytesIO()
    RESPONSE_FORMATS[suffix].write(exports.gather(session, event, zone=ZONE, below=1, now=make.NOW), stream)
    if suffix.endswith("csv"):
        return list(csv.reader(StringIO(stream.getvalue().decode("utf-8-sig"), newline="")))
    with NamedTemporaryFile(suffix=".sav") as file:
        file.write(stream.getvalue())
        file.flush()
        return pyreadstat.read_sav(file.name)


def plain_count(groups):
    """(group, number of question, option) → how many, by hand from what was answered."""
    counts = Counter()
    for group, answers in groups.items():
        for raw in answers:
            for question, given in raw.items():
                for option in given if isinstance(given, list) else [given]:
                    if question in {"q1", "q2", "q3"}:
                        counts[group, int(question[1]), option] += 1
                        counts["全部", int(question[1]), option] += 1
    return counts


LABELS = {
    1: {"非常满意": "5", "满意": "4", "基本满意": "3", "不满意": "2", "非常不满意": "1"},
    2: {"单位通知": "1", "中心网站": "2", "其他": "other"},
    3: {"参观": "1", "=座谈": "2"},
}
