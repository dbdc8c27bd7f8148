package dev.holdfast.host.codec;

import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG.Bits;
import net.jpountz.xxhash.XXHashFactory;

/**
 * The frame format of LZ4, with a checksum over the content.
 *
 * <p>The library takes its Java code by itself where the native code cannot be loaded.
 *
 * @param level 1 is LZ4's fast compression, the others its slow one
 */
record Lz4Codec(int level) implements Codec {

    static final int FASTEST_LEVEL = 1;

    private static final Levels LEVELS = new Levels("lz4", FASTEST_LEVEL, 17);

    /** Of the sizes that the format knows: the larger, the more memory for a short text. */
    private static final BLOCKSIZE BLOCK = BLOCKSIZE.SIZE_256KB;

    private static final long UNKNOWN_SIZE = -1;

    @Override
    public String name() {
        return "lz4";
    }

    @Override
    public Codec atLevel(int other) {
        return new Lz4Codec(LEVELS.require(other));
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        return new LZ4FrameOutputStream(
                sink,
                BLOCK,
                UNKNOWN_SIZE,
                compressor(),
                XXHashFactory.fastestInstance().hash32(),
                Bits.BLOCK_INDEPENDENCE,
                Bits.CONTENT_CHECKSUM);
    }

    private LZ4Compressor compressor() {
        LZ4Factory factory = LZ4Factory.fastestInstance();
        return level == FASTEST_LEVEL ? factory.fastCompressor() : factory.highCompressor(level);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return DecodingStream.of(name(), () -> new LZ4FrameInputStream(source));
    }
}
