package dev.holdfast.host.runtime.python;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models with Python handlers, as TorchServe runs them: the archive's code, in a process for each worker.
 *
 * <p>The process runs TorchServe's own worker where the chosen Python has the packages that it needs, and else one that is
 * part of Holdfast and needs none.
 */
public final class PythonRuntime implements ModelRuntime {

    static final String NAME = PythonModel.RUNTIME;

    private static final Logger log = LoggerFactory.getLogger(PythonRuntime.class);

    /** Handlers that the package torchserve has, and needs torch for. */
    private static final Set<String> OF_TORCHSERVE = Set.of(
            "base_handler",
            "dali_image_classifier",
            "image_classifier",
            "image_segmenter",
            "object_detector",
            "text_classifier",
            "trt_llm_handler",
            "vllm_handler");

    private static final Duration LONGEST_INSTALLATION = Duration.ofMinutes(10);

    private final PythonSettings settings;
    private final WorkerDirectory directory;

    /** Found when the first model needs it; guarded by this. */
    private @Nullable PythonInterpreter interpreter;

    /** @param directory of the host's workers */
    public PythonRuntime(PythonSettings settings, WorkerDirectory directory) {
        this.settings = settings;
        this.directory = directory;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String supports() {
        return "Python handlers";
    }

    /** Whatever has a handler that no other runtime has taken for its own. */
    @Override
    public boolean runs(Archive archive) {
        Optional<String> handler = handler(archive).filter(named -> !named.equals("onnx"));
        return handler.isPresent() && !(OnnxOfBaseHandler.is(archive) && lacksTorchServe(archive));
    }

    /** Whether TorchServe's own handlers cannot be run, so that an ONNX model is better off without them. */
    private boolean lacksTorchServe(Archive archive) {
        if (isFile(archive, OnnxOfBaseHandler.HANDLER + ".py")) {
            return false;
        }
        try {
            return !settings.handlers() || python("").torchServe().isEmpty();
        } catch (ModelLoadException e) {
            return true;
        }
    }

    private Optional<String> handler(Archive archive) {
        return OnnxOfBaseHandler.hasModel(archive)
                ? archive.manifest().handler()
                : archive.manifest().handler().or(settings::defaultHandler);
    }

    @Override
    public LoadedModel load(Archive archive) {
        String handler = handler(archive).orElse("");
        String shown = "Archive " + archive.fileName() + ": its handler '" + OneLine.name(handler) + "' is Python";
        if (!settings.handlers()) {
            throw new ModelLoadException(
                    shown + ", and python_handlers=false says that none is run here. Set it to true, or"
                            + withoutPython(archive));
        }
        String runtime = archive.manifest().runtime().orElse(NAME);
        if (!runtime.toLowerCase(Locale.ROOT).startsWith(NAME)) {
            throw new ModelLoadException("Archive " + archive.fileName() + " is made for the runtime '"
                    + OneLine.name(runtime) + "', which is not run here; python and python3 are");
        }
        PythonInterpreter python;
        try {
            python = python(shown);
        } catch (ModelLoadException e) {
            throw new ModelLoadException(e.getMessage() + "; or" + withoutPython(archive), e);
        }
        requireThere(archive, handler, python);
        WorkerPlan plan = new WorkerPlan(
                archive.fileName(),
                archive.root(),
                handler,
                archive.manifest().envelope().orElse(settings.envelope()),
                weightsOfAWorker(archive),
                archive.manifest().config().values(),
                python,
                settings);
        if (archive.manifest().config().wantsGpu()) {
            log.warn(
                    "Archive {}: its configuration file asks for a GPU by deviceType or deviceIds; its handler gets none"
                            + " here, and runs on the processor",
                    archive.fileName());
        }
        log.info(
                "Archive {}: handler {} runs in Python {} ({}), by the worker of {}",
                archive.fileName(),
                OneLine.name(handler),
                python.version(),
                python.executable(),
                python.torchServe().isPresent() ? "the package torchserve" : "Holdfast");
        return new PythonModel(plan, directory, packages(archive, plan));
    }

    private static long weightsOfAWorker(Archive archive) {
        try {
            Optional<String> file = archive.manifest().modelFile().filter(name -> !name.endsWith(".py"));
            return file.isPresent() ? Files.size(archive.root().resolve(file.get())) : 0;
        } catch (IOException | InvalidPathException e) {
            return 0;
        }
    }

    private Optional<RequiredPackages> packages(Archive archive, WorkerPlan plan) {
        Optional<String> file = archive.manifest().requirementsFile();
        if (file.isPresent() && !settings.installPackages()) {
            log.warn(
                    "Archive {}: what its requirementsFile '{}' names is not installed, because install_py_dep_per_model is"
                            + " false; it must be there for {}",
                    archive.fileName(),
                    OneLine.name(file.get()),
                    plan.python().executable());
            return Optional.empty();
        }
        return file.map(required -> new RequiredPackages(plan, required, directory, LONGEST_INSTALLATION));
    }

    /** What the handler of an archive imports and its Python lacks; nothing of it is run. */
    public List<String> lackingImports(Archive archive) {
        return handler(archive)
                .map(handler -> HandlerImports.lacking(archive, handler, python(""), settings))
                .orElse(List.of());
    }

    /**
     * Which Python runs handlers, in words.
     *
     * @throws ModelLoadException if there is none
     */
    public String pythonInWords() {
        PythonInterpreter python = python("There");
        return python.version() + " (" + python.executable() + "), by the worker of "
                + python.torchServe()
                        .map(own -> ("torchserve " + own.version()).strip())
                        .orElse("Holdfast");
    }

    private synchronized PythonInterpreter python(String shown) {
        if (interpreter == null) {
            try {
                interpreter = PythonInterpreter.find(settings);
            } catch (ModelLoadException e) {
                throw new ModelLoadException(shown + ", and " + e.getMessage(), e);
            }
        }
        return interpreter;
    }

    /** What can be seen without running anything is said before anything runs. */
    private static void requireThere(Archive archive, String handler, PythonInterpreter python) {
        String file = handler.split(":", 2)[0];
        String what = "Archive " + archive.fileName() + " names the handler '" + OneLine.name(handler) + "'";
        if (OF_TORCHSERVE.contains(file) && python.torchServe().isEmpty() && !isFile(archive, file + ".py")) {
            throw new ModelLoadException(what + ", which is part of the package torchserve: install torchserve, torch,"
                    + " pyyaml and psutil for " + python.executable() + ", or name another Python with python=/path; or"
                    + withoutPython(archive));
        }
        if (file.startsWith("/") || List.of(file.split("/", -1)).contains("..")) {
            throw new ModelLoadException(what + "; a handler's path is relative to the archive, without '..'");
        }
        if (file.endsWith(".py") && !isFile(archive, file)) {
            throw new ModelLoadException(what + ", and has no file " + OneLine.name(file));
        }
    }

    /** The way that needs no Python. */
    private static String withoutPython(Archive archive) {
        return OnnxOfBaseHandler.hasModel(archive)
                ? " register the archive with handler=onnx: then its ONNX model runs here, without what its handler does"
                : " export the model to ONNX, by torch.onnx.export, and name the handler onnx";
    }

    private static boolean isFile(Archive archive, String file) {
        try {
            return Files.isRegularFile(archive.root().resolve(file));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
