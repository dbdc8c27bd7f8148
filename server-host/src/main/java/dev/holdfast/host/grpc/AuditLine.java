package dev.holdfast.host.grpc;

import dev.holdfast.host.api.ChangeResult;
import dev.holdfast.host.api.ModelOperations;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.TraceParent;
import io.grpc.Status;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.MDC;

/** A line of {@code audit.log} for a call that was to change something. */
record AuditLine(GrpcHost host, CallFacts facts, String call, Map<String, String> parameters) {

    /** Makes a change, and writes down who asked for it and what came of it. */
    static ChangeResult of(GrpcHost host, String call, Map<String, String> parameters, Supplier<ChangeResult> change) {
        CallFacts facts = CallFacts.current();
        AuditLine line = new AuditLine(host, facts, call, parameters);
        ModelOperations models = host.operations().models();
        models.callFrom(Optional.of(facts.address()));
        // What the host logs on this thread meanwhile says for which call.
        MDC.put("request", facts.id());
        facts.trace().ifPresent(trace -> MDC.put(TraceParent.HEADER, trace));
        try {
            ChangeResult result = change.get();
            line.write(Status.Code.OK, result.sentence(), result.snapshot());
            return result;
        } catch (RuntimeException | Error e) {
            Status status = CallStatus.of(e);
            line.write(status.getCode(), String.valueOf(status.getDescription()), Optional.empty());
            throw status.asRuntimeException();
        } finally {
            models.callFrom(Optional.empty());
            MDC.remove("request");
            MDC.remove(TraceParent.HEADER);
        }
    }

    private void write(Status.Code status, String result, Optional<String> snapshot) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", host.clock().instant().toString());
        line.put("address", facts.address());
        facts.token().ifPresent(token -> line.put("token", token));
        line.put("call", "gRPC " + call);
        Map<String, Object> shown = new TreeMap<>();
        parameters.forEach((name, value) -> shown.put(
                name,
                ConfigKey.isSecret(name)
                        ? "***"
                        : OneLine.name(value.replaceFirst("//.*@", "//***@").replaceFirst("(?s)\\?.*", "?***"))));
        if (!shown.isEmpty()) {
            line.put("parameters", shown);
        }
        line.put("status", CallStatus.toHttp(status));
        line.put("result", OneLine.of((Object) result));
        snapshot.ifPresent(name -> line.put("snapshot", name));
        line.put("request", facts.id());
        facts.trace().ifPresent(trace -> line.put(TraceParent.HEADER, trace));
        host.entrance().audit().write(line);
    }
}
