"""The page's style sheet.

The two colours of data are blue and vermilion of M. Okabe and K. Ito, "Color Universal Design",
2008, told apart by all kinds of colour vision; in the dark theme their light neighbours of the same
palette. Every series has dashes or a shape of its own besides.
"""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --back: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #57606a; --rule: #d5d9de;
  --link: #0b57d0; --one: #0072b2; --two: #c44e00;
  --shade: rgb(0 0 0 / .18); }
@media (prefers-color-scheme: dark) { :root {
  --back: #14171a; --card: #1d2125; --ink: #e8eaed; --soft: #a5adb5; --rule: #3a4047;
  --link: #8ab4f8; --one: #56b4e9; --two: #f0a02c;
  --shade: rgb(0 0 0 / .6); } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--back); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
  sans-serif; }
header, main, footer { max-width: 1160px; margin: 0 auto; padding: 0 16px; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 8px; top: 8px; padding: 8px 12px; background: var(--back); z-index: 1; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 28px 0 4px; }
h2 { font-size: 1.35rem; margin: 44px 0 8px; padding-top: 12px; border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 0 0 4px; }
p { margin: 0 0 10px; max-width: 80ch; }
.soft { color: var(--soft); }
nav ul { list-style: none; margin: 14px 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 4px 18px; }
nav a { display: inline-block; padding: 4px 0; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px;
  margin: 12px 0; padding: 0; list-style: none; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
  padding: 14px 16px; margin: 0; min-width: 0; }
.card p { font-size: .92rem; margin: 0 0 8px; }
.card p:last-child { margin-bottom: 0; }
.card .big { font-size: 1.7rem; font-weight: 650; line-height: 1.25; margin-bottom: 4px; }
.n { font-variant-numeric: tabular-nums; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 18px;
  margin: 12px 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; }
section.block { margin: 20px 0; }
.block > p { color: var(--soft); font-size: .95rem; }
svg { display: block; width: 100%; height: auto; margin: 8px 0; }
svg text { font-family: inherit; font-size: 12px; fill: var(--ink); }
svg text.over { stroke: var(--card); stroke-width: 4px; paint-order: stroke; }
svg text.tick { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.axis { stroke: var(--soft); stroke-width: 1; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.one { stroke: var(--one); }
.line.two { stroke: var(--two); stroke-dasharray: 7 4; }
.line.guide { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 4; }
.line.span { stroke: var(--one); stroke-width: 1.5; }
.area { stroke: none; opacity: .18; }
.area.one, .bar.one, .dot.one { fill: var(--one); }
.area.two, .bar.two, .dot.two { fill: var(--two); }
.dot.hollow { fill: var(--back); stroke: var(--one); stroke-width: 2; }
details { margin-top: 6px; }
summary { cursor: pointer; color: var(--link); padding: 4px 0; }
.scroll { overflow-x: auto; margin: 10px 0; --here: var(--back); background:
  linear-gradient(to right, var(--here) 40%, transparent) 0 0 / 40px 100% no-repeat local,
  linear-gradient(to left, var(--here) 40%, transparent) 100% 0 / 40px 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) 0 0 / 14px 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) 100% 0 / 14px 100% no-repeat scroll; }
.card .scroll { --here: var(--card); }
details .scroll { max-height: 26rem; overflow-y: auto; }
table { border-collapse: collapse; font-size: .92rem; width: 100%; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding: 2px 0 8px; }
caption.echo { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); padding: 0; }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: top; font-weight: 400; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { color: var(--soft); font-size: .85rem; white-space: normal; vertical-align: bottom;
  min-width: 4rem; }
thead th.long { min-width: 6.8rem; }
.card thead th { min-width: 0; } .card thead th.long { min-width: 5rem; }
details thead th { position: sticky; top: 0; background: var(--here); }
th:first-child, td:first-child { padding-left: 0; }
th.t, td.t { text-align: left; }
tbody th { font-weight: 600; }
tbody th.t { white-space: normal; min-width: 5.6rem; }
tbody th.t bdi { display: inline-block; max-width: 20rem; overflow-wrap: break-word; }
tbody th .soft { font-weight: 400; font-size: .88rem; display: block; min-width: 11rem; }
ol.cases { list-style: none; padding: 0; margin: 0; display: grid; gap: 12px; }
.cases ul { margin: 6px 0 0; padding-left: 1.2rem; font-size: .95rem; }
.cases .head { font-weight: 600; }
.cases .meta { color: var(--soft); font-size: .9rem; }
footer { margin-top: 40px; padding-bottom: 32px; color: var(--soft); font-size: .9rem; }
@media (max-width: 1000px) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 760px) {
  .pair { grid-template-columns: minmax(0, 1fr); }
  h1 { font-size: 1.45rem; } h2 { font-size: 1.2rem; margin-top: 32px; }
  .card { padding: 12px; }
}
@media (max-width: 430px) {
  .tiles { grid-template-columns: minmax(0, 1fr); }
  .card svg { width: calc(100% + 16px); margin-left: -8px; }
  svg text, svg text.tick { font-size: 13.5px; }
  dl.facts { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 6px 12px; } }
@media print { nav, .skip { display: none; } .card, section.block { break-inside: avoid; } }
"""
