package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.runtime.HandlerRuntime;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Recurrent ONNX models, for speech, text or sensors: the host keeps for each session the outputs that the next call takes
 * as inputs.
 *
 * <p>An archive has the handler {@code onnx-session}, an ONNX model as its model file, and beside it {@code session.json},
 * which {@link SessionSettings} describes.
 */
public final class OnnxSessionRuntime extends HandlerRuntime {

    static final String NAME = OnnxSessionModel.RUNTIME;

    private final OnnxRuntime onnx;
    private final LongSupplier nanos;

    /** @param nanos tells how long sessions have been idle, as {@link System#nanoTime} does */
    public OnnxSessionRuntime(OnnxRuntime onnx, LongSupplier nanos) {
        super(NAME);
        this.onnx = onnx;
        this.nanos = nanos;
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
        if (archive.manifest().workerProcesses().orElse(false)) {
            throw new ModelLoadException("Archive " + archive.fileName() + " says workerProcesses, which models with"
                    + " sessions cannot have: what they carry is in the host. Leave it away");
        }
        SessionSettings settings = SessionSettings.read(archive);
        LoadedModel model = onnx.load(archive);
        try {
            return new OnnxSessionModel(archive.fileName(), model, settings, digest(archive), nanos);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** What other weights have carried means nothing to these. */
    private static String digest(Archive archive) {
        String file = archive.manifest().modelFile().orElseThrow();
        try {
            return Sha256.of(archive.root().resolve(file));
        } catch (IOException e) {
            throw new ModelLoadException(
                    "Archive " + archive.fileName() + ": " + OneLine.name(file) + " cannot be read: " + OneLine.of(e),
                    e);
        }
    }
}
