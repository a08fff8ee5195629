"""What differs between trying Segue out and running it? How long things are kept, and what refuses deletion."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays


@dataclass(frozen=True, slots=True)
class Buffer:
    """What a delivery stream gathers before it writes an object: whichever is reached first."""

    megabytes: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment. Every physical name begins with it, so several stages fit one account."""

    name: str
    keeps_data: bool
    """Tables, bucket and secrets outlive their stack, and tables refuse deletion and recover to any second."""
    log_retention: RetentionDays
    archive_buffer: Buffer

    def named(self, what: str) -> str:
        """The physical name of something of this stage."""
        return f"segue-{self.name}-{what}"

    @property
    def bus_name(self) -> str:
        """The bus apps put their events on; it is also the prefix of everything else."""
        return f"segue-{self.name}"

    @property
    def removal(self) -> RemovalPolicy:
        """What becomes of data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY


STAGES = {
    # Who tries something out wants to see it soon; who runs it pays S3 by the object.
    "dev": Stage("dev", keeps_data=False, log_retention=RetentionDays.ONE_WEEK, archive_buffer=Buffer(1, 60)),
    "prod": Stage("prod", keeps_data=True, log_retention=RetentionDays.THREE_MONTHS, archive_buffer=Buffer(128, 300)),
}


def stage_named(name: str) -> Stage:
    """The stage of ``-c stage=NAME``; raises ``SystemExit`` for an unknown one."""
    if name not in STAGES:
        raise SystemExit(f"segue: no stage {name!r}; use -c stage={' or -c stage='.join(STAGES)}")
    return STAGES[name]
