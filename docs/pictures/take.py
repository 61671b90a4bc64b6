"""Take the pictures of README anew, from a demo that this starts and ends.

    .venv/bin/python docs/pictures/take.py

Needs root and Debian's postfix and chromium. Look at the pictures before you commit them.
"""
# ruff: noqa: INP001  # a script beside the pictures it takes, no package

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
#: Width of every picture, and the most of a page's height that it shows.
WIDTH, HEIGHT = 1280, 900
#: What the demo has printed last when everything has happened.
LAST = "Ctrl-C ends everything"


def told(demo: subprocess.Popen[str]) -> str:
    """Return what the demo prints until everything has happened."""
    text = ""
    for line in demo.stdout or ():
        text += line
        if LAST in line:
            return text
    raise SystemExit(text)


def found(pattern: str, text: str) -> str:
    """Return the first group of `pattern` in what the demo has printed."""
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"{pattern} is not in:\n{text}")
    return match[1]


def take(page: Page, name: str, height: int = HEIGHT) -> None:
    """Write a picture of the page from its top."""
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.screenshot(path=HERE / f"{name}.png")


def pictures(page: Page, text: str) -> None:
    """Take every picture; `text` is what the demo has printed."""
    desk = found(r"The desk is at (\S+)", text)
    stolen = found(r"200 mails each from (\S+) and", text)
    protected = found(r"200 mails each from \S+ and (\S+):", text)
    page.goto(found(r"robin signs in, once: +(\S+)", text))
    page.get_by_role("button", name="Sign in as robin").click()
    page.goto(f"{desk}/?state=needs&provider=jasmo")
    take(page, "queue")
    page.goto(f"{desk}/?text={protected}")
    page.locator("main a[href^='/case/']").first.click()
    take(page, "case", 1080)
    page.goto(found(rf"Why {stolen} is held.*\n +(\S+)", text))
    take(page, "notice")


def main() -> None:
    """Start a demo, take its pictures, end it."""
    command = [sys.executable, "-m", "aupkeep", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603  # ours
        try:
            text = told(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                pictures(browser.new_page(color_scheme="light"), text)
                browser.close()
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.communicate()


if __name__ == "__main__":
    main()
