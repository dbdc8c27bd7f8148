"""Tests of Holdfast's Python worker; the standard library alone runs them."""

import ast
import io
import json
import os
import random
import shutil
import socket
import struct
import sys
import tempfile
import textwrap
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout

import holdfast_worker
from holdfast_worker import loader, main, metrics, service, wire

HERE = os.path.dirname(os.path.dirname(os.path.abspath(holdfast_worker.__file__)))


def field(value):
    data = value.encode("utf-8") if isinstance(value, str) else value
    return struct.pack("!i", len(data)) + data


def number(value):
    return struct.pack("!i", value)


def batch(*requests):
    """A batch; a request is its id, its headers and its parameters."""
    sent = b"I"
    for request_id, headers, parameters in requests:
        sent += field(request_id)
        for name, value in headers:
            sent += field(name) + field(value)
        sent += number(-1)
        for name, content_type, value in parameters:
            sent += field(name) + field(content_type) + field(value)
        sent += number(-1)
    return sent + number(-1)


def load_order(path, handler, model="m", batch_size=1, envelope=""):
    order = b"L" + field(model) + field(path) + number(batch_size) + field(handler) + number(-1)
    return order + field(envelope) + b"\x01"


class Reader:
    """Reads what a worker sends."""

    def __init__(self, connection):
        self.stream = connection.makefile("rb")

    def number(self):
        return struct.unpack("!i", self.stream.read(4))[0]

    def field(self, length=None):
        return self.stream.read(self.number() if length is None else length)

    def reply(self):
        code, message, answers = self.number(), self.field().decode("utf-8"), {}
        length = self.number()
        while length >= 0:
            request_id = self.field(length).decode("utf-8")
            content_type, status, phrase = self.field(), self.number(), self.field()
            headers = [(self.field(), self.field()) for _ in range(self.number())]
            answers[request_id] = (content_type, status, phrase, headers, self.field())
            length = self.number()
        return code, message, answers


class Worker(unittest.TestCase):
    """A worker's loop in this process, with a model directory of its own."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.options = ["--sock-type", "unix", "--sock-name", "x.1"]
        self.connect()
        path, modules, environment = list(sys.path), set(sys.modules), dict(os.environ)

        def restore():
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                del sys.modules[name]
            os.environ.clear()
            os.environ.update(environment)

        self.addCleanup(restore)
        self.output = io.StringIO()

    def connect(self):
        self.host, self.end = socket.socketpair()
        self.host.settimeout(60)
        self.reader = Reader(self.host)
        # Last in, first out: the host closes, the worker's loop ends, and then its side is closed.
        self.addCleanup(self.end.close)
        self.addCleanup(lambda: self.thread.join(60) if self.thread else None)
        self.addCleanup(self.host.close)
        self.addCleanup(self.reader.stream.close)
        self.thread = None

    def write(self, source, name="handler.py"):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(source))

    def declares(self, metrics):
        """Says what the host's file of metrics has."""
        self.write(json.dumps(metrics), "metrics.json")
        self.options += ["--metrics-config", os.path.join(self.directory, "metrics.json")]

    def start(self):
        options = main._options(self.options)
        result = []

        def serve():
            with redirect_stdout(self.output), redirect_stderr(self.output):
                result.append(main.serve(self.end, options))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.thread = thread
        return thread, result

    def loaded(self, source, handler="handler.py"):
        """Starts a worker that has loaded a handler."""
        self.write(source)
        self.start()
        self.host.sendall(load_order(self.directory, handler))
        self.assertEqual((200, "loaded model m", {}), self.reader.reply())

    def asked(self, *requests):
        self.host.sendall(batch(*requests))
        return self.reader.reply()

    def body(self, value, content_type=""):
        code, _, answers = self.asked(("r", [], [("body", content_type, value)]))
        self.assertEqual(200, code)
        return answers["r"][4]


