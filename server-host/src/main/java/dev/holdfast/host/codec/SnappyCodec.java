package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import io.airlift.compress.snappy.SnappyDecompressor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;
import org.xerial.snappy.SnappyFramedOutputStream;

/**
 * The framing format of Snappy, with a CRC-32C over each piece; it has no levels.
 *
 * <p>Where the native library cannot be loaded, Java code reads, and nothing writes.
 */
record SnappyCodec(NativeLibrary library) implements Codec {

    private static final String UNPACKED_IN = "org.xerial.snappy.tempdir";

    /**
     * Loads the native library, and removes the file that it was unpacked to: the library would do so at an orderly end
     * of the process alone. A system that keeps loaded files from being removed leaves that to the library.
     *
     * @throws LinkageError if that is not possible
     */
    static void loadLibrary() {
        if (System.getProperty(UNPACKED_IN) != null) {
            load();
            return;
        }
        try {
            Path place = Files.createTempDirectory("holdfast-snappy-");
            System.setProperty(UNPACKED_IN, place.toString());
            try {
                load();
            } finally {
                System.clearProperty(UNPACKED_IN);
                remove(place);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void load() {
        try {
            Snappy.getNativeLibraryVersion();
        } catch (SnappyError e) {
            throw new LinkageError(e.toString(), e);
        }
    }

    private static void remove(Path place) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(place)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (AccessDeniedException e) {
            return;
        }
        Files.delete(place);
    }

    @Override
    public String name() {
        return "snappy";
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        library.require();
        return new SnappyFramedOutputStream(sink);
    }

    @Override
    public byte[] compress(byte[] bytes) {
        library.requireInMemory();
        return Codec.super.compress(bytes);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return DecodingStream.of(
                name(), () -> new SnappyFrames(source, library.isLoaded() ? Snappy::uncompress : inJava()));
    }

    private static SnappyFrames.Decoder inJava() {
        SnappyDecompressor decompressor = new SnappyDecompressor();
        return (input, offset, length, output, outputOffset) ->
                decompressor.decompress(input, offset, length, output, outputOffset, output.length - outputOffset);
    }
}
