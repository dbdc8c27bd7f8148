package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.HandlerRuntime;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Online linear classifiers. An archive has the handler {@code online-classifier}, and its model file is the configuration:
 * all that such a model knows it learns while it is served.
 */
public final class OnlineClassifierRuntime extends HandlerRuntime {

    public OnlineClassifierRuntime() {
        super(OnlineClassifier.RUNTIME);
    }

    @Override
    public Optional<String> engine() {
        return Optional.of(OnlineClassifier.RUNTIME);
    }

    @Override
    public LoadedModel load(Archive archive) {
        String file = archive.manifest()
                .modelFile()
                .orElseThrow(() -> new ModelLoadException("Archive " + archive.fileName()
                        + " names no model file; with the handler " + OnlineClassifier.RUNTIME
                        + " it is the JSON file of the classifier's configuration"));
        String where = "Archive " + archive.fileName() + ": " + OneLine.name(file);
        return new OnlineClassifier(
                archive.fileName(),
                ClassifierConfig.of(where, read(where, archive.root().resolve(file))));
    }

    /**
     * Checks a configuration.
     *
     * @param where for the message
     * @return its text
     * @throws ModelLoadException if it cannot be read, or is no configuration of a classifier
     */
    public static String check(String where, Path file) {
        return ClassifierConfig.of(where, read(where, file)).text();
    }

    /** Whether two files hold the same configuration, however it is written. */
    public static boolean areSame(Path one, Path other) {
        return ClassifierConfig.of(one.toString(), read(one.toString(), one)).says(read(other.toString(), other));
    }

    private static String read(String where, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ModelLoadException(where + " is not there; it must hold the classifier's configuration");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] text = in.readNBytes(ClassifierConfig.LONGEST + 1);
            if (text.length > ClassifierConfig.LONGEST) {
                throw new ModelLoadException(where + " has more than " + ClassifierConfig.LONGEST + " bytes");
            }
            return Utf8.decode(text);
        } catch (CharacterCodingException e) {
            throw new ModelLoadException(where + " is damaged: it is not UTF-8", e);
        } catch (IOException e) {
            throw new ModelLoadException(where + " cannot be read: " + OneLine.of(e), e);
        }
    }
}
