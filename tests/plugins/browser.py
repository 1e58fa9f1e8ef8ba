"""Headless Chromium, the one that Debian packages, driven by Playwright."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import deaf
from tests.programs import find_program

from .requirements import CHROMIUM_NAMES

# Root needs --no-sandbox; the others keep it from reaching out by itself.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# A loaded machine draws a page in seconds; what must be quick is measured in bench/, not here.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chromium by a script that keeps news of the network from it: labs come and go beside it."""
    words = (sys.executable, deaf.__file__, str(find_program(*CHROMIUM_NAMES)))
    script = tmp_path_factory.mktemp("browser") / "chromium"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def chromium_browser(chromium_program: Path) -> Iterator[Browser]:
    """Chromium for the tests of a module. They carry the marker ``browser``.

    Not for the session: Playwright's loop counts as running in this thread until it
    ends, which asynchronous tests and Django's database refuse to work beside.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def chromium_page(chromium_browser: Browser) -> Iterator[Page]:
    """A page with cookies and storage of its own."""
    context = chromium_browser.new_context()
    yield context.new_page()
    context.close()
