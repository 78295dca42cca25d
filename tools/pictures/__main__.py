"""``python -m tools.pictures``: draws the pictures of the docs anew.

Each shows the page of a staged demo, whose clock and chance are fixed: a picture differs only when a message or
the page does, or another browser or font draws it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from playwright.async_api import Browser, Page, async_playwright

from kube_wecom_eventer.demo.gallery import samples
from kube_wecom_eventer.demo.serving import serve
from tools.pictures.chromium import FLAGS, chromium
from tools.pictures.mails import mails
from tools.pictures.staging import Staged

LARGEST = 200_000  # bytes of a picture
SMOOTH = ("--disable-lcd-text", "--force-color-profile=srgb", "--font-render-hinting=none")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
LANGS = ("en", "zh")

_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include><cachedir>{folder}</cachedir>
<match><test name="family"><string>monospace</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Noto Sans Mono CJK SC</string></edit></match>
<match><test name="family"><string>system-ui</string></test>
<edit name="family" mode="prepend" binding="strong">
<string>Inter</string><string>Noto Sans CJK SC</string></edit></match>
<match><test name="family"><string>sans-serif</string></test>
<edit name="family" mode="prepend" binding="strong">
<string>Inter</string><string>Noto Sans CJK SC</string></edit></match>
</fontconfig>
"""


def storm(staged: Staged) -> None:
    """The middle of a storm: an event alone, then digests."""
    staged.happen([staged.scenario.fresh("payments")])
    staged.tell(0)
    staged.clock.advance(4)
    staged.happen([staged.scenario.fresh("search")])
    staged.tell(1)
    staged.clock.advance(5)
    staged.say("storm", count=5000, seconds=6)
    staged.happen(staged.scenario.storm(2400), within=2.9, many=True)
    for group in (0, 1):
        staged.tell(group)
    rollouts = (staged.scenario.burst(size, namespace=where) for size, where in ((640, "payments"), (580, "search")))
    staged.happen([event for rollout in rollouts for event in rollout], within=2.9, many=True)
    for group in (0, 1):
        staged.tell(group)
    staged.happen(staged.scenario.storm(340), within=0.4, many=True)


def digest(staged: Staged) -> None:
    """A rollout fails: one message at once, and a digest of what follows."""
    failing = staged.scenario.burst(25, namespace="search")
    staged.happen(failing[:1])
    staged.tell(1)
    staged.happen([*failing[1:], *(staged.scenario.fresh("infra") for _ in range(3))], within=2.9, many=True)
    staged.tell(1)


def refused(staged: Staged) -> None:
    """A key is revoked: red, and said by the daemon."""
    staged.happen([staged.scenario.fresh("payments")])
    staged.tell(0)
    staged.clock.advance(20)
    staged.say("key_revoked", group=0)
    staged.happen([staged.scenario.fresh("payments")])
    staged.tell(0, errcode=93000, errmsg="invalid webhook url")


@dataclass(frozen=True, kw_only=True)
class Painter:
    """Draws pages of staged demos; ``quantizer`` makes pictures small."""

    browser: Browser
    quantizer: str

    @asynccontextmanager
    async def page(self, lang: str, play: Callable[[Staged], None], *, path: str, dots: float) -> AsyncIterator[Page]:
        """A page of a staged demo on which this was played; ``dots`` a pixel."""
        staged = Staged(lang)
        play(staged)
        context = await self.browser.new_context(
            viewport={"width": 1320, "height": 800},
            device_scale_factor=dots,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        async with serve(staged.page()) as url:
            page = await context.new_page()
            await page.clock.set_fixed_time(staged.clock())
            await page.goto(f"{url}{path}?lang={lang}")
            await page.wait_for_selector(".message")
            await page.wait_for_timeout(400)
            yield page
            await context.close()

    async def whole(self, lang: str, name: str, play: Callable[[Staged], None]) -> None:
        """The whole page, with what the storm's button says."""
        async with self.page(lang, play, path="/", dots=1.5) as page:
            await page.focus("[data-action=storm]")
            self.write(f"{name}.{lang}", await page.screenshot())

    async def chat(self, lang: str, name: str, play: Callable[[Staged], None], *, group: int) -> None:
        """One group, down to its last message."""
        async with self.page(lang, play, path="/", dots=2) as page:
            await page.set_viewport_size({"width": 1320, "height": 1400})
            chat = page.locator(f".chat[data-group='{group}']")
            await chat.evaluate("each => { each.parentElement.style.alignItems = 'start'; }")
            await chat.locator(".messages, .scroller").evaluate_all(
                "all => all.forEach((each) => { each.style.position = 'static'; })"
            )
            self.write(f"{name}.{lang}", await chat.screenshot())

    async def samples(self) -> None:
        """All built-in messages."""
        async with self.page("en", lambda _: None, path="/gallery", dots=2) as page:
            for sample in samples():
                bubble = page.locator(f"#{sample.name} .bubble")
                self.write(f"{sample.kind}-{sample.case}.{sample.lang}", await bubble.screenshot())

    async def mails(self) -> None:
        """Some built-in mails, as wide as a telephone shows them."""
        page = await self.browser.new_page(viewport={"width": 460, "height": 400}, device_scale_factor=2)
        for lang in LANGS:
            for name, html in mails(lang):
                await page.set_content(html)
                self.write(f"mail-{name}.{lang}", await page.locator("body").screenshot())
        await page.close()

    def write(self, name: str, picture: bytes) -> None:
        """Write a picture in 256 colours. SystemExit where it is too large all the same."""
        quantized = subprocess.run(  # noqa: S603 a fixed program, and a picture that we drew
            [self.quantizer, "--strip", "--speed=1", "-"], input=picture, capture_output=True, check=True
        )
        small = quantized.stdout
        if len(small) > LARGEST:
            sys.exit(f"{name} has {len(small):,} bytes: show less")
        (IMAGES / f"{name}.png").write_bytes(small)
        print(f"{name}.png {len(small):,} bytes")


@contextmanager
def drawing_alike() -> Iterator[dict[str, str | float | bool]]:
    """An environment in which letters look the same on every machine that has these fonts."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "fonts.conf")
        configuration.write_text(_FONTS.format(folder=folder))
        yield {**os.environ, "FONTCONFIG_FILE": str(configuration)}


async def make(browser_path: str, quantizer: str) -> None:
    """Draw all pictures."""
    async with async_playwright() as playwright:
        with drawing_alike() as environment:
            browser = await playwright.chromium.launch(
                executable_path=browser_path, args=[*FLAGS, *SMOOTH], env=environment
            )
            painter = Painter(browser=browser, quantizer=quantizer)
            for lang in LANGS:
                await painter.whole(lang, "demo-storm", storm)
                await painter.chat(lang, "chat-digest", digest, group=1)
                await painter.chat(lang, "chat-refused", refused, group=0)
            await painter.samples()
            await painter.mails()
            await browser.close()


def main() -> None:
    """Draw them, or say what is missing for it."""
    browser_path, quantizer = chromium(), shutil.which("pngquant")
    if not browser_path or not quantizer:
        packages = "chromium pngquant fonts-inter fonts-noto-cjk fonts-noto-color-emoji"
        sys.exit(f"chromium or pngquant is not found; as root: apt-get install {packages}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(make(browser_path, quantizer))


if __name__ == "__main__":
    main()
