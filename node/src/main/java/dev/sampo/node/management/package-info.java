/** What a node tells its operators: probes, metrics, and what its pod costs to delete. */
@NullMarked
package dev.sampo.node.management;

import org.jspecify.annotations.NullMarked;
