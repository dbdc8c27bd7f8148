package dev.holdfast.host.plugins;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that never changes, computed by the first call that succeeds. Safe for many threads; until then, several may compute
 * it at once.
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
