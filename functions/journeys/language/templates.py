"""What do the templates of a journey say? Read, checked and made ready, so that sending only renders."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import css_inline
import mrml
from liquid import Environment, FalsyStrictUndefined, Mode
from liquid.exceptions import LiquidError
from pydantic import Field

from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.fields import Duration
from functions.journeys.language.plain_text import plain_text
from functions.journeys.language.reader import Document, read, read_text
from functions.journeys.language.shape import Strict, fit
from functions.shared.names import Channel

PARTS: Mapping[str, Channel] = {
    ".email.liquid": "email",
    ".email.mjml": "email",
    ".sms.liquid": "sms",
    ".push.yaml": "push",
}
MAX_CHARACTERS = 100_000
_ROOTS = ("profile", "event", "entry", "steps", "brand", "unsubscribe_url", "preferences_url", "decline_url")
_BELOW = {
    "profile": ("traits", "identified", "first_seen"),
    "event": ("event", "properties", "traits", "timestamp"),
    "entry": ("event", "properties", "traits", "timestamp"),
    "brand": ("name", "postal_address"),
}
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Sending offers no loader, so nothing may be included; css-inline and mrml offer no network.
_FORBIDDEN_TAGS = {"include": "copy the text in", "render": "copy the text in"}
_MJML_TAGS = frozenset(
    f"mj-{name}"
    for name in (
        *("head", "body", "attributes", "all", "class", "breakpoint", "font", "html-attributes", "selector", "preview"),
        *("html-attribute", "style", "title", "accordion", "accordion-element", "accordion-title", "accordion-text"),
        *("button", "carousel", "carousel-image", "column", "divider", "group", "hero", "image", "navbar", "wrapper"),
        *("navbar-link", "raw", "section", "social", "social-element", "spacer", "table", "text"),
    )
) | {"mjml"}


class _Checking(Environment):
    """Refuses at publishing what sending refuses: its limits are those of functions/dispatch/render.py."""

    block_nesting_limit = 20


_environment = _Checking(tolerance=Mode.STRICT, undefined=FalsyStrictUndefined, autoescape=True)


class FrontMatter(Strict):
    """What stands between the two --- lines of an e-mail."""

    subject: Annotated[str, Field(min_length=1, max_length=500)]
    preheader: Annotated[str, Field(max_length=500)] | None = None


class Push(Strict):
    """A push notification; texts are Liquid."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    body: Annotated[str, Field(min_length=1, max_length=2000)]
    link: str | None = None
    image: str | None = None
    ttl: Duration | None = None
    collapse_key: str | None = None
    data: dict[str, str] = Field(default_factory=dict)


