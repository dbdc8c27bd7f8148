package dev.holdfast.host.state;

import dev.holdfast.sdk.Codec;
import java.util.List;

/** The codecs that this host offers to serializers. */
public final class Codecs {

    private Codecs() {}

    /** All of them: {@code none} and {@code gz}. */
    public static List<Codec> all() {
        return List.of(Codec.none(), Codec.gz());
    }
}
