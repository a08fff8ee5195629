"""Stack: who is this person, and what did they do?"""

from collections.abc import Sequence

from aws_cdk import Stack

from infra.application import Application
from infra.constructs.capability import Capability
from infra.constructs.table import Table


class Profiles(Capability):
    """The table of people; its rows are written by identity, which knows whose an event is."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "who a person is and what they did", after)
        Table(self, "profiles", sort_key="sk")
