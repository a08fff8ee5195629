"""What does a YAML file hold, and where does each part stand? YAML 1.2, safe; a broken file gives faults."""

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from functions.journeys.language.faults import Fault

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and indexes from the top."""

MAX_BYTES = 200_000
MAX_NODES = 20_000
MAX_DEPTH = 60

# The core schema of YAML 1.2, and nothing of 1.1: no sexagesimal 21:00, no NO, no dates.
_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
_CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map"))
# Implicit tags of ruamel's resolver for plain text that the core schema reads as text.
_TEXT_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("timestamp", "merge", "value"))


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where a text stands in its file, to find one of its characters again (lines and columns from 0)."""

    style: str | None
    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(slots=True)
class Document:
    """One file: its value and the place of everything in it. ``value`` is None when it could not be read."""

    file: str
    text: str
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    _places: dict[Place, tuple[int, int]] = field(default_factory=dict)
    _keys: dict[Place, tuple[int, int]] = field(default_factory=dict)
    _scalars: dict[Place, Scalar] = field(default_factory=dict)

    def fault(self, place: Place, what: str, fix: str, character: int | None = None) -> Fault:
        """An error at the value of ``place`` (or the nearest thing above it), or at one character of its text."""
        line, column = self.position(place) if character is None else self.position_in(place, character)
        return Fault(self.file, line, column, "error", what, fix)

    def key_fault(self, place: Place, what: str, fix: str) -> Fault:
        """An error at the key of ``place``."""
        line, column = self._keys.get(place, self._nearest(place))
        return Fault(self.file, line + 1, column + 1, "error", what, fix)

    def warning(self, place: Place, what: str, fix: str) -> Fault:
        """A warning at the value of ``place``."""
        line, column = self.position(place)
        return Fault(self.file, line, column, "warning", what, fix)

    def position(self, place: Place) -> tuple[int, int]:
        """Line and column, from 1."""
        line, column = self._nearest(place)
        return line + 1, column + 1

    def position_in(self, place: Place, character: int) -> tuple[int, int]:
        """Line and column, from 1, of a character (from 1) of the text at ``place``, through quotes and folding."""
        scalar = self._scalars.get(place)
        if scalar is None:
            return self.position(place)
        line, column = _locate(scalar, self.text.split("\n"), character - 1)
        return line + 1, column + 1

    def _nearest(self, place: Place) -> tuple[int, int]:
        while place and place not in self._places:
            place = place[:-1]
        return self._places.get(place, (0, 0))


def read(path: Path, file: str) -> Document:
    """The document at ``path``, known to its readers as ``file``; never raises for what stands in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        document = Document(file, "")
        document.faults.append(document.fault((), f"cannot be opened ({error.strerror})", "check its name and rights"))
        return document
    if len(data) > MAX_BYTES:
        document = Document(file, "")
        document.faults.append(document.fault((), f"larger than {MAX_BYTES} bytes", "split it"))
        return document
    try:
        return read_text(data.decode("utf-8-sig"), file)
    except UnicodeDecodeError:
        document = Document(file, "")
        document.faults.append(document.fault((), "not UTF-8 text", "save it as UTF-8"))
        return document


def read_text(text: str, file: str) -> Document:
    """The document a text holds."""
    document = Document(file, text.replace("\r\n", "\n").replace("\r", "\n"))
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = yaml.compose(document.text)
        if node is None:
            document.faults.append(document.fault((), "empty file", "write a definition, or delete the file"))
        else:
            document.value = _Builder(document).build(node, (), 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = " ".join(str(error.problem or error.context or "no YAML").split())
        document.faults.append(
            Fault(file, line + 1, column + 1, "error", f"no YAML: {problem}", "check indentation, colons and quotes")
        )
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError, KeyError, IndexError) as error:
        problem = " ".join(str(error).split())[:120] or type(error).__name__
        document.faults.append(document.fault((), f"no YAML: {problem}", "use plain characters and simple nesting"))
    return document


class _Builder:
    """Plain Python values out of composed nodes, keeping marks and refusing what would surprise."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def build(self, node: Any, place: Place, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ValueError("too many or too deeply nested values")
        start = (node.start_mark.line, node.start_mark.column)
        self.document._places[place] = start
        if isinstance(node, MappingNode):
            return self._mapping(node, place, depth)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*place, index), depth + 1) for index, item in enumerate(node.value)]
        end = (node.end_mark.line, node.end_mark.column)
        self.document._scalars[place] = Scalar(node.style, start, end)
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: Place, depth: int) -> Mapping[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = (key_node.start_mark.line, key_node.start_mark.column)
            if not isinstance(key_node, ScalarNode):
                self._add(at, "a key that is no text", "write a plain name before the colon")
                continue
            key = str(key_node.value)
            if key in built:
                self._add(at, f'"{key}" stands twice', "keep one of them")
                continue
            self.document._keys[(*place, key)] = at
            built[key] = self.build(value_node, (*place, key), depth + 1)
        return built

    def _scalar(self, node: Any, place: Place) -> Any:
        text = str(node.value)
        tag = str(node.tag)
        if tag not in _CORE_TAGS and not (tag in _TEXT_TAGS and node.style is None):
            self._add(self.document._places[place], f"tag {tag}", "leave the tag out")
        return text if node.style is not None or tag.endswith(":str") else _resolve(text)

    def _add(self, at: tuple[int, int], what: str, fix: str) -> None:
        self.document.faults.append(Fault(self.document.file, at[0] + 1, at[1] + 1, "error", what, fix))


def _resolve(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _locate(scalar: Scalar, lines: list[str], index: int) -> tuple[int, int]:
    """The line and column (from 0) of character ``index`` of the scalar's value."""
    line, column = scalar.start
    if scalar.style in ("|", ">"):
        return _in_block(line + 1, lines, index)
    if scalar.style in ('"', "'"):
        column += 1
    text = lines[line] if line < len(lines) else ""
    while index > 0 and (line, column) < scalar.end:
        if column >= len(text.rstrip()) and line < scalar.end[0]:
            # A line break inside a flow scalar is one space.
            line += 1
            text = lines[line]
            column = len(text) - len(text.lstrip())
        elif scalar.style == '"' and text[column : column + 1] == "\\":
            column += {"x": 4, "u": 6, "U": 10}.get(text[column + 1 : column + 2], 2)
        elif scalar.style == "'" and text[column : column + 2] == "''":
            column += 2
        else:
            column += 1
        index -= 1
    return line, column


def _in_block(line: int, lines: list[str], index: int) -> tuple[int, int]:
    """Inside ``|`` and ``>``: the indentation is that of the first line; each line and its break count."""
    while line < len(lines) and not lines[line].strip():
        line += 1
    indent = len(lines[line]) - len(lines[line].lstrip()) if line < len(lines) else 0
    while line < len(lines) - 1 and index > len(lines[line]) - indent:
        index -= max(0, len(lines[line]) - indent) + 1
        line += 1
    return line, indent + index
