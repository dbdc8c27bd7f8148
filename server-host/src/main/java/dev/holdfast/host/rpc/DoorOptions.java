package dev.holdfast.host.rpc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a door is told.
 *
 * @param host the address to listen on
 * @param port 0 for one that the system chooses
 * @param idle after which time a connection without calls is closed; none for never
 * @param threads that read calls and answer those that only ask
 * @param directory of model files
 * @param longest how many bytes a call may have
 * @param connections at once; 0 for any number
 * @param modelFile what the only model takes at the start if it has learned nothing
 */
public record DoorOptions(
        String host,
        int port,
        Duration idle,
        int threads,
        Path directory,
        int longest,
        int connections,
        Optional<Path> modelFile) {}
