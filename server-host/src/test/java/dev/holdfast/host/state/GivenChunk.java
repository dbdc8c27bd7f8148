package dev.holdfast.host.state;

import dev.holdfast.sdk.Codec;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A whole chunk for tests that move chunks about. */
public record GivenChunk(String id, byte[] content) {

    public static GivenChunk of(String text) {
        byte[] piece = text.getBytes(StandardCharsets.UTF_8);
        return new GivenChunk(ChunkFrame.id(piece), ChunkFrame.pack(piece, Codec.none()));
    }

    public Map<String, byte[]> alone() {
        return Map.of(id, content);
    }
}
