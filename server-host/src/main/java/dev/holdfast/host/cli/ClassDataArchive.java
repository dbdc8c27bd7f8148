package dev.holdfast.host.cli;

import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The file from which a JVM maps classes into memory instead of reading and checking them again; it halves the time to
 * get ready.
 *
 * <p>It fits one Java, one place of the distribution, and the jars as they are; {@code bin/holdfast} has all of that in
 * the file's name, and says which one is missing. A JVM that finds it unfit goes on without it.
 */
final class ClassDataArchive {

    private static final Duration LIMIT = Duration.ofMinutes(3);

    private final Surroundings surroundings;
    private final Optional<Path> missing;

    ClassDataArchive(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.missing =
                Optional.ofNullable(System.getProperty("holdfast.archive")).map(Path::of);
    }

    /** Has the archive made by a process of its own, if it is missing; does not wait for it. */
    void makeBesides() throws IOException {
        if (missing.isPresent()) {
            List<String> command = new ArrayList<>();
            surroundings.onPath("setsid").ifPresent(setsid -> command.add(setsid.toString()));
            surroundings.onPath("nice").ifPresent(nice -> command.addAll(List.of(nice.toString(), "-n", "19")));
            command.add(script().toString());
            command.add("warm-up");
            quiet(new ProcessBuilder(command)).start();
        }
    }

    /**
     * Makes the archive.
     *
     * @return what has been done, in one sentence
     * @throws CommandFailure if it cannot be made
     */
    String make() throws IOException, InterruptedException {
        if (missing.isEmpty()) {
            return "Nothing to do: the class data archive is there, or switched off.";
        }
        Path archive = missing.get();
        Path unfinished = archive.resolveSibling(archive.getFileName() + ".new");
        if (!claim(unfinished)) {
            return "Nothing to do: the class data archive is being made.";
        }
        try {
            dump(unfinished);
            removeOlder(archive);
            Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        return "Made the class data archive " + archive;
    }

    /** Creates the unfinished file, which keeps other processes from the same work, for no longer than the work can take. */
    private static boolean claim(Path unfinished) {
        try {
            OwnFiles.createDirectories(unfinished.resolveSibling(".").normalize());
            if (Files.exists(unfinished)
                    && Files.getLastModifiedTime(unfinished)
                            .toInstant()
                            .isBefore(Instant.now().minus(LIMIT.multipliedBy(4)))) {
                Files.deleteIfExists(unfinished);
            }
            Files.createFile(unfinished);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new CommandFailure(
                    "The class data archive cannot be written: " + e + "; HOLDFAST_CACHE names another directory", e);
        }
    }

    /**
     * Two processes: a host that notes the classes that it loads, and a JVM that puts them in order. An archive that a host
     * leaves at its end would lack what was compiled for Java 5, and so all of the command line's library.
     */
    private void dump(Path unfinished) throws IOException, InterruptedException {
        Path place = Files.createTempDirectory("holdfast-warm-up-");
        try {
            Path classes = place.resolve("classes");
            ProcessBuilder host = new ProcessBuilder(script().toString(), "warm-up", "--serve-in", place.toString());
            host.environment().put("HOLDFAST_CDS", "off");
            host.environment().put("HOLDFAST_CLASS_LIST_TO", classes.toString());
            complete(host);
            complete(new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:dump",
                    "-XX:ErrorFile=" + place.resolve("hs_err_pid%p.log"),
                    // The one collector that can archive objects of the JVM's own; they serve the others too.
                    "-XX:+UseG1GC",
                    "-XX:SharedClassListFile=" + classes,
                    "-XX:SharedArchiveFile=" + unfinished,
                    "-jar",
                    System.getProperty("java.class.path")));
        } finally {
            FileTrees.delete(place);
        }
    }

    private static void complete(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = quiet(builder).start();
        try {
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new CommandFailure("The class data archive could not be made within " + LIMIT.toSeconds()
                        + " s; starts go on without it");
            }
            if (process.exitValue() != 0) {
                throw new CommandFailure("The class data archive could not be made: "
                        + builder.command().get(0) + " ended with " + process.exitValue()
                        + "; starts go on without it");
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** Removes the archives of earlier jars of this distribution: the first part of the name stands for its directory. */
    private static void removeOlder(Path archive) throws IOException {
        String name = archive.getFileName().toString();
        String place = name.substring(0, name.indexOf('-') + 1);
        try (DirectoryStream<Path> older = Files.newDirectoryStream(archive.getParent(), place + "*.jsa")) {
            for (Path file : older) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Path script() {
        return surroundings
                .inHome("bin", "holdfast")
                .orElseThrow(() -> new CommandFailure("Only a distribution has a class data archive"));
    }

    private static ProcessBuilder quiet(ProcessBuilder builder) {
        return builder.redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
    }
}
