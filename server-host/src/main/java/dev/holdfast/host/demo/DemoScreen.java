package dev.holdfast.host.demo;

import dev.holdfast.host.cli.Surroundings;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the demo prints, plain in a pipe, with a little colour in a terminal. */
final class DemoScreen {

    private static final String BOLD = "\u001b[1m";
    private static final String GREEN = "\u001b[32m";
    private static final String RED = "\u001b[31m";
    private static final String DIM = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintWriter out;
    private final boolean colour;
    private int steps;

    DemoScreen(Surroundings surroundings) {
        this.out = surroundings.out();
        this.colour = surroundings.terminal()
                && surroundings.environment().getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(surroundings.environment().get("TERM"));
    }

    void step(String title) {
        steps++;
        line("");
        line(paint(BOLD, steps + ". " + title));
    }

    void say(String text) {
        line("   " + text);
    }

    /** What was asked of the host, as one could ask it oneself. */
    void call(String text) {
        line("   " + paint(DIM, text));
    }

    void good(String text) {
        line("   " + paint(GREEN, "ok") + "  " + text);
    }

    void bad(String text) {
        line("   " + paint(RED, "FAILED") + "  " + text);
    }

    void title(String text) {
        line(paint(BOLD, text));
    }

    void line(String text) {
        out.println(text);
        out.flush();
    }

    /** Digits side by side, with what the model and the writer say below. */
    void pictures(List<Digit> digits, List<DigitAnswer> answers) {
        line("");
        for (int row = 0; row < Digit.SIDE; row++) {
            int current = row;
            line("   "
                    + digits.stream()
                            .map(digit -> digit.row(current))
                            .collect(Collectors.joining("  "))
                            .stripTrailing());
        }
        StringBuilder said = new StringBuilder("   ");
        StringBuilder meant = new StringBuilder("   ");
        for (int i = 0; i < digits.size(); i++) {
            DigitAnswer answer = answers.get(i);
            said.append(String.format(
                    Locale.ROOT, "%-18s", "says " + answer.digit() + ", " + percent(answer.probability())));
            boolean right = answer.digit() == digits.get(i).label();
            String truth = String.format(
                    Locale.ROOT, "%-18s", "truth: " + digits.get(i).label() + (right ? "" : "  wrong"));
            meant.append(paint(right ? GREEN : RED, truth));
        }
        line("");
        line(said.toString().stripTrailing());
        line(meant.toString().stripTrailing());
        line("");
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private String paint(String code, String text) {
        return colour ? code + text + PLAIN : text;
    }
}
