package dev.holdfast.host.serving;

import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** What a registration may ask for, and what stands for what it leaves out. */
record RegistrationRules(ServingDefaults defaults) {

    /**
     * Looks at all that needs no archive, which may take long to fetch.
     *
     * @param current what is served
     * @throws ServingException if a name or a number breaks its rule
     */
    void check(Registration registration, ServingState current) {
        if (current.versionCount() >= ServingState.MOST_REGISTERED) {
            throw new ServingException(
                    Kind.CONFLICT,
                    "There are " + current.versionCount()
                            + " model versions, as many as a host serves; unregister some.");
        }
        registration.modelName().ifPresent(name -> checkName("Model name", name));
        registration.handler().ifPresent(handler -> checkText("handler", handler));
        registration.runtimeType().ifPresent(runtime -> checkText("runtime", runtime));
        wanted(registration, "", "", "", ModelConfig.NONE);
    }

    static String checkName(String what, String name) {
        if (!ModelNames.isAllowed(name)) {
            throw new ServingException(
                    Kind.BAD_REQUEST, what + " '" + OneLine.name(name) + "' must " + ModelNames.RULE + ".");
        }
        return name;
    }

    private static void checkText(String what, String text) {
        if (!ModelNames.isLabel(text)) {
            throw new ServingException(
                    Kind.BAD_REQUEST, what + " '" + OneLine.name(text) + "' must be " + ModelNames.LABEL_RULE + ".");
        }
    }

    /**
     * How the version is to be served.
     *
     * @param fileName the archive's
     * @param runtime the archive's, for a registration that names none
     * @param config the archive's, for what the registration leaves open
     * @throws ServingException if a number breaks its rule
     */
    ServedVersion wanted(
            Registration registration, String fileName, String runtime, String sha256, ModelConfig config) {
        OptionalInt asked = registration.initialWorkers();
        return new ServedVersion(
                fileName,
                asked.orElseGet(() -> config.minWorkersOr(defaults.workers())),
                asked.orElseGet(() -> config.maxWorkersOr(defaults.workers())),
                registration.batchSize().orElseGet(() -> config.batchSize().orElse(1)),
                registration.maxBatchDelay().or(config::maxBatchDelay).orElse(Duration.ofMillis(100)),
                registration.responseTimeout().or(config::responseTimeout).orElse(defaults.responseTimeout()),
                registration.startupTimeout().or(config::startupTimeout).orElse(defaults.startupTimeout()),
                registration.runtimeType().orElse(runtime),
                registration.handler(),
                registration.location().contains("://") ? Optional.of(registration.location()) : Optional.empty(),
                Optional.of(sha256),
                Optional.empty(),
                registration.batching().orElse(Batching.AUTO));
    }
}