class Loading(Worker):
    def refused(self, source, handler="handler.py"):
        self.write(source)
        thread, result = self.start()
        self.host.sendall(load_order(self.directory, handler))
        code, message, _ = self.reader.reply()
        thread.join(60)
        self.assertEqual([1], result)
        return code, message

    def test_a_function_is_called_once_without_data(self):
        self.loaded(
            """
            calls = []
            def handle(data, context):
                calls.append(data)
                return [str(len(calls))] if data else None
            """
        )
        self.assertEqual(b"2", self.body(b"x"))

    def test_the_only_class_is_the_handler_and_imported_ones_do_not_count(self):
        self.loaded(
            """
            from collections import OrderedDict
            class Mine:
                def initialize(self, context):
                    self.directory = context.system_properties["model_dir"]
                def handle(self, data, context):
                    return [self.directory]
            """
        )
        self.assertEqual(self.directory, self.body(b"x").decode("utf-8"))

    def test_a_second_class_is_an_error(self):
        code, message = self.refused("class A: pass\nclass B: pass\n")
        self.assertEqual(500, code)
        self.assertIn("handler has A, B", message)

    def test_a_function_that_is_missing_is_named(self):
        code, message = self.refused("def other(data, context): pass\n", "handler.py:mine")
        self.assertEqual(500, code)
        self.assertIn("A handler has a function mine, or exactly one class", message)

    def test_a_failure_tells_its_lines_and_none_of_the_workers(self):
        code, message = self.refused("def handle(data, context):\n    raise ValueError('no weights')\n")
        self.assertEqual(500, code)
        self.assertIn("ValueError: no weights", message)
        self.assertIn('handler.py", line 2', message)
        self.assertNotIn("holdfast_worker", message)

    def test_no_memory_has_a_code_of_its_own(self):
        self.assertEqual(507, self.refused("raise MemoryError()\n")[0])
        self.assertEqual(507, self.refused_cuda()[0])

    def refused_cuda(self):
        self.connect()
        sys.modules.pop("handler", None)
        self.write("raise RuntimeError('CUDA out of memory')\n", "other.py")
        return self.refused("", "other.py")

    def test_a_built_in_of_torchserve_is_missed_by_name(self):
        self.assertIn("No module named 'base_handler'", self.refused("", "base_handler")[1])

    def test_a_model_may_have_files_that_are_called_as_modules_of_the_library(self):
        self.write("LEVEL = 3\n", "logging.py")
        self.write("def handle(data, context):\n    return ['own json'] if data else None\n", "json.py")
        self.start()
        self.host.sendall(load_order(self.directory, "json.py"))
        self.assertEqual(200, self.reader.reply()[0])
        self.assertEqual(b"own json", self.body(b"x"))

    def test_a_model_without_a_manifest_has_none(self):
        self.loaded("def handle(data, context):\n    return [context.manifest] if data else None\n")
        self.assertEqual(b"null", self.body(b"x"))


