package dev.holdfast.host.state;

import java.util.List;

/** A captured state of parts that a test made. */
public record GivenCapture(List<StatePart> parts) implements StateCapture {

    public static GivenCapture of(byte[] bytes) {
        return new GivenCapture(List.of(StatePart.of("numbers", bytes)));
    }

    @Override
    public StateFormat format() {
        return new StateFormat("numbers", 1, "");
    }

    @Override
    public long number() {
        return 0;
    }

    @Override
    public void close() {}
}
