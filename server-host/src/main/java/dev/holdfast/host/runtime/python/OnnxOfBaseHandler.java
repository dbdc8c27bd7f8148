package dev.holdfast.host.runtime.python;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelRuntime;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX models of archives that TorchServe's archiver made, where nobody can run their handler: it takes no archive without
 * one, and so those that need none name {@code base_handler}. To be asked after {@link PythonRuntime}, which runs that
 * handler where the package torchserve is there.
 */
public final class OnnxOfBaseHandler implements ModelRuntime {

    static final String HANDLER = "base_handler";

    private static final Logger log = LoggerFactory.getLogger(OnnxOfBaseHandler.class);

    private final ModelRuntime onnx;

    /** @param onnx runs the models */
    public OnnxOfBaseHandler(ModelRuntime onnx) {
        this.onnx = onnx;
    }

    static boolean hasModel(Archive archive) {
        return archive.manifest()
                .modelFile()
                .filter(file -> file.toLowerCase(Locale.ROOT).endsWith(".onnx"))
                .isPresent();
    }

    static boolean is(Archive archive) {
        return hasModel(archive)
                && archive.manifest()
                        .handler()
                        .filter(handler -> handler.equals(HANDLER) || handler.equals(HANDLER + ".py"))
                        .isPresent();
    }

    @Override
    public String name() {
        return onnx.name();
    }

    @Override
    public String supports() {
        return "ONNX models with the handler " + HANDLER;
    }

    @Override
    public boolean runs(Archive archive) {
        return is(archive);
    }

    @Override
    public Optional<String> engine() {
        return onnx.engine();
    }

    @Override
    public boolean isNative(Archive archive) {
        return onnx.isNative(archive);
    }

    @Override
    public long weightBytes(Archive archive) {
        return onnx.weightBytes(archive);
    }

    @Override
    public LoadedModel load(Archive archive) {
        log.info(
                "Archive {}: its handler {} is part of the package torchserve, which no Python here has; its ONNX model runs"
                        + " without it, as with handler=onnx",
                archive.fileName(),
                HANDLER);
        return onnx.load(archive);
    }
}
