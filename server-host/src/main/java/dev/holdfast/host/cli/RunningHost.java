package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.Host;
import dev.holdfast.host.config.ListenAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/**
 * What a host says of itself in its run file.
 *
 * @param started when it was ready, for people to read
 * @param inference the address, as {@code http://host:port}
 * @param grpcInference the address, as {@code host:port}; empty where it is not answered, as with the other one
 */
record RunningHost(
        ProcessIdentity process,
        Instant started,
        String inference,
        String management,
        String metrics,
        Optional<String> grpcInference,
        Optional<String> grpcManagement,
        Path logLocation,
        Path keyFile) {

    /** A host that answers nothing over gRPC. */
    RunningHost(
            ProcessIdentity process,
            Instant started,
            String inference,
            String management,
            String metrics,
            Path logLocation,
            Path keyFile) {
        this(
                process,
                started,
                inference,
                management,
                metrics,
                Optional.empty(),
                Optional.empty(),
                logLocation,
                keyFile);
    }

    /** The note of a host in this process. */
    static RunningHost of(Host host, Path logLocation, Clock clock) {
        return new RunningHost(
                ProcessIdentity.current(),
                clock.instant(),
                host.inferenceAddress().toString(),
                host.managementAddress().toString(),
                host.metricsAddress().toString(),
                host.grpcInferenceAddress().map(ListenAddress::authority),
                host.grpcManagementAddress().map(ListenAddress::authority),
                logLocation,
                host.keyFile().toAbsolutePath());
    }

    ObjectNode toJson() {
        ObjectNode json = CommandJson.object();
        json.put("pid", process.pid());
        json.put("birth", process.birth());
        json.put("started", started.toString());
        json.put("inference_address", inference);
        json.put("management_address", management);
        json.put("metrics_address", metrics);
        grpcInference.ifPresent(address -> json.put("grpc_inference_address", address));
        grpcManagement.ifPresent(address -> json.put("grpc_management_address", address));
        json.put("log_location", logLocation.toString());
        json.put("key_file", keyFile.toString());
        return json;
    }

    /** @throws RuntimeException if something is missing or damaged */
    static RunningHost of(JsonNode json) {
        return new RunningHost(
                new ProcessIdentity(json.required("pid").longValue(), text(json, "birth")),
                Instant.parse(text(json, "started")),
                text(json, "inference_address"),
                text(json, "management_address"),
                text(json, "metrics_address"),
                textIfThere(json, "grpc_inference_address"),
                textIfThere(json, "grpc_management_address"),
                Path.of(text(json, "log_location")),
                Path.of(text(json, "key_file")));
    }

    /** What a host of an older release does not say. */
    private static Optional<String> textIfThere(JsonNode json, String name) {
        return json.has(name) ? Optional.of(text(json, name)) : Optional.empty();
    }

    private static String text(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(name + " is no text");
        }
        return value.textValue();
    }

    /** One line for a list of hosts. */
    String toLine() {
        return "  pid " + process.pid() + "  " + management + "  " + logLocation;
    }
}
