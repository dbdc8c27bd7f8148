package dev.holdfast.host.crash;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The load record of a host: it names what is being loaded and what runs, so that the next start knows which model may have
 * ended this one.
 *
 * <p>A log location that cannot be written to costs this protection, with a line in the log, and nothing else. Safe for
 * several threads.
 */
public final class CrashRecord implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CrashRecord.class);
    private static final long CLOCK_MILLIS = 2000;
    private static final int MOST_KEPT = 1000;
    private static final Note NO_NOTE = () -> {};
    private static final String ALONE = "; it is loaded after all others, alone";

    /** Why a version needs care before it is loaded. */
    public enum Suspicion {
        CLEAR,
        /** Was being loaded or run when a host ended unexpectedly: to be loaded after all others, alone. */
        SUSPECT,
        /** Failed by name: not loaded until an operator asks for it. */
        ACCUSED
    }

    /** An entry of the record; closing it removes it. */
    public interface Note extends AutoCloseable {
        @Override
        void close();
    }

    /** What identifies this process and this run of the machine. */
    public record Here(long pid, String boot, Path directory) {

        private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

        public static Here now() {
            String boot = "";
            try {
                boot = Files.readString(BOOT).strip();
            } catch (IOException e) {
                log.debug("This system does not tell one start of the machine from another", e);
            }
            return new Here(ProcessHandle.current().pid(), boot, Path.of("").toAbsolutePath());
        }
    }

    private final @Nullable WorkFile work;
    private final @Nullable SuspectsFile file;

    /** All that ever crashed a host while they were loaded, also those that were cleared since; the oldest first. */
    private final List<Suspect> crashedAtLoad;

    private final Map<String, WorkFile.Slot> planned = new ConcurrentHashMap<>();
    private volatile boolean served;

    // Guarded by this.
    private final List<Suspect> suspects;
    private final List<String> notices;

    private CrashRecord(
            @Nullable WorkFile work,
            @Nullable SuspectsFile file,
            List<Suspect> suspects,
            List<Suspect> crashedAtLoad,
            List<String> notices) {
        this.work = work;
        this.file = file;
        this.suspects = new ArrayList<>(suspects);
        this.crashedAtLoad = List.copyOf(crashedAtLoad);
        this.notices = new ArrayList<>(notices);
    }

    /**
     * Reads the previous host's record, logs what follows from it, and begins this host's record. The caller sees to it that
     * the log location has one host at a time.
     */
    public static CrashRecord open(Path logLocation, Here here, Clock clock) {
        Path directory = logLocation.toAbsolutePath().resolve("crash");
        SuspectsFile file = new SuspectsFile(directory.resolve("suspects"));
        List<Suspect> suspects = List.of();
        List<Suspect> crashedAtLoad = List.of();
        List<String> notices = new ArrayList<>();
        try {
            OwnFiles.createDirectories(directory);
            List<Suspect> before = file.read();
            suspects = before;
            Ending end = ending(logLocation.toAbsolutePath(), directory.resolve("work"), here);
            suspects = CrashVerdict.of(before, end);
            notices.addAll(told(end, suspects));
            if (!suspects.equals(before)) {
                file.write(suspects);
            }
            crashedAtLoad = crashedAtLoad(new SuspectsFile(directory.resolve("crashed-at-load")), suspects);
            WorkFile work = WorkFile.create(
                    directory.resolve("work"), here.pid(), here.boot(), clock.millis(), here.directory());
            return new CrashRecord(work, file, suspects, crashedAtLoad, notices);
        } catch (IOException | RuntimeException e) {
            log.warn(
                    "{} cannot be written: a model that ends this process will not be known at the next start: {}",
                    directory,
                    e.toString());
            log.debug("The load record cannot be kept", e);
            return new CrashRecord(null, file, suspects, crashedAtLoad, notices);
        }
    }

    private static List<Suspect> crashedAtLoad(SuspectsFile file, List<Suspect> suspects) throws IOException {
        List<Suspect> before = file.read();
        List<Suspect> all = new ArrayList<>(before);
        for (Suspect suspect : suspects) {
            if (!suspect.isRun()
                    && suspect.crashes() > 0
                    && all.stream().noneMatch(known -> known.file().isSame(suspect.file()))) {
                all.add(suspect);
            }
        }
        List<Suspect> newest = all.subList(Math.max(0, all.size() - MOST_KEPT), all.size());
        if (!newest.equals(before)) {
            file.write(newest);
        }
        return newest;
    }

    /** A record that keeps nothing. */
    public static CrashRecord off() {
        return new CrashRecord(null, null, List.of(), List.of(), List.of());
    }

    /** Notes that this process gives up its start because it was told to end; may be called from any thread. */
    public static void givenUp(Path logLocation) {
        try {
            WorkFile.givenUp(logLocation.resolve("crash").resolve("work"));
        } catch (IOException e) {
            log.debug("The load record does not tell of the end", e);
        }
    }

    private static Ending ending(Path logLocation, Path workFile, Here here) throws IOException {
        Optional<WorkFile.Left> left = WorkFile.read(workFile);
        if (left.isEmpty()) {
            return Ending.none();
        }
        WorkFile.Left before = left.get();
        return new Ending(
                before.pid(),
                before.how(),
                before.boot().equals(here.boot()),
                report(logLocation, before),
                before.lines().stream().flatMap(CrashRecord::work).toList());
    }

    private static Stream<Ending.Work> work(WorkFile.Line line) {
        Optional<ModelFile> model = ModelFile.of(List.of(line.text().split("\t", -1)));
        return Phase.of(line.sign()).flatMap(phase -> model.map(file -> new Ending.Work(file, phase))).stream();
    }

    /** Looks in the log location, where the launcher has the JVM write it, and then where a JVM writes it by default. */
    private static Optional<CrashReport> report(Path logLocation, WorkFile.Left left) {
        String name = CrashReport.name(left.pid());
        return Stream.of(logLocation, left.directory(), Path.of(System.getProperty("java.io.tmpdir")))
                .map(directory -> directory.resolve(name))
                .filter(file -> isSince(file, left.startedMillis() - CLOCK_MILLIS))
                .findFirst()
                .flatMap(CrashReport::read);
    }

    /** A process of an earlier day, or of another container, may have had the same number. */
    private static boolean isSince(Path file, long millis) {
        try {
            return Files.isRegularFile(file) && Files.getLastModifiedTime(file).toMillis() >= millis;
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }

    private static List<String> told(Ending end, List<Suspect> suspects) {
        List<String> lines = new ArrayList<>();
        if (end.how() == Ending.How.UNEXPECTED) {
            String line = "The host before, process " + end.pid() + ", ended unexpectedly: " + end.cause();
            if (end.report().isPresent()) {
                log.warn("{}", line);
                lines.add(line);
            } else {
                log.info("{}", line);
            }
        }
        for (Suspect suspect : suspects) {
            if (suspect.accused()) {
                // Said where it is not loaded.
                continue;
            }
            log.warn("{}; if it is to be served, it is loaded after all others, alone", suspicion(suspect));
            lines.add(suspicion(suspect) + ALONE);
        }
        return lines;
    }

    private static String suspicion(Suspect suspect) {
        ModelFile file = suspect.file();
        return capital(file.toString()) + " (archive " + file.archive() + ", SHA-256 " + file.sha256() + ") was being "
                + suspect.work() + " when this host ended unexpectedly (" + suspect.cause() + ")";
    }

    private static String accusation(Suspect suspect) {
        ModelFile file = suspect.file();
        return "This host ended unexpectedly more than once while " + file + " was being " + suspect.work()
                + " (the last time: " + suspect.cause()
                + "), so the model is not loaded by itself any more. Its archive is "
                + file.archive() + ", SHA-256 " + file.sha256() + ". To try it once more: POST /models/" + file.model()
                + "/retry; or register it again, or unregister it";
    }

    private static String capital(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    /** How the previous host ended, in lines for the operator; empty if there is nothing to tell. */
    public synchronized List<String> notices() {
        return List.copyOf(notices);
    }

    public Suspicion suspicion(ModelFile model) {
        return find(model)
                .map(suspect -> suspect.accused() ? Suspicion.ACCUSED : Suspicion.SUSPECT)
                .orElse(Suspicion.CLEAR);
    }

    /**
     * Whether a version may have ended a host while it was loaded, so that optional checks at load should be left out for it.
     * Stays true after the suspicion is gone, because a load without those checks proves nothing about them.
     */
    public boolean isDelicate(ModelFile model) {
        return suspicion(model) != Suspicion.CLEAR
                || crashedAtLoad.stream().anyMatch(known -> known.file().isSame(model));
    }

    /** Why a version is {@linkplain Suspicion#ACCUSED failed by name}, and the ways out. */
    public String accusation(ModelFile model) {
        return find(model).map(CrashRecord::accusation).orElse("");
    }

    private synchronized Optional<Suspect> find(ModelFile model) {
        return suspects.stream().filter(suspect -> suspect.file().isSame(model)).findFirst();
    }

    /**
     * Notes that an operator wants a version tried once more. If the host then ends unexpectedly with it alone under suspicion,
     * it is accused again.
     */
    public synchronized void tryOnceMore(ModelFile model) {
        Optional<Suspect> found = find(model).filter(Suspect::accused);
        found.ifPresent(suspect -> {
            suspects.remove(suspect);
            suspects.add(suspect.acquitted());
            keep();
        });
    }

    /** Notes that a version was loaded without harm; one that was being run when the host ended stays a suspect. */
    public synchronized void loaded(ModelFile model) {
        if (!suspects.isEmpty()
                && suspects.removeIf(
                        suspect -> !suspect.isRun() && suspect.file().isSame(model))) {
            keep();
        }
    }

    /** Notes that a version is no longer wanted. */
    public synchronized void unregistered(String model, String version) {
        if (suspects.removeIf(suspect ->
                suspect.file().model().equals(model) && suspect.file().version().equals(version))) {
            keep();
        }
    }

    private void keep() {
        if (file == null) {
            return;
        }
        try {
            file.write(suspects);
        } catch (IOException e) {
            log.warn("Which models are under suspicion could not be written down: {}", e.toString());
        }
    }

    /**
     * Durably records all that is about to be loaded, in one write; it counts for those that are not loaded when the machine
     * goes down.
     */
    public Note planned(List<ModelFile> models) {
        if (work == null || models.isEmpty()) {
            return NO_NOTE;
        }
        try {
            for (ModelFile model : models) {
                WorkFile.Slot slot = work.slot(model.toLine());
                slot.mark(Phase.PLANNED.sign());
                WorkFile.Slot other = planned.put(key(model), slot);
                if (other != null) {
                    other.close();
                }
            }
            work.force();
        } catch (IOException | RuntimeException e) {
            Runs.notWritten(e);
        }
        return () -> models.forEach(model -> {
            WorkFile.Slot slot = planned.remove(key(model));
            if (slot != null) {
                slot.close();
            }
        });
    }

    private static String key(ModelFile model) {
        return model.toLine();
    }

    /** Records that native code is about to load a version; durable when this returns. */
    public Note loading(ModelFile model) {
        WorkFile.Slot slot = planned.remove(key(model));
        if (slot != null) {
            slot.mark(Phase.LOADING.sign());
            return slot::close;
        }
        if (work == null) {
            return NO_NOTE;
        }
        try {
            WorkFile.Slot own = work.slot(model.toLine());
            own.mark(Phase.LOADING.sign());
            own.force();
            return own::close;
        } catch (IOException | RuntimeException e) {
            Runs.notWritten(e);
            return NO_NOTE;
        }
    }

    /** The record in which the workers of a version note their runs in native code. */
    public Runs runs(ModelFile model) {
        return new Runs(work, model);
    }

    /**
     * Notes that the host serves: an orderly end now clears all suspects. A version that this host does not serve is cleared at
     * once, such as one whose registration ended the previous host.
     *
     * @param wanted tells by model and version whether the host is to serve it
     */
    public synchronized void serves(BiPredicate<String, String> wanted) {
        served = true;
        List<Suspect> unwanted = suspects.stream()
                .filter(suspect -> !suspect.accused()
                        && !wanted.test(suspect.file().model(), suspect.file().version()))
                .toList();
        for (Suspect suspect : unwanted) {
            log.info(
                    "{} is not among the models to be served, and is not loaded",
                    capital(suspect.file().toString()));
            notices.replaceAll(line -> line.equals(suspicion(suspect) + ALONE)
                    ? suspicion(suspect) + "; it is not among the models to be served, and is not loaded"
                    : line);
        }
        if (suspects.removeAll(unwanted)) {
            keep();
        }
    }

    /** Marks the record's end as orderly. */
    @Override
    public void close() {
        if (work == null) {
            return;
        }
        work.ended(served);
        try {
            work.close();
        } catch (IOException e) {
            log.debug("The load record could not be closed", e);
        }
    }
}
