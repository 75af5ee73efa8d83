/** Parameter shards: reduction, clocks, and the entity that owns one. */
@NullMarked
package dev.sampo.parameter.shard;

import org.jspecify.annotations.NullMarked;