class Predicting(Worker):
    ECHO = "def handle(data, context):\n    return [repr(row) for row in data] if data else None\n"

    def test_json_and_text_are_decoded_where_the_type_is_exact(self):
        self.loaded(self.ECHO)
        self.assertEqual(b"{'body': [1]}", self.body(b"[1]", "application/json"))
        self.assertEqual(b"{'body': '[1]'}", self.body(b"[1]", "text/plain; charset=x"))
        self.assertEqual(b"{'body': bytearray(b'[1]')}", self.body(b"[1]", "application/json; charset=utf-8"))
        self.assertEqual(b"{'body': bytearray(b'[1]')}", self.body(b"[1]", "Text/plain"))
        self.assertEqual(b"{'body': bytearray(b'[1')}", self.body(b"[1", "application/json"))
        self.assertEqual(b"{'body': bytearray(b'\\xff')}", self.body(b"\xff", "text/plain"))

    def test_nothing_is_decoded_where_the_host_does_not_want_it(self):
        os.environ["TS_DECODE_INPUT_REQUEST"] = "false"
        self.loaded(self.ECHO)
        self.assertEqual(b"{'body': bytearray(b'[1]')}", self.body(b"[1]", "application/json"))

    def test_bodies_are_written_as_their_kind_wants(self):
        self.loaded("def handle(data, context):\n    return [eval(data[0]['body'].decode())] if data else None\n")
        self.assertEqual(b"\x00\xff", self.body(b"b'\\x00\\xff'"))
        self.assertEqual(b"ab", self.body(b"bytearray(b'ab')"))
        self.assertEqual("ä".encode("utf-8"), self.body(b"'\\xe4'"))
        self.assertEqual(b'{\n  "a": NaN\n}', self.body(b"{'a': float('nan')}"))
        self.assertEqual(b"null", self.body(b"None"))
        self.assertEqual(b'[\n  "\\u00e4"\n]', self.body(b"('\\xe4',)"))

    def test_each_request_has_a_status_headers_and_a_type_of_its_own(self):
        self.loaded(
            """
            def handle(data, context):
                if data is None:
                    return None
                context.set_response_status(418, "Teapot", 1)
                context.set_response_header(1, "Möbel", "Stühle")
                context.set_response_content_type(0, "a/b")
                return [context.get_request_header(0, "H"), context.get_request_id(1)]
            """
        )
        code, message, answers = self.asked(("r0", [("H", "v")], []), ("r1", [], []))
        self.assertEqual((200, "Prediction success"), (code, message))
        self.assertEqual((b"a/b", 200, b"", [], b"v"), answers["r0"])
        headers = [("Möbel".encode("utf-8"), "Stühle".encode("utf-8"))]
        self.assertEqual((b"", 418, b"Teapot", headers, b"r1"), answers["r1"])

    def test_what_a_handler_raises_or_returns_costs_its_batch_alone(self):
        self.loaded(
            """
            from ts.utils.util import PredictionException

            class Other(Exception):
                error_code = 418
                message = "not that class"

            class Mute(Exception):
                def __str__(self):
                    raise ValueError("no")

            def handle(data, context):
                if data is None:
                    return None
                what = data[0]["body"].decode()
                if what == "coded":
                    raise PredictionException("told", 513)
                if what == "miscoded":
                    raise PredictionException("told", "abc")
                if what == "long":
                    raise PredictionException("m" * 3000000, 513)
                if what == "mute":
                    raise Mute()
                if what == "status":
                    context.set_response_status(1 << 40, "", 0)
                    return [""]
                if what == "headers":
                    for i in range(2000):
                        context.set_response_header(0, "X-%d" % i, "")
                    return [""]
                return {"other": None, "circle": None, "set": [{1}], "two": [1, 2], "none": None}[what] if what in (
                    "set", "two", "none") else raise_other(what)

            def raise_other(what):
                if what == "circle":
                    circle = []
                    circle.append(circle)
                    return [circle]
                if what == "surrogate":
                    return ["\\udc80"]
                if what == "memory":
                    raise MemoryError()
                if what == "cuda":
                    raise RuntimeError("CUDA error")
                raise Other()
            """
        )
        for what, code, message in [
            (b"coded", 513, "told"),
            (b"miscoded", 503, "Prediction failed"),
            (b"long", 513, "m" * (1 << 16)),
            (b"mute", 503, "Prediction failed"),
            (b"status", 503, "Prediction failed"),
            (b"headers", 503, "Prediction failed"),
            (b"other", 503, "Prediction failed"),
            (b"circle", 503, "Prediction failed"),
            (b"surrogate", 503, "Prediction failed"),
            (b"set", 503, "Unsupported model output data type."),
            (b"two", 503, "number of batch response mismatched"),
            (b"none", 503, "Invalid model predict output"),
            (b"memory", 507, "Out of resources"),
            (b"cuda", 507, "Out of resources"),
        ]:
            with self.subTest(what):
                answer = self.asked(("r", [], [("body", "", what)]))
                self.assertEqual((code, message), answer[:2])
                self.assertEqual(b"error", answer[2]["r"][4])

    def test_metrics_are_lines_with_the_names_of_the_requests_where_the_host_wants_each_value(self):
        self.declares({"each_value": True})
        self.loaded(
            """
            def handle(data, context):
                if data:
                    context.metrics.add_counter("Hits", 2)
                    context.metrics.add_time("Took", 1.5, 0, "s")
                return [b""] if data else None
            """
        )
        self.body(b"x")
        self.host.close()
        self.reader.stream.close()
        self.thread.join(60)
        lines = self.output.getvalue()
        pattern = r"\[METRICS\]%s\|#ModelName:m,Level:Model\|#type:%s\|#hostname:[^,|]+,\d+,r\n"
        self.assertRegex(lines, pattern % ("Hits.Count:2", "COUNTER"))
        self.assertRegex(lines, pattern % ("Took.Seconds:1.5", "GAUGE"))
        self.assertRegex(lines, r"\[METRICS\]PredictionTime.Milliseconds:[\d.]+\|")

    def test_an_answer_in_pieces_says_of_each_whether_another_one_follows(self):
        self.loaded(
            """
            from ts.handler_utils.utils import send_intermediate_predict_response

            def handle(data, context):
                if data is None:
                    return None
                context.set_response_content_type(0, "a/b")
                send_intermediate_predict_response(["one", "uno"], context.request_ids, "more", 200, context)
                send_intermediate_predict_response({0: {"two": 2}}, {0: "r0"}, "more", 200, context)
                return ["three", "tre"]
            """
        )
        self.host.sendall(batch(("r0", [], []), ("r1", [], [])))
        more, end = [(b"ts_stream_next", b"true")], [(b"ts_stream_next", b"false")]
        first, second, last = self.reader.reply(), self.reader.reply(), self.reader.reply()
        self.assertEqual((200, "more"), first[:2])
        self.assertEqual({"r0": (b"a/b", 200, b"", more, b"one"), "r1": (b"", 200, b"", more, b"uno")}, first[2])
        self.assertEqual({"r0": (b"a/b", 200, b"", more, b'{\n  "two": 2\n}')}, second[2])
        self.assertEqual({"r0": (b"a/b", 200, b"", end, b"three"), "r1": (b"", 200, b"", end, b"tre")}, last[2])
        self.host.sendall(batch(("r2", [], []), ("r3", [], [])))
        self.assertEqual(b"one", self.reader.reply()[2]["r2"][4])

    def test_a_handler_keeps_metrics_and_what_does_not_fit_costs_no_request(self):
        lines = []
        declared = {
            "each_value": True,
            "model_metrics": {"gauge": [{"name": "Heat", "unit": "K", "dimensions": ["Room"]}]},
        }
        kept = metrics.Metrics("m", lines=metrics.Lines(declared, lines.append), declared=declared)
        kept.get_metric("Heat", metrics.MetricTypes.GAUGE).add_or_update(3, ["a"], "r1")
        counter = kept.add_metric_to_cache("Calls", "Count")
        counter.add_or_update(1)
        with redirect_stdout(self.output):
            counter.add_or_update(-1)
            counter.add_or_update(1, ["b"])
        with self.assertRaises(KeyError):
            kept.get_metric("Heat")
        kept.lines.flush()
        lines = "".join(lines).splitlines()
        self.assertRegex(lines[0], r"\[METRICS\]Heat.K:3\|#Room:a\|#type:GAUGE\|#hostname:[^,]+,\d+,r1")
        self.assertRegex(lines[1], r"\[METRICS\]Calls.Count:1\|#\|#type:COUNTER\|#hostname:[^,]+,\d+$")
        self.assertEqual(2, len(lines))
        self.assertEqual(2, self.output.getvalue().count("[METRICS]Failed to update metric Calls"))

    def test_the_values_of_a_moment_are_told_together(self):
        told = []
        declared = {"model_metrics": {"histogram": [{"name": "Spread", "unit": "ms", "dimensions": []}]}}
        kept = metrics.Metrics("m", lines=metrics.Lines(declared, told.append), declared=declared)
        kept.lines.MOMENT_SECONDS = 3600
        for value in (1, 2, 3):
            kept.add_counter("Calls", value)
            kept.add_time("Took", value, unit="s")
            kept.add_time("Spread", value)
        kept.add_size("Left", 5)
        kept.add_size("Left", -5)
        kept.add_counter("Calls", -1)
        kept.add_counter("Calls", float("nan"))
        self.assertEqual([], told)
        kept.lines.flush()
        self.assertEqual(1, len(told))
        values = [line.split("|")[0][len("[METRICS]") :] for line in told[0].splitlines()]
        spread = ["Spread.Milliseconds:%d" % value for value in (1, 2, 3)]
        self.assertEqual(spread, values[:3])
        self.assertEqual(["Left.Megabytes:5", "Left.Megabytes:-5"], values[3:5])
        self.assertEqual(["Calls.Count:6", "Calls.Count:-1", "Calls.Count:nan"], values[5:8])
        self.assertEqual(["Took.Seconds:3"], values[8:])

    def test_a_moment_ends_though_the_handler_goes_on(self):
        told, ended = [], threading.Event()
        lines = metrics.Lines(None, lambda text: (told.append(text), ended.set()))
        metrics.Metrics("m", lines=lines).add_counter("Calls", 1)
        self.assertTrue(ended.wait(60))
        ended.clear()
        metrics.Metrics("m", lines=lines).add_counter("Calls", 2)
        self.assertTrue(ended.wait(60))
        self.assertRegex("".join(told), r"\[METRICS\]Calls.Count:1\|.*\n\[METRICS\]Calls.Count:2\|")

    def test_an_unknown_unit_is_refused(self):
        with self.assertRaises(ValueError):
            metrics.Metrics("m").add_time("t", 1, unit="days")


