"""What happened to a person, in words an operator can act on."""

from datetime import UTC, datetime

from functions.identity.records import Audit, Deed
from functions.identity.trail import told
from functions.shared.names import ProfileId

ANN, WEB = ProfileId("ann"), ProfileId("web")
MAILBOX, COOKIE, SHOPPER = "email#1", "anonymous_id#2", "customer_id#3"
NAMES = {MAILBOX: "email a@x.fi", COOKIE: "cookie 81", SHOPPER: "customer_id u-17"}
RANK = {SHOPPER: 1, MAILBOX: 3, COOKIE: 6}


def audit(deed: Deed, count: int, day: int, cause: str, *moves: tuple[str, ProfileId | None, ProfileId]) -> Audit:
    at = int(datetime(2026, 3, day, tzinfo=UTC).timestamp() * 1000)
    return Audit(deed, (at, f"m-{count}"), cause, f"{count:x}-{moves[0][2] if moves else ''}", moves)


def words(*trail: Audit, ids: tuple[ProfileId, ...] = (ANN, WEB)) -> list[str]:
    trails = {who: [one for one in trail if one.moves and one.moves[0][2] == who] for who in (ANN, WEB)}
    return list(told(ids, trails, NAMES, lambda key: (RANK[key], key)))


def test_who_is_new_is_founded_with_all_that_names_them() -> None:
    founded = audit("founded", 1, 1, "identify", (COOKIE, None, ANN), (MAILBOX, None, ANN))
    assert words(founded) == ["founded 2026-03-01 by identify m-1: email a@x.fi, cookie 81"]


def test_what_is_new_is_linked_to_the_best_that_was_there() -> None:
    founded = audit("founded", 1, 1, "page", (COOKIE, None, ANN))
    attached = audit("attached", 2, 2, "Order Completed", (MAILBOX, None, ANN))
    assert words(founded, attached)[1:] == ["linked 2026-03-02 by Order Completed m-2: email a@x.fi = cookie 81"]


def test_a_merge_names_both_sides_and_a_split_what_left_whom() -> None:
    trail = (
        audit("founded", 1, 1, "identify", (SHOPPER, None, ANN)),
        audit("founded", 2, 1, "page", (COOKIE, None, WEB)),
        audit("merged", 3, 2, "identify", (COOKIE, WEB, ANN)),
        audit("split", 4, 3, "unmerge", (COOKIE, ANN, WEB)),
    )
    assert words(*trail)[2:] == [
        "linked 2026-03-02 by identify m-3: cookie 81 = customer_id u-17",
        "parted 2026-03-03 by unmerge m-4: cookie 81 from customer_id u-17",
    ]
    assert words(*trail, ids=(ANN,)) == [
        line for line in words(*trail) if not line.startswith("founded 2026-03-01 by page")
    ]


def test_lines_stand_in_the_order_they_were_written_whenever_their_events_happened() -> None:
    late = audit("attached", 2, 1, "identify", (MAILBOX, None, ANN))
    founded = audit("founded", 1, 9, "page", (COOKIE, None, ANN))
    assert [line.split()[0] for line in words(late, founded)] == ["founded", "linked"]


def test_an_identifier_whose_text_is_gone_stands_under_its_key() -> None:
    (line,) = told([ANN], {ANN: [audit("founded", 1, 1, "page", (COOKIE, None, ANN))]}, {}, lambda key: (0, key))
    assert line.endswith(COOKIE)
