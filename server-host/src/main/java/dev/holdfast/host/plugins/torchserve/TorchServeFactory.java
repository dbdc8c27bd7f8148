package dev.holdfast.host.plugins.torchserve;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a serializer that was made for TorchServe.
 *
 * <p>Such a serializer connects to its store in its constructor. So each opening constructs one, and a constructor that fails
 * means that the store cannot be opened now; a later opening may succeed.
 */
public final class TorchServeFactory implements SnapshotSerializerFactory {

    private static final Logger log = LoggerFactory.getLogger(TorchServeFactory.class);

    private final String name;
    private final String subject;
    private final ServiceLoader.Provider<org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer> provider;
    private final Function<Throwable, String> reason;
    private final BooleanSupplier givenUp;
    private final AtomicBoolean said = new AtomicBoolean();

    /**
     * @param dropIn its name, which the serializer's is made of
     * @param file the drop-in's, for messages
     * @param reason why something of the drop-in failed, for messages
     * @param givenUp whether nobody waits any more for the call of the thread that asks
     */
    public TorchServeFactory(
            String dropIn,
            String file,
            ServiceLoader.Provider<org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer> provider,
            Function<Throwable, String> reason,
            BooleanSupplier givenUp) {
        this.name = TorchServeName.of(dropIn);
        this.subject = "Serializer " + name + " of plugin " + file;
        this.provider = provider;
        this.reason = reason;
        this.givenUp = givenUp;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        config.requireKnown();
        if (said.compareAndSet(false, true)) {
            log.warn(
                    "{} is made for TorchServe, so it cannot list snapshots, get one by its name, remove one, or refuse a"
                            + " revision that another host has saved; it does not know groups; an error that it swallows looks"
                            + " like a success, or like an empty store. This host keeps copies of the newest snapshots beside"
                            + " it; let no other host use its store",
                    subject);
        }
        try {
            return new TorchServeSerializer(subject, provider.get(), config.group(), givenUp);
        } catch (Throwable e) {
            throw new StoreUnavailableException(subject + " cannot be opened: " + reason.apply(e), e);
        }
    }

    @Override
    public String toString() {
        return provider.type().getName();
    }
}
