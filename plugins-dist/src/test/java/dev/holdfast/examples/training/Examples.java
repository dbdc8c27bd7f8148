package dev.holdfast.examples.training;

import java.nio.file.Path;

/** Where the committed examples are. */
final class Examples {

    /** Surefire names the module's directory; elsewhere it is the working directory. */
    static final Path DIRECTORY = Path.of(System.getProperty("basedir", ""), "src", "main", "examples");

    static final Path MODEL_STORE = DIRECTORY.resolve("model-store");

    private Examples() {}
}
