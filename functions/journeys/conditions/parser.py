"""Does a text say a condition? Read with the standard library's grammar, kept as a tree of our own."""

import ast
import math
import re
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, cast

from functions.journeys.conditions.tree import (
    Apply,
    Compare,
    History,
    Join,
    ListOf,
    Literal,
    Named,
    Node,
    Not,
    Path,
    kind_of,
)
from functions.journeys.durations import HINT, parse_duration

MAX_CHARACTERS = 1_000
MAX_DEPTH = 20
MAX_KEYS = 8
HALF = re.compile("[\ud800-\udfff]")

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not_in",
}
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "none": None}
_MISSPELT = {"True": "true", "False": "false", "None": "none", "null": "none", "nil": "none", "undefined": "none"}
_ROOTS = ("event", "entry", "steps", "profile", "now")
USAGE = {
    "count": 'count("Event Name") or count("Event Name", within="30d")',
    "sum": 'sum("Event Name", "property") or sum("Event Name", "property", within="30d")',
    "last": 'last("Event Name")',
    "expected": 'expected("Event Name")',
    "exists": "exists(profile.traits.email)",
    "days_since": "days_since(profile.traits.renewal_at)",
    "lower": "lower(profile.traits.tier)",
    "starts_with": 'starts_with(profile.traits.phone, "+358")',
    "contains": 'contains(event.properties.tags, "gift")',
    "weekday": "weekday(now)",
    "hour": "hour(now)",
    "in_audience": 'in_audience("vip")',
    "consented": 'consented("offers", "email")',
    "score": 'score("promo")',
}
_TIMES = frozenset({"time", "text", "number", "any"})
_TEXTS = frozenset({"text", "any"})
_ARGUMENTS: dict[str, tuple[frozenset[str], ...]] = {
    "exists": (frozenset({"truth", "number", "text", "time", "list", "any"}),),
    "days_since": (_TIMES,),
    "lower": (_TEXTS,),
    "starts_with": (_TEXTS, _TEXTS),
    "contains": (frozenset({"text", "list", "any"}), frozenset({"text", "number", "truth", "time", "any"})),
    "weekday": (_TIMES,),
    "hour": (_TIMES,),
}
_NAMED = {"in_audience": 1, "consented": 2, "score": 1}
_STEP_FIELDS = ("outcome", "reason", "channel", "message", "at", "branch", "until", "event")
_KIND_WORDS = {"number": "a number", "text": "a text", "time": "a time", "list": "a list", "none": "nothing"}


class ExpressionFault(ValueError):
    """The text is no expression of the language; ``column`` counts characters of the text from 1."""

    def __init__(self, column: int, what: str, fix: str) -> None:
        super().__init__(f"column {column}: {what}, {fix}")
        self.column = column
        self.what = what
        self.fix = fix


