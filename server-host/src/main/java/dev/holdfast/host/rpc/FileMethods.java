package dev.holdfast.host.rpc;

import dev.holdfast.host.rpc.RpcMethod.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Instant;

/** {@code save} and {@code load}, which are alike for all kinds of models. */
final class FileMethods {

    private FileMethods() {}

    /** How a model is written. */
    interface Writer {
        void save(FileChannel file, String id, long seconds) throws IOException;
    }

    /** How a model takes what a file holds. */
    interface Reader<M> {
        void load(M model, FileChannel file) throws IOException;
    }

    static Reply save(String type, CalledModel<?> model, Arguments in, Writer writer) throws IOException {
        String id = in.text();
        Path file = model.files().file(type, id);
        long now = Instant.now().getEpochSecond();
        model.files().save(file, channel -> writer.save(channel, id, now));
        model.record().saved(now, file);
        // What a client has saved it also expects to be there after a restart.
        model.found().keep();
        return out -> out.packMapHeader(1).packString(model.files().server()).packString(file.toString());
    }

    static <M> Reply load(String type, CalledModel<M> model, Arguments in, Reader<M> reader) throws IOException {
        load(model, model.files().file(type, in.text()), reader);
        model.found().keep();
        return RpcMethod.truth(true);
    }

    static <M> void load(CalledModel<M> model, Path file, Reader<M> reader) throws IOException {
        ModelDirectory.load(
                file,
                channel -> model.found().teach(some -> {
                    try {
                        reader.load(some, channel);
                        return true;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
        model.record().loaded(Instant.now().getEpochSecond(), file);
    }
}
