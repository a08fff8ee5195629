"""The pages are tried with the command that their readers type."""

from tests.infra.cli.conftest import segue

__all__ = ["segue"]
