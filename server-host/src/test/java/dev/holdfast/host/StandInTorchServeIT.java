package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The user's own worker is preferred where Python has it, and spoken to as TorchServe's is: by a package that a test writes. */
class StandInTorchServeIT {

    /** Speaks the wire from the reference, and shares nothing with the worker that Holdfast ships. */
    private static final String WORKER = """
            import json, os, socket, struct, sys

            def main():
                args = dict(zip(sys.argv[1::2], sys.argv[2::2]))
                name, number = args["--sock-name"].rsplit(".", 1)
                path = "%s.%d" % (name, int(number) + int(os.environ.get("LOCAL_RANK", 0)))
                assert "model_metrics" in open(args["--metrics-config"]).read()
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(path)
                listener.listen(1)
                print("something else first")
                print("[PID]%d" % os.getpid())
                print("Torch worker started.")
                print("Python runtime: 3")
                link, _ = listener.accept()
                stream = link.makefile("rwb")

                def number_of():
                    data = stream.read(4)
                    if len(data) < 4:
                        sys.exit(0)
                    return struct.unpack("!i", data)[0]

                def field():
                    return stream.read(number_of())

                def put(data):
                    stream.write(struct.pack("!i", len(data)) + data)

                told = {}
                while True:
                    command = stream.read(1)
                    if not command:
                        sys.exit(0)
                    if command == b"L":
                        told = {"model": field().decode(), "path": field().decode(), "batch": number_of(),
                                "handler": field().decode(), "gpu": number_of(), "envelope": field().decode(),
                                "pixels": stream.read(1)[0], "cwd": os.getcwd(),
                                "pythonpath": os.environ.get("PYTHONPATH"), "unbuffered": os.environ.get("PYTHONUNBUFFERED"),
                                "rank": os.environ.get("RANK"), "secret": os.environ.get("HOLDFAST_SECRET")}
                        stream.write(struct.pack("!i", 200))
                        put(b"loaded model")
                        stream.write(struct.pack("!i", -1))
                        stream.flush()
                        continue
                    answers = []
                    length = number_of()
                    while length >= 0:
                        request = stream.read(length)
                        for parts in (1, 2):
                            length = number_of()
                            while length >= 0:
                                stream.read(length)
                                for _ in range(parts):
                                    field()
                                length = number_of()
                        answers.append(request)
                        length = number_of()
                    stream.write(struct.pack("!i", 200))
                    put(b"Prediction success")
                    for request in answers:
                        put(request)
                        put(b"application/json")
                        stream.write(struct.pack("!i", 200))
                        put(b"")
                        stream.write(struct.pack("!i", 0))
                        put(json.dumps(told).encode())
                    stream.write(struct.pack("!i", -1))
                    stream.flush()

            main()
            """;

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private Path packages;

    @BeforeEach
    void makePackages() throws IOException {
        PythonArchives.assumePython();
        packages = directory.resolve("packages");
        for (String name : new String[] {"ts", "torch", "yaml", "psutil"}) {
            Files.createDirectories(packages.resolve(name));
            Files.writeString(packages.resolve(name).resolve("__init__.py"), "");
        }
        Files.writeString(packages.resolve("ts/version.txt"), "0.12.0\n");
        Files.writeString(packages.resolve("ts/model_service_worker.py"), WORKER);
        PythonArchives.mar(
                directory.resolve("store"),
                "mine",
                "\"handler\": \"sub/f.py:go\"",
                Map.of("sub/f.py", "def go(data, context):\n    return ['holdfast'] if data else None\n"));
    }

    private Host start() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PYTHONPATH", packages.toString());
        environment.put("LOCAL_RANK", "3");
        environment.put("RANK", "3");
        environment.put("HOLDFAST_SECRET", "canary");
        return Host.start(
                HostsInTests.options(directory.resolve("store"), directory.resolve("logs"), Map.of(), environment));
    }

    private static HttpResponse<String> call(String method, Object address, String path)
            throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(address + path))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theUsersOwnWorkerRunsUnchangedAndIsToldAllThatItIsToldByTorchServe() throws Exception {
        try (Host host = start()) {
            HttpResponse<String> registered = call(
                    "POST",
                    host.managementAddress(),
                    "/models?url=mine.mar&model_name=m&initial_workers=1&batch_size=3");
            assertThat(registered.statusCode()).as(registered.body()).isEqualTo(200);

            JsonNode told = JSON.readTree(
                    call("POST", host.inferenceAddress(), "/predictions/m").body());
            JsonNode worker = JSON.readTree(
                            call("GET", host.managementAddress(), "/models/m").body())
                    .path(0)
                    .path("workers")
                    .path(0);

            String root = told.path("path").textValue();
            assertThat(told.path("model").textValue()).isEqualTo("m");
            assertThat(told.path("batch").intValue()).isEqualTo(3);
            assertThat(told.path("handler").textValue()).isEqualTo("sub/f.py:go");
            assertThat(told.path("gpu").intValue()).isEqualTo(-1);
            assertThat(told.path("envelope").textValue()).isEmpty();
            assertThat(told.path("pixels").intValue()).isEqualTo(1);
            assertThat(Path.of(told.path("cwd").textValue()).toRealPath())
                    .isEqualTo(Path.of(root).toRealPath());
            assertThat(told.path("pythonpath").textValue()).isEqualTo(root + "/sub:" + packages + ":" + root);
            assertThat(told.path("unbuffered").textValue()).isEqualTo("1");
            assertThat(told.path("rank").isNull()).isTrue();
            assertThat(told.path("secret").isNull()).isTrue();
            assertThat(worker.path("worker").textValue()).isEqualTo("torchserve 0.12.0");
        }
    }

    @Test
    void withoutOneOfItsPackagesTheWorkerIsOurs() throws Exception {
        Files.delete(packages.resolve("psutil/__init__.py"));
        Files.delete(packages.resolve("psutil"));

        try (Host host = start()) {
            call("POST", host.managementAddress(), "/models?url=mine.mar&initial_workers=1");

            assertThat(call("POST", host.inferenceAddress(), "/predictions/mine")
                            .body())
                    .isEqualTo("holdfast");
        }
    }

    @Test
    void aWorkerThatDiesBeforeItsFirstLineIsAnsweredWithItsLastWords() throws Exception {
        Files.writeString(
                packages.resolve("ts/model_service_worker.py"), "import sys\nsys.exit('no backend in this package')\n");

        try (Host host = start()) {
            HttpResponse<String> registered =
                    call("POST", host.managementAddress(), "/models?url=mine.mar&initial_workers=1");

            assertThat(registered.statusCode()).isEqualTo(500);
            assertThat(registered.body()).contains("exit code 1", "no backend in this package");
            assertThat(call("GET", host.managementAddress(), "/models/mine").statusCode())
                    .isEqualTo(404);
        }
    }
}
