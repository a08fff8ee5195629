"""Consumers that look at the same people at once, a request at a time in an order a seed decides; some die."""

import json
from collections import Counter
from random import Random

import pytest

from functions.audiences.update import SERVICE, Asked
from functions.shared.delivery import whole_delivery
from tests.functions.audiences.worlds import World
from tests.functions.identity.scheduler import Scheduler


@pytest.mark.parametrize("seed", range(25))
def test_whoever_looks_first_the_standing_is_the_truth(seed):
    random = Random(seed)
    world = World()
    for n in range(6):
        world.tell(
            random.choice(
                [
                    world.order(userId="ann"),
                    world.order(anonymousId="81"),
                    world.event("identify", userId="ann", traits={"tier": random.choice(["gold", "silver", None])}),
                    world.listed(random.choice(["joined", "left"]), userId="ann"),
                    world.event("identify", userId="ann", anonymousId=random.choice(["81", "82"])),
                ]
            ),
            world.order(userId=f"u{n % 2}"),
        )
    bodies = [*world.queue.bodies, *random.sample(world.queue.bodies, 2)]
    bodies.append(json.dumps({"again": sorted(world.people())}))
    random.shuffle(bodies)
    scheduler = Scheduler(seed)

    def work(body):
        _, keeper = world.workers(scheduler.rows(world.rows))
        records = {"Records": [{"messageId": "r", "body": body}]}
        return lambda: whole_delivery(records, Asked.read, keeper.update, SERVICE)

    scheduler.run([work(body) for body in bodies])
    # Whoever died, or gave up, is followed by the same message again.
    world.queue.bodies[:] = bodies
    world.drain()
    world.check()
    # Of who never became another, what was told adds up to where they stand.
    balance = Counter()
    for one in {one["messageId"]: one for one in world.told}.values():
        [person] = one["context"]["externalIds"]
        balance[person["id"], one["properties"]["audience"]] += 1 if one["event"] == "Audience Entered" else -1
    for who, person in world.people().items():
        if not person.aka:
            assert {name for (of, name), sum_ in balance.items() if of == who and sum_ == 1} == world.members()[who]
            assert {sum_ for (of, _), sum_ in balance.items() if of == who} <= {0, 1}
