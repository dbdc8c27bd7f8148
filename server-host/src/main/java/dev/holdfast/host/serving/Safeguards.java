package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.crash.CrashRecord;
import java.util.function.Predicate;

/**
 * What is looked at before a model is loaded, and written down while it is loaded and run.
 *
 * @param crashes which models ended the host before, and the note of what this one is doing
 * @param isNative whether native code runs an archive
 * @param acceptsChanges whether an archive may have another content than the one that was registered
 * @param memory whether there is room for it
 */
public record Safeguards(
        CrashRecord crashes, Predicate<Archive> isNative, boolean acceptsChanges, MemoryAdmission memory) {

    /** Nothing is looked at but the archive's content, and nothing is written down. */
    public static Safeguards off() {
        return new Safeguards(CrashRecord.off(), archive -> false, false, MemoryAdmission.off());
    }
}
