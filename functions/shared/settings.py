"""One dataclass per function is the list of its environment variables; a test holds it equal to the templates."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """Subclass with ``str`` fields only; field ``identity_table`` is environment variable ``IDENTITY_TABLE``."""

    @classmethod
    def variables(cls) -> list[str]:
        """The environment variables this function reads."""
        return [field.name.upper() for field in fields(cls)]

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises ``RuntimeError`` naming every variable that is missing."""
        missing = [name for name in cls.variables() if name not in environment]
        if missing:
            raise RuntimeError(f"missing environment variables: {', '.join(missing)}")
        return cls(**{field.name: environment[field.name.upper()] for field in fields(cls)})