@dataclass(slots=True)
class Templates:
    """The templates of one journey: name -> channel -> what is published."""

    parts: dict[str, dict[Channel, dict[str, Any]]] = field(default_factory=dict)
    files: dict[tuple[str, Channel], str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a journey asks of its messages."""

    marketing: bool
    offer: bool
    steps: frozenset[str]


def read_templates(folder: Path, shown: str, needs: Needs) -> Templates:
    """Every template of a folder; a broken one still counts as being there, so that one fault is not two."""
    found = Templates()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        suffix = next((suffix for suffix in PARTS if path.name.endswith(suffix)), None)
        if suffix is None or not path.is_file():
            continue
        name, channel, file = path.name[: -len(suffix)], PARTS[suffix], f"{shown}/{path.name}"
        if channel in found.parts.get(name, {}):
            found.faults.append(
                Fault(file, 1, 1, "error", f'a second e-mail "{name}"', "keep the .liquid or the .mjml file")
            )
            continue
        part, faults = _READERS[suffix](path, file, needs)
        found.parts.setdefault(name, {})[channel] = part
        found.files[name, channel] = file
        found.faults += faults
    return found


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of Liquid and where it begins in its file (line and column from 1)."""

    file: str
    source: str
    line: int = 1
    column: int = 1

    def fault(self, index: int, what: str, fix: str) -> Fault:
        before = self.source[: max(0, index)]
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        return Fault(self.file, self.line + line, column + (self.column if line == 0 else 1), "error", what, fix)


def _email(path: Path, file: str, needs: Needs) -> tuple[dict[str, Any], list[Fault]]:
    document = _text_of(path, file)
    matter, body, body_line = _front_matter(document)
    if matter is None:
        fault = Fault(file, 1, 1, "error", "no front matter", "begin with ---, subject: ..., ---")
        return {}, [*document.faults, *([] if document.faults else [fault])]
    head, faults = fit(matter, FrontMatter)
    faults = [*document.faults, *matter.faults, *faults]
    texts = []
    if head is not None:
        texts = [_field(matter, file, "subject", head.subject), _field(matter, file, "preheader", head.preheader)]
    html = _Text(file, body, body_line)
    used: set[str] = set()
    for text in [one for one in texts if one is not None] + [html]:
        used |= _check(text, needs, faults)
    if not body.strip():
        faults.append(html.fault(0, "no body", "write the message below the second ---"))
    if needs.marketing and not faults:
        faults += _duties(html, used)
    if faults or head is None:
        return {}, faults
    source = body if file.endswith(".liquid") else _from_mjml(html, faults)
    shown = _with_preheader(source, head.preheader)
    return {
        "subject": head.subject,
        "preheader": head.preheader or "",
        "html": shown,
        "text": plain_text(source),
    }, faults


def _duties(html: _Text, used: set[str]) -> Iterable[Fault]:
    """What the law wants in every marketing e-mail (CAN-SPAM, ePrivacy): a way out and a postal address."""
    for path in ("unsubscribe_url", "brand.postal_address"):
        if path not in used:
            yield html.fault(0, f"marketing e-mail without {path}", f"show {{{{ {path} }}}} in the footer")


def _sms(path: Path, file: str, needs: Needs) -> tuple[dict[str, Any], list[Fault]]:
    document = _text_of(path, file)
    faults = list(document.faults)
    body = document.text.strip()
    if not body and not faults:
        faults.append(Fault(file, 1, 1, "error", "empty message", "write its text"))
    _check(_Text(file, document.text), needs, faults)
    if needs.marketing and body and not re.search(r"\bSTOP\b", body):
        fix = "add a phrase such as: Reply STOP to opt out"
        faults.append(Fault(file, 1, 1, "error", "marketing SMS without an opt-out word", fix))
    return {"body": body}, faults


def _push(path: Path, file: str, needs: Needs) -> tuple[dict[str, Any], list[Fault]]:
    document = read(path, file)
    push, faults = fit(document, Push)
    faults = [*document.faults, *faults]
    if push is None:
        return {}, faults
    part = push.model_dump(mode="json", exclude_none=True)
    for name, value in part.items():
        if name == "data":
            for key, text in value.items():
                line, column = document.position_in(("data", key), 1)
                _check(_Text(file, text, line, column), needs, faults)
        elif name != "ttl":
            line, column = document.position_in((name,), 1)
            _check(_Text(file, value, line, column), needs, faults)
    return part, faults


_READERS: Mapping[str, Callable[[Path, str, Needs], tuple[dict[str, Any], list[Fault]]]] = {
    ".email.liquid": _email,
    ".email.mjml": _email,
    ".sms.liquid": _sms,
    ".push.yaml": _push,
}


def _text_of(path: Path, file: str) -> Document:
    document = Document(file, "")
    try:
        document.text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        document.faults.append(document.fault((), f"cannot be opened ({error.strerror})", "check its name and rights"))
    except UnicodeDecodeError:
        document.faults.append(document.fault((), "not UTF-8 text", "save it as UTF-8"))
    if len(document.text) > MAX_CHARACTERS:
        document.text = ""
        document.faults.append(document.fault((), f"longer than {MAX_CHARACTERS} characters", "shorten it"))
    return document


def _front_matter(document: Document) -> tuple[Document | None, str, int]:
    lines = document.text.split("\n")
    if lines[0].rstrip() != "---":
        return None, "", 1
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), None)
    if end is None:
        return None, "", 1
    # An empty first line stands for the opening ---, so that lines count from the top of the file.
    return read_text("\n".join(["", *lines[1:end]]), document.file), "\n".join(lines[end + 1 :]), end + 2


