"""The types of metrics."""

from holdfast_worker.metrics import MetricTypes

__all__ = ["MetricTypes"]
