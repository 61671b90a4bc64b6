"""How every page is built and shown: headings, labels, room, sizes; pictures of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Dialog, Error, Page

from aupkeep.base.clock import HOUR, MINUTE
from aupkeep.flow import answering, pausing
from aupkeep.flow.alarms import raise_alarm
from aupkeep.policy.model import Tier
from aupkeep.store import dialogue
from desk_stage import PROVIDER, Stage

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{7*7}}\u202e'
LONG = "w" * 2000

PAGES = ("queue", "case", "held", "hostile", "nobody", "notice", "policy", "sign-in", "nothing")
SIZES = {"desk": (1280, 900), "phone": (390, 844)}

_HEADINGS = """() => [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")]
    .map(item => [Number(item.tagName[1]), item.innerText.trim()])"""
_UNNAMED = """() => [...document.querySelectorAll("input,select,textarea")]
    .filter(item => item.type !== "hidden" && !item.labels.length)
    .map(item => item.outerHTML)"""
_LANDMARKS = """() => [
    document.querySelectorAll("main").length,
    document.documentElement.lang,
    document.querySelector("body > a.skip") !== null,
    new Set([...document.querySelectorAll("[id]")].map(item => item.id)).size
        === document.querySelectorAll("[id]").length,
]"""
_TOO_WIDE = """() => {
    const room = document.documentElement.clientWidth;
    return [document.documentElement.scrollWidth - room,
        [...document.querySelectorAll("main *")]
            .filter(item => item.getBoundingClientRect().right > room + 1
                && !item.closest("svg, .scroll, .command"))
            .map(item => item.outerHTML.slice(0, 200))];
}"""
_SMALL = """() => [...document.querySelectorAll("button, summary, input, select, .bar nav a")]
    .filter(item => item.checkVisibility() && item.type !== "hidden" && item.type !== "checkbox")
    .filter(item => item.getBoundingClientRect().height < 24)
    .map(item => item.outerHTML.slice(0, 200))"""
_UNREFERRED = """() => [...document.querySelectorAll("[aria-describedby],[aria-labelledby]")]
    .flatMap(item => (item.getAttribute("aria-describedby") || "").split(" ")
        .concat((item.getAttribute("aria-labelledby") || "").split(" ")))
    .filter(name => name && !document.getElementById(name))"""
#: Contrast of the colours that the stylesheet names, ink against ground (WCAG 2.2, 1.4.3).
_CONTRAST = """() => {
    const style = getComputedStyle(document.documentElement);
    const light = name => {
        const hex = style.getPropertyValue(name).trim().slice(1);
        const parts = [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16) / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const pairs = [];
    for (const ink of ["--ink", "--soft", "--link", "--waits", "--bad", "--force"])
        for (const ground of ["--ground", "--paper", "--sunk"]) pairs.push([ink, ground, 4.5]);
    for (const tone of ["waits", "bad", "force"]) {
        pairs.push([`--${tone}`, `--${tone}-ground`, 4.5]);
        pairs.push(["--ink", `--${tone}-ground`, 4.5]);
    }
    pairs.push(["--main-ink", "--main", 4.5], ["--main-ink", "--main-hover", 4.5]);
    for (const ground of ["--ground", "--paper"])
        pairs.push(["--focus", ground, 3], ["--edge", ground, 3]);
    return pairs.map(([ink, ground, least]) => {
        const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
        return [ink, ground, (high + 0.05) / (low + 0.05), least];
    });
}"""


@pytest.fixture(scope="module")
def paths(running: Any) -> Any:
    """A page of each sort, with strangers' text in it: name -> path."""
    return running.do(_fill)


def _fill(stage: Stage) -> dict[str, str]:
    waiting = stage.case(
        stage.finding("ben@tailor.example", customer="jas-7", tier=Tier.STRONG), protected=True
    )
    stage.later()
    held = stage.case(
        stage.finding(customer="jas-1", first=stage.now - 5 * HOUR),
        stage.finding(customer="jas-1", rule_name="login_bad_addresses", unit="conditions"),
    )
    stage.count("jas-1", stage.now - 6 * HOUR, stage.now)
    stage.carry_out()
    notice = dialogue.notices_of(held.id)[0].notice
    answering.answer(notice.id, f"{HOSTILE}\n{LONG}", now=stage.now)
    hostile = stage.case(
        stage.finding(
            LONG,
            tier=Tier.STRONG,
            customer=f"jas {HOSTILE}",
            rule_name=LONG,
            evidence={"subject": HOSTILE, LONG: LONG},
        )
    )
    nobody = stage.case(stage.finding(customer=None, attribution="unknown", actor=f"ip:{LONG}"))
    raise_alarm(PROVIDER, "sanction-fails", "x", f"{HOSTILE} {LONG}", now=stage.now)
    pausing.pause(PROVIDER, "warn", f"too many {LONG}", now=stage.now + MINUTE)
    return {
        "queue": "/",
        "case": f"/case/{waiting.id}",
        "held": f"/case/{held.id}",
        "hostile": f"/case/{hostile.id}",
        "nobody": f"/case/{nobody.id}",
        "notice": f"/notice/{stage.notice_token(held)}",
        "policy": "/policy/jasmo/",
        "sign-in": stage.link("ben"),
        "nothing": "/nothing",
    }


@pytest.fixture(scope="module")
def pages(running: Any, browser: Any) -> Iterator[dict[tuple[str, str], Page]]:
    """A signed-in page for each size and scheme of colours."""
    contexts, found = [], {}
    first = running.open(browser)
    running.sign_in(first.new_page())
    state = first.storage_state()
    first.close()
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = running.open(
                browser,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                storage_state=state,
            )
            contexts.append(context)
            found[size, scheme] = context.new_page()
    yield found
    for context in contexts:
        context.close()
    running.troubles[:] = [said for said in running.troubles if "404" not in said]


def _load(page: Page, paths: dict[str, str], name: str) -> Page:
    page.goto(paths[name])
    page.evaluate("() => document.querySelectorAll('details').forEach(item => item.open = true)")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_headings_labels_and_landmarks(pages: Any, paths: Any, name: str) -> None:
    page = _load(pages["desk", "light"], paths, name)
    headings = page.evaluate(_HEADINGS)
    levels = [level for level, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(text for _, text in headings)
    assert page.evaluate(_UNNAMED) == []
    assert page.evaluate(_LANDMARKS) == [1, "en", True, True]
    assert page.evaluate(_UNREFERRED) == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_window(pages: Any, paths: Any, name: str, width: int) -> None:
    page = pages["phone", "light"]
    page.set_viewport_size({"width": width, "height": 800})
    _load(page, paths, name)
    wider, items = page.evaluate(_TOO_WIDE)
    assert items == []
    assert wider <= 0
    page.set_viewport_size({"width": SIZES["phone"][0], "height": SIZES["phone"][1]})


@pytest.mark.parametrize("name", PAGES)
def test_what_is_pressed_is_large_enough(pages: Any, paths: Any, name: str) -> None:
    assert _load(pages["phone", "dark"], paths, name).evaluate(_SMALL) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(pages: Any, paths: Any, scheme: str) -> None:
    page = _load(pages["desk", scheme], paths, "queue")
    found = page.evaluate(_CONTRAST)
    assert len(found) > 20
    assert [row for row in found if row[2] < row[3]] == []


def test_strangers_run_nothing_in_a_real_browser(running: Any, pages: Any, paths: Any) -> None:
    page = pages["desk", "light"]
    opened: list[str] = []

    def refuse(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in PAGES:
        _load(page, paths, name)
    assert opened == []
    assert [url for url in asked if not url.startswith(running.base)] == []
    assert page.evaluate("() => document.querySelectorAll('script').length") == 0


def test_the_skip_link_leads_to_the_content(pages: Any, paths: Any) -> None:
    page = pages["desk", "light"]
    page.goto(paths["queue"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_a_notice_prints_without_its_form(pages: Any, paths: Any) -> None:
    page = _load(pages["desk", "light"], paths, "notice")
    page.emulate_media(media="print")
    assert not [form for form in page.locator("form").all() if form.is_visible()]
    assert page.locator("h1").is_visible()
    assert page.get_by_text("The message as we sent it").is_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_every_page(
    pages: Any, paths: Any, size: str, scheme: str, tmp_path: Any
) -> None:
    page = pages[size, scheme]
    for name in PAGES:
        page.goto(paths[name])
        _picture(page, tmp_path / f"{name}-{size}-{scheme}.png", whole=size == "desk")
    assert len(list(tmp_path.glob("*.png"))) == len(PAGES)


def _picture(page: Any, path: Any, *, whole: bool) -> None:
    """Take a picture; a busy browser has no frame ready now and then, and another try gets one."""
    for left in (2, 1, 0):
        try:
            page.screenshot(path=path, full_page=whole)
        except Error as error:
            if not left or "Unable to capture" not in error.message:
                raise
        else:
            return
