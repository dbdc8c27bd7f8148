package dev.holdfast.host.runtime.forest;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.HandlerRuntime;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import java.util.Optional;

/**
 * Random cut forests, which find anomalies in a stream of rows: Guha et al., "Robust Random Cut Forest Based Anomaly
 * Detection on Streams", ICML 2016, as AWS's library of that name computes them.
 *
 * <p>An archive has the handler {@code random-cut-forest}, and its model file is a JSON object of {@link ForestSettings}:
 * there is nothing to load but how large the forest is, for all that it knows it learns while it is served.
 *
 * <p>It deliberately gives the score alone and no verdict: from which score on a row is an anomaly depends on the stream.
 */
public final class RandomCutForestRuntime extends HandlerRuntime {

    static final String NAME = ForestModel.RUNTIME;

    public RandomCutForestRuntime() {
        super(NAME);
    }

    @Override
    public Optional<String> engine() {
        return Optional.of(NAME);
    }

    @Override
    public LoadedModel load(Archive archive) {
        String file = archive.manifest()
                .modelFile()
                .orElseThrow(() -> new ModelLoadException("Archive " + archive.fileName()
                        + " names no model file; with the handler " + NAME
                        + " it is the JSON file of the forest's settings"));
        return new ForestModel(archive.fileName(), ForestSettings.read(archive, file));
    }
}
