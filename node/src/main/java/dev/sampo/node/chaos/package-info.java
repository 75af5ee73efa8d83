/** A cluster of real processes on this machine, and faults that befall it: what {@code sampo chaos} does. */
@NullMarked
package dev.sampo.node.chaos;

import org.jspecify.annotations.NullMarked;
