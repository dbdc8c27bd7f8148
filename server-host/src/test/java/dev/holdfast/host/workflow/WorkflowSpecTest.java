package dev.holdfast.host.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class WorkflowSpecTest {

    private static WorkflowSpec read(String text) {
        return WorkflowSpec.read(text, "w.war", Optional.of("h.py"));
    }

    @Test
    void settingsOfAModelGoBeforeThoseOfAllAndFunctionsAreWhatIsNoModel() {
        WorkflowSpec spec = read("""
                models:
                  min-workers: 2
                  max-workers: 4
                  batch-size: 3
                  max-batch-delay : 5000
                  retry-attempts: 3
                  timeout-ms: 1500
                  m1:
                    url: one.mar
                    batch-size: 4
                  m2:
                    url: two.mar
                dag:
                  pre: [m1, m2]
                  m1: [post]
                  m2: [post]
                """);

        assertThat(spec.nodes().keySet()).containsExactly("pre", "m1", "m2", "post");
        assertThat(spec.before().get("post")).containsExactly("m1", "m2");
        assertThat(spec.last()).containsExactly("post");
        assertThat(spec.nodes().get("m1"))
                .isEqualTo(new WorkflowNode(
                        "m1",
                        "one.mar",
                        Optional.empty(),
                        OptionalInt.of(2),
                        OptionalInt.of(4),
                        Optional.of(Duration.ofSeconds(5)),
                        Optional.of(Duration.ofSeconds(2)),
                        3));
        assertThat(spec.nodes().get("m2").batchSize()).hasValue(3);
        assertThat(spec.nodes().get("pre").handler()).contains("h.py:pre");
        assertThat(spec.nodes().get("pre").archive()).isEqualTo("w.war");
    }

    @Test
    void whatCannotBeRunIsRefusedWithTheKeyAndTheRule() {
        assertRefused("a: [", "it is no YAML");
        assertRefused("[1]", "it must hold the sections models and dag");
        assertRefused("models: {m: {url: m.mar}}", "its section dag must have a node");
        assertRefused("models: {m: {url: m.mar}}\ndag: {f: [g]}", "the model 'm' is not in dag");
        assertRefused("models: {m: {}}\ndag: {m: []}", "models.m.url must name an archive");
        assertRefused("models: {m: {url: m.mar, gpu: 1}}\ndag: {m: []}", "models.m.gpu is none of url and [batch-size");
        assertRefused("models: {gpu: 1}\ndag: {f: []}", "models.gpu is neither a model with a url nor one of");
        assertRefused(
                "models: {m: {url: m.mar, batch-size: 0}}\ndag: {m: []}",
                "models.m.batch-size '0' must be a whole number from 1 to 65536");
        assertRefused(
                "models: {m: {url: m.mar, min-workers: 3, max-workers: 1}}\ndag: {m: []}",
                "models.m.max-workers 1 must not be below min-workers, 3");
        assertRefused(
                "models: {max-workers: many, m: {url: m.mar}}\ndag: {m: []}",
                "models.m.max-workers 'many' must be a whole number from 1 to 1024");
        assertRefused("dag: {a: [b], b: [c], c: [b], d: []}", "its dag goes in a circle, with the nodes [b, c]");
        assertRefused("dag: {a: [a]}", "goes in a circle");
        assertRefused("dag: {a: [b, b]}", "dag.a names a node twice");
        assertRefused("dag: {a: b}", "dag.a must be a list of nodes");
        assertRefused("dag: {a: [workflow]}", "the node 'workflow' must match");
        assertRefused("dag: {a: ['../x']}", "the node '../x' must match");
        assertRefused("dag: {a-b: []}", "the node 'a-b' is no model, and no function");
        assertThatThrownBy(() -> WorkflowSpec.read("dag: {f: []}", "w.war", Optional.empty()))
                .hasMessageContaining("the archive has no handler");
        StringBuilder many = new StringBuilder("dag:\n");
        for (int i = 0; i < 101; i++) {
            many.append("  n").append(i).append(": []\n");
        }
        assertRefused(many.toString(), "its dag has 101 nodes, more than 100");
    }

    private static void assertRefused(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void severalFirstAndLastNodesAreFound() {
        WorkflowSpec spec = read("dag: {a: [c], b: [c], c: [d, e]}");

        assertThat(spec.last()).containsExactly("d", "e");
        assertThat(spec.before().get("a")).isEmpty();
        assertThat(spec.before().get("c")).isEqualTo(List.of("a", "b"));
    }
}
