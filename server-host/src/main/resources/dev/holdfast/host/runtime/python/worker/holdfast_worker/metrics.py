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


class CachedMetric:
    """A metric that a handler keeps, with the names of its dimensions."""

    def __init__(self, metrics, metric_name, unit, dimension_names, metric_type):
        self._metrics = metrics
        self.metric_name = metric_name
        self.unit = unit
        self.dimension_names = list(dimension_names or [])
        self.metric_type = metric_type

    def add_or_update(self, value, dimension_values=(), request_id=""):
        """Emits a value; what does not fit is told on standard output, and costs no request."""
        failure = None
        if len(dimension_values or ()) != len(self.dimension_names):
            failure = "it has the dimensions %s" % self.dimension_names
        elif _word(self.metric_type) == MetricTypes.COUNTER and value < 0:
            failure = "a counter cannot go down"
        if failure:
            print("[METRICS]Failed to update metric %s with %s: %s" % (self.metric_name, value, failure), flush=True)
            return
        dimensions = [Dimension(n, v) for n, v in zip(self.dimension_names, dimension_values)]
        self._metrics.write(self.metric_name, self.unit, value, dimensions, self.metric_type, request_id)

    def update(self, value, request_id="", dimensions=()):
        """Emits a value with dimensions of its own."""
        self.dimension_names = [dimension.name for dimension in dimensions]
        self.add_or_update(value, [dimension.value for dimension in dimensions], request_id)


def _word(metric_type):
    return str(getattr(metric_type, "value", metric_type)).lower()


class Metrics:
    """What a handler has as `context.metrics`."""

    def __init__(self, model_name, context=None, write=None, declared=None):
        self.model_name = model_name
        self.cache = {}
        for metric_type, metrics in ((declared or {}).get("model_metrics") or {}).items():
            for metric in metrics:
                self.add_metric_to_cache(metric["name"], metric["unit"], metric["dimensions"], metric_type)
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

    def add_metric_to_cache(self, metric_name, unit, dimension_names=(), metric_type=MetricTypes.COUNTER):
        """A metric to keep; it is shown by the host where it is declared there, or found by itself."""
        metric = CachedMetric(self, metric_name, unit, dimension_names, metric_type)
        self.cache.setdefault(_word(metric_type), {})[metric_name] = metric
        return metric

    def get_metric(self, metric_name, metric_type=MetricTypes.COUNTER):
        """A metric that is declared, or was added."""
        metric = self.cache.get(_word(metric_type), {}).get(metric_name)
        if metric is None:
            raise KeyError("There is no metric %s of the type %s" % (metric_name, _word(metric_type)))
        return metric

    def _emit(self, name, unit, value, idx, dimensions, metric_type):
        all_dimensions = list(dimensions or []) or [
            Dimension("ModelName", self.model_name),
            Dimension("Level", "Model"),
        ]
        self.write(name, unit, value, all_dimensions, metric_type, self._request(idx))

    def write(self, name, unit, value, dimensions, metric_type, request):
        """Emits one value."""
        line = "[METRICS]%s.%s:%s|#%s|#type:%s|#hostname:%s,%d" % (
            name,
            unit,
            value,
            ",".join(str(dimension) for dimension in dimensions),
            _word(metric_type).upper(),
            self._hostname,
            int(time.time()),
        )
        self._write("%s,%s" % (line, request) if request else line)

    def _request(self, idx):
        ids = getattr(self._context, "request_ids", None) or {}
        return ids.get(idx, "") if idx is not None else ",".join(ids.values())
