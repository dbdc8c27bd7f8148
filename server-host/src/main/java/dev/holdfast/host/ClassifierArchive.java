package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.classifier.OnlineClassifierRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An archive made of nothing but the configuration of a classifier. */
public final class ClassifierArchive {

    private static final String CONFIG = "config.json";

    private ClassifierArchive() {}

    /**
     * Makes the archive where there is none.
     *
     * @throws ConfigException if the configuration is none, or the archive that is there has another one: what was learned with
     *     that would mean nothing
     */
    public static void make(Path archive, Path config) throws IOException {
        Path own = archive.resolve(CONFIG);
        try {
            String text = OnlineClassifierRuntime.check(config.toString(), config);
            if (!Files.exists(archive.resolve("manifest.json"))) {
                Files.createDirectories(archive);
                Files.writeString(own, text);
                Files.writeString(archive.resolve("manifest.json"), """
                        {"modelName": "classifier", "modelVersion": "1.0", "modelFile": "%s", "handler": "online-classifier"}
                        """.formatted(CONFIG));
            } else if (!OnlineClassifierRuntime.areSame(own, config)) {
                throw new ConfigException("What was learned in this --datadir is of another configuration, " + own
                        + ": start with that one, or name an empty --datadir");
            }
        } catch (ModelLoadException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
    }
}
