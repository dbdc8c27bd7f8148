package dev.holdfast.host;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.WarmUpRequest;
import dev.holdfast.host.http.PredictionBody;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ModelLoader;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads models, and has each answer the prediction that its archive names for that, so that no caller is the first one.
 *
 * @param runtimes load a model without that
 */
record WarmedModels(Runtimes runtimes) implements ModelLoader {

    private static final Logger log = LoggerFactory.getLogger(WarmedModels.class);

    @Override
    public LoadedModel load(Archive archive) {
        return runtimes.load(archive);
    }

    @Override
    public Optional<String> engine(Archive archive) {
        return runtimes.engine(archive);
    }

    @Override
    public Optional<String> engine(String fileName) {
        return runtimes.engine(fileName);
    }

    @Override
    public void warmUp(Archive archive, LoadedModel model) {
        archive.manifest().warmUp().ifPresent(request -> warmUp(archive.fileName(), model, request));
    }

    private static void warmUp(String archive, LoadedModel model, WarmUpRequest request) {
        long started = System.nanoTime();
        long updates = updates(model);
        try {
            List<Tensor> inputs = PredictionBody.read(request.body(), model.signature());
            model.check(inputs);
            if (!(model instanceof ProcessModel processes)) {
                model.predict(List.of(inputs));
            } else if (!processes.warmUp(inputs)) {
                log.warn(
                        "Archive {}: the warm-up request of its manifest is not run, for its handler takes no tensors",
                        archive);
                return;
            }
        } catch (RuntimeException e) {
            throw new ModelLoadException(
                    "Archive " + archive + ": the warm-up request of its manifest failed: " + OneLine.of(e), e);
        }
        if (updates(model) != updates) {
            throw new ModelLoadException(
                    "Archive " + archive
                            + ": the warm-up request of its manifest changes what the model has learned; name one that does not");
        }
        log.info("Archive {}: the warm-up request took {} ms", archive, (System.nanoTime() - started) / 1_000_000);
    }

    private static long updates(LoadedModel model) {
        return model instanceof StatefulModel stateful ? stateful.updates() : 0;
    }
}
