"""What differs between trying Segue out and running it? How long things are kept, and what refuses deletion."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment. Every physical name begins with it, so several stages fit one account."""

    name: str
    keeps_data: bool
    """Tables, bucket and secrets outlive their stack, and tables refuse deletion and recover to any second."""
    log_retention: RetentionDays

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
    "dev": Stage("dev", keeps_data=False, log_retention=RetentionDays.ONE_WEEK),
    "prod": Stage("prod", keeps_data=True, log_retention=RetentionDays.THREE_MONTHS),
}


def stage_named(name: str) -> Stage:
    """The stage of ``-c stage=NAME``; raises ``SystemExit`` for an unknown one."""
    if name not in STAGES:
        raise SystemExit(f"segue: no stage {name!r}; use -c stage={' or -c stage='.join(STAGES)}")
    return STAGES[name]
