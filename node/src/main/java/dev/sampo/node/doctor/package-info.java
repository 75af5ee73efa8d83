/** What is wrong with the place a node runs in, or shall run in, and how to mend it. */
@NullMarked
package dev.sampo.node.doctor;

import org.jspecify.annotations.NullMarked;