def _field(matter: Document, file: str, name: str, text: str | None) -> _Text | None:
    if text is None:
        return None
    line, column = matter.position_in((name,), 1)
    return _Text(file, text, line, column)


def _check(text: _Text, needs: Needs, faults: list[Fault]) -> set[str]:
    """Adds the faults of one piece of Liquid; answers the variables it uses, dotted."""
    if len(text.source) > MAX_CHARACTERS:
        return set()
    try:
        template = _environment.from_string(text.source)
        analysis = template.analyze(include_partials=False)
    except LiquidError as error:
        index = getattr(error.token, "start_index", -1) if error.token is not None else -1
        what = " ".join(str(error.args[0] if error.args else "cannot be read").split())
        faults.append(
            text.fault(index if index >= 0 else len(text.source.rstrip()), f"Liquid: {what}", "correct the tag")
        )
        return set()
    except RecursionError:
        faults.append(text.fault(0, "Liquid nested too deeply", "simplify it"))
        return set()
    for name, spans in analysis.filters.items():
        if name not in _environment.filters:
            fix = did_you_mean(name, _environment.filters, "use a filter of Liquid")
            faults.extend(text.fault(span.index, f'unknown filter "{name}"', fix) for span in spans)
    for name, spans in analysis.tags.items():
        if name in _FORBIDDEN_TAGS:
            faults.extend(text.fault(span.index, f"{name} is not available", _FORBIDDEN_TAGS[name]) for span in spans)
    used = set()
    for variables in analysis.globals.values():
        for variable in variables:
            segments = [str(segment) for segment in variable.segments]
            used.add(".".join(segments))
            problem = _unknown(segments, needs)
            if problem:
                faults.append(text.fault(variable.span.index, *problem))
    return used


def _unknown(segments: list[str], needs: Needs) -> tuple[str, str] | None:  # noqa: PLR0911 - one return per fault
    root = segments[0]
    if root not in _ROOTS:
        return f'unknown variable "{root}"', did_you_mean(root, _ROOTS)
    if root == "decline_url" and not needs.offer:
        return "decline_url without an offer", "say offer: in journey.yaml, or leave it out"
    if root == "steps":
        if len(segments) > 1 and segments[1] not in needs.steps:
            return f'unknown step "{segments[1]}"', did_you_mean(segments[1], needs.steps, "give the step an id")
        return None
    if root in _BELOW:
        if len(segments) == 1:
            return f"what of {root}?", f"write {root}.{_BELOW[root][0]}"
        if segments[1] not in _BELOW[root]:
            return f'{root} has no "{segments[1]}"', did_you_mean(segments[1], _BELOW[root])
    return None


def _from_mjml(text: _Text, faults: list[Fault]) -> str:
    """HTML with inlined styles; Liquid is set aside meanwhile, since neither tool knows it."""
    for match in re.finditer(r"<(mj[a-z-]*)", text.source):
        if match[1] not in _MJML_TAGS:
            faults.append(
                text.fault(match.start(1), f'unknown MJML tag "{match[1]}"', did_you_mean(match[1], _MJML_TAGS))
            )
    if faults:
        return ""
    aside: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        aside.append(match.group())
        return f"liquidpart{len(aside) - 1}x"

    source = _LIQUID.sub(set_aside, text.source)
    try:
        html = mrml.to_html(source, render_options=mrml.RenderOptions(fonts={})).content
        html = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True).inline(html)
    except (OSError, ValueError, css_inline.InlineError) as error:
        faults.append(text.fault(0, f"MJML: {' '.join(str(error).split())}", "close every tag"))
        return ""
    return re.sub(r"liquidpart(\d+)x", lambda match: aside[int(match[1])], html)


def _with_preheader(html: str, preheader: str | None) -> str:
    """The line that inboxes show beside the subject, hidden in the message itself."""
    if not preheader:
        return html
    hidden = (
        '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all">'
        + preheader
        + "</div>"
    )
    body = re.search(r"<body[^>]*>", html, re.IGNORECASE)
    return hidden + html if body is None else html[: body.end()] + hidden + html[body.end() :]
