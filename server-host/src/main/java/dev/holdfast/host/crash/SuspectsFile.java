package dev.holdfast.host.crash;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that keeps the suspects from one start to the next: a line for each, fields separated by tabs. It is replaced as a
 * whole. A damaged line is logged and passed over, because it must not keep a model from being served.
 */
record SuspectsFile(Path file) {

    private static final Logger log = LoggerFactory.getLogger(SuspectsFile.class);
    private static final int MOST_BYTES = 16 << 20;

    List<Suspect> read() throws IOException {
        List<Suspect> suspects = new ArrayList<>();
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return suspects;
        }
        if (Files.size(file) > MOST_BYTES) {
            log.warn("{} is too large to be this host's; no model is under suspicion", file);
            return suspects;
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        text.lines().filter(line -> !line.isEmpty()).forEach(line -> {
            Optional<Suspect> suspect = parse(line);
            suspect.ifPresentOrElse(suspects::add, () -> log.warn("A line of {} is damaged and passed over", file));
        });
        return suspects;
    }

    private static Optional<Suspect> parse(String line) {
        String[] fields = line.split("\t", 9);
        if (fields.length != 9
                || !fields[0].matches("suspect|accused")
                || !fields[1].matches("load|run")
                || !fields[2].matches("[0-9]{1,6}")
                || !fields[3].matches("[0-9]{1,6}")) {
            return Optional.empty();
        }
        return ModelFile.of(Arrays.asList(fields).subList(4, 8))
                .map(model -> new Suspect(
                        model,
                        fields[1].equals("run"),
                        Integer.parseInt(fields[2]),
                        Integer.parseInt(fields[3]),
                        fields[0].equals("accused"),
                        fields[8]));
    }

    private static String line(Suspect suspect) {
        return String.join(
                "\t",
                suspect.accused() ? "accused" : "suspect",
                suspect.isRun() ? "run" : "load",
                Integer.toString(suspect.crashes()),
                Integer.toString(suspect.silentEnds()),
                suspect.file().toLine(),
                suspect.cause().replaceAll("\\p{Cntrl}", " "));
    }

    /** Replaces the file; durable when this returns. */
    void write(List<Suspect> suspects) throws IOException {
        if (suspects.isEmpty() && !Files.exists(file)) {
            return;
        }
        StringBuilder text = new StringBuilder();
        suspects.forEach(suspect -> text.append(line(suspect)).append('\n'));
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (FileChannel channel = OwnFiles.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            OwnFiles.writeAll(channel, text.toString().getBytes(StandardCharsets.UTF_8));
            channel.force(true);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }
}
