/**
 * The demo: a real host that is taught, killed and started again, before the reader's eyes. Uses what commands use, and nothing of
 * the host's inside.
 */
@NullMarked
package dev.holdfast.host.demo;

import org.jspecify.annotations.NullMarked;
