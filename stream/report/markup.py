"""HTML and SVG as text in which nothing foreign can become markup."""

import html
from collections.abc import Iterable
from typing import Final, NewType

Html = NewType("Html", str)
"""Markup, safe to put on a page; only `text`, `tag` and `joined` make it."""

NOTHING: Final = Html("")
VOID: Final = {"br", "meta", "link", "path", "line", "rect", "circle"}
_CONTROL: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), 65533)
"""Characters that HTML forbids, shown as the replacement character."""


def text(value: str) -> Html:
    """Return text as markup.

    >>> text("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return Html(html.escape(value.translate(_CONTROL)))


def joined(parts: Iterable[Html]) -> Html:
    """Return one part after another."""
    return Html("".join(parts))


def tag(name: str, *children: Html, **attributes: str | float | None) -> Html:
    """Return an element.

    Of an attribute's name a last ``_`` is dropped and others become ``-``; the value None leaves
    it out, and numbers, which are places in a drawing, are rounded to tenths.

    >>> tag("td", text("1 < 2"), class_="n", data_path='a"b', id=None)
    '<td class="n" data-path="a&quot;b">1 &lt; 2</td>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{shown}/>")
    return Html(f"<{name}{shown}>{joined(children)}</{name}>")


def _attribute(value: str | float) -> str:
    return text(value) if isinstance(value, str) else f"{round(value, 1):g}"
