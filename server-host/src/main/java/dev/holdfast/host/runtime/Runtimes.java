package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The runtimes of a host, in the order in which they are asked for an archive. */
public final class Runtimes {

    private final List<ModelRuntime> runtimes;

    public Runtimes(List<ModelRuntime> runtimes) {
        this.runtimes = List.copyOf(runtimes);
    }

    /** The names of the runtimes, in their order. */
    public List<String> names() {
        return runtimes.stream().map(ModelRuntime::name).toList();
    }

    /** The first runtime that runs the archive; empty if none does. */
    public Optional<ModelRuntime> of(Archive archive) {
        return runtimes.stream().filter(runtime -> runtime.runs(archive)).findFirst();
    }

    /** The engine that runs the archive; empty if none does, or a handler that stands in for one of TorchServe's. */
    public Optional<String> engine(Archive archive) {
        return of(archive).flatMap(ModelRuntime::engine);
    }

    /** The same of an archive of which the name alone is known; empty also where that does not say it. */
    public Optional<String> engine(String fileName) {
        return runtimes.stream()
                .filter(runtime -> runtime.runs(fileName))
                .findFirst()
                .flatMap(ModelRuntime::engine);
    }

    /** Whether native code in the host's process runs the archive. */
    public boolean isNative(Archive archive) {
        return of(archive).filter(runtime -> runtime.isNative(archive)).isPresent();
    }

    /** How many bytes of weights the archive brings into memory; 0 where nothing is known. */
    public long weightBytes(Archive archive) {
        return of(archive).map(runtime -> runtime.weightBytes(archive)).orElse(0L);
    }

    /**
     * Loads a model by the first runtime that runs its archive. The archive stays the caller's: to be kept open until the
     * model is closed, and closed then.
     *
     * @throws ModelLoadException if no runtime runs it, saying why and which models are run, or if it cannot be loaded
     */
    public LoadedModel load(Archive archive) {
        return of(archive)
                .orElseThrow(() -> new ModelLoadException(
                        "Archive " + archive.fileName() + ": " + why(archive) + "; supported are " + supported()))
                .load(archive);
    }

    private String supported() {
        return runtimes.stream().map(ModelRuntime::supports).collect(Collectors.joining(" and "));
    }

    private static String why(Archive archive) {
        Optional<String> handler = archive.manifest().handler();
        Optional<String> file = archive.manifest().modelFile();
        String runtime = archive.manifest().runtime().orElse("").toLowerCase(Locale.ROOT);
        if (handler.isPresent() && (runtime.startsWith("python") || isPythonFile(handler.get()))) {
            return "handler '" + OneLine.name(handler.get()) + "' is Python, which is not run here";
        }
        if (handler.isPresent()) {
            return "handler '" + OneLine.name(handler.get()) + "' is not known here";
        }
        return file.map(name -> "model file '" + OneLine.name(name) + "' is of a kind that is not run here")
                .orElse(
                        "it names neither a model file nor a handler; name one when it is registered, by handler=FILE.py");
    }

    private static boolean isPythonFile(String handler) {
        return handler.split(":", 2)[0].endsWith(".py");
    }
}
