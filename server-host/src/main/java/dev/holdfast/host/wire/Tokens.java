package dev.holdfast.host.wire;

import dev.holdfast.host.common.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The three secret keys of a running host, 256 random bits each; all but the API key expire. Safe for several threads. */
public final class Tokens {

    /** What a caller without the right token is told first. */
    public static final String FAILED =
            "Token Authorization failed. Token either incorrect, expired, or not provided correctly";

    private static final int BYTES = 32;
    private static final Pattern BEARER = Pattern.compile("(?i:Bearer)\\s+(\\S+)");

    /** What is known of a key that a caller showed. */
    public enum Verdict {
        ALLOWED,
        UNKNOWN,
        EXPIRED,
        OTHER_SCOPE
    }

    private record Token(String key, Optional<Instant> expires) {}

    private final Duration lifetime;
    private final Clock clock;
    private final SecureRandom random;
    private volatile Map<Scope, Token> tokens;

    public Tokens(Duration lifetime, Clock clock, SecureRandom random) {
        this.lifetime = lifetime;
        this.clock = clock;
        this.random = random;
        EnumMap<Scope, Token> fresh = new EnumMap<>(Scope.class);
        fresh.put(Scope.MANAGEMENT, expiring());
        fresh.put(Scope.INFERENCE, expiring());
        fresh.put(Scope.API, new Token(newKey(), Optional.empty()));
        this.tokens = fresh;
    }

    private Token expiring() {
        return new Token(newKey(), Optional.of(clock.instant().plus(lifetime)));
    }

    private String newKey() {
        byte[] key = new byte[BYTES];
        random.nextBytes(key);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key);
    }

    /** The token of an {@code Authorization}; empty if it has none. */
    public static String bearer(@Nullable String authorization) {
        Matcher bearer = BEARER.matcher(authorization == null ? "" : authorization);
        return bearer.matches() ? bearer.group(1) : "";
    }

    /** What a caller is told who shows the token of another API. */
    public static String otherScope(Scope wanted) {
        return FAILED + ". This call needs the " + wanted.key() + " key of " + TokenFile.NAME + ".";
    }

    /** What tells tokens apart in an audit, and gives nothing of them away: the first eight digits of their SHA-256. */
    public static String id(String token) {
        return Sha256.of(token).substring(0, 8);
    }

    /** Compares with every key to the last byte, so that the time taken tells nothing of them. */
    public Verdict check(String shown, Scope wanted) {
        Optional<Scope> found = Optional.empty();
        Map<Scope, Token> now = tokens;
        byte[] bytes = shown.getBytes(StandardCharsets.UTF_8);
        for (Map.Entry<Scope, Token> entry : now.entrySet()) {
            if (MessageDigest.isEqual(bytes, entry.getValue().key().getBytes(StandardCharsets.UTF_8))) {
                found = Optional.of(entry.getKey());
            }
        }
        if (found.isEmpty()) {
            return Verdict.UNKNOWN;
        }
        boolean expired = Optional.ofNullable(now.get(found.get()))
                .flatMap(Token::expires)
                .filter(end -> !clock.instant().isBefore(end))
                .isPresent();
        if (expired) {
            return Verdict.EXPIRED;
        }
        return found.get() == wanted ? Verdict.ALLOWED : Verdict.OTHER_SCOPE;
    }

    /**
     * Replaces one key by a new one, which lives as long as the first did.
     *
     * @param keep is given the keys in the layout of {@code key_file.json} before they are in force; if it throws, the old
     *     ones stay, for a key that nobody can read opens nothing
     */
    public synchronized void rotate(Scope scope, Consumer<Map<String, Object>> keep) {
        EnumMap<Scope, Token> changed = new EnumMap<>(tokens);
        changed.put(scope, expiring());
        keep.accept(toMap(changed));
        tokens = changed;
    }

    /** The keys in the layout of {@code key_file.json}. */
    public Map<String, Object> toMap() {
        return toMap(tokens);
    }

    private static Map<String, Object> toMap(Map<Scope, Token> tokens) {
        Map<String, Object> file = new LinkedHashMap<>();
        tokens.forEach((scope, token) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("key", token.key());
            token.expires().ifPresent(end -> entry.put("expiration time", end.toString()));
            file.put(scope.key(), entry);
        });
        return Collections.unmodifiableMap(file);
    }
}
