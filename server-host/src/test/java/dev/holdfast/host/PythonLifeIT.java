package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a Python handler does to its process costs the requests that it held, and nobody else. */
class PythonLifeIT {

    /** Does to its worker what it is told to. */
    private static final String UNRULY = """
            import ctypes, os, signal, sys, threading, time

            def handle(data, context):
                if data is None:
                    return None
                what = bytes(data[0]["body"]).decode()
                if what == "exit":
                    os._exit(7)
                if what == "sysexit":
                    sys.exit(3)
                if what == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                if what == "garbage":
                    context.cl_socket.sendall(b"\\x00\\x00\\x00\\xc8\\xff\\xff\\xff\\xf0garbage")
                if what == "huge":
                    context.cl_socket.sendall(b"\\x00\\x00\\x00\\xc8\\x7f\\xff\\xff\\xff")
                if what == "twice":
                    context.cl_socket.sendall(b"\\x00\\x00\\x00\\xc8\\x00\\x00\\x00\\x00\\xff\\xff\\xff\\xff")
                if what == "close":
                    context.cl_socket.close()
                if what == "fork":
                    if os.fork() == 0:
                        time.sleep(600)
                    os._exit(1)
                if what == "double":
                    os.fork()
                if what == "execute":
                    os.execv("/bin/sleep", ["sleep", "600"])
                if what == "hang":
                    time.sleep(600)
                if what == "deaf":
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                if what == "print":
                    for _ in range(64):
                        os.write(1, b"x" * 65536)
                        os.write(2, b"y" * 65536)
                if what == "large":
                    return [b"z" * 7000000]
                if what == "thread":
                    threading.Thread(target=time.sleep, args=(600,)).start()
                return [str(os.getpid())]
            """;

    @TempDir
    static Path store;

    @TempDir
    static Path logs;

    private static PythonHost host;

    @BeforeAll
    static void startHost() throws Exception {
        host = new PythonHost(store, logs);
        host.register(
                "calm", "import os\ndef handle(data, context):\n    return [str(os.getpid())] if data else None\n");
    }

    @AfterAll
    static void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    @AfterEach
    void theOtherModelHasNotNoticed() throws Exception {
        assertThat(host.predict("/predictions/calm", "").body())
                .isEqualTo(host.worker("calm").path("pid").asText());
    }

