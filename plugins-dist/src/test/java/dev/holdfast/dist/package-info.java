/** The distribution as an operator gets it: unpacked from its archive, and run by its script. */
package dev.holdfast.dist;
