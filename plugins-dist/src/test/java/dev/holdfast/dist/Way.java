package dev.holdfast.dist;

import java.io.IOException;
import java.util.List;

/** How one host gets to its store. Cut, the store is away for that host alone; the others of its group go on. */
interface Way extends AutoCloseable {

    /** What the host must be told to go this way: {@code --set} arguments. */
    List<String> settings();

    void cut() throws IOException;

    void mend() throws IOException;

    @Override
    default void close() throws IOException {}
}
