package dev.holdfast.host.state;

import java.util.List;

/**
 * What a model has learned at one moment: a view that stays the same while the model goes on learning. Whoever took it
 * closes it soon, for the model may keep old copies of what it changes until then.
 */
public interface StateCapture extends AutoCloseable {

    StateFormat format();

    /**
     * This capture's place among those of the model since it was loaded, from 1 on; 0 from a model that does not track its
     * changes.
     */
    long number();

    /** The parts, in an order that is the same for equal states. */
    List<StatePart> parts();

    @Override
    void close();
}
