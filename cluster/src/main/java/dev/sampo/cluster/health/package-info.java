/** Who is there: what a node notices of another's death sooner than the failure detector. */
@NullMarked
package dev.sampo.cluster.health;

import org.jspecify.annotations.NullMarked;