@lru_cache(maxsize=4096)
def parse_tree(text: str) -> Node:
    """The tree of ``text``; raises ``ExpressionFault`` with the first fault and nothing else, whatever the text."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionFault(
            1, f"longer than {MAX_CHARACTERS} characters", "split it over several branches or audiences"
        )
    line = re.sub(r"[\r\n\t\f\v]", " ", text)
    indent = len(line) - len(line.lstrip(" "))
    line = line.strip(" ")
    if not line:
        raise ExpressionFault(1, "empty condition", 'write one, for example profile.traits.tier == "gold"')
    return _Reader(line, indent).read()


class _Reader:
    def __init__(self, line: str, indent: int) -> None:
        self.line = line
        self.bytes = line.encode("utf-8", "surrogatepass")
        self.indent = indent

    def read(self) -> Node:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(self.line, mode="eval").body
        except SyntaxError as error:
            raise self._unreadable(error) from None
        except (ValueError, MemoryError, RecursionError):
            raise ExpressionFault(1, "cannot be read", "use plain characters and fewer parentheses") from None
        if "\\" in self.line:
            self._refuse_halves(body)
        rest = self.bytes[body.end_col_offset or 0 :].strip(b" )")
        if rest:
            raise ExpressionFault(self.indent + len(self.line), "text after the condition", "leave it out")
        return self.node(body, 0)

    def _refuse_halves(self, body: ast.expr) -> None:
        """An escape may say half a character: no table and no queue takes it."""
        for one in ast.walk(body):
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and HALF.search(one.value):
                raise self.fault(one, "half a character (a lone surrogate)", "write the whole character")

    def fault(self, at: ast.expr | ast.keyword, what: str, fix: str) -> ExpressionFault:
        return ExpressionFault(self.column(at), what, fix)

    def column(self, at: ast.expr | ast.keyword) -> int:
        return self.indent + len(self.bytes[: at.col_offset].decode("utf-8", "surrogatepass")) + 1

    def node(self, at: ast.expr, depth: int) -> Node:  # noqa: PLR0911 - one return per kind
        if depth > MAX_DEPTH:
            raise self.fault(at, "nested too deeply", "split it over several branches or audiences")
        column = self.column(at)
        match at:
            case ast.Constant():
                return self.literal(at)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
                number, bool
            ):
                return Literal(-self.number(at, number), column)
            case ast.UnaryOp(op=ast.Not()):
                return Not(self.truth(at.operand, depth), column)
            case ast.BoolOp():
                items = tuple(self.truth(one, depth) for one in at.values)
                return Join("and" if isinstance(at.op, ast.And) else "or", items, column)
            case ast.Compare():
                return self.comparison(at, depth)
            case ast.List():
                return ListOf(tuple(self.node(one, depth + 1) for one in at.elts), column)
            case ast.Call():
                return self.call(at, depth)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self.path(at)
        raise self.fault(at, f"{_spoken(at)} is not part of the language", _alternative(at))

    def truth(self, at: ast.expr, depth: int) -> Node:
        node = self.node(at, depth + 1)
        kind = kind_of(node)
        if kind not in ("truth", "any"):
            raise self.fault(at, f"this is {_KIND_WORDS[kind]}, not a yes or no", "compare it with something")
        return node

    def literal(self, at: ast.Constant) -> Literal:
        value = at.value
        if isinstance(value, bool) or value is None:
            raise self.fault(at, f"{value} is spelt {_MISSPELT[str(value)]} here", f"write {_MISSPELT[str(value)]}")
        if isinstance(value, int | float):
            return Literal(self.number(at, value), self.column(at))
        if isinstance(value, str):
            return Literal(value, self.column(at))
        raise self.fault(at, "not a number, text, true, false or none", "write one of these")

    def number(self, at: ast.expr, value: float) -> float:
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fault(at, "number too large", "write a smaller one")
        return value

    def comparison(self, at: ast.Compare, depth: int) -> Node:
        sides = [self.node(one, depth + 1) for one in (at.left, *at.comparators)]
        pairs: list[Node] = []
        for index, operator in enumerate(at.ops):
            if type(operator) not in _OPERATORS:
                raise self.fault(at, '"is" is not part of the language', "write == or !=")
            pairs.append(Compare(_OPERATORS[type(operator)], sides[index], sides[index + 1], sides[index].column))
        return pairs[0] if len(pairs) == 1 else Join("and", tuple(pairs), self.column(at))

    def path(self, at: ast.expr) -> Path | Literal:
        keys: list[str] = []
        place = at
        while not isinstance(place, ast.Name):
            if isinstance(place, ast.Attribute):
                keys.append(place.attr)
                place = place.value
            elif isinstance(place, ast.Subscript) and _text(place.slice) is not None:
                keys.append(cast(str, _text(place.slice)))
                place = place.value
            else:
                raise self.fault(
                    at, f"{_spoken(place)} is not part of the language", "write a path such as event.properties.total"
                )
        keys.reverse()
        name = place.id
        if name in _CONSTANTS and not keys:
            return Literal(_CONSTANTS[name], self.column(at))
        if name not in _ROOTS:
            raise self.fault(place, f'unknown name "{name}"', self._meant(name, [*_ROOTS, *_CONSTANTS, *USAGE]))
        if len(keys) > MAX_KEYS:
            raise self.fault(at, "too many dots", f"at most {MAX_KEYS} levels")
        self._check_path(at, name, keys)
        return Path(cast(Any, name), tuple(keys), self.column(at))

    def _check_path(self, at: ast.expr, root: str, keys: list[str]) -> None:
        if root == "now":
            if keys:
                raise self.fault(at, "now has no parts", "write weekday(now) or hour(now)")
            return
        if root == "steps":
            if len(keys) < 2:
                raise self.fault(
                    at, "which step and what of it?", "write steps.ID.outcome or steps.ID.event.properties.x"
                )
            if keys[1] not in _STEP_FIELDS:
                raise self.fault(at, f'a step has no "{keys[1]}"', self._meant(keys[1], _STEP_FIELDS))
            if keys[1] == "event" and len(keys) > 2:
                self._check_event(at, "steps.ID.event", keys[2:])
            return
        if root == "profile":
            self._check_fields(at, "profile", keys, ("traits", "identified", "first_seen"), ("traits",))
        else:
            self._check_event(at, root, keys)

    def _check_event(self, at: ast.expr, root: str, keys: list[str]) -> None:
        self._check_fields(at, root, keys, ("event", "properties", "traits", "timestamp"), ("properties", "traits"))

    def _check_fields(
        self, at: ast.expr, root: str, keys: Sequence[str], known: Sequence[str], maps: Sequence[str]
    ) -> None:
        if not keys:
            raise self.fault(at, f"what of {root}?", f"write one of {', '.join(f'{root}.{one}' for one in known)}")
        if keys[0] not in known:
            raise self.fault(at, f'{root} has no "{keys[0]}"', self._meant(keys[0], known, f"{root}."))
        if keys[0] in maps and len(keys) == 1:
            raise self.fault(at, f"which of {root}.{keys[0]}?", f"name one: {root}.{keys[0]}.x")
        if keys[0] not in maps and len(keys) > 1:
            raise self.fault(at, f"{root}.{keys[0]} has no parts", f"write {root}.{keys[0]}")

    def call(self, at: ast.Call, depth: int) -> Node:
        if not isinstance(at.func, ast.Name):
            raise self.fault(at, "only the listed functions can be called", f"they are {', '.join(sorted(USAGE))}")
        name = at.func.id
        if name not in USAGE:
            raise self.fault(at, f'unknown function "{name}"', self._meant(name, list(USAGE)))
        usage = f"write {USAGE[name]}"
        if any(isinstance(one, ast.Starred) for one in at.args) or any(word.arg is None for word in at.keywords):
            raise self.fault(at, f"{name} takes plain arguments", usage)
        if name in ("count", "sum", "last", "expected"):
            return self.history(at, name, usage)
        if at.keywords:
            raise self.fault(at.keywords[0], f'{name} takes no "{at.keywords[0].arg}"', usage)
        if name in _NAMED:
            names = [_text(one) for one in at.args]
            if len(names) != _NAMED[name] or not all(names):
                raise self.fault(at, f"{name} takes {_NAMED[name]} quoted name{'s' * (_NAMED[name] > 1)}", usage)
            return Named(name, tuple(cast(list[str], names)), self.column(at))
        wanted = _ARGUMENTS[name]
        if len(at.args) != len(wanted):
            raise self.fault(
                at, f"{name} takes {len(wanted)} value{'s' * (len(wanted) > 1)}, not {len(at.args)}", usage
            )
        arguments = tuple(self.node(one, depth + 1) for one in at.args)
        for argument, kinds in zip(arguments, wanted, strict=True):
            kind = kind_of(argument)
            if kind not in kinds:
                raise ExpressionFault(
                    argument.column, f"{name} cannot take {_KIND_WORDS.get(kind, 'a yes or no')}", usage
                )
        return Apply(name, arguments, self.column(at))

    def history(self, at: ast.Call, name: str, usage: str) -> History:
        texts = [_text(one) for one in at.args]
        wanted = 2 if name == "sum" else 1
        if len(texts) != wanted or not all(texts):
            raise self.fault(
                at,
                f"{name} takes {'an event name and a property' if wanted == 2 else 'an event name'} in quotes",
                usage,
            )
        within = None
        for word in at.keywords:
            if word.arg != "within" or name not in ("count", "sum"):
                raise self.fault(word, f'{name} takes no "{word.arg}"', usage)
            text = _text(word.value)
            try:
                within = parse_duration(text or "")
            except ValueError:
                shown = "a bare value" if text is None else f'"{text}"'
                raise self.fault(word.value, f"{shown} is no duration", f'{HINT}, in quotes: within="30d"') from None
        path = tuple(cast(str, texts[1]).split(".")) if wanted == 2 else ()
        return History(cast(Any, name), cast(str, texts[0]), path, within, self.column(at))

    def _unreadable(self, error: SyntaxError) -> ExpressionFault:
        column = self.indent + max(1, min(error.offset or 1, len(self.line)))
        outside = re.sub(r'"[^"]*"|\'[^\']*\'', lambda match: " " * len(match.group()), self.line)
        for pattern, fix in _SLIPS:
            if slip := re.search(pattern, outside):
                return ExpressionFault(self.indent + slip.start() + 1, f'cannot read "{slip.group().strip()}"', fix)
        message = error.msg or ""
        if "unterminated string" in message:
            return ExpressionFault(column, "a quote is not closed", "close it")
        if "was never closed" in message or "unmatched" in message or "does not match" in message:
            return ExpressionFault(column, "parentheses do not match", "close each one that is opened")
        return ExpressionFault(
            column, "cannot be read", 'write it like event.properties.total >= 20 and profile.traits.tier == "gold"'
        )

    @staticmethod
    def _meant(name: str, known: Sequence[str], prefix: str = "") -> str:
        if name in _MISSPELT:
            return f"write {_MISSPELT[name]}"
        close = get_close_matches(name, known, n=1)
        listed = ", ".join(f"{prefix}{one}" for one in known)
        return f'did you mean "{prefix}{close[0]}"?' if close else f"use one of {listed}"


_SLIPS = (
    (r"(?<![=!<>])=(?!=)", "write == to compare"),
    (r"&&|&", "write and"),
    (r"\|\|?", "write or"),
    (r"!(?!=)", "write not"),
    (r"<>", "write !="),
)


def _text(at: ast.expr) -> str | None:
    return at.value if isinstance(at, ast.Constant) and isinstance(at.value, str) and at.value else None


def _spoken(at: ast.expr) -> str:
    if isinstance(at, ast.BinOp):
        return "arithmetic"
    if isinstance(at, ast.UnaryOp):
        return "this sign"
    if isinstance(at, ast.IfExp):
        return "if ... else"
    if isinstance(at, ast.JoinedStr):
        return "a formatted text"
    if isinstance(at, ast.Subscript):
        return "an index"
    return re.sub(r"(?<!^)([A-Z])", r" \1", type(at).__name__).lower()


def _alternative(at: ast.expr) -> str:
    if isinstance(at, ast.BinOp) and isinstance(at.op, ast.BitAnd | ast.BitOr):
        return "write and, or"
    if isinstance(at, ast.Tuple | ast.Set):
        return "write a list: [1, 2]"
    return "use comparisons, and, or, not, in and the listed functions"
