"""Files and photos as answers: what is taken, what of it is kept, and where none may be asked for."""

import io
import struct
import zipfile
import zlib

import make
import pytest
import sqlalchemy as sa
from everykind import picture
from PIL import Image, PngImagePlugin

from surveys import bank, doubts, forms, gallery, questionnaires, questions, responses
from surveys.attachments import Attachment, FilesNotAnonymous
from surveys.files import FileTooLarge, FileTypeRefused, Upload
from surveys.kinds import KINDS, BadSetting, Missing, NotAFile, TooManyFiles
from surveys.pictures import LONGEST_SIDE, PREVIEW_SIDE, PictureTooLarge, made_anew
from surveys.responses import InvalidAnswers, Response

ASKS = ({"code": "shot", "kind": "photo", "text": "现场照片", "settings": {"max_files": 2, "megabytes": 1}}, {"code": "proof", "kind": "file", "text": "证明材料"})
PDF = Upload("证明.pdf", b"%PDF-1.7\n")
JPG = Upload("门口.jpg", picture("JPEG"))


@pytest.fixture
def asked(session):
    return make.questionnaire(session, asks=ASKS)


def refusal(session, questionnaire, raw):
    with pytest.raises(InvalidAnswers) as caught:
        make.response(session, questionnaire, raw)
    return {code: (type(problem), problem.facts) for code, problem in caught.value.problems.items()}


def names(session, questionnaire, **which):
    return [(one.question.code, one.place, one.name, one.kind, one.size) for one in session.scalars(gallery.find(questionnaire, **which))]


def test_files_lie_beside_the_answer_in_their_order_and_are_found_again(session, asked):
    make.response(session, asked, {"shot": [JPG, Upload("侧面.png", picture("PNG"))], "proof": PDF}, context="a")
    make.response(session, asked, {"proof": Upload("另一份.pdf", PDF.content)}, context="b")
    found = session.scalars(gallery.find(asked, context="a")).all()
    assert [(one.question.code, one.place, one.name, one.kind, one.size == len(one.content), bool(one.preview)) for one in found] == [
        ("shot", 0, "门口.jpg", "jpg", True, True), ("shot", 1, "侧面.png", "png", True, True), ("proof", 0, "证明.pdf", "pdf", True, False),
    ]
    assert (gallery.counts(session, asked), gallery.counts(session, asked, context="b")) == ({"shot": 2, "proof": 2}, {"proof": 1})
    assert [one[2] for one in names(session, asked, question="proof", context="b")] == ["另一份.pdf"]
    assert [one.content for one in gallery.each(session, [found[2].id, 5])] == [PDF.content]
    with pytest.raises(gallery.NoSuchFile):
        gallery.get(session, asked, found[0].id, context="b")


def test_the_same_form_sent_again_keeps_its_files_once(session, asked):
    one = [make.response(session, asked, {"proof": PDF}, submission="5f0c2f2e-6c0a-4d0e-8a55-000000000000").id for _ in range(2)]
    assert (one[0] == one[1], len(names(session, asked))) == (True, 1)


def test_files_go_with_their_response(session, asked, now):
    response = make.response(session, asked, {"proof": PDF})
    doubts.exclude(session, response, reason="重复", now=now)
    assert (names(session, asked), gallery.counts(session, asked)) == ([], {})
    doubts.include(session, response, reason="看错了")
    assert len(names(session, asked)) == 1
    session.execute(sa.delete(responses.Answer))
    session.execute(sa.delete(Response))
    assert session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0


def packed(*inside):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in inside:
            file.writestr(name, "<x/>")
    return stream.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("content", [
    b"MZ\x90\x00", SVG, b'<?xml version="1.0"?>' + SVG, b"GIF89a" + SVG, b"\0\0\0\x18ftypheic" + bytes(40), picture("GIF"), picture("TIFF"), b"",
    picture("JPEG")[:200], b"\xff\xd8\xff" + SVG, b"\x89PNG\r\n\x1a\n" + SVG, b"RIFF\x10\0\0\0WEBP" + SVG, PDF.content,
    packed("[Content_Types].xml", "word/document.xml"),
])
def test_what_is_no_picture_is_refused_as_a_photo_whatever_its_name_says(session, asked, content):
    assert refusal(session, asked, {"shot": Upload("门口.jpg", content)}) == {"shot": (FileTypeRefused, {"kinds": "JPG / PNG / WEBP"})}
    assert names(session, asked) == []


def test_a_picture_with_something_behind_it_is_kept_without_that(session, asked):
    make.response(session, asked, {"shot": Upload("门口.jpg", picture("JPEG") + SVG + packed("a.txt"))})
    (kept,) = session.scalars(gallery.find(asked))
    assert (b"<svg" in kept.content, b"PK\x03\x04" in kept.content, Image.open(io.BytesIO(kept.content)).size) == (False, False, (64, 48))


@pytest.mark.parametrize("settings, refused", [
    ({"pictures": False}, [JPG]), ({"pdf": False}, [PDF]), ({"office": False}, [Upload("a.docx", packed("[Content_Types].xml", "word/document.xml"))]),
])
def test_a_question_takes_the_kinds_that_its_settings_let_pass(session, settings, refused):
    questionnaire = make.questionnaire(session, asks=[{"code": "proof", "kind": "file", "text": "材料", "settings": settings}])
    assert refusal(session, questionnaire, {"proof": refused})["proof"][0] is FileTypeRefused
    with pytest.raises(BadSetting):
        KINDS["file"].settings({"pdf": False, "office": False, "pictures": False})


