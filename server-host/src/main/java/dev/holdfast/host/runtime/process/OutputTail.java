package dev.holdfast.host.runtime.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The last lines that a worker printed, for the message of a start that failed. Safe for several threads. */
public final class OutputTail {

    private static final int MOST = 60;
    private static final String TRACEBACK = "Traceback (most recent call last)";

    private final Deque<String> lines = new ArrayDeque<>();

    public synchronized void add(String line) {
        if (lines.size() == MOST) {
            lines.removeFirst();
        }
        lines.addLast(line);
    }

    /**
     * The reason in what was printed: of the first traceback its last lines, for those after it tell what its handling ran
     * into; where there is no traceback, the last lines of all.
     */
    public synchronized List<String> reason(int most) {
        List<String> all = new ArrayList<>(lines);
        int begin = 0;
        while (begin < all.size() && !all.get(begin).contains(TRACEBACK)) {
            begin++;
        }
        if (begin == all.size()) {
            return List.copyOf(all.subList(Math.max(0, all.size() - most), all.size()));
        }
        // What a traceback quotes is indented; its last line is not.
        int end = begin + 1;
        while (end < all.size() && (all.get(end).isBlank() || all.get(end).startsWith(" "))) {
            end++;
        }
        end = Math.min(all.size(), end + 1);
        return List.copyOf(all.subList(Math.max(begin + 1, end - most), end));
    }
}
