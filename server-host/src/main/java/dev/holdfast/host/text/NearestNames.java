package dev.holdfast.host.text;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What somebody may have meant who typed a name that is not there. */
public final class NearestNames {

    private static final int MOST = 3;

    private NearestNames() {}

    private record Candidate(String name, int distance) {}

    /**
     * The names that are most like a wrong one, the most alike first: those that contain it or begin like it, and those that
     * a few changed, added, left out or swapped characters make of it.
     *
     * @param names in the order in which they win where two are alike as much
     * @return at most three; empty if none is alike
     */
    public static List<String> of(String wrong, Stream<String> names) {
        String typed = wrong.toLowerCase(Locale.ROOT);
        int furthest = Math.max(1, typed.length() / 3);
        return names.distinct()
                .map(name -> new Candidate(name, distance(typed, name.toLowerCase(Locale.ROOT))))
                .filter(candidate -> candidate.distance() <= furthest)
                .sorted(Comparator.comparingInt(Candidate::distance))
                .limit(MOST)
                .map(Candidate::name)
                .toList();
    }

    /**
     * The end of a message about a snapshot that is not there: which names may have been meant, and how to see all.
     *
     * @param names as {@link #of} has them; the wrong one itself is none
     */
    public static String ofSnapshots(String wrong, Stream<String> names) {
        List<String> nearest = of(wrong, names.filter(name -> !name.equals(wrong)));
        return (nearest.isEmpty()
                        ? ""
                        : "; the nearest: "
                                + String.join(
                                        ", ",
                                        nearest.stream().map(OneLine::name).toList()))
                + "; to see all: holdfast snapshots list";
    }

    private static int distance(String typed, String name) {
        if (typed.length() >= 3 && name.contains(typed)) {
            return 0;
        }
        return edits(typed, name);
    }

    /** How many characters have to be changed, added, left out, or swapped with their neighbour. */
    private static int edits(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, 1 + Math.min(last[j], row[j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            beforeLast = last;
            last = row;
        }
        return last[b.length()];
    }
}
