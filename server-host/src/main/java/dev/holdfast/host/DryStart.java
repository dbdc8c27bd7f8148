package dev.holdfast.host;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.archive.StoresByKind;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.runtime.BuiltInRuntime;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import dev.holdfast.host.runtime.onnx.OnnxRuntime;
import dev.holdfast.host.runtime.onnx.OnnxSessionRuntime;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.python.OnnxOfBaseHandler;
import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.host.runtime.python.WorkerMetrics;
import dev.holdfast.host.serving.MemoryAdmission;
import dev.holdfast.host.serving.MemoryLeft;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.workflow.WorkflowRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a start would do, found out without one: the configuration, the plugins and the snapshot are those that a start would
 * take, by the same code; archives are opened and their digests and runtimes are looked at. No model is loaded, no handler
 * runs, no port is taken. The journal is read from a copy, and nothing is written but in a temporary directory that goes
 * again.
 */
public final class DryStart {

    /** Chunks of what models have learned; a start does not read them to find out what to restore. */
    private static final Set<String> NOT_COPIED = Set.of("chunks", "states", "temp", "reserve");

    private final StartOptions options;
    private final Path temporary;

    /**
     * A model version that would be served.
     *
     * @param what runs it; empty if it would fail
     * @param failure why it would fail
     */
    public record Model(String name, String version, String archive, Optional<String> what, Optional<String> failure) {}

    /**
     * What a start would do.
     *
     * @param refusal why there would be none; what else is told is what was found out before
     * @param source where the models come from, in words
     * @param store where snapshots would go; empty if they are switched off
     * @param mode how the host would stand with that store
     * @param keysWithoutEffect configuration keys of TorchServe that have no effect here
     * @param unknownKeys configuration keys that nobody knows
     * @param notices what a start would tell its operator besides
     */
    public record Report(
            Optional<String> refusal,
            String source,
            Optional<String> store,
            String group,
            String mode,
            List<Model> models,
            List<PluginStatus> plugins,
            SortedSet<String> keysWithoutEffect,
            SortedSet<String> unknownKeys,
            List<String> notices) {

        /** Whether there would be a host, and every model would be loaded as far as can be seen. */
        public boolean isGood() {
            return refusal.isEmpty()
                    && models.stream().allMatch(model -> model.failure().isEmpty());
        }

        private static Report refused(ConfigException why) {
            return new Report(
                    Optional.of(String.valueOf(why.getMessage())),
                    "",
                    Optional.empty(),
                    "",
                    "",
                    List.of(),
                    List.of(),
                    new TreeSet<>(),
                    new TreeSet<>(),
                    List.of());
        }

        private Report refusedFor(String why) {
            return new Report(
                    Optional.of(why),
                    source,
                    store,
                    group,
                    mode,
                    models,
                    plugins,
                    keysWithoutEffect,
                    unknownKeys,
                    notices);
        }
    }

    private DryStart(StartOptions options, Path temporary) {
        this.options = options;
        this.temporary = temporary;
    }

