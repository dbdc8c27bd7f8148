package dev.holdfast.host.state;

import dev.holdfast.sdk.Codec;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Checks a chunk's content without the state that it belongs to. */
public final class ChunkContent {

    private final Map<String, Codec> codecs;

    public ChunkContent(List<Codec> codecs) {
        this.codecs = codecs.stream().collect(Collectors.toMap(Codec::name, codec -> codec));
    }

    /** Whether the content is a whole chunk of that id. */
    public boolean isPiece(String id, byte[] content) {
        try {
            ChunkFrame.unpack(id, content, codecs);
            return true;
        } catch (StateDamagedException e) {
            return false;
        }
    }
}
