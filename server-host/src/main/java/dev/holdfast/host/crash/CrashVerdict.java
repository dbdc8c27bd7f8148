package dev.holdfast.host.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides which models are under suspicion after a host has ended: a pure function of the suspects before, and of that end.
 *
 * <pre>
 *   clear ── being loaded or run at an unexpected end ─▶ suspect ── alone again at a second one ─▶ accused
 *     ▲                                                   │                                        │
 *     └──── an orderly end, or loaded without harm ───────┘◀──────────── the operator's call ──────┘
 * </pre>
 *
 * <p>The evidence is weighed. A crash report of the JVM proves that native code broke, and names the thread: one such end finds
 * that model alone, whatever ran beside it, and the second accuses it. Without a report somebody may have killed the process,
 * and the model that was being loaded is mostly innocent: only {@value Suspect#SILENT_ENDS} such ends with it alone accuse it.
 * A model that has answered since it was loaded is no suspect at all, because a busy host that is killed is always running
 * something. Where the machine went down, all models that were about to be loaded are loaded one by one, and nothing counts
 * against them.
 */
final class CrashVerdict {

    private CrashVerdict() {}

    static List<Suspect> of(List<Suspect> before, Ending end) {
        if (end.how() == Ending.How.GIVEN_UP) {
            return before;
        }
        if (end.how() == Ending.How.ORDERLY) {
            return before.stream().filter(Suspect::accused).toList();
        }
        List<Ending.Work> work = suspicious(end);
        boolean alone = work.stream().map(Ending.Work::file).distinct().count() == 1;
        List<Suspect> after = new ArrayList<>(before);
        for (Ending.Work one : work) {
            Optional<Suspect> known = after.stream()
                    .filter(suspect -> suspect.file().isSame(one.file()))
                    .findFirst();
            known.ifPresent(after::remove);
            after.add(suspect(one, known, alone, end));
        }
        return List.copyOf(after);
    }

    private static Suspect suspect(Ending.Work work, Optional<Suspect> known, boolean alone, Ending end) {
        boolean counts = alone && end.sameBoot();
        int crashes = known.map(Suspect::crashes).orElse(0) + (counts && end.isCrash() ? 1 : 0);
        int silent = known.map(Suspect::silentEnds).orElse(0) + (counts && !end.isCrash() ? 1 : 0);
        boolean second = known.isPresent() && counts && (end.isCrash() || silent >= Suspect.SILENT_ENDS);
        boolean accused = second || known.filter(Suspect::accused).isPresent();
        return new Suspect(work.file(), work.phase().isRun(), crashes, silent, accused, end.cause());
    }

    private static List<Ending.Work> suspicious(Ending end) {
        if (!end.sameBoot()) {
            return end.work().stream().filter(work -> !work.phase().isRun()).toList();
        }
        List<Ending.Work> inside = end.work().stream()
                .filter(work -> work.phase() != Phase.PLANNED)
                .toList();
        if (!end.isCrash()) {
            return inside.stream().filter(work -> work.phase() != Phase.RUNNING).toList();
        }
        List<Ending.Work> named = inside.stream()
                .filter(work -> end.report()
                        .orElseThrow()
                        .thread()
                        .filter(work.file()::isWorkOf)
                        .isPresent())
                .toList();
        return named.isEmpty() ? inside : named;
    }
}
