package dev.holdfast.host.wire;

import java.util.Optional;

/**
 * What callers come through on every wire: one count of what is under way, one set of tokens, one record of who was turned away and
 * of what was changed.
 *
 * @param tokens empty where everyone may call
 * @param tokenFailureStatus of HTTP: 401, or 400 for clients that know TorchServe's answers
 */
public record Entrance(
        OpenRequests open, Optional<Tokens> tokens, int tokenFailureStatus, Refusals refusals, AuditLog audit) {}
