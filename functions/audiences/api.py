"""What other capabilities may ask of audiences."""

from functions.audiences.policy import Rule, is_member, rules_of

__all__ = ["Rule", "is_member", "rules_of"]
