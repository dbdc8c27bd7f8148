package dev.holdfast.host.codec;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import com.github.luben.zstd.util.Native;
import dev.holdfast.sdk.Codec;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The format of Zstandard (RFC 8878), with a checksum over the content.
 *
 * <p>Where the native library cannot be loaded, Java code reads, and nothing writes.
 *
 * @param level below 0 it is faster yet; above {@value #MOST} windows are larger than every reader must take
 */
record ZstdCodec(int level, NativeLibrary library) implements Codec {

    static final int DEFAULT_LEVEL = 3;

    private static final int MOST = 19;
    private static final Levels LEVELS = new Levels("zstd", -7, MOST);

    /** 8 MiB, which RFC 8878 asks every reader to take; a header may promise 3.75 TiB. */
    private static final int LARGEST_WINDOW_LOG = 23;

    /** @throws LinkageError if that is not possible */
    static void loadLibrary() {
        Native.load();
    }

    @Override
    public String name() {
        return "zstd";
    }

    @Override
    public Codec atLevel(int other) {
        return new ZstdCodec(LEVELS.require(other), library);
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        library.require();
        return new ZstdOutputStreamNoFinalizer(sink, level).setChecksum(true);
    }

    /** With the size known, the tables fit the content: at level 19 a short text takes a thousandth of the time. */
    @Override
    public byte[] compress(byte[] bytes) {
        library.requireInMemory();
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            return context.setLevel(level).setChecksum(true).compress(bytes);
        }
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return DecodingStream.of(name(), () -> library.isLoaded() ? nativeStream(source) : new ZstdInputStream(source));
    }

    private static InputStream nativeStream(InputStream source) throws IOException {
        return new ZstdInputStreamNoFinalizer(source).setLongMax(LARGEST_WINDOW_LOG);
    }
}
