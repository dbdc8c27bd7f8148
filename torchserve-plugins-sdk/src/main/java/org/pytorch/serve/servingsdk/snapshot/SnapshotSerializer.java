package org.pytorch.serve.servingsdk.snapshot;

import java.io.IOException;
import java.util.Properties;

/**
 * A snapshot serializer in the form that TorchServe 0.12 asked of its plugins.
 *
 * <p>Declared here so that plugins that were compiled against TorchServe's own declaration link; the names and signatures
 * are therefore fixed. New plugins are written against Holdfast's SDK, which has what this form lacks: configuration,
 * groups, revisions, a list, a way to get one snapshot, and errors with a meaning.
 */
public interface SnapshotSerializer {

    /**
     * Stores a snapshot.
     *
     * @param snapshot the models, for a store that keeps them apart
     * @param properties all that a start needs, with the models as JSON under {@code model_snapshot}
     * @throws IOException if it could not be stored; implementations are known that return normally then
     */
    void saveSnapshot(Snapshot snapshot, Properties properties) throws IOException;

    /**
     * The snapshot that a JSON text describes; reads nothing from the store. Holdfast does not call it.
     *
     * @param modelSnapshot the value of {@code model_snapshot}
     */
    Snapshot getSnapshot(String modelSnapshot) throws IOException;

    /**
     * The properties of the newest snapshot.
     *
     * @return null if there is none; implementations are known that say the same where the store cannot be read
     */
    Properties getLastSnapshot();
}
