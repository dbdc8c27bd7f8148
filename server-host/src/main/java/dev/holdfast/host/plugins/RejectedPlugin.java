package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;

/**
 * A drop-in, or a part of one, that does not serve.
 *
 * @param path the jar, or the directory of jars
 * @param reason what is wrong and, where somebody can act, what to do; one line
 */
public record RejectedPlugin(Path path, String reason) {

    @Override
    public String toString() {
        return OneLine.of(path) + " (" + reason + ")";
    }
}