    /**
     * Looks at what a start with these options would do.
     *
     * @throws UncheckedIOException if the temporary directory cannot be written
     */
    public static Report of(StartOptions options) {
        try {
            Path temporary = Files.createTempDirectory("holdfast-dry");
            try {
                return new DryStart(options, temporary).report();
            } finally {
                FileTrees.delete(temporary);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("A dry start needs the temporary directory: " + e, e);
        }
    }

    private Report report() throws IOException {
        for (String part : List.of("journal", "spool")) {
            copy(options.logLocation().resolve(part), temporary.resolve(part));
        }
        try (Lifecycle lifecycle = new Lifecycle()) {
            StartState begin = StartState.with(
                    options,
                    lifecycle,
                    config -> new Persistence(config, options.logLocation(), temporary, CallWatch.NONE));
            return report(begin);
        } catch (ConfigException e) {
            return Report.refused(e);
        }
    }

    private Report report(StartState begin) {
        HostConfig config = begin.config();
        List<String> notices = new ArrayList<>(begin.notes());
        notices.addAll(begin.start().notices());
        notices.addAll(begin.remarks());
        List<Model> models = new ArrayList<>();
        Optional<String> refusal = Optional.empty();
        try {
            models.addAll(models(begin, config, notices));
        } catch (ConfigException e) {
            refusal = Optional.of(String.valueOf(e.getMessage()));
        }
        Report report = new Report(
                refusal,
                begin.source(),
                begin.persistence().map(Persistence::storeName),
                config.snapshots().group(),
                begin.start().mode().name(),
                List.copyOf(models),
                begin.persistence().map(Persistence::plugins).orElse(List.of()),
                config.keysWithoutEffect(),
                config.unknownKeys(),
                List.copyOf(notices));
        return config.snapshots().strictRestore() && refusal.isEmpty() && !report.isGood()
                ? report.refusedFor("--restore strict: a model could not be loaded")
                : report;
    }

    private List<Model> models(StartState begin, HostConfig config, List<String> notices) {
        try (StoresByKind archives = ConfiguredArchives.open(config, temporary.resolve("work"), UrlPolicy.storeOnly());
                WorkerDirectory workers = new WorkerDirectory(temporary, temporary)) {
            ServingState state = begin.restored().orElseGet(() -> initial(config, archives, notices));
            PythonRuntime python = ConfiguredPython.runtime(config, WorkerMetrics.NONE, workers, temporary);
            OnnxRuntime onnx = new OnnxRuntime(1);
            Runtimes runtimes = new Runtimes(List.of(
                    onnx,
                    new OnnxSessionRuntime(onnx, System::nanoTime),
                    new RandomCutForestRuntime(),
                    new BuiltInRuntime(),
                    new WorkflowRuntime(),
                    python,
                    new OnnxOfBaseHandler(onnx)));
            MemoryAdmission memory = config.models().memoryAdmission()
                    ? new MemoryAdmission(runtimes::weightBytes, new MemoryLeft())
                    : MemoryAdmission.off();
            List<Model> models = new ArrayList<>();
            state.models()
                    .forEach((name, model) -> model.versions()
                            .forEach((version, wanted) -> models.add(look(
                                    name,
                                    version,
                                    wanted,
                                    archives,
                                    runtimes,
                                    python,
                                    memory,
                                    config.models().acceptsArchiveChanges(),
                                    config.snapshots().sharesArchives()))));
            return models;
        }
    }

    /** What is to be fetched is not: it would be written into the model store. */
    private static ServingState initial(HostConfig config, ModelStore archives, List<String> notices) {
        Map<Boolean, List<String>> wanted = new TreeMap<>();
        config.models()
                .loadModels()
                .forEach(entry -> wanted.computeIfAbsent(entry.contains("://"), fetched -> new ArrayList<>())
                        .add(entry));
        wanted.getOrDefault(true, List.of())
                .forEach(entry -> notices.add("Not looked at, for a start would fetch it: "
                        + OneLine.of(ServedVersion.withoutSecrets(entry))));
        return new InitialModels(config, archives).state(wanted.getOrDefault(false, List.of()));
    }

    private static Model look(
            String name,
            String version,
            ServedVersion wanted,
            ModelStore archives,
            Runtimes runtimes,
            PythonRuntime python,
            MemoryAdmission memory,
            boolean acceptsChanges,
            boolean fetchesShared) {
        try (Archive archive = archives.open(wanted.archive())) {
            Optional<String> other = wanted.archiveSha256().filter(known -> !known.isEmpty() && !archive.is(known));
            if (other.isPresent() && !acceptsChanges) {
                return failing(
                        name,
                        version,
                        wanted,
                        "the archive's SHA-256 is " + archive.sha256()
                                + ", and that of the one which was registered is " + other.get());
            }
            Optional<ModelRuntime> runtime = runtimes.of(archive);
            if (wanted.handler().isEmpty() && (runtime.isEmpty() || runtime.get() == python)) {
                // Looks at what can be seen from outside, and says why not; nothing of it is started.
                runtimes.load(archive).close();
            }
            memory.hold(name, version, archive);
            return new Model(
                    name,
                    version,
                    wanted.archive(),
                    Optional.of(runtime.map(ModelRuntime::name).orElse(python.name())),
                    Optional.empty());
        } catch (ArchiveException e) {
            return e.reason() == ArchiveException.Reason.NOT_FOUND
                    ? fetchedFrom(wanted, fetchesShared)
                            .map(from -> new Model(
                                    name,
                                    version,
                                    wanted.archive(),
                                    Optional.of("fetched again from " + from),
                                    Optional.empty()))
                            .orElseGet(() -> failing(name, version, wanted, OneLine.of(e)))
                    : failing(name, version, wanted, OneLine.of(e));
        } catch (ModelLoadException | ServingException e) {
            return failing(name, version, wanted, OneLine.of(e));
        }
    }

    /** Where a start would fetch an archive from that is not here. */
    private static Optional<String> fetchedFrom(ServedVersion wanted, boolean fetchesShared) {
        return wanted.shared()
                .filter(chunks -> fetchesShared)
                .map(chunks -> "the snapshot store")
                .or(() -> wanted.url().map(url -> OneLine.of(ServedVersion.withoutSecrets(url))));
    }

    private static Model failing(String name, String version, ServedVersion wanted, String why) {
        return new Model(name, version, wanted.archive(), Optional.empty(), Optional.of(why));
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!Files.isDirectory(from)) {
            return;
        }
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                if (NOT_COPIED.contains(String.valueOf(directory.getFileName()))) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(from.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile() && !NOT_COPIED.contains(String.valueOf(file.getFileName()))) {
                    Files.copy(file, to.resolve(from.relativize(file)));
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
