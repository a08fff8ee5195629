"""How does a function say what it did? One JSON log line and one metric; never a person's data."""

import logging
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics

NAMESPACE = "Segue"


def logger(service: str) -> Logger:
    """A JSON logger of one function; callers log counts, ids and reasons, never addresses, traits or properties."""
    return Logger(service=service, level=logging.INFO)


def count(service: str, counts: Mapping[str, int]) -> None:
    """Writes one EMF line with the counts (CloudWatch turns it into metrics without a request)."""
    metrics = Metrics(namespace=NAMESPACE, service=service)
    for name, value in counts.items():
        metrics.add_metric(name=name, unit="Count", value=value)
    metrics.flush_metrics()
    # Switched off (POWERTOOLS_METRICS_DISABLED), Powertools keeps the counts and prints them at the hundredth.
    metrics.clear_metrics()
