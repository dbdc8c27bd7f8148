package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTextTest {

    @Test
    void whatItHoldsIsReadWithAnchors() {
        assertThat(YamlText.read("names: [&a one, 2]\nb: {c: *a}\n"))
                .isEqualTo(Map.of("names", List.of("one", 2), "b", Map.of("c", "one")));
        assertThat(YamlText.read("")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: [1",
                "a: 1\na: 2",
                "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"http://x/\"]]]]",
                "a: &a [*a]",
                "a: \u0000"
            })
    void whatIsNoPlainYamlIsRefused(String text) {
        assertThatThrownBy(() -> YamlText.read(text)).isInstanceOf(YamlException.class);
    }

    @Test
    void whatGrowsWithoutBoundsIsRefusedSoon() {
        StringBuilder laughs = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 12; i++) {
            String before = "*a" + (i - 1);
            laughs.append("a" + i + ": &a" + i + " [" + before + ("," + before).repeat(8) + "]\n");
        }

        assertThatThrownBy(() -> YamlText.read(laughs.toString())).isInstanceOf(YamlException.class);
        assertThatThrownBy(() -> YamlText.read("[".repeat(60) + "]".repeat(60))).isInstanceOf(YamlException.class);
        assertThatThrownBy(() -> YamlText.read("a: " + "x".repeat(2 << 20))).isInstanceOf(YamlException.class);
    }
}
