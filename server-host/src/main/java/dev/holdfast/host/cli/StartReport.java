package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a host in the background tells the command that started it, once, in a file: that it is ready, or why it is not.
 *
 * @param ready whether it is ready
 * @param text the lines for standard output, or the one for standard error
 */
record StartReport(boolean ready, String text) {

    static StartReport ready(String lines) {
        return new StartReport(true, lines);
    }

    static StartReport failed(String line) {
        return new StartReport(false, line);
    }

    void write(Path file) throws IOException {
        ObjectNode json = CommandJson.object();
        json.put("ready", ready);
        json.put("text", text);
        OwnFiles.write(file, CommandJson.pretty(json));
    }

    /** The report, if it is there yet; it appears whole. */
    static Optional<StartReport> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode json = CommandJson.parse(SmallFile.read(file));
        return Optional.of(new StartReport(
                json.path("ready").asBoolean(), json.path("text").asText()));
    }
}
