"""Codes are random and unguessable, and every QR code that is drawn can be read."""

import io
import re

import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from engage.codes import digest, new_code, qr_png, qr_svg

links = st.builds("https://{}/t/{}".format, st.sampled_from(["engage.example.org", "127.0.0.1:8000"]), st.builds(new_code))
texts = st.one_of(links, st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120))


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def drawn(svg: str) -> Image.Image:
    """The SVG as a picture: its one path is made of squares of one module."""
    modules = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    picture = Image.new("L", (modules * 8, modules * 8), "white")
    pen = ImageDraw.Draw(picture)
    for x, y in re.findall(r"M(\d+),(\d+)H", svg):
        left, top = int(x) * 8, int(y) * 8
        pen.rectangle([left, top, left + 7, top + 7], fill="black")
    return picture


@settings(max_examples=60)
@given(texts)
def test_a_png_reads_back_as_what_it_says(text):
    assert read(Image.open(io.BytesIO(qr_png(text)))) == [text]


@settings(max_examples=60)
@given(texts)
def test_an_svg_reads_back_as_what_it_says(text):
    assert read(drawn(qr_svg(text))) == [text]


def test_codes_never_repeat_and_are_easy_to_type():
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{26}", code) for code in codes)


def test_a_digest_is_short_stable_and_tells_nothing_of_the_code():
    assert digest("abc") == "ungWv48Bz-pBQUDeXa4iIw"
    assert digest("abd") != digest("abc")
