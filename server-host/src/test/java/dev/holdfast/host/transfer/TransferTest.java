package dev.holdfast.host.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.transfer.Message.Done;
import dev.holdfast.host.transfer.Message.Piece;
import dev.holdfast.host.transfer.Message.Want;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransferTest {

    private final Peer sending = new Peer();
    private final Peer receiving = new Peer();

    /** Carries messages until nobody says anything any more, or the receiver says that it is done. */
    private static void carry(Sender sender, Receiver receiver) {
        Deque<Message> toReceiver = new ArrayDeque<>(List.of(sender.offer()));
        while (!toReceiver.isEmpty()) {
            for (Message answer : receiver.receive(toReceiver.remove())) {
                toReceiver.addAll(sender.answer(answer));
            }
        }
    }

    @Test
    void aSnapshotArrivesWithAllItsChunks() {
        Peer.Saved saved = sending.save(1, 3_000_000, 1);

        carry(sending.sender(saved), receiving.receiver());

        assertThat(receiving.installed()).containsExactly(saved.snapshot().header());
        assertThat(receiving.state(saved)).isEqualTo(saved.state());
    }

    @Test
    void onlyWhatTheReceiverLacksIsSent() {
        Peer.Saved first = sending.save(1, 8_000_000, 1);
        carry(sending.sender(first), receiving.receiver());
        Peer.Saved second = sending.saveChanged(first, 2);
        List<Message> sent = new ArrayList<>();

        Sender sender = sending.sender(second);
        Receiver receiver = receiving.receiver();
        Deque<Message> toReceiver = new ArrayDeque<>(List.of(sender.offer()));
        while (!toReceiver.isEmpty()) {
            for (Message answer : receiver.receive(toReceiver.remove())) {
                List<Message> pieces = sender.answer(answer);
                sent.addAll(pieces);
                toReceiver.addAll(pieces);
            }
        }

        assertThat(sent).hasSizeLessThan(8).allMatch(Piece.class::isInstance);
        assertThat(receiving.state(second)).isEqualTo(second.state());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void lostRepeatedReorderedAndDamagedMessagesOnlyCostTime(long seed) {
        Peer.Saved saved = sending.save(1, 4_000_000, seed);
        Sender sender = sending.sender(saved);
        Receiver receiver = receiving.receiver();
        Random random = new Random(seed);
        List<byte[]> onTheWay = new ArrayList<>();
        for (int step = 0; step < 20_000 && receiving.installed().isEmpty(); step++) {
            if (onTheWay.isEmpty()) {
                // A driver that has waited in vain.
                onTheWay.add(MessageFrame.encode(sender.offer()));
                receiver.again().forEach(message -> onTheWay.add(MessageFrame.encode(message)));
            }
            Collections.swap(onTheWay, random.nextInt(onTheWay.size()), onTheWay.size() - 1);
            byte[] frame = onTheWay.remove(onTheWay.size() - 1);
            int fate = random.nextInt(10);
            if (fate == 0) {
                continue;
            } else if (fate == 1) {
                onTheWay.add(frame.clone());
            } else if (fate == 2) {
                frame[random.nextInt(frame.length)] ^= (byte) (1 << random.nextInt(8));
            }
            deliver(frame, sender, receiver, onTheWay);
        }

        assertThat(receiving.installed())
                .as("seed %s", seed)
                .containsExactly(saved.snapshot().header());
        assertThat(receiving.state(saved)).isEqualTo(saved.state());
    }

    private static void deliver(byte[] frame, Sender sender, Receiver receiver, List<byte[]> onTheWay) {
        Message message;
        try {
            message = MessageFrame.decode(frame);
        } catch (DamagedMessageException e) {
            return;
        }
        List<Message> answers =
                message instanceof Want || message instanceof Done ? sender.answer(message) : receiver.receive(message);
        answers.forEach(answer -> onTheWay.add(MessageFrame.encode(answer)));
    }

    @Test
    void aSnapshotThatIsReplacedInTheMiddleIsNeverMixedWithTheNewOne() {
        Peer.Saved first = sending.save(1, 4_000_000, 1);
        Peer.Saved second = sending.save(2, 4_000_000, 2);
        Sender sender = sending.sender(first);
        Receiver receiver = receiving.receiver();
        List<Message> wants = receiver.receive(sender.offer());
        List<Message> pieces = sender.answer(wants.get(0));
        receiver.receive(pieces.get(0));

        sender.replace(second.snapshot());
        sending.forget(first);
        Deque<Message> toReceiver = new ArrayDeque<>(receiver.again());
        Deque<Message> answers = new ArrayDeque<>(sender.answer(toReceiver.remove()));
        answers.addAll(pieces);
        while (!answers.isEmpty()) {
            for (Message answer : receiver.receive(answers.remove())) {
                answers.addAll(sender.answer(answer));
            }
        }

        assertThat(receiving.installed()).containsExactly(second.snapshot().header());
        assertThat(receiving.state(second)).isEqualTo(second.state());
    }

    @Test
    void aSnapshotThatIsNotNewerIsRefused() {
        Peer.Saved older = sending.save(3, 1000, 1);
        Peer.Saved newer = sending.save(4, 1000, 2);
        carry(sending.sender(newer), receiving.receiver());

        List<Message> answers =
                receiving.receiver().receive(sending.sender(older).offer());

        assertThat(answers).containsExactly(new Done(older.snapshot().header().saveId()));
        assertThat(receiving.installed()).containsExactly(newer.snapshot().header());
    }

    @Test
    void anOlderOfferDoesNotEndANewerTransfer() {
        Peer.Saved older = sending.save(1, 1_000_000, 1);
        Peer.Saved newer = sending.save(2, 1_000_000, 2);
        Receiver receiver = receiving.receiver();
        Sender sender = sending.sender(newer);
        receiver.receive(sender.offer());

        assertThat(receiver.receive(sending.sender(older).offer())).isEmpty();

        assertThat(receiver.taking().orElseThrow().header())
                .isEqualTo(newer.snapshot().header());
        carry(sender, receiver);
        assertThat(receiving.installed()).containsExactly(newer.snapshot().header());
    }

    @Test
    void aReceiverThatWasKilledGoesOnWithWhatItHas() {
        Peer.Saved saved = sending.save(1, 30_000_000, 1);
        Sender sender = sending.sender(saved);
        Receiver killed = receiving.receiver();
        Deque<Message> toReceiver = new ArrayDeque<>(List.of(sender.offer()));
        for (int messages = 0; messages < 60; messages++) {
            for (Message answer : killed.receive(toReceiver.remove())) {
                toReceiver.addAll(sender.answer(answer));
            }
        }
        assertThat(receiving.chunks()).isBetween(20, 60);

        // A new one, as after a crash.
        carry(sender, receiving.receiver());

        assertThat(receiving.installed()).containsExactly(saved.snapshot().header());
        assertThat(receiving.puts()).isEqualTo(receiving.chunks());
    }

    @Test
    void aReceiverThatWasKilledAfterTheInstallationSaysThatItIsDone() {
        Peer.Saved saved = sending.save(1, 1000, 1);
        carry(sending.sender(saved), receiving.receiver());

        assertThat(receiving.receiver().receive(sending.sender(saved).offer()))
                .containsExactly(new Done(saved.snapshot().header().saveId()));
        assertThat(receiving.installed()).hasSize(1);
    }

    @Test
    void aReceiverThatIsKilledBeforeTheSwapInstallsAtTheNextOffer() {
        Peer.Saved saved = sending.save(1, 1_000_000, 1);
        receiving.failNextInstall(new StoreUnavailableException("killed"));
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> carry(sending.sender(saved), receiving.receiver()));
        assertThat(receiving.installed()).isEmpty();

        carry(sending.sender(saved), receiving.receiver());

        assertThat(receiving.installed()).containsExactly(saved.snapshot().header());
    }

    @Test
    void aChunkThatWasDamagedInTheReceiversStoreIsAskedForAgain() {
        Peer.Saved first = sending.save(1, 4_000_000, 1);
        carry(sending.sender(first), receiving.receiver());
        Peer.Saved second = sending.saveChanged(first, 2);
        receiving.damageSharedChunk(first, second);

        carry(sending.sender(second), receiving.receiver());

        assertThat(receiving.state(second)).isEqualTo(second.state());
    }

    @Test
    void damageThatTheSenderHasTooIsNotAskedForForEver() {
        Peer.Saved saved = sending.save(1, 4_000_000, 1);
        sending.damageAllBut(saved, 3);
        Receiver receiver = receiving.receiver();

        carry(sending.sender(saved), receiver);

        assertThat(receiving.installed()).isEmpty();
        assertThat(receiver.taking()).isPresent();
        assertThatExceptionOfType(StateDamagedException.class).isThrownBy(() -> sending.verify(saved));
    }
}
