package dev.holdfast.sdk;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A way to make bytes fewer. The host owns the codecs, so that native libraries load once and every store speaks the same
 * ones; a serializer asks {@link SerializerConfig#codec} for one, and records its name with what it stores.
 *
 * <p>Safe for use by several threads; the streams are not.
 */
public interface Codec {

    /** The name to record, such as {@code gz}. */
    String name();

    /** Compresses what is written to it; closing it writes the end and closes {@code sink}. */
    OutputStream compress(OutputStream sink) throws IOException;

    /** What was compressed. Damaged input is an {@link IOException}; a reader bounds how much it takes. */
    InputStream decompress(InputStream source) throws IOException;
}
