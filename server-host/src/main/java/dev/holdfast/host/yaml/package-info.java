/** YAML from outside, read safely and bounded. The one room that knows SnakeYAML. */
@NullMarked
package dev.holdfast.host.yaml;

import org.jspecify.annotations.NullMarked;
