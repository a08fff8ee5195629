"""Journeys, people and events that a seed decides: over every construct of the language, checked like authors' own."""

import json
from datetime import timedelta
from random import Random

LIQUID_EMAIL = """---
subject: "Hello {{ profile.traits.tier | default: 'you' }}"
---
<p>Hello. {{ brand.postal_address }} <a href="{{ unsubscribe_url }}">no more</a></p>
"""
SMS = "{{ brand.name }}: hello. Reply STOP to opt out"
PUSH = "title: Hello\nbody: There\n"
POLICY = {
    "brand": {
        "name": "Acme",
        "postal_address": "1 Main St",
        "default_zone": "Europe/Helsinki",
        "default_country": "FI",
    },
    "topics": {"offers": {"title": "Offers", "opt_in": "single"}, "orders": {"title": "Orders", "opt_in": "none"}},
    "channels": {"email": {"sender": "hello@acme.example"}, "sms": {"sender": "ACME"}, "push": {}},
    "channel_order": ["push", "email", "sms"],
    "audiences": {"vip": {"where": 'profile.traits.tier == "gold"'}, "beta": {"list": True}},
}
ENTRY = "Cart Updated"
EVENTS = ("Product Viewed", "Order Completed", "Ticket Opened")
CONDITIONS = (
    'profile.traits.tier == "gold"',
    'profile.traits.country in ["FI", "SE"]',
    "entry.properties.total >= 50",
    'count("Product Viewed") >= 2',
    'count("Product Viewed", within="2d") >= 1',
    "exists(profile.traits.email) and not profile.traits.missing == 1",
    'hour(now) < 12 or weekday(now) == "sat"',
    'in_audience("vip")',
)
TIMES = (
    {"until": "09:00"},
    {"until": "18:30", "days": ["mon", "wed", "fri"]},
    {"until": "07:15", "zone": "America/New_York"},
    {"until": "profile.traits.renewal_at", "minus": "1d"},
    {"until": "profile.traits.renewal_at", "plus": "12h", "at": "10:00"},
    {"until": "profile.traits.nonsense"},
)


class Writer:
    """One journey. Ids are given in order, so that later steps can speak of earlier ones."""

    def __init__(self, random, name):
        self.random = random
        self.name = name
        self.ids = 0
        self.experiments = 0

    def journey(self):
        marketing = self.random.random() < 0.7
        said = {
            "journey": self.name,
            "class": "marketing" if marketing else "transactional",
            "topic": "offers" if marketing else "orders",
            "entry": {"on": ENTRY},
            "reentry": self.random.choice(("never", "always", {"after": "3d"}, {"per": "event.properties.cart"})),
            "steps": self.block(2, self.random.randint(2, 5)),
        }
        if self.random.random() < 0.3:
            said["entry"]["where"] = self.random.choice(("event.properties.total >= 20", *CONDITIONS[:2]))
        if self.random.random() < 0.3:
            said["exit"] = [{"on": "Order Completed"}]
        if self.random.random() < 0.3:
            said["goal"] = {"on": "Order Completed", "within": "10d", "keep": self.random.random() < 0.5}
        if self.random.random() < 0.2:
            said["holdout"] = "20%"
        return said

    def block(self, depth, length):
        steps = []
        for _ in range(length):
            steps.append(self.step(depth))
            if exits(steps[-1]):
                return steps
        if depth < 2 and self.random.random() < 0.2:
            steps.append({"exit": self.random.choice(("done", "enough"))})
        return steps

    def step(self, depth):
        kinds = [self.wait, self.until, self.send, self.wait_for, self.act]
        if depth:
            kinds += [self.split, self.experiment, self.repeat]
        return self.random.choice(kinds)(depth)

    def named(self):
        self.ids += 1
        return f"s{self.ids}"

    def inner(self, depth):
        return self.block(depth - 1, self.random.randint(1, 2)) if depth else []

    def wait(self, depth):
        return {"wait": self.random.choice(("90s", "1h", "1d", "2d12h", "1w"))}

    def until(self, depth):
        step = {"id": self.named(), "wait": dict(self.random.choice(TIMES))}
        if "." in step["wait"]["until"] and self.random.random() < 0.7:
            step["on"] = {"failed": self.inner(min(depth, 1)) or [{"wait": "1h"}]}
        return step

    def send(self, depth):
        channel = self.random.choice(("email", "sms", "push", ["push", "email"], ["email", "sms", "push"], "all"))
        step = {"id": self.named(), "send": "hello", "channel": channel}
        if self.random.random() < 0.4:
            step["on"] = {word: self.inner(depth) or [{"wait": "2h"}] for word in ("withheld", "failed")}
        return step

    def wait_for(self, depth):
        awaited = {"on": self.random.choice((EVENTS[0], EVENTS[2], [EVENTS[0], EVENTS[2]]))}
        if self.random.random() < 0.8:
            awaited["within"] = self.random.choice(("6h", "1d", "4d"))
        else:
            awaited["until"] = self.random.choice(("18:00", "profile.traits.renewal_at"))
        if self.random.random() < 0.3:
            awaited["where"] = "event.properties.total >= entry.properties.total"
        step = {"id": self.named(), "wait_for": awaited}
        for way in ("then", "otherwise"):
            if depth and self.random.random() < 0.6:
                step[way] = self.inner(depth)
        return step

    def split(self, depth):
        whens = self.random.sample(CONDITIONS, self.random.randint(1, 3))
        branches = [{"when": one, "steps": self.inner(depth)} for one in whens]
        return {"id": self.named(), "split": [*branches, {"otherwise": self.inner(depth)}]}

    def act(self, depth):
        step = self.random.choice(
            (
                {"set": {"tier": "gold"}},
                {"set": {"seen": "entry.properties.total"}},
                {"join": "beta"},
                {"leave": "beta"},
            )
        )
        return {"id": self.named(), **step}

    def repeat(self, depth):
        loop = self.random.choice(
            ({"times": 2}, {"times": 3}, {"while": 'count("Product Viewed") < 2 and hour(now) < 20'})
        )
        wait = {"wait": self.random.choice(("5h", "1d"))}
        return {"id": self.named(), "repeat": {**loop, "steps": [wait, *self.loop_body(depth)]}}

    def loop_body(self, depth):
        steps = self.inner(depth)
        return [] if steps and exits(steps[-1]) else steps

    def experiment(self, depth):
        self.experiments += 1
        arms = {"a": "50%", "b": "30%", "c": "20%"}
        return {
            "experiment": f"x{self.experiments}",
            "variants": arms,
            "steps": {arm: self.inner(depth) for arm in "ab"},
        }


