package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ExternalData;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX models by ONNX Runtime on the processor.
 *
 * <p>One session serves all workers of a model, each call on its caller's thread; so the number of workers is the number
 * of processors that a model takes, unless it gets threads of its own.
 *
 * <p>The native library is loaded with the first model. ONNX Runtime unpacks it from its jar into the temporary
 * directory (28 MB), and leaves it there when the process is killed. The system property {@code onnxruntime.native.path}
 * names a directory that holds {@code libonnxruntime.so} and {@code libonnxruntime4j_jni.so} already ({@code .dylib} on
 * macOS, {@code onnxruntime.dll} and {@code onnxruntime4j_jni.dll} on Windows); it must be set before the first load,
 * best on the command line of the host.
 */
public final class OnnxRuntime implements ModelRuntime {

    private static final long LOADER_STACK_BYTES = 512L << 20;

    private static final Logger log = LoggerFactory.getLogger(OnnxRuntime.class);

    private final int threads;

    /** One thread for each call: the caller's. */
    public OnnxRuntime() {
        this(1);
    }

    /**
     * @param threads how many threads may work on one call of a model that does not say it itself; more than 1 makes a single
     *     call of a large model faster, and many calls at once slower
     */
    public OnnxRuntime(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("The number of threads for a call must be 1 or more, not " + threads);
        }
        this.threads = threads;
    }

    @Override
    public String name() {
        return "onnx";
    }

    @Override
    public String supports() {
        return "ONNX models (.onnx)";
    }

    @Override
    public boolean runs(Archive archive) {
        Optional<String> file = archive.manifest().modelFile();
        String handler = archive.manifest().handler().orElse("onnx");
        return handler.equals("onnx") && file.filter(this::runs).isPresent();
    }

    @Override
    public boolean runs(String fileName) {
        return fileName.toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    @Override
    public Optional<String> engine() {
        return Optional.of(name());
    }

    @Override
    public boolean isNative(Archive archive) {
        return true;
    }

    @Override
    public long weightBytes(Archive archive) {
        try {
            return weightBytes(
                    archive.root().resolve(archive.manifest().modelFile().orElse("")));
        } catch (InvalidPathException e) {
            // Loading it says what is wrong.
            return 0;
        }
    }

    /** How large the file of a model is with those in which it keeps weights; 0 if that cannot be told. */
    private static long weightBytes(Path model) {
        try {
            long bytes = Files.size(model);
            for (Path data : ExternalData.of(model)) {
                bytes += Files.isRegularFile(data) ? Files.size(data) : 0;
            }
            return bytes;
        } catch (IOException | InvalidPathException e) {
            return 0;
        }
    }

    @Override
    public LoadedModel load(Archive archive) {
        return load(archive.fileName(), path(archive), threads(archive));
    }

    /** By its path, not by its bytes: ONNX Runtime then reads weights that lie beside the model, and only those. */
    static Path path(Archive archive) {
        String file = archive.manifest()
                .modelFile()
                .orElseThrow(() -> new ModelLoadException("Archive " + archive.fileName() + " names no model file"));
        return archive.root().resolve(file);
    }

    /**
     * Loads a model of a file.
     *
     * @param archive the archive's name, for messages
     */
    static OnnxModel load(String archive, Path path, int threadsForEachRun) {
        try {
            OrtEnvironment environment = environment();
            OrtSession session = open(environment, path, threadsForEachRun);
            try {
                return new OnnxModel(environment, session, archive, path, weightBytes(path));
            } catch (OrtException | RuntimeException e) {
                session.close();
                throw e;
            }
        } catch (OrtException e) {
            throw new ModelLoadException(
                    "Archive " + archive + ": " + OneLine.name(String.valueOf(path.getFileName()))
                            + " cannot be loaded as an ONNX model: "
                            + OneLine.reason(String.valueOf(e.getMessage())),
                    e);
        }
    }

    int threads(Archive archive) {
        OptionalInt own = archive.manifest().nativeThreads();
        if (own.isPresent()) {
            log.info(
                    "Archive {}: {} native threads for each run (nativeThreads of its manifest; native_threads is {})",
                    archive.fileName(),
                    own.getAsInt(),
                    threads);
        }
        return own.orElse(threads);
    }

    private static OrtSession open(OrtEnvironment environment, Path path, int threadsForEachRun) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threadsForEachRun);
            options.setInterOpNumThreads(1);
            if (threadsForEachRun > 1) {
                // Threads that spin while they wait take the processors of the other workers.
                options.addConfigEntry("session.intra_op.allow_spinning", "0");
            }
            return environment.createSession(path.toString(), options);
        }
    }

    /** The library's own singleton; what it would print, the exceptions say as well. */
    private static OrtEnvironment environment() {
        try {
            return Environment.SHARED;
        } catch (LinkageError e) {
            throw new ModelLoadException(
                    "ONNX Runtime's native library cannot be loaded; does onnxruntime.native.path, or the temporary"
                            + " directory, allow execution and fit this machine? " + rootMessage(e),
                    e);
        }
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /** The environment, made when a model is first loaded. */
    private static final class Environment {
        private static final OrtEnvironment SHARED = loadOnALargeStack();
    }

    /**
     * Loads the native library.
     *
     * <p>ONNX Runtime 1.29 reports to its maker unless the environment variable ORT_DISABLE_TELEMETRY is set when it is
     * loaded; the launcher sets it, and what starts without the launcher switches it off as early as can be. Its report
     * matches the process's command line with a regular expression whose recursion overflows an ordinary stack, which
     * kills the process, when that line is longer than about 3,000 characters; hence the thread with a large one.
     */
    private static OrtEnvironment loadOnALargeStack() {
        CompletableFuture<OrtEnvironment> loaded = new CompletableFuture<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        OrtEnvironment environment =
                                OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "holdfast");
                        environment.setTelemetry(false);
                        loaded.complete(environment);
                    } catch (OrtException | RuntimeException | LinkageError e) {
                        loaded.completeExceptionally(e);
                    }
                },
                "onnxruntime-loader",
                LOADER_STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
        return loaded.join();
    }
}
