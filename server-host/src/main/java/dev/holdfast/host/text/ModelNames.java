package dev.holdfast.host.text;

import java.util.regex.Pattern;

/** The rule for the names of models, of their versions and of archives, which become parts of URLs and of file names. */
public final class ModelNames {

    /** What a {@linkplain #isSafe safe} name matches, as messages say it. */
    public static final String PATTERN = "[A-Za-z0-9._-]{1,128}";

    /** What a name that may be {@linkplain #isAllowed registered} must do, as messages say it. */
    public static final String RULE = "match " + PATTERN + " and be none of ., .., all";

    /** What a {@linkplain #isLabel label} must be, as messages say it. */
    public static final String LABEL_RULE = "1 to 256 characters, none of them a control character";

    private static final Pattern LABEL = Pattern.compile("\\P{Cntrl}{1,256}");
    private static final Pattern SAFE = Pattern.compile(PATTERN);

    private ModelNames() {}

    /** Whether a name can be a file's, and a part of a path that leads nowhere else. */
    public static boolean isSafe(String name) {
        return SAFE.matcher(name).matches() && !name.equals(".") && !name.equals("..");
    }

    /** Whether a model or a version may have this name; {@code all} stands for every version in the API's paths. */
    public static boolean isAllowed(String name) {
        return isSafe(name) && !name.equals("all");
    }

    /** Whether a text can say which handler or runtime a model is for. */
    public static boolean isLabel(String text) {
        return LABEL.matcher(text).matches();
    }
}
