"""The dimensions of metrics."""

from holdfast_worker.metrics import Dimension

__all__ = ["Dimension"]
