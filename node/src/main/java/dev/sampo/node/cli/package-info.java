/** The command line. */
@NullMarked
package dev.sampo.node.cli;

import org.jspecify.annotations.NullMarked;
