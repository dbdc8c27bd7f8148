/** What the tests of several modules need: waits, log lines, processes, and servers that stand for services. */
@NullMarked
package dev.holdfast.testsupport;

import org.jspecify.annotations.NullMarked;
