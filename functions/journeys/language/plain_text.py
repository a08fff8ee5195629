"""How does an HTML e-mail read without HTML? Converted with the standard library's parser; Liquid stays."""

import re
from html.parser import HTMLParser

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SILENT = frozenset({"head", "style", "script", "title"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr"})
_BREAKS = frozenset({"div", "tr", "table", "section", "header", "footer", "ul", "ol", "li"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "blockquote"})


def plain_text(html: str) -> str:
    """The text of ``html`` with links written out; hidden parts and styles are left out."""
    aside: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        aside.append(match.group())
        return f"liquidpart{len(aside) - 1}x"

    writer = _Writer()
    writer.feed(_LIQUID.sub(set_aside, html))
    writer.close()
    lines = [" ".join(line.split()) for line in "".join(writer.pieces).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
    return re.sub(r"liquidpart(\d+)x", lambda match: aside[int(match[1])], text)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        hidden = "display:none" in (attributes.get("style") or "").replace(" ", "")
        if self.silent or tag in _SILENT or hidden:
            self.silent += tag not in _VOID
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "hr":
            self.pieces.append("\n\n----\n\n")
        elif tag == "img":
            self.pieces.append(attributes.get("alt") or "")
        elif tag == "a":
            self.links.append((attributes.get("href") or "", len(self.pieces)))
        elif tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag in _BREAKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        elif tag == "td":
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            self.silent -= tag not in _VOID
        elif tag == "a" and self.links:
            address, start = self.links.pop()
            said = "".join(self.pieces[start:]).strip()
            if address and address not in (said, f"mailto:{said}"):
                self.pieces.append(f": {address}" if said else address)
        elif tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            # Line breaks of the source mean nothing in HTML.
            self.pieces.append(re.sub(r"\s+", " ", data))