class Envelopes(Worker):
    ECHO = "def handle(data, context):\n    return [repr(row) for row in data] if data else None\n"

    def enveloped(self, envelope, source=ECHO):
        self.write(source)
        self.start()
        self.host.sendall(load_order(self.directory, "handler.py", envelope=envelope))
        self.assertEqual(200, self.reader.reply()[0])

    def test_body_takes_the_name_away(self):
        self.enveloped("body")
        code, _, answers = self.asked(("r", [], [("data", "text/plain", b"x")]), ("s", [], [("body", "", b"y")]))
        self.assertEqual((200, b"'x'", b"bytearray(b'y')"), (code, answers["r"][4], answers["s"][4]))

    def test_json_joins_the_rows_of_a_batch_and_decodes_bytes(self):
        self.enveloped("json")
        first = b'{"instances": [{"b64": "AQI="}, {"a": {"b64": "AQI="}, "c": 1}]}'
        _, _, answers = self.asked(
            ("r", [], [("body", "application/json", first)]),
            ("s", [], [("body", "application/json", b'{"instances": [3]}')]),
        )
        predictions = json.loads(answers["r"][4])["predictions"]
        self.assertEqual(["b'\\x01\\x02'", "{'a': b'\\x01\\x02', 'c': 1}"], predictions)
        self.assertEqual({"predictions": ["3"]}, json.loads(answers["s"][4]))

    def test_kserve_tells_predictions_from_explanations(self):
        self.enveloped("kserve")
        row = [("body", "", b'{"instances": [1, [2]]}')]
        _, _, answers = self.asked(("r", [("explain", "False")], row), ("s", [("explain", "True")], row))
        self.assertEqual({"predictions": ["1", "[2]"]}, json.loads(answers["r"][4]))
        self.assertEqual({"explanations": ["1", "[2]"]}, json.loads(answers["s"][4]))

    def test_kserve_2_has_tensors_with_shapes_and_the_id_of_the_request(self):
        self.enveloped(
            "kservev2", "def handle(data, context):\n    return [row['data'] for row in data] if data else None\n"
        )
        body = {"id": "seven", "inputs": [{"name": "a", "data": [[1, 2.5], [3, 4]]}, {"name": "b", "data": 3}]}
        code, _, answers = self.asked(
            ("r", [], [("body", "application/json", json.dumps(body).encode("utf-8"))]),
            ("s", [("explain", "True")], [("body", "", b'{"inputs": [{"data": ["x"]}]}')]),
        )
        self.assertEqual(200, code)
        answer = json.loads(answers["r"][4])
        self.assertEqual(("seven", "m"), (answer["id"], answer["model_name"]))
        self.assertEqual(
            [
                {"name": "predict", "shape": [2, 2], "datatype": "FP64", "data": [1, 2.5, 3, 4]},
                {"name": "predict", "shape": [], "datatype": "INT64", "data": 3},
            ],
            answer["outputs"],
        )
        other = json.loads(answers["s"][4])
        self.assertEqual("s", other["id"])
        self.assertEqual([{"name": "explain", "shape": [1], "datatype": "BYTES", "data": ["x"]}], other["outputs"])

    def test_a_request_in_another_form_is_refused_with_the_form(self):
        self.enveloped("kserve")
        for body, message in [
            (b"[1]", "The body must be a JSON object"),
            (b"{", "The body is no JSON"),
            (b"{}", 'The body must have a list "instances"'),
        ]:
            with self.subTest(body):
                code, said, _ = self.asked(("r", [], [("body", "", body)]))
                self.assertEqual(400, code)
                self.assertTrue(said.startswith(message), said)

    def test_who_asks_what_a_model_is_asks_without_an_envelope(self):
        self.enveloped("kserve", "def handle(data, context):\n    return [{'a': 1}] if data else None\n")
        self.assertEqual(b'{\n  "a": 1\n}', self.asked(("r", [("describe", "True")], []))[2]["r"][4])

    def test_an_unknown_envelope_is_refused_with_those_that_there_are(self):
        self.write(self.ECHO)
        self.start()
        self.host.sendall(load_order(self.directory, "handler.py", envelope="mine"))
        code, message, _ = self.reader.reply()
        self.assertEqual(500, code)
        self.assertIn("mine is none of body, json, kserve, kservev2", message)


