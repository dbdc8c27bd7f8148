package dev.holdfast.host.archive;

import java.util.List;
import java.util.Locale;
import java.util.SortedMap;

/** A model store whose workflows lie in a directory of their own. */
public final class StoresByKind implements ModelStore, AutoCloseable {

    private final DirectoryModelStore models;
    private final DirectoryModelStore workflows;

    /** @param workflows where archives whose names end in .war are; may be the other one */
    public StoresByKind(DirectoryModelStore models, DirectoryModelStore workflows) {
        this.models = models;
        this.workflows = workflows;
    }

    @Override
    public Archive open(String location) {
        return of(location.strip().split("[?#]", 2)[0]).open(location);
    }

    private DirectoryModelStore of(String name) {
        return name.toLowerCase(Locale.ROOT).endsWith(".war") ? workflows : models;
    }

    /** The files of the store that an archive is in. */
    public ArchiveFiles files(String fileName) {
        return of(fileName).files();
    }

    @Override
    public List<String> list() {
        return models.list();
    }

    @Override
    public SortedMap<String, String> passedOver() {
        return models.passedOver();
    }

    @Override
    public void forget(String fileName) {
        of(fileName).forget(fileName);
    }

    @Override
    public boolean setAside(String fileName) {
        return of(fileName).setAside(fileName);
    }

    /** Removes what earlier hosts, and fetches that were cut off, have left. To be called once, at start. */
    public void clean() {
        models.clean();
        if (workflows != models) {
            workflows.clean();
        }
    }

    @Override
    public void close() {
        models.close();
        if (workflows != models) {
            workflows.close();
        }
    }
}
