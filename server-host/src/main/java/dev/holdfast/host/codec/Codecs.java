package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import java.util.List;

/**
 * The codecs that this host offers to serializers.
 *
 * <p>Every one writes the format that the command-line tool of its name reads, with a checksum over the content where the
 * format has one. Reading takes concatenated streams, as those tools do, and no more memory than its format asks for,
 * whatever a header promises. Nothing of the libraries is loaded before a codec is used.
 */
public final class Codecs {

    private Codecs() {}

    /** All of them: {@code none}, {@code gz}, {@code bz2}, {@code xz}, {@code snappy}, {@code lz4}, {@code zstd}. */
    public static List<Codec> all() {
        NativeLibrary snappy = new NativeLibrary("snappy", () -> SnappyCodec.loadLibrary());
        NativeLibrary zstd = new NativeLibrary("zstd", () -> ZstdCodec.loadLibrary());
        return List.of(
                Codec.none(),
                Codec.gz(),
                new LazyCodec("bz2", () -> new Bz2Codec(Bz2Codec.DEFAULT_LEVEL)),
                new LazyCodec("xz", () -> new XzCodec(XzCodec.DEFAULT_LEVEL)),
                new LazyCodec("snappy", () -> new SnappyCodec(snappy)),
                new LazyCodec("lz4", () -> new Lz4Codec(Lz4Codec.FASTEST_LEVEL)),
                new LazyCodec("zstd", () -> new ZstdCodec(ZstdCodec.DEFAULT_LEVEL, zstd)));
    }
}