class Wire(Worker):
    def test_a_closed_connection_is_an_orderly_end_anywhere_in_a_message(self):
        whole = batch(("r", [("a", "b")], [("body", "", b"x")]))
        for length in range(len(whole)):
            host, end = socket.socketpair()
            with host, end:
                host.sendall(whole[:length])
                host.shutdown(socket.SHUT_WR)
                options = main._options(["--sock-type", "unix", "--sock-name", "x.1"])
                self.assertEqual(0, main.serve(end, options))

    def test_a_prediction_before_a_model_is_loaded_is_refused(self):
        self.start()
        self.assertEqual((500, "No model is loaded", {}), self.asked(("r", [], [])))

    def test_whatever_comes_is_read_or_refused(self):
        good = batch(("r", [("a", "b")], [("body", "text/plain", b"x")]), ("s", [], []))
        seed = 16
        chance = random.Random(seed)
        for _ in range(3000):
            sent = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                sent[chance.randrange(len(sent))] = chance.randrange(256)
            try:
                wire.Reader(Given(bytes(sent))).read()
            except (wire.Closed, wire.Malformed, UnicodeDecodeError):
                pass


class Given:
    """A connection that has what it was given, and then is closed."""

    def __init__(self, data):
        self.data = data

    def recv_into(self, view, length):
        some = self.data[:length]
        view[: len(some)] = some
        self.data = self.data[len(some) :]
        return len(some)


class Sources(unittest.TestCase):
    def test_all_are_python_3_8_with_a_word_about_each_module(self):
        seen = 0
        for folder, _, files in os.walk(HERE):
            for name in files:
                if name.endswith(".py"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        tree = ast.parse(file.read(), name, feature_version=(3, 8))
                    self.assertTrue(ast.get_docstring(tree), name)
                    seen += 1
        self.assertGreater(seen, 10)

    def test_nothing_but_the_standard_library_is_imported(self):
        known = getattr(sys, "stdlib_module_names", None)
        if known is None:
            self.skipTest("This Python does not say which modules it has")
        for folder, _, files in os.walk(HERE):
            for name in files:
                if name.endswith(".py"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        tree = ast.parse(file.read())
                    for node in ast.walk(tree):
                        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                        names += [node.module] if isinstance(node, ast.ImportFrom) else []
                        for imported in names:
                            self.assertIn(imported.split(".")[0], set(known) | {"holdfast_worker", "ts"})


if __name__ == "__main__":
    unittest.main()
