"""The report in a real browser: no message, no request, no page that scrolls sideways."""

from pathlib import Path

import pytest

from stream.report.page import render
from tests.stream.report.browser import browser_path, look
from tests.stream.report.run import metrics

BROWSER = browser_path()

WIDE = "document.documentElement.scrollWidth"
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(e =>
  !e.closest(".scroll, svg, .skip") && e.getBoundingClientRect().right > innerWidth + 1
).map(e => e.tagName + " " + e.className)"""
SMALLEST = """Math.min(...[...document.querySelectorAll("svg text")].map(t =>
  parseFloat(getComputedStyle(t).fontSize) *
  t.closest("svg").getBoundingClientRect().width / 400))"""
CUT = """[...document.querySelectorAll("svg text")].filter(t => {
  const a = t.getBoundingClientRect(), b = t.closest("svg").getBoundingClientRect();
  return a.left < b.left - 1 || a.right > b.right + 1;
}).map(t => t.textContent)"""
CONTRAST = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(", 0)")) return c; } };
  return Math.min(...[...document.querySelectorAll("p, td, th, dt, dd, a, summary, svg text")]
    .filter(e => !e.closest(".skip")).map(e => {
      const s = getComputedStyle(e), ink = e.closest("svg") ? s.fill : s.color;
      const [a, b] = [light(ink), light(behind(e.closest("svg") ? e.closest("svg") : e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
})()"""
KEYBOARD = """(() => {
  const stops = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
  const skip = document.querySelector(".skip");
  skip.focus();
  return [stops[0] === skip, skip.getBoundingClientRect().left >= 0,
    stops.every(e => { e.focus(); return document.activeElement === e
      || e.closest("details:not([open])") !== null; })];
})()"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_is_readable_and_silent(tmp_path: Path, width: int, dark: bool) -> None:
    assert BROWSER is not None
    page = tmp_path / "report.html"
    page.write_text(render(metrics()), encoding="utf-8")
    asked = (WIDE, OVERFLOWING, SMALLEST, CUT, CONTRAST, KEYBOARD)
    seen = look(BROWSER, page, tmp_path / "profile", width=width, dark=dark, asked=asked)
    assert seen.messages == []
    assert seen.requests == [page.as_uri()]
    wide, overflowing, smallest, cut, contrast, keyboard = seen.answers
    assert wide == width
    assert overflowing == []
    assert smallest >= 10
    assert cut == []
    assert contrast >= 4.5
    assert keyboard == [True, True, True]
