package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.process.WorkerProcess;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * ONNX models, those that are to be so in processes of their workers: one that crashes, or never ends, costs itself alone. The
 * others run in the host.
 */
public final class OnnxProcessRuntime implements ModelRuntime {

    /** Whoever loads a model knows how long that may take, and interrupts. */
    private static final Duration UNTIL_INTERRUPTED = Duration.ofDays(1);

    private final OnnxRuntime onnx;
    private final boolean byDefault;
    private final WorkerDirectory directory;
    private final Map<String, String> environment;
    private final Path crashReports;
    private final AtomicInteger scouts = new AtomicInteger();

    /**
     * @param byDefault whether models run apart whose archives do not say it
     * @param directory of the host's workers
     * @param environment what processes find in theirs
     * @param crashReports where the JVM writes what it knows of a crash
     */
    public OnnxProcessRuntime(
            OnnxRuntime onnx,
            boolean byDefault,
            WorkerDirectory directory,
            Map<String, String> environment,
            Path crashReports) {
        this.onnx = onnx;
        this.byDefault = byDefault;
        this.directory = directory;
        this.environment = Map.copyOf(environment);
        this.crashReports = crashReports;
    }

    @Override
    public String name() {
        return onnx.name();
    }

    @Override
    public String supports() {
        return onnx.supports();
    }

    @Override
    public boolean runs(Archive archive) {
        return onnx.runs(archive);
    }

    @Override
    public boolean runs(String fileName) {
        return onnx.runs(fileName);
    }

    @Override
    public Optional<String> engine() {
        return onnx.engine();
    }

    private boolean isApart(Archive archive) {
        return archive.manifest().workerProcesses().orElse(byDefault);
    }

    @Override
    public boolean isNative(Archive archive) {
        return !isApart(archive);
    }

    @Override
    public long weightBytes(Archive archive) {
        return onnx.weightBytes(archive);
    }

    @Override
    public LoadedModel load(Archive archive) {
        if (!isApart(archive)) {
            return onnx.load(archive);
        }
        OnnxLaunch launch = new OnnxLaunch(
                archive.fileName(), OnnxRuntime.path(archive), onnx.threads(archive), environment, crashReports);
        // Workers are numbered from 9000 on.
        ProcessTerms terms = new ProcessTerms(
                archive.manifest().modelName(),
                archive.manifest().modelVersion(),
                scouts.decrementAndGet(),
                1,
                UNTIL_INTERRUPTED,
                () -> {});
        OnnxProcess scout =
                new OnnxProcess(new WorkerProcess(launch, terms, directory), Optional::empty, Optional::empty);
        try {
            scout.start();
            return new OnnxProcessModel(launch, directory, scout, onnx.weightBytes(archive));
        } catch (ProcessStartException e) {
            throw new ModelLoadException(
                    "Archive " + archive.fileName() + " cannot be loaded in a process of its own: " + OneLine.of(e), e);
        } catch (RuntimeException e) {
            scout.close();
            throw e;
        }
    }
}
