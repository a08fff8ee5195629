"""Who belongs to an audience? Whoever its condition is true of, at the moment somebody asks."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

F_contra = TypeVar("F_contra", contravariant=True)


class Rule(Protocol[F_contra]):
    """A condition that can be asked of the facts about a person: True, False or None (unknown)."""

    def evaluate(self, facts: F_contra, /) -> bool | None:
        """Only True means that it holds."""
        ...


def rules_of(policy: Mapping[str, Any]) -> dict[str, str]:
    """The expression of each audience of ``policy.yaml`` that has one; a list (``list: true``) has none."""
    return {name: one["where"] for name, one in policy.get("audiences", {}).items() if one.get("where")}


def is_member(name: str, audiences: Mapping[str, Rule[F_contra]], facts: F_contra) -> bool | None:
    """Whether a person is in an audience; None when nobody can know: no such audience, or something missing."""
    rule = audiences.get(name)
    return None if rule is None else rule.evaluate(facts)
