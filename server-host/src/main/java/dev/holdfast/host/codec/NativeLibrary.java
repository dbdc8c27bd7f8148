package dev.holdfast.host.codec;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The native library of a codec, loaded when it is first needed, and at most once.
 *
 * <p>The libraries unpack themselves into the temporary directory, which the machine may forbid to execute.
 */
final class NativeLibrary {

    private final String codec;
    private final Runnable loader;
    private boolean tried;
    private @Nullable Throwable failure;

    /** @param loader throws a {@link LinkageError} or a {@link RuntimeException} if there is no such library here */
    NativeLibrary(String codec, Runnable loader) {
        this.codec = codec;
        this.loader = loader;
    }

    /** Loads it, if that was not tried yet, and says whether it can be used. */
    synchronized boolean isLoaded() {
        if (!tried) {
            tried = true;
            try {
                loader.run();
            } catch (LinkageError | RuntimeException e) {
                failure = e;
            }
        }
        return failure == null;
    }

    /** @throws IOException if it cannot be loaded; the message says what to do */
    synchronized void require() throws IOException {
        if (!isLoaded()) {
            throw new IOException(
                    "Codec " + codec
                            + " needs its native library, which cannot be loaded by way of the temporary directory "
                            + System.getProperty("java.io.tmpdir")
                            + "; let programs be executed there, name another directory with"
                            + " HOLDFAST_JAVA_OPTS=-Djava.io.tmpdir=DIR, or choose the codec gz: " + firstLine(failure),
                    failure);
        }
    }

    /** As {@link #require}, for what the SDK lets throw no {@link IOException}. */
    void requireInMemory() {
        try {
            require();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** The libraries go on with several lines of general advice. */
    private static String firstLine(@Nullable Throwable failure) {
        return String.valueOf(failure).lines().findFirst().orElse("");
    }
}