def exits(step):
    """Whether every way through a step exits, so that nothing may stand after it."""
    ways = [branch.get("steps", branch.get("otherwise")) for branch in step.get("split", ())]
    if "wait_for" in step:
        ways = [step.get("then"), step.get("otherwise")]
    if "experiment" in step:
        ways = [step["steps"].get(arm) for arm in step["variants"]]
    return "exit" in step or (bool(ways) and all(way and exits(way[-1]) for way in ways))


def write_journeys(folder, seeds):
    """Writes a ``journeys/`` folder with one journey for each seed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(json.dumps(POLICY))
    for seed in seeds:
        name = f"journey-{seed}"
        place = folder / name
        place.mkdir()
        (place / "journey.yaml").write_text(json.dumps(Writer(Random(seed), name).journey(), indent=1))
        (place / "hello.email.liquid").write_text(LIQUID_EMAIL)
        (place / "hello.sms.liquid").write_text(SMS)
        (place / "hello.push.yaml").write_text(PUSH)
    return folder


def write_story(seed, start, people=4, days=25):
    """``[(instant, message)]`` in order: who the people are, what they allow, and what they do."""
    random = Random(seed)
    story = []

    def say(at, kind, person, **more):
        story.append((at, {"type": kind, "userId": f"u{person}", "timestamp": at.isoformat(), **more}))

    for person in range(people):
        traits = {"tier": random.choice(("gold", "basic")), "country": random.choice(("FI", "DE")), "nonsense": "soon"}
        traits["renewal_at"] = (start + timedelta(days=random.randint(1, 12))).isoformat()
        if person != 1:
            traits["email"] = f"u{person}@example.com"
        if person != 2:
            traits["phone"] = f"+35840123456{person}"
        device = {"context": {"device": {"token": f"token-{person}", "type": "android"}}} if person % 2 else {}
        say(start, "identify", person, traits=traits, **device)
        for channel in ("email", "sms", "push"):
            state = "granted" if random.random() < 0.7 else "withdrawn"
            say(
                start + timedelta(minutes=1),
                "consent",
                person,
                topic="offers",
                channel=channel,
                state=state,
                source="x",
            )
        for _ in range(random.randint(1, 2)):
            at = start + timedelta(hours=random.randint(1, 24 * 6))
            say(
                at,
                "track",
                person,
                event=ENTRY,
                properties={"total": random.randint(1, 99), "cart": random.randint(1, 3)},
            )
        for _ in range(random.randint(3, 8)):
            at = start + timedelta(minutes=random.randint(120, 1440 * days))
            say(at, "track", person, event=random.choice(EVENTS), properties={"total": random.randint(1, 99)})
    story.sort(key=lambda one: one[0])
    return [(at, {**message, "messageId": f"m{number}"}) for number, (at, message) in enumerate(story)]
