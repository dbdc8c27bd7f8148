package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import java.util.List;

/** A captured state that shares nothing with its model any more. */
public record CopiedState(StateFormat format, List<StatePart> parts) implements StateCapture {

    public CopiedState {
        parts = List.copyOf(parts);
    }

    /** A model that is copied whole does not track what it changes. */
    @Override
    public long number() {
        return 0;
    }

    @Override
    public void close() {}
}
