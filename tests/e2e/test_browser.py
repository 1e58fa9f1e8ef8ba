"""The browser that the suite drives."""

import pytest

pytestmark = pytest.mark.browser


def test_chromium_runs_a_pages_script(chromium_page):
    chromium_page.set_content("<p id=sum></p><script>sum.textContent = 2 + 3</script>")
    assert chromium_page.inner_text("#sum") == "5"


def test_pages_share_no_storage(chromium_browser):
    first, second = chromium_browser.new_context(), chromium_browser.new_context()
    first.add_cookies([{"name": "seen", "value": "1", "url": "http://portal.test/"}])
    assert second.cookies() == []
    first.close()
    second.close()
