package dev.holdfast.host.runtime.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** The last lines that a worker printed, for the message of a start that failed. Safe for several threads. */
public final class OutputTail {

    private static final int MOST = 60;
    private static final String TRACEBACK = "Traceback (most recent call last)";

    private static final String CRASH = "A fatal error has been detected by the Java Runtime Environment:";
    private static final String FRAME = "Problematic frame:";

    private final Deque<String> lines = new ArrayDeque<>();

    public synchronized void add(String line) {
        if (lines.size() == MOST) {
            lines.removeFirst();
        }
        lines.addLast(line);
    }

    /** What broke a JVM, such as {@code SIGFPE (0x8) at pc=0x… in C [libonnxruntime.so+0x1]}; empty if nothing says so. */
    synchronized Optional<String> crash() {
        List<String> all = lines.stream()
                .map(line -> line.replaceFirst("^# *", "").strip())
                .filter(line -> !line.isEmpty())
                .toList();
        int begin = all.indexOf(CRASH);
        if (begin < 0 || begin + 1 == all.size()) {
            return Optional.empty();
        }
        int frame = all.indexOf(FRAME);
        String where = frame < 0 || frame + 1 == all.size() ? "" : " in " + all.get(frame + 1);
        return Optional.of(all.get(begin + 1).replaceFirst(", pid=.*", "") + where);
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
