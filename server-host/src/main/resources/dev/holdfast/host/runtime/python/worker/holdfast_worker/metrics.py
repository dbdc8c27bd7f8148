"""Metrics of handlers: each is a line on standard output, which the host takes out of the log."""

import socket
import time


class Dimension:
    """A name and a value by which a metric is told apart."""

    def __init__(self, name, value):
        self.name = name
        self.value = value

    def __str__(self):
        return "%s:%s" % (self.name, self.value)


class MetricTypes:
    """What becomes of the values of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metrics:
    """What a handler has as `context.metrics`."""

    def __init__(self, model_name, context=None, write=None):
        self.model_name = model_name
        self._context = context
        self._write = write or (lambda line: print(line, flush=True))
        self._hostname = socket.gethostname()

    def add_counter(self, name, value, idx=None, dimensions=None):
        self._emit(name, "Count", value, idx, dimensions, MetricTypes.COUNTER)

    add_counter_metric = add_counter

    def add_time(self, name, value, idx=None, unit="ms", dimensions=None, metric_type=MetricTypes.GAUGE):
        units = {"ms": "Milliseconds", "s": "Seconds"}
        if unit not in units:
            raise ValueError("A time is in ms or s, not in %s" % unit)
        self._emit(name, units[unit], value, idx, dimensions, metric_type)

    add_time_metric = add_time

    def add_size(self, name, value, idx=None, unit="MB", dimensions=None, metric_type=MetricTypes.GAUGE):
        units = {"B": "Bytes", "kB": "Kilobytes", "MB": "Megabytes", "GB": "Gigabytes"}
        if unit not in units:
            raise ValueError("A size is in B, kB, MB or GB, not in %s" % unit)
        self._emit(name, units[unit], value, idx, dimensions, metric_type)

    add_size_metric = add_size

    def add_percent(self, name, value, idx=None, dimensions=None, metric_type=MetricTypes.GAUGE):
        self._emit(name, "Percent", value, idx, dimensions, metric_type)

    add_percent_metric = add_percent

    def add_error(self, name, value, dimensions=None):
        self._emit(name, "", value, None, dimensions, MetricTypes.COUNTER)

    def add_metric(
        self, name, value, idx=None, unit="unit", dimensions=None, metric_type=MetricTypes.COUNTER
    ):
        self._emit(name, unit, value, idx, dimensions, metric_type)

    def _emit(self, name, unit, value, idx, dimensions, metric_type):
        all_dimensions = list(dimensions or []) or [
            Dimension("ModelName", self.model_name),
            Dimension("Level", "Model"),
        ]
        line = "[METRICS]%s.%s:%s|#%s|#type:%s|#hostname:%s,%d" % (
            name,
            unit,
            value,
            ",".join(str(dimension) for dimension in all_dimensions),
            str(getattr(metric_type, "value", metric_type)).upper(),
            self._hostname,
            int(time.time()),
        )
        request = self._request(idx)
        self._write("%s,%s" % (line, request) if request else line)

    def _request(self, idx):
        ids = getattr(self._context, "request_ids", None) or {}
        return ids.get(idx, "") if idx is not None else ",".join(ids.values())
