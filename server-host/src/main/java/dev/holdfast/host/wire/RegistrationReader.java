package dev.holdfast.host.wire;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Turns the parameters of {@code POST /models} into a registration. */
public final class RegistrationReader {

    private static final Set<String> RUNTIME_TYPES = Set.of("python", "python3", "LSP");

    private RegistrationReader() {}

    /**
     * @throws ApiFailure if the url is missing or a value breaks its rule
     */
    public static Registration read(Parameters parameters) {
        if (!parameters.has("url")) {
            throw new ApiFailure(Kind.BAD_REQUEST, "Parameter url is required.");
        }
        String url = parameters.text("url").orElseThrow(() -> new ApiFailure(Kind.MODEL_NOT_FOUND, "empty url"));
        return new Registration(
                url,
                parameters.text("model_name").map(name -> SafeNames.check("Model name", name)),
                parameters.text("handler"),
                parameters.text("runtime").map(RegistrationReader::runtimeType),
                initialWorkers(parameters),
                parameters.number("batch_size"),
                boxed(parameters.number("max_batch_delay")).map(Duration::ofMillis),
                boxed(parameters.number("response_timeout")).map(Duration::ofSeconds),
                boxed(parameters.number("startup_timeout")).map(Duration::ofSeconds),
                parameters.text("batching").map(RegistrationReader::batching));
    }

    /** Checked here, because further on it is a min_worker. */
    private static OptionalInt initialWorkers(Parameters parameters) {
        OptionalInt workers = parameters.number("initial_workers");
        if (workers.isPresent() && (workers.getAsInt() < 0 || workers.getAsInt() > ServedVersion.MOST_WORKERS)) {
            throw new ApiFailure(
                    Kind.BAD_REQUEST,
                    "initial_workers " + workers.getAsInt() + " must be from 0 to " + ServedVersion.MOST_WORKERS + ".");
        }
        return workers;
    }

    private static Batching batching(String value) {
        return Batching.of(value)
                .orElseThrow(() -> new ApiFailure(
                        Kind.BAD_REQUEST,
                        "Parameter batching '" + OneLine.name(value) + "' must be " + Batching.NAMES + "."));
    }

    private static String runtimeType(String value) {
        if (!RUNTIME_TYPES.contains(value)) {
            throw new ApiFailure(Kind.BAD_REQUEST, "Invalid RuntimeType value: " + OneLine.name(value));
        }
        return value;
    }

    private static Optional<Long> boxed(OptionalInt number) {
        return number.isPresent() ? Optional.of((long) number.getAsInt()) : Optional.empty();
    }
}
