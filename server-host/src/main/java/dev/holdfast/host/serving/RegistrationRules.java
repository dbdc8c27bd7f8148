package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
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

    /** A version that is to be registered, under its names. */
    record Wanted(String model, String version, ServedVersion state) {}

    /**
     * How an archive is to be served, and under which names; what the registration leaves open is the archive's.
     *
     * @throws ServingException if a name or a number breaks its rule
     */
    Wanted wanted(Registration registration, Archive archive) {
        ArchiveManifest manifest = archive.manifest();
        return new Wanted(
                checkName("Model name", registration.modelName().orElse(manifest.modelName())),
                checkName("Model version", manifest.modelVersion()),
                wanted(
                        registration,
                        archive.fileName(),
                        manifest.runtime().orElse("python"),
                        archive.sha256(),
                        manifest.config()));
    }

    private ServedVersion wanted(
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
