package org.pytorch.serve.servingsdk.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.lang.reflect.Executable;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A plugin links by these names and types alone, so not one of them may change. */
class SignaturesTest {

    private static final String MODELS =
            "java.util.Map<java.lang.String, java.util.Map<java.lang.String," + " com.google.gson.JsonObject>>";
    private static final String TYPE = "org.pytorch.serve.servingsdk.snapshot.";

    @Test
    void theSerializerHasTheThreeMethodsOfTorchServe() {
        assertThat(signatures(SnapshotSerializer.class.getDeclaredMethods()))
                .containsExactlyInAnyOrder(
                        "public abstract void " + TYPE + "SnapshotSerializer.saveSnapshot(" + TYPE
                                + "Snapshot,java.util.Properties) throws java.io.IOException",
                        "public abstract " + TYPE + "Snapshot " + TYPE
                                + "SnapshotSerializer.getSnapshot(java.lang.String) throws java.io.IOException",
                        "public abstract java.util.Properties " + TYPE + "SnapshotSerializer.getLastSnapshot()");
    }

    @Test
    void theSnapshotIsABeanOfFourProperties() {
        assertThat(signatures(Snapshot.class.getDeclaredConstructors()))
                .containsExactly("public " + TYPE + "Snapshot(java.lang.String,int)");
        assertThat(signatures(Snapshot.class.getDeclaredMethods()).filter(signature -> !signature.contains("$")))
                .containsExactlyInAnyOrder(
                        "public java.lang.String " + TYPE + "Snapshot.getName()",
                        "public void " + TYPE + "Snapshot.setName(java.lang.String)",
                        "public int " + TYPE + "Snapshot.getModelCount()",
                        "public void " + TYPE + "Snapshot.setModelCount(int)",
                        "public long " + TYPE + "Snapshot.getCreated()",
                        "public void " + TYPE + "Snapshot.setCreated(long)",
                        "public " + MODELS + " " + TYPE + "Snapshot.getModels()",
                        "public void " + TYPE + "Snapshot.setModels(" + MODELS + ")");
    }

    @Test
    void aSnapshotIsOfNowUntilItIsToldOtherwise() {
        long before = System.currentTimeMillis();
        Snapshot snapshot = new Snapshot("a.cfg", 2);

        assertThat(snapshot.getName()).isEqualTo("a.cfg");
        assertThat(snapshot.getModelCount()).isEqualTo(2);
        assertThat(snapshot.getCreated()).isBetween(before, System.currentTimeMillis());
        assertThat(snapshot.getModels()).isEmpty();

        JsonObject settings = new JsonObject();
        snapshot.setName("b.cfg");
        snapshot.setModelCount(1);
        snapshot.setCreated(7);
        snapshot.setModels(Map.of("m", Map.of("1.0", settings)));

        assertThat(snapshot.getName()).isEqualTo("b.cfg");
        assertThat(snapshot.getModelCount()).isEqualTo(1);
        assertThat(snapshot.getCreated()).isEqualTo(7);
        assertThat(snapshot.getModels().get("m").get("1.0")).isSameAs(settings);
    }

    private static Stream<String> signatures(Executable[] all) {
        return Arrays.stream(all).map(Executable::toGenericString);
    }
}
