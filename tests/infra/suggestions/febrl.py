"""Made-up people with known duplicates, after the scheme of Febrl's generator.

Christen, 2005, "Probabilistic data generation for deduplication and data linkage": originals are drawn from skewed
frequency tables; duplicates are copies of originals with up to so many modifications a field and a record, each of a
kind (insert, delete, substitute, transpose, swap words, split or join words, phonetic, as scanned, another value,
missing, two fields swapped). Harder than Febrl's own files in one thing: households. Families share surname and
address, some hold twins (one date of birth), some father and son (one name), and flats hold people of no relation.
"""

import random
from dataclasses import dataclass
from itertools import accumulate

_FIELDS = "given_name surname street_number address_1 address_2 suburb postcode state date_of_birth soc_sec_id"
_GIVEN = """
    emily joshua jack thomas lachlan sophie jessica isabella james matthew benjamin georgia william olivia samuel
    chloe daniel nicholas lily mia hannah ella charlotte ruby lucas ethan noah liam jayden hayden aiden caden kayla
    kaylee kylie kyle mikayla michaela michael mitchell madeleine madison alexandra alexander alexandria brianna
    brooke bailey caitlin caitlyn kaitlyn jordan jorja joel joe jon john jonathan jonty zac zachary isaac harrison
    harry larry lara laura lauren erin eric erica eriq anna hanna anne ann annie maria marie mary marian marianne
    christina christine kristina kirsten kirsty steven stephen stefan peter petra paul paula pauline tara tyler
    tyson taylor natalie natasha nathan nathaniel finn flynn blake drake jake luke sam sarah sara zara abby abbey
"""
_SURNAME = """
    smith jones brown white wilson taylor johnson thomas martin anderson clarke green campbell nguyen ryan webb
    walker harris robinson kelly king davis wright evans roberts hall thompson mcdonald morris moore cook cooke
    reid read reed clark stevens stephens stephenson stevenson peterson petersen pedersen petersson morrison
    harrison hansen hanson hannon lehmann lehman neumann newman painter parr parker barker baker howie mallon
    greene browne braun matthews mathews phillips philips mckay mackay macdonald bishop miles mills
"""
_SOUNDS = """
    b br c ch d f g gr h j k l m n p pr r s st t th v w,
    a e i o u ai ea oo ar er or an en,
    l m n r s t,
    a e i o u ai ea oo ar er or an en,
    n s t ll ck rd son ton ley man mann er berg field ski
"""
FIELDS, GIVEN, SURNAME = _FIELDS.split(), _GIVEN.split(), _SURNAME.split()
SYLLABLES = [part.split() for part in _SOUNDS.split(",")]
STATES = ["nsw", "vic", "qld", "wa", "sa", "tas", "act", "nt"]
PHONETIC = [("ph", "f"), ("ck", "k"), ("ie", "y"), ("c", "k"), ("s", "z"), ("ee", "ea"), ("ll", "l"), ("n", "nn")]
SCANNED = {"0": "o", "1": "l", "5": "s", "8": "b", "m": "rn", "w": "vv", "l": "1", "o": "0", "e": "c", "h": "b"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Setting:
    """How many people, how many duplicates of them, and how bad the copies are."""

    originals: int = 500
    duplicates: int = 500
    most_each: int = 1
    most_a_field: int = 1
    most_a_record: int = 4
    missing: float = 0.03


def sampler(random_: random.Random, values: list[str], skew: float):
    weights = list(accumulate(1 / (rank + 3) ** skew for rank in range(len(values))))
    return lambda: random_.choices(values, cum_weights=weights)[0]


def invented(random_: random.Random, number: int) -> list[str]:
    return ["".join(random_.choice(sounds) for sounds in SYLLABLES) for _ in range(number)]


class Town:
    """Draws originals: people of one country, in households."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.given = sampler(random_, GIVEN + invented(random_, 200), 1.0)
        self.surname = sampler(random_, SURNAME + invented(random_, 1500), 0.8)
        streets = [
            f"{name} {random_.choice(['street', 'road', 'place', 'crescent', 'avenue', 'court'])}"
            for name in invented(random_, 900)
        ]
        self.street = sampler(random_, streets, 0.6)
        self.annex = sampler(random_, [f"{name} park" for name in invented(random_, 150)] + [""] * 150, 0.5)
        places = [(name, f"{random_.randint(2, 7)}{random_.randint(0, 999):03}") for name in invented(random_, 500)]
        self.places = dict(places)
        self.suburb = sampler(random_, list(self.places), 0.7)
        self.named: set[tuple[str, ...]] = set()

    def birth(self, first: int = 1910, last: int = 2000) -> str:
        day = self.random.randint(1, 28)
        return f"{self.random.randint(first, last)}{self.random.randint(1, 12):02}{day:02}"

    def number(self) -> str:
        return str(int(self.random.triangular(1, 200, 1)))

    def person(self) -> dict[str, str]:
        suburb = self.suburb()
        return {
            "given_name": self.given(),
            "surname": self.surname(),
            "street_number": self.number(),
            "address_1": self.street(),
            "address_2": self.annex(),
            "suburb": suburb,
            "postcode": self.places[suburb],
            "state": STATES[int(self.places[suburb][0]) - 2],
            "date_of_birth": self.birth(),
            "soc_sec_id": str(self.random.randint(1_000_000, 9_999_999)),
        }

    def household(self) -> list[dict[str, str]]:
        """One to five people of one address; twins, namesakes and flatmates among them."""
        first = self.person()
        people = [first]
        for _ in range(self.random.choices([0, 1, 2, 3, 4], [55, 20, 12, 9, 4])[0]):
            other = self.person()
            kind = self.random.random()
            shared = ["street_number", "address_1", "address_2", "suburb", "postcode", "state"]
            if kind < 0.85:
                shared.append("surname")
            if kind < 0.15:
                shared.append("date_of_birth")
            elif 0.80 < kind < 0.85:
                shared.append("given_name")
            other |= {field: first[field] for field in shared}
            if kind < 0.15:
                while other["given_name"] in {one["given_name"] for one in people}:
                    other["given_name"] = self.given()
            people.append(other)
        return people

    def people(self, number: int, missing: float) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        while len(found) < number:
            found += self.household()
        del found[number:]
        self.random.shuffle(found)
        self.named = {named(one) for one in found}
        for one in found:
            for field in FIELDS:
                if self.random.random() < missing:
                    one[field] = ""
        return found


def named(one: dict[str, str]) -> tuple[str, ...]:
    return one["given_name"], one["surname"], one["date_of_birth"]


def damaged(random_: random.Random, text: str, digits: bool) -> str:
    """One slip of fingers, ear or scanner."""
    alphabet = "0123456789" if digits else LETTERS
    kind = random_.choices(
        ["insert", "delete", "substitute", "transpose", "phonetic", "scanned", "words", "space"],
        [15, 15, 35, 10, 0 if digits else 10, 2 if digits else 5, 4, 6],
    )[0]
    at = random_.randrange(len(text))
    if kind == "insert":
        return text[:at] + random_.choice(alphabet) + text[at:]
    if kind == "delete":
        return text[:at] + text[at + 1 :]
    if kind == "substitute":
        return text[:at] + random_.choice(alphabet) + text[at + 1 :]
    if kind == "transpose" and len(text) > 1:
        at = min(at, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == "phonetic":
        before, after = random_.choice(PHONETIC)
        return text.replace(before, after, 1)
    if kind == "scanned":
        return text[:at] + SCANNED.get(text[at], text[at]) + text[at + 1 :]
    if kind == "words":
        words = text.split()
        random_.shuffle(words)
        return " ".join(words)
    return text.replace(" ", "", 1) if " " in text else text[:at] + " " + text[at:]


def duplicate(town: Town, original: dict[str, str], setting: Setting) -> dict[str, str]:
    """A copy with at least one modification."""
    random_, copy = town.random, dict(original)
    left = random_.randint(1, setting.most_a_record)
    while left > 0:
        field = random_.choices(FIELDS, [12, 14, 8, 16, 12, 12, 8, 4, 8, 6])[0]
        for _ in range(min(left, random_.randint(1, setting.most_a_field))):
            left -= 1
            kind = random_.random()
            if kind < 0.08:
                copy[field] = ""
            elif kind < 0.14:
                changed = copy | {field: town.person()[field]}
                # A copy that takes the name of its twin is the twin's, and nobody could tell.
                copy = copy if named(changed) in town.named else changed
            elif kind < 0.20 and field in {"given_name", "surname"}:
                copy["given_name"], copy["surname"] = copy["surname"], copy["given_name"]
            elif kind < 0.20 and field in {"address_1", "address_2", "suburb"}:
                other = random_.choice(["address_1", "address_2", "suburb"])
                copy[field], copy[other] = copy[other], copy[field]
            elif copy[field]:
                copy[field] = damaged(random_, copy[field], copy[field].isdigit())
    return copy


def made(seed: int, setting: Setting) -> tuple[list[dict[str, str]], list[dict[str, str]], set[frozenset[str]]]:
    """Originals, duplicates, and the pairs of rec_id that are one person, duplicates of one original among them."""
    random_ = random.Random(seed)
    town = Town(random_)
    originals = town.people(setting.originals, setting.missing)
    order = list(range(setting.originals))
    random_.shuffle(order)
    copies: list[dict[str, str]] = []
    truth: set[frozenset[str]] = set()
    for number in order:
        wanted = random_.randint(1, setting.most_each)
        ids = [f"rec-{number}-org"]
        for copy in range(min(wanted, setting.duplicates - len(copies))):
            ids.append(f"rec-{number}-dup-{copy}")
            truth |= {frozenset((ids[-1], earlier)) for earlier in ids[:-1]}
            copies.append({"rec_id": ids[-1], **duplicate(town, originals[number], setting)})
    records = [{"rec_id": f"rec-{number}-org", **one} for number, one in enumerate(originals)]
    random_.shuffle(copies)
    return records, copies, truth
