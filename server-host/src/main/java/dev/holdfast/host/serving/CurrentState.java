package dev.holdfast.host.serving;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The serving state as it is now: read by everyone, written by {@link ModelServing} alone. */
public final class CurrentState implements Supplier<ServingState> {

    private volatile ServingState state = ServingState.EMPTY;

    @Override
    public ServingState get() {
        return state;
    }

    synchronized void update(UnaryOperator<ServingState> change) {
        state = change.apply(state);
    }
}
