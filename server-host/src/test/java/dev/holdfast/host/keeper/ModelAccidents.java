package dev.holdfast.host.keeper;

import dev.holdfast.sdk.SnapshotHeader;
import java.util.Optional;

/** What happens to the store and to the hosts' disks, and is no host's doing. */
final class ModelAccidents {

    private final ModelWorld world;

    ModelAccidents(ModelWorld world) {
        this.world = world;
    }

    void happen(ModelStep next, ModelHost host) {
        switch (next.kind()) {
            case STORE_DOWN, STORE_UP, CUT_OFF, JOURNAL_FAILS, UNREADABLE, NEWER_FORMAT -> passing(next, host);
            default -> {
                lasting(next, host);
                world.promises.forgive();
            }
        }
        world.connect();
    }

    /** Takes nothing from anybody for good, so nothing is forgiven for it. */
    private void passing(ModelStep next, ModelHost host) {
        switch (next.kind()) {
            case STORE_DOWN -> world.down = true;
            case STORE_UP -> {
                world.down = false;
                world.unreadable = false;
                world.hosts.forEach(it -> {
                    it.cutOff = false;
                    it.journalFails = false;
                });
            }
            case CUT_OFF -> host.cutOff = !host.cutOff;
            case JOURNAL_FAILS -> host.journalFails = !host.journalFails;
            case UNREADABLE -> world.unreadable = !world.unreadable;
            case NEWER_FORMAT -> newerFormat();
            default -> throw new AssertionError(next.kind());
        }
    }

    private void lasting(ModelStep next, ModelHost host) {
        switch (next.kind()) {
            case DAMAGE ->
                world.newest().ifPresent(it -> {
                    world.disk.damaged.add(it.name());
                    isGone(it);
                });
            case ROLL_BACK -> world.newest().ifPresent(this::remove);
            case WIPE -> world.disk.newestFirst().forEach(this::remove);
            case COPY_JOURNAL -> {
                ModelHost other = world.hosts.get(next.b() % world.hosts.size());
                if (other != host && !other.isUp() && host.journal != null) {
                    other.replaceDisk(Optional.of(host));
                }
            }
            case LOSE_JOURNAL -> {
                if (!host.isUp() && host.journal != null) {
                    host.replaceDisk(Optional.empty());
                }
            }
            case DAMAGE_JOURNAL -> {
                if (!host.isUp() && host.journal != null) {
                    host.damage(next.a() == 0 ? "pending" : "copies");
                }
            }
            default -> throw new AssertionError(next.kind());
        }
    }

    /** A newer Holdfast has written the newest one; or all hosts are of its version now. */
    private void newerFormat() {
        if (world.disk.tooNew.isEmpty()) {
            world.newest().ifPresent(it -> world.disk.tooNew.add(it.name()));
        } else {
            world.disk.tooNew.clear();
        }
    }

    private void remove(SnapshotHeader header) {
        world.disk.snapshots.remove(header.name());
        world.disk.damaged.remove(header.name());
        world.disk.tooNew.remove(header.name());
        isGone(header);
    }

    private void isGone(SnapshotHeader header) {
        world.gone.add(header.saveId());
        world.promises.forgiveSave(header.saveId());
    }
}
