"""Metrics of handlers: lines on standard output, which the host takes out of the log."""

import _thread
import os
import socket
import sys
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


class Lines:
    """Gives the lines of metrics to the host, those of a moment together: each time costs both sides more than many lines do.

    Of a counter the sum of the moment is told, of a gauge the last value; where the host writes each value into a log, it
    is told each of them. The moment begins with a value, and ends without help of the handler, which may be at work for hours.
    """

    MOMENT_SECONDS = 0.1
    _MOST = 1000

    def __init__(self, declared=None, write=None):
        declared = declared or {}
        self._each = bool(declared.get("each_value"))
        self._types = {
            metric["name"]: metric_type.upper()
            for metric_type, metrics in (declared.get("model_metrics") or {}).items()
            for metric in metrics
        }
        self._write = write or _print
        self._hostname = socket.gethostname()
        self._begin()
        if hasattr(os, "register_at_fork"):
            # What the parent has not told yet is the parent's to tell.
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self):
        self._lock = _thread.allocate_lock()
        self._moment = _thread.allocate_lock()
        self._moment.acquire()
        self._watched = self._waits = False
        self._values = {}
        self._lines = []

    def add(self, name, unit, value, dimensions, word, request):
        """Takes one value; `dimensions` and `word`, the type in capitals, are as in the line."""
        kind = self._types.get(name, word)
        with self._lock:
            key = (name, unit, dimensions, word)
            if self._each or not _adds_up(value) or kind not in ("COUNTER", "GAUGE"):
                if key in self._values:
                    self._lines.append(self._line(key, self._values.pop(key), ""))
                self._lines.append(self._line(key, value, request))
            elif kind == "COUNTER":
                self._values[key] = self._values.get(key, 0) + value
            else:
                self._values[key] = value
            if self._waits:
                if len(self._lines) + len(self._values) > self._MOST:
                    self._tell()
                return
            self._waits = True
            if not self._watched:
                self._watched = True
                _thread.start_new_thread(self._watch, (self._moment,))
        self._moment.release()

    def _watch(self, moment):
        while True:
            moment.acquire()
            time.sleep(self.MOMENT_SECONDS)
            with self._lock:
                self._waits = False
                self._tell()

    def flush(self):
        """Tells the host what it was not told yet."""
        with self._lock:
            self._tell()

    def _tell(self):
        lines = self._lines + [self._line(key, value, "") for key, value in self._values.items()]
        self._lines, self._values = [], {}
        if lines:
            self._write("\n".join(lines) + "\n")

    def _line(self, key, value, request):
        name, unit, dimensions, word = key
        line = "[METRICS]%s.%s:%s|#%s|#type:%s|#hostname:%s,%d" % (
            name,
            unit,
            value,
            dimensions,
            word,
            self._hostname,
            int(time.time()),
        )
        return "%s,%s" % (line, request) if request else line


def _adds_up(value):
    """Whether a value and others of its kind may be told as one; what is no finite number, or negative, is told alone."""
    return type(value) in (int, float) and 0 <= value < 1e300


def _print(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def to_host():
    """Writes to what is standard output now, whatever handlers make of it later; each text in one go."""
    output = os.dup(1)

    def write(text):
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(output, data) :]
        except OSError:
            pass  # The handler has closed everything: nobody hears metrics any more.

    return write


class Metrics:
    """What a handler has as `context.metrics`."""

    def __init__(self, model_name, context=None, lines=None, declared=None):
        self.model_name = model_name
        self.cache = {}
        for metric_type, metrics in ((declared or {}).get("model_metrics") or {}).items():
            for metric in metrics:
                self.add_metric_to_cache(metric["name"], metric["unit"], metric["dimensions"], metric_type)
        self._context = context
        self.lines = lines or Lines(declared)
        self._usual_dimensions = "ModelName:%s,Level:Model" % model_name

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
        text = ",".join(map(str, dimensions)) if dimensions else self._usual_dimensions
        self.lines.add(name, unit, value, text, _word(metric_type).upper(), self._request(idx))

    def write(self, name, unit, value, dimensions, metric_type, request):
        """Emits one value."""
        text = ",".join(map(str, dimensions))
        self.lines.add(name, unit, value, text, _word(metric_type).upper(), request)

    def _request(self, idx):
        ids = getattr(self._context, "request_ids", None) or {}
        return ids.get(idx, "") if idx is not None else ",".join(ids.values())
