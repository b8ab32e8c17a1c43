"""Files that are handed in are what their content says."""

import io
import zipfile

import pytest

from engage.files import Upload, accepted
from surveys.files import FileTooLarge, FileTypeRefused


def packed(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in names:
            file.writestr(name, "<x/>")
    return stream.getvalue()


PDF, JPG, PNG = b"%PDF-1.7\n", b"\xff\xd8\xff\xe0JFIF", b"\x89PNG\r\n\x1a\n"
DOCX, XLSX = packed("[Content_Types].xml", "word/document.xml"), packed("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize("name, content, kind, kept", [
    ("授权书.pdf", PDF, "pdf", "授权书.pdf"),
    ("照片.JPEG", JPG, "jpg", "照片.JPEG"),
    ("照片.png", JPG, "jpg", "照片.jpg"),
    ("plate", PNG, "png", "plate.png"),
    ("介绍信.docx", DOCX, "docx", "介绍信.docx"),
    ("名单.xlsx", XLSX, "xlsx", "名单.xlsx"),
    ("C:\\fakepath\\名单.xlsx", XLSX, "xlsx", "名单.xlsx"),
    ("../../etc/passwd.pdf", PDF, "pdf", "passwd.pdf"),
    ("run.exe", PDF, "pdf", "run.exe.pdf"),
    ("a\r\nSet-Cookie: x.pdf", PDF, "pdf", "aSet-Cookie x.pdf"),
    (".pdf", PDF, "pdf", "pdf.pdf"),
    ("", PDF, "pdf", "file.pdf"),
    ("长" * 300 + ".pdf", PDF, "pdf", "长" * 96 + ".pdf"),
])
def test_a_file_is_known_by_its_content_and_keeps_a_harmless_name(name, content, kind, kept):
    assert accepted(Upload(name, content), most=10_000) == Upload(kept, content, kind)


@pytest.mark.parametrize("content", [
    b"", b"MZ\x90\x00", b"<html>", b"GIF89a", b" %PDF-1.7", b"PK\x03\x04 broken", packed("word/document.xml"), packed("a.txt"),
    packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
])
def test_anything_else_is_refused_whatever_its_name_says(content):
    with pytest.raises(FileTypeRefused):
        accepted(Upload("材料.pdf", content), most=10_000)


def test_a_file_that_is_too_large_is_refused_with_the_limit():
    with pytest.raises(FileTooLarge) as refused:
        accepted(Upload("材料.pdf", PDF + bytes(5_000_000)), most=5_000_000)
    assert refused.value.facts == {"limit": "5"}
