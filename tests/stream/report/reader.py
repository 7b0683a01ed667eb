"""A page as a reader has it: elements, and each text with the elements that it lies in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    within: list["Element"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Reader(HTMLParser):
    """Reads a page; what is not closed in its order is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[tuple[str, list[Element]]] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        element = Element(tag, {name: value or "" for name, value in attrs}, within=[*self._open])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        self.texts.append((data, [*self._open]))

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]


def keys_of(path: str) -> list[str]:
    r"""Return the keys of a data-path: split at dots, but not where a backslash stands before."""
    keys, escaped = [""], False
    for character in path:
        if not escaped and character in "\\.":
            escaped = character == "\\"
            if character == ".":
                keys.append("")
        else:
            keys[-1] += character
            escaped = False
    return keys
