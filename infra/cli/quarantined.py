"""Which rejected messages does a command mean? Those of a stage's quarantine, by object, field, source and day."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from infra.cli.aws import asking, client_of
from infra.cli.problems import Lacking, Unusable

if TYPE_CHECKING:
    from functions.capture.index import Entry
    from infra.quarantine.kept import QuarantineBucket

NAME = re.compile(r"(?:.*/)?([0-9a-f]{6,32})(?:\.jsonl)?")
EXAMPLE = "name it as `segue quarantine list` does, like 3f0c9d2e41aa, or by its key in the bucket"
CLOSED = "what was put back is listed with --replayed"
DEPLOY = "deploy the stage first (npx aws-cdk@2 deploy --all), or name another with --stage"


@contextmanager
def quarantine_of(stage: str) -> Iterator["QuarantineBucket"]:
    """The bucket of a deployed stage; what AWS refuses inside is told as lacking."""
    from infra.quarantine.kept import QuarantineBucket

    sts, s3 = client_of("sts"), client_of("s3")
    with asking(sts, "sts:GetCallerIdentity", {}):
        account = sts.get_caller_identity()["Account"]
    region = sts.meta.region_name
    name = f"segue-{stage}-quarantine-{account}-{region}"
    absent = Lacking(f"no quarantine of stage {stage} in account {account}, {region}", DEPLOY)
    rights = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject on the quarantine bucket"
    with asking(s3, rights, {"NoSuchBucket": absent}):
        yield QuarantineBucket(name, s3)


def named(bucket: "QuarantineBucket", objects: Sequence[str], *, put_back: bool = False) -> list["Entry"]:
    """The entries of the objects a person names; raises ``Unusable`` for one that is not there or may be several."""
    from infra.quarantine.kept import entry_of_key

    listed = list(bucket.entries(put_back=put_back))
    found: dict[str, Entry] = {}
    for text in objects:
        one, name = entry_of_key(text), NAME.fullmatch(text)
        if one is None and name is None:
            raise Unusable(f"{text} names no object of the quarantine", EXAMPLE)
        entries = [entry for entry in listed if entry == one or (name and entry.object.startswith(name[1]))]
        if len({entry.object for entry in entries}) > 1:
            raise Unusable(f"several objects begin with {text}", "write more of the name; list --json has all of it")
        if not entries:
            where, fix = ("was put back", EXAMPLE) if put_back else ("is open", f"{EXAMPLE}; {CLOSED}")
            raise Unusable(f"nothing called {text} {where}", fix)
        found.update({entry.key: entry for entry in entries})
    return list(found.values())


def matching(entries: Iterator["Entry"], source: str | None, field: str | None) -> Iterator["Entry"]:
    """The entries of a source and a field, each spelled as a caller or as a key spells it."""
    from functions.capture.index import sayable, slug

    for entry in entries:
        if source is not None and entry.source != slug(source):
            continue
        if field is None or entry.field in (slug(field), slug(sayable(field))):
            yield entry


def day(text: str | None) -> date | None:
    """A day as written on a command line; raises ``Unusable``."""
    try:
        return None if text is None else datetime.fromisoformat(text).date()
    except ValueError as error:
        raise Unusable(f"--since {text} is no day", "write it like 2026-03-02") from error


def printable(text: str) -> str:
    """A caller's text without what moves a cursor, rings a bell or turns the direction of writing."""
    return "".join(one if one.isprintable() or one == "\n" else f"\\u{ord(one):04x}" for one in text)
