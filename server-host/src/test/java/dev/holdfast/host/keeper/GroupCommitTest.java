package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.testsupport.LogLines;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GroupCommitTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private static final int CALLERS = 16;
    private static final int CHANGES = 1000;

    private final Rig rig = new Rig();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int left = CHANGES;
    private int running = CALLERS;
    private int waiting;

    @AfterEach
    void end() {
        rig.close();
    }

    /** A save here takes as long as the slowest of the other callers needs for its next change: no time is measured. */
    @Test
    void thousandChangesOfSixteenCallersNeedAQuarterAsManySavesAndEachIsInTheOneThatAcknowledgedIt() throws Exception {
        rig.start();
        rig.store.onSave = this::awaitEveryCaller;
        Set<String> wrong = ConcurrentHashMap.newKeySet();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            Thread caller = new Thread(() -> call(wrong));
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }

        assertThat(wrong).isEmpty();
        assertThat(States.models(rig.storeDisk.newest())).hasSize(CHANGES);
        assertThat(rig.storeDisk.names()).hasSizeLessThanOrEqualTo(CHANGES / 4);
    }

    private void call(Set<String> wrong) {
        while (true) {
            String model;
            lock.lock();
            try {
                if (left == 0) {
                    running--;
                    changed.signalAll();
                    return;
                }
                model = "m" + left--;
            } finally {
                lock.unlock();
            }
            CompletableFuture<Durability> done = rig.change(model);
            count(1);
            Durability durability = Rig.get(done);
            count(-1);
            String name = durability.snapshot().orElse("");
            if (durability.kind() != Durability.Kind.STORED
                    || !rig.keeper.get(name).text().contains('"' + model + ".mar\"")) {
                wrong.add(model + " by " + durability);
            }
        }
    }

    private void count(int more) {
        lock.lock();
        try {
            waiting += more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitEveryCaller() {
        lock.lock();
        try {
            while (waiting < running) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
