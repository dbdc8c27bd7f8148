package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Supplier;

/**
 * A codec that is made when it is used. A start needs none of them, and making one costs the opening of a jar and the loading
 * of classes.
 */
record LazyCodec(String name, Supplier<Codec> codec) implements Codec {

    @Override
    public Codec atLevel(int level) {
        return codec.get().atLevel(level);
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        return codec.get().compress(sink);
    }

    @Override
    public byte[] compress(byte[] bytes) {
        return codec.get().compress(bytes);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return codec.get().decompress(source);
    }

    @Override
    public byte[] decompress(byte[] bytes, int size) throws IOException {
        return codec.get().decompress(bytes, size);
    }
}
