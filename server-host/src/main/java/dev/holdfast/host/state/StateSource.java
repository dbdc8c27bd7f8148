package dev.holdfast.host.state;

import java.io.InputStream;
import java.util.List;

/** A stored state, from which a model is restored. Every byte that it gives has been checked. */
public interface StateSource {

    StateFormat format();

    /** The parts in the order in which they were stored. */
    List<Part> parts();

    /**
     * The bytes of a part. Reading throws {@link StateDamagedException} where a chunk is missing or damaged, and {@link
     * dev.holdfast.sdk.StoreUnavailableException} where the store does not answer: a model that has read the streams to
     * their ends has the whole state.
     *
     * @throws StateMismatchException if the state has no part of that name
     */
    InputStream open(String part);

    /** A part's name and its size in bytes. */
    record Part(String name, long size) {}
}
