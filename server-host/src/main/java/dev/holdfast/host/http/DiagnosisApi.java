package dev.holdfast.host.http;

import dev.holdfast.host.api.HostOperations.Health;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.serving.VersionStatus.WorkerStatus;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the whole host is, for {@code holdfast doctor}: what no other call tells at once, and what its threads do. */
record DiagnosisApi(Operations operations) {

    List<Route> routes() {
        return List.of(
                Route.get("/diagnosis", Scope.MANAGEMENT, context -> Answers.json(context, 200, diagnosis())),
                Route.get("/diagnosis/threads", Scope.MANAGEMENT, DiagnosisApi::threads));
    }

    private Map<String, Object> diagnosis() {
        Health health = operations.host().health();
        List<VersionStatus> versions = operations.models().statuses();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("version", operations.host().version());
        body.put("java", Runtime.version().toString());
        body.put("pid", ProcessHandle.current().pid());
        body.put(
                "started",
                Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime())
                        .toString());
        body.put("healthy", health.healthy());
        body.put("ready", operations.host().isReady());
        body.put("models", operations.models().count());
        body.put("versions", versions.size());
        List<Map<String, Object>> failed = new ArrayList<>();
        versions.stream().filter(version -> !version.healthy()).forEach(version -> failed.add(failed(version)));
        body.put("failed", failed);
        body.put(
                "workers",
                versions.stream()
                        .mapToLong(version -> version.workers().stream()
                                .filter(WorkerStatus::isReady)
                                .count())
                        .sum());
        body.put(
                "minWorkers",
                versions.stream()
                        .mapToLong(version -> version.state().minWorkers())
                        .sum());
        body.put(
                "pending",
                versions.stream().mapToLong(VersionStatus::pendingRequests).sum());
        body.put(
                "fullQueues",
                versions.stream()
                        .filter(version -> version.remainingCapacity() == 0)
                        .map(version -> version.model() + " " + version.version())
                        .toList());
        body.put("stuckRuns", operations.host().stuckRuns().size());
        body.put(
                "heapUsed",
                Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        body.put("heapMost", Runtime.getRuntime().maxMemory());
        body.putAll(PluginStatus.toMap(operations.host().plugins()));
        body.put("notices", health.notices());
        return body;
    }

    private static Map<String, Object> failed(VersionStatus version) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("model", version.model());
        one.put("version", version.version());
        one.put("loading", version.isLoading());
        one.put(
                "reason",
                version.failure()
                        .or(version::blocked)
                        .or(() -> version.workers().stream()
                                .flatMap(worker -> worker.process().stream())
                                .flatMap(process -> process.failure().stream())
                                .findFirst())
                        .orElse("it has fewer workers than it should have"));
        return one;
    }

    /** Each thread with its state, its lock and its whole stack. */
    private static void threads(Context context) {
        StringBuilder text = new StringBuilder();
        for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
            text.append('"')
                    .append(thread.getThreadName())
                    .append("\" #")
                    .append(thread.getThreadId())
                    .append(' ')
                    .append(thread.getThreadState());
            if (thread.getLockName() != null) {
                text.append(" on ").append(thread.getLockName());
            }
            if (thread.getLockOwnerName() != null) {
                text.append(" held by \"").append(thread.getLockOwnerName()).append('"');
            }
            text.append('\n');
            for (StackTraceElement frame : thread.getStackTrace()) {
                text.append("    at ").append(frame).append('\n');
            }
            text.append('\n');
        }
        context.status(200).contentType(Answers.TEXT).result(text.toString());
    }
}
