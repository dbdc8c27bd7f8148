/**
 * The configuration: the keys that there are, where their values come from, and which of them a snapshot keeps.
 */
@NullMarked
package dev.holdfast.host.config;

import org.jspecify.annotations.NullMarked;