    private static String pid(String model) throws IOException, InterruptedException {
        return host.worker(model).path("pid").asText();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit", "sysexit", "kill", "garbage", "huge", "twice", "close", "fork", "execute"})
    void aWorkerThatIsRuinedCostsItsRequestAndIsStartedAgain(String what) throws Exception {
        String model = "ruined-" + what;
        host.register(model, UNRULY);
        String before = pid(model);

        CompletableFuture<HttpResponse<String>> ruined = host.predictLater("/predictions/" + model, what);
        HttpResponse<String> answer = ruined.join();
        HttpResponse<String> next = host.predict("/predictions/" + model, "next");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
        assertThat(answer.body()).contains("InternalServerException", "Worker died. The reason: ");
        assertThat(next.statusCode())
                .as("it waits in the queue: %s", next.body())
                .isEqualTo(200);
        assertThat(next.body()).isNotEqualTo(before).isEqualTo(pid(model));
        String worker = "/w." + workerOf(model);
        long alive = Long.parseLong(pid(model));
        // What the worker forked goes with it.
        await().untilAsserted(() -> assertThat(ProcessHandle.allProcesses()
                        .filter(process -> process.info()
                                .arguments()
                                .filter(all -> List.of(all).toString().contains(worker))
                                .isPresent())
                        .map(ProcessHandle::pid))
                .containsExactly(alive));
    }

    private static String workerOf(String model) {
        try {
            return host.worker(model).path("id").asText();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void ofAHandlerThatForksAndReturnsTwiceTheParentAnswers() throws Exception {
        host.register("double", UNRULY);
        String pid = pid("double");
        for (int i = 0; i < 6; i++) {
            HttpResponse<String> answer = host.predict("/predictions/double", "double");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(pid);
        }
    }

    @Test
    void aWorkerThatDiesWhileNobodyAsksItCostsNoRequest() throws Exception {
        host.register("idle", UNRULY);
        String before = pid("idle");

        host.process("idle").orElseThrow().destroyForcibly();
        await().until(() -> !pid("idle").equals(before)
                && host.worker("idle").path("status").asText().equals("READY"));

        assertThat(host.predict("/predictions/idle", "x").body()).isEqualTo(pid("idle"));
    }

    @Test
    void aHandlerThatDoesNotAnswerInTimeCostsItsWorker() throws Exception {
        host.register("late", UNRULY, "&response_timeout=1");
        String before = pid("late");

        HttpResponse<String> answer = host.predict("/predictions/late", "hang");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
        assertThat(answer.body()).contains("Worker died.", "response_timeout of 1 s");
        await().until(() -> host.worker("late").path("status").asText().equals("READY"));
        assertThat(host.predict("/predictions/late", "x").body()).isNotEqualTo(before);
    }

    @Test
    void theTimeOfARequestThatWaitedBeginsWithItsRun() throws Exception {
        host.register(
                "slow",
                "import time\ndef handle(data, context):\n    if data:\n        time.sleep(2)\n        return ['done']\n",
                "&response_timeout=4");

        List<CompletableFuture<HttpResponse<String>>> asked =
                List.of(host.predictLater("/predictions/slow", ""), host.predictLater("/predictions/slow", ""));

        assertThat(asked).map(answer -> answer.join().body()).containsExactly("done", "done");
    }

    @Test
    void aCallerThatGoesCostsNoWorker() throws Exception {
        host.register(
                "left",
                "import os, time\ndef handle(data, context):\n    if data:\n        time.sleep(1)\n        return [str(os.getpid())]\n");
        String before = pid("left");

        try (java.net.Socket caller = host.connect()) {
            caller.getOutputStream()
                    .write(("POST /predictions/left HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            caller.getOutputStream().flush();
        }

        assertThat(host.predict("/predictions/left", "y").body()).isEqualTo(before);
    }

    @Test
    void aModelThatDoesNotLoadInTimeIsNotRegistered() throws Exception {
        PythonArchives.mar(store, "endless", "import time\ntime.sleep(600)\n");

        HttpResponse<String> answer =
                host.management("POST", "/models?url=endless.mar&initial_workers=1&startup_timeout=2");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
        assertThat(answer.body()).contains("startup_timeout of 2 s");
        assertThat(host.management("GET", "/models/endless").statusCode()).isEqualTo(404);
    }

    @Test
    void megabytesOnBothStreamsWithoutALineBreakAreTaken() throws Exception {
        host.register("prints", UNRULY);

        assertThat(host.predict("/predictions/prints", "print").body()).isEqualTo(pid("prints"));
    }

    @Test
    void anAnswerThatIsTooLargeIsPassedOverAndTheWorkerStays() throws Exception {
        host.register("large", UNRULY);
        String before = pid("large");

        HttpResponse<String> answer = host.predict("/predictions/large", "large");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("answer of 7000000 bytes is larger than max_response_size, 6553500 bytes");
        assertThat(host.predict("/predictions/large", "x").body()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deaf", "thread"})
    void aWorkerThatDoesNotWantToEndIsEndedAllTheSame(String what) throws Exception {
        host.register("stays-" + what, UNRULY);
        host.predict("/predictions/stays-" + what, what);
        ProcessHandle process = host.process("stays-" + what).orElseThrow();

        assertThat(host.management("DELETE", "/models/stays-" + what).statusCode())
                .isEqualTo(200);

        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void aModelWhoseWorkersCannotBeStartedAnyMoreSaysSo() throws Exception {
        Path flag = Files.createFile(logs.resolve("may-start"));
        host.register("fickle", """
                import os
                if not os.path.exists("%s"):
                    raise RuntimeError("the flag is gone")
                def handle(data, context):
                    return [str(os.getpid())] if data else None
                """.formatted(flag));
        Files.delete(flag);

        host.process("fickle").orElseThrow().destroyForcibly();
        await().until(() -> host.worker("fickle").path("failure").asText().contains("the flag is gone"));
        JsonNode down = host.worker("fickle");
        CompletableFuture<HttpResponse<String>> waits = host.predictLater("/predictions/fickle", "");
        Files.createFile(flag);

        assertThat(down.path("status").asText()).isEqualTo("RETRYING");
        assertThat(waits.join().statusCode()).isEqualTo(200);
        assertThat(host.worker("fickle").has("failure")).isFalse();
    }

    @Test
    void unregisteringDoesNotWaitForAWorkerThatIsDown() throws Exception {
        Path flag = Files.createFile(logs.resolve("may-load"));
        host.register("dropped", """
                import os
                if not os.path.exists("%s"):
                    raise RuntimeError("the flag is gone")
                def handle(data, context):
                    return [b""] if data else None
                """.formatted(flag));
        Files.delete(flag);
        host.process("dropped").orElseThrow().destroyForcibly();
        await().until(() -> host.worker("dropped").path("status").asText().equals("RETRYING"));
        CompletableFuture<HttpResponse<String>> waits = host.predictLater("/predictions/dropped", "");
        await().until(() -> host.describe("dropped")
                        .path("jobQueueStatus")
                        .path("pendingRequests")
                        .intValue()
                == 1);

        long began = System.nanoTime();
        assertThat(host.management("DELETE", "/models/dropped").statusCode()).isEqualTo(200);

        assertThat((System.nanoTime() - began) / 1_000_000_000).isLessThan(60);
        assertThat(waits.join().statusCode()).isEqualTo(503);
    }
}
