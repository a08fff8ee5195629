"""Whatever is told, in whatever order, again or not: after every step the people are what the oracle says."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from functions.identity.model import Rules
from functions.shared.clock import format_instant
from tests.functions.identity import streams
from tests.functions.identity.worlds import World, must_agree, up_to

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    stateful_step_count=14,
    suppress_health_check=list(HealthCheck),
)


class People(RuleBasedStateMachine):
    """One pair of tables, told story after story."""

    pool = "dense"

    @initialize(rules=streams.configs())
    def begin(self, rules: Rules) -> None:
        self.world = World(rules)
        self.lines: list[streams.Line] = []
        self.stories = 0

    def deliver(self, lines: list[streams.Line], random: Random) -> None:
        self.world.take(lines, up_to(4, random))
        self.lines += lines

    def say(self, sayings: list[streams.Saying], random: Random) -> None:
        self.stories += 1
        named = [{**line, "messageId": f"{line['messageId']}-{self.stories}"} for line in streams.delivered(sayings)]
        self.deliver(named, random)

    @rule(random=st.randoms(use_true_random=False), story=st.sampled_from(list(streams.COMMON)))
    def a_story_is_told(self, random: Random, story: Any) -> None:
        self.say(story(random, streams.POOLS[self.pool]), random)

    @rule(random=st.randoms(use_true_random=False))
    def what_was_told_is_told_again(self, random: Random) -> None:
        self.deliver(random.sample(self.lines, min(len(self.lines), 4)), random)

    @rule(random=st.randoms(use_true_random=False), verb=st.sampled_from(["cut", "link"]))
    def an_event_joins_two_who_were_cut_or_linked_by_what_it_does_not_name(self, random: Random, verb: str) -> None:
        """The cannot-link stands between identifiers that the merging event is silent about."""
        pool = streams.POOLS[self.pool]
        kinds = ("customer_id", "anonymous_id", "email", "phone")
        customer, cookie, mailbox, phone = (pool.pick(random, kind, random.randrange(60)) for kind in kinds)
        start = streams.START + timedelta(days=random.randrange(30))
        told = [
            streams.message("identify", customer, cookie),
            streams.message("identify", mailbox, phone),
            streams.command(verb, cookie, phone),
            streams.message("identify", customer, mailbox),
        ]
        self.stories += 1
        self.deliver(
            [
                {
                    **line,
                    "messageId": f"planted-{self.stories}-{number}",
                    "timestamp": format_instant(start + timedelta(hours=number)),
                }
                for number, line in enumerate(told)
            ],
            random,
        )

    @invariant()
    def the_rows_are_what_the_oracle_says(self) -> None:
        if getattr(self, "lines", None):
            must_agree(self.world, self.lines)


class SparsePeople(People):
    """Almost everybody has their own."""

    pool = "sparse"


TestDense = People.TestCase
TestDense.settings = SETTINGS
TestSparse = SparsePeople.TestCase
TestSparse.settings = SETTINGS
