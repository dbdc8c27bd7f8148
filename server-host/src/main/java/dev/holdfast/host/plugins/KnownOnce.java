package dev.holdfast.host.plugins;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An answer that never changes, so that it is asked for only until there is one. Safe for many threads; those that come
 * before the first answer may each ask.
 */
final class KnownOnce<T> {

    private final Supplier<T> question;
    private volatile @Nullable T answer;

    KnownOnce(Supplier<T> question) {
        this.question = question;
    }

    /** A failure passes through, and the next call asks again. */
    T get() {
        T known = answer;
        if (known == null) {
            known = question.get();
            answer = known;
        }
        return known;
    }
}
