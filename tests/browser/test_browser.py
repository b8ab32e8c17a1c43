"""The browser that the other tests look through works: pages, accessibility check, camera."""

import pytest

pytestmark = pytest.mark.browser


def test_the_first_page_opens_on_a_phone(phone):
    assert phone.goto("/").ok
    assert phone.locator("html").get_attribute("lang") == "zh-CN"
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_accessibility_check_finds_what_is_wrong(desk, axe):
    desk.goto("/")
    desk.evaluate("document.body.append(document.createElement('img'))")
    assert [found.split(":")[0] for found in axe(desk) if found.startswith("image-alt")] == ["image-alt"]


def test_the_camera_sees_the_code_that_it_is_shown(camera):
    page = camera("https://example.org/t/abc")
    page.goto("/")
    width = page.evaluate("""async () => {
        const stream = await navigator.mediaDevices.getUserMedia({video: true});
        return stream.getVideoTracks()[0].getSettings().width;
    }""")
    assert width == 640
