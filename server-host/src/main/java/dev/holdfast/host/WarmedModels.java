package dev.holdfast.host;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.WarmUpRequest;
import dev.holdfast.host.http.PredictionBody;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads models, and has each answer the prediction that its archive names for that, so that no caller is the first one.
 *
 * @param loader loads a model without that
 */
record WarmedModels(Function<Archive, LoadedModel> loader) implements Function<Archive, LoadedModel> {

    private static final Logger log = LoggerFactory.getLogger(WarmedModels.class);

    /** @throws ModelLoadException if the model cannot be loaded, or does not answer */
    @Override
    public LoadedModel apply(Archive archive) {
        LoadedModel model = loader.apply(archive);
        // A model of processes is loaded later, in each of them.
        if (archive.manifest().warmUp().isEmpty() || model instanceof ProcessModel) {
            return model;
        }
        try {
            warmUp(archive.fileName(), model, archive.manifest().warmUp().get());
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static void warmUp(String archive, LoadedModel model, WarmUpRequest request) {
        long started = System.nanoTime();
        long updates = updates(model);
        try {
            List<Tensor> inputs = PredictionBody.read(request.body(), model.signature());
            model.check(inputs);
            model.predict(List.of(inputs));
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
