package dev.holdfast.sdk;

import java.io.InputStream;
import java.io.OutputStream;

/** The bytes as they are. */
record NoCodec() implements Codec {

    @Override
    public String name() {
        return "none";
    }

    @Override
    public OutputStream compress(OutputStream sink) {
        return sink;
    }

    @Override
    public InputStream decompress(InputStream source) {
        return source;
    }
}