@pytest.mark.parametrize("raw, expected", [
    ({"shot": [JPG] * 3}, {"shot": (TooManyFiles, {"max": 2})}),
    ({"shot": Upload("a.png", picture("PNG") + bytes(1_000_001))}, {"shot": (FileTooLarge, {"limit": "1"})}),
    ({"shot": "门口.jpg"}, {"shot": (NotAFile, {})}),
    ({"shot": [JPG, Upload("b.jpg", b"MZ")], "proof": [PDF, PDF]}, {
        "shot": (FileTypeRefused, {"kinds": "JPG / PNG / WEBP"}), "proof": (TooManyFiles, {"max": 1})}),
])
def test_what_is_too_much_or_no_file_is_refused_and_nothing_is_stored(session, asked, raw, expected):
    assert refusal(session, asked, raw) == expected
    assert (names(session, asked), session.scalar(sa.select(sa.func.count()).select_from(Response))) == ([], 0)


def test_a_file_that_is_required_is_missed(session):
    questionnaire = make.questionnaire(session, asks=[ASKS[1] | {"required": True}])
    assert refusal(session, questionnaire, {}) == {"proof": (Missing, {})}


def huge(width, height):
    """A file of some bytes that says it is a picture of so many points."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_would_fill_the_memory_is_refused_unopened(side):
    with pytest.raises(PictureTooLarge):
        made_anew(Upload("bomb.png", huge(side, side), "png"))


def test_a_broken_picture_within_the_limits_is_refused():
    with pytest.raises(FileTypeRefused):
        made_anew(Upload("broken.png", huge(100, 100), "png"))


SECRETS = (b"Huawei P60", b"secret remark", b"GPS", b"Exif", b"xmpmeta", b"lens-4711")


def telling(kind):
    """A picture with a place, a device, a remark and a profile beside its points; red on its left side once it stands upright."""
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "Huawei P60", 6  # to be turned by a quarter
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 45.0, 0.0), 3: "E", 4: (113.0, 37.0, 0.0)})
    image = Image.new("RGB", (60, 40), "blue")
    image.paste("red", (0, 20, 60, 40))
    options = {"exif": exif.tobytes()}
    if kind == "JPEG":
        options |= {"comment": b"secret remark", "xmp": b"<x:xmpmeta>lens-4711</x:xmpmeta>", "quality": 95}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "secret remark")
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>lens-4711</x:xmpmeta>")
    if kind == "WEBP":
        options |= {"xmp": b"<x:xmpmeta>lens-4711</x:xmpmeta>", "lossless": True}
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_of_a_photo_nothing_is_kept_but_its_points_upright(kind):
    before = telling(kind)
    assert [secret for secret in SECRETS if secret in before]  # it was there
    made = made_anew(Upload("门口.jpg", before, {"JPEG": "jpg"}.get(kind, kind.lower())))
    for content in (made.content, made.preview):
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert ([secret for secret in SECRETS if secret in content], dict(image.getexif())) == ([], {})
        sides = [[round(light / 255) for light in image.getpixel((x, 30))] for x in (2, 37)]
        assert (image.size, sides) == ((40, 60), [[1, 0, 0], [0, 0, 1]])


def test_a_large_photo_is_made_smaller_and_transparency_stays():
    large = made_anew(Upload("a.jpg", picture("JPEG", (4000, 3000)), "jpg"))
    sizes = [max(Image.open(io.BytesIO(content)).size) for content in (large.content, large.preview)]
    assert sizes == [LONGEST_SIDE, PREVIEW_SIDE]
    stream = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(stream, "PNG")
    clear = made_anew(Upload("a.png", stream.getvalue(), "png"))
    assert (Image.open(io.BytesIO(clear.content)).getpixel((5, 5))[3], Image.open(io.BytesIO(clear.preview)).getpixel((5, 5))) == (0, (255, 255, 255))


# ---- where nobody is to be known


def test_an_anonymous_questionnaire_asks_for_no_files_by_any_way(session, now):
    questionnaire = make.questionnaire(session, state="draft", anonymous=True, asks=[{"kind": "text", "text": "意见"}])
    (section,) = questionnaire.sections
    with pytest.raises(FilesNotAnonymous):
        questions.add_question(session, section, now=now, kind="photo", text="照片")
    with pytest.raises(FilesNotAnonymous):
        questions.edit_question(session, section.questions[0], now=now, kind="file", text="材料")
    assert [(one.kind, one.text) for one in section.questions] == [("text", "意见")]
    named = make.questionnaire(session, state="draft", asks=[{"kind": "photo", "text": "照片"}, {"kind": "text", "text": "意见"}])
    with pytest.raises(FilesNotAnonymous):
        questionnaires.edit(session, named, now=now, anonymous=True)
    assert named.anonymous is False
    kept = bank.keep_question(session, named.sections[0].questions[0], now=now)
    with pytest.raises(FilesNotAnonymous):
        bank.take(session, kept, questionnaire, section, now=now)


def test_a_file_question_does_not_come_back_into_what_has_become_anonymous(session, now):
    questionnaire = make.questionnaire(session, state="draft", asks=[{"kind": "photo", "text": "照片"}, {"kind": "text", "text": "意见"}])
    (section,) = questionnaire.sections
    photo = section.questions[0]
    questions.remove_question(session, photo, now=now)
    questionnaires.edit(session, questionnaire, now=now, anonymous=True)
    with pytest.raises(FilesNotAnonymous):
        questions.place_question(session, photo, section, 0, now=now)
    assert [one.kind for one in forms.draft_of(questionnaire).questions] == ["text"]
